"""The demo: a simulated retailer whose incremental truth is known, written as the files a retailer has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pandas as pd

from attribution.configuration import Configuration, Credits, Fit, Hazard, Identity, Ingest, Report, as_toml
from attribution.demo_weeks import FIT, PLAN, write_weeks
from attribution.simulate import frame_of
from attribution.tables import UNATTRIBUTED
from attribution.workspace import write_atomically
from attribution_models.worlds.path_exports import by_browser
from attribution_models.worlds.path_world import ALL_MEDIA, RetailerWorld, SimulatedTables, simulate

if TYPE_CHECKING:
    from attribution.identity.effect import StitchingEffect

PEOPLE, SEED = 20_000, 1
FILES = ("touchpoints", "conversions", "customers", "identities", "spend")


def write_demo(folder: Path, people: int = PEOPLE, seed: int = SEED) -> tuple[Configuration, pd.DataFrame]:
    """Simulate the retailer and write its exports, its truth and a configuration.

    Parameters
    ----------
    folder : Path
        ``inputs/*.csv``, ``truth.csv``, ``mmm.toml`` and ``attribution.toml`` are written here.
    people, seed : int
        Size of the market; same seed, same bytes. Touches are known by browser, orders and records by customer, as in
        real exports: `by_browser`.

    Returns
    -------
    tuple of (configuration, truth)
        Truth: per channel, the conversions and value that would not have happened without it.
    """
    market = RetailerWorld(people=people, seed=seed)
    lived = simulate(market)
    world = by_browser(lived, seed)
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    write_weeks(folder, market, lived)
    for name in FILES:
        _write(inputs / f"{name}.csv", getattr(world, name))
    truth = frame_of(world.truth)
    _write(folder / "truth.csv", world.truth)
    configuration = Configuration(
        workspace="workspace",
        seed=seed,
        ingest=msgspec.convert({name: (f"inputs/{name}.csv",) for name in FILES} | {"timezone": "UTC"}, Ingest),
        identity=Identity(enabled=True, effect=True),
        fit=Fit(models=("rules", "markov", "shapley"), model=({"model": "markov", "order": 2},)),
        # People of this market who have decided come in through a channel on that day: a lag of a day resists that.
        # How many people it has is not known to its exports: who is in them is at risk.
        hazard=Hazard(enabled=True, lag=1),
        mmm=FIT,
        plan=PLAN,
        credits=Credits(output="credits.csv"),
        report=Report(title="Demo retailer: channel contributions", currency="EUR"),
    )
    write_atomically(folder / "attribution.toml", as_toml(configuration).encode(), 0o644)
    return configuration, truth


def _write(path: Path, table: Mapping[str, Any]) -> None:
    write_atomically(path, frame_of(table).to_csv(index=False, lineterminator="\n").encode())


def contributions(credits: pd.DataFrame, truth: pd.DataFrame, fit: str) -> pd.DataFrame:
    """One fit's channels, largest first, beside what each really caused.

    Returns
    -------
    DataFrame
        ``channel``, ``conversions`` with ``_lower`` and ``_upper``, ``cost``, ``cpa``, ``caused`` (conversions that
        would not have happened without the channel) and ``true_cpa`` = cost / caused; ``(unattributed)`` is last.
    """
    rows = credits[credits["fit"] == fit].sort_values("conversions", ascending=False, kind="stable")
    rest = rows["channel"] == UNATTRIBUTED
    rows = pd.concat([rows[~rest], rows[rest]], ignore_index=True)
    rows["caused"] = rows["channel"].map(truth.set_index("channel")["incremental_conversions"])
    rows["true_cpa"] = rows["cost"] / rows["caused"].where(rows["caused"] > 0)
    return rows[
        ["channel", "conversions", "conversions_lower", "conversions_upper", "cost", "cpa", "caused", "true_cpa"]
    ]


def most_moved(effect: StitchingEffect, model: str, positions: pd.DataFrame) -> str:
    """The channel whose credit identity moves most, and why, in words.

    Parameters
    ----------
    effect : StitchingEffect
    model : str
        Whose credit is compared.
    positions : DataFrame
        Where channels stand in journeys with identity: `attribution.journeys.reports.positions`.
    """
    mine = effect.credits[effect.credits["model"] == model].reset_index(drop=True)
    row = mine.iloc[int(mine["change"].abs().to_numpy().argmax())]
    channel = str(row["channel"])
    stands = positions[positions["channel"] == channel].iloc[0]
    opens, closes = float(stands["opens_share"]), float(stands["closes_share"])
    if row["change"] < 0:
        why = "what the same people had seen in other browsers now takes its part of the credit"
    elif opens > closes:
        why = (
            f"it opens {opens:.0%} of the conversions it is in and closes {closes:.0%}, so it often met people in "
            "another browser than the one they ordered in, where its touches seemed to lead to nothing"
        )
    else:
        why = (
            f"it closes {closes:.0%} of the conversions it is in, and many of these orders named another browser or "
            "none, so that only an e-mail or a customer number leads to it"
        )
    moved = f"from {row['share_without']:.1%} to {row['share_with']:.1%} of conversions by {model}"
    return f"{channel} moves most, {moved}: {why}."


def errors_of_shares(credits: pd.DataFrame, truth: pd.DataFrame, channels: list[str]) -> pd.DataFrame:
    """How far each model's shares of paid media lie from the true incremental shares, the best model first.

    Only paid channels are compared, since only they can be switched off: shares are of the paid channels'
    sum. The error is half the sum of absolute differences, 0 for a perfect model, 1 for the worst.

    Returns
    -------
    DataFrame
        Per fit ``error``, and ``over`` and ``under``: the channels given most too much and most too little,
        with ``over_by`` and ``under_by`` as shares; ``credited``: conversions given to the paid channels.
    """
    real = truth.set_index("channel")["incremental_conversions"].reindex(channels).clip(lower=0)
    rows = []
    for name, mine in credits.groupby("fit", sort=False):
        given = mine.set_index("channel")["conversions"].reindex(channels).fillna(0)
        apart = given / given.sum() - real / real.sum()
        over, under = str(apart.idxmax()), str(apart.idxmin())
        rows.append([str(name), apart.abs().sum() / 2, over, apart[over], under, apart[under], given.sum()])
    found = pd.DataFrame(rows, columns=["fit", "error", "over", "over_by", "under", "under_by", "credited"])
    return found.sort_values("error", kind="stable", ignore_index=True)


__all__ = [
    "ALL_MEDIA",
    "PEOPLE",
    "SEED",
    "SimulatedTables",
    "contributions",
    "errors_of_shares",
    "most_moved",
    "write_demo",
]
