"""One market of the study of path models: simulated, fitted, calibrated, and scored against two expected truths."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from attribution.compare.calibration import calibrate
from attribution.compare.experiments import best, lifts
from attribution.credit.hazard import hazard_frame
from attribution.engine import connect
from attribution.frames import build_journeys, credits, fit
from attribution.journeys.read import JourneyTables
from attribution.journeys.stream import event_stream
from attribution.settings import DIRECT_NAMES
from attribution_models.paths.hazard import Hazard
from attribution_models.worlds.market import Intent
from attribution_models.worlds.path_tables import ALL_MEDIA
from attribution_models.worlds.paths import PathWorld, Truth, preset, simulate, true_effects

MODELS = ("hazard", "last", "linear", "markov-1", "shapley")
TRUTHS: tuple[Truth, ...] = ("direct", "total")
FRACTION = "last × true fraction"
# Markets whose effects are averaged into the truth; their seed is none of the study's.
TRUTH_SEED, TRUTH_PEOPLE, TRUTH_RUNS = 0, 40_000, {"rare-conversions": 20}
LATENT_LAG = 1


@dataclass(frozen=True)
class Market:
    """What one job simulates and scores."""

    name: str
    intent: Intent
    seed: int
    people: int
    held_out: float

    @property
    def world(self) -> PathWorld:
        """The preset, of that size."""
        return replace(preset(self.name, self.intent, people=self.people, seed=self.seed), held_out=self.held_out)


Credits = dict[str, dict[str, float]]  # conversions by model and channel


def expected(market: Market) -> list[dict[str, Any]]:
    """Expected effects per person of the market's description, whatever its seed, with Monte Carlo errors.

    The realised effect on one market of few conversions is a handful per channel, which no model is asked to guess.
    """
    world = replace(market.world, people=TRUTH_PEOPLE, seed=TRUTH_SEED)
    found = true_effects(world, ("all-off", *TRUTHS), runs=TRUTH_RUNS.get(market.name, 4))
    table = pd.DataFrame(found.columns())[["truth", "channel", "conversions", "conversions_se"]]
    table[["conversions", "conversions_se"]] /= TRUTH_PEOPLE
    rows: Any = table.assign(preset=market.name, intent=market.intent).to_dict("records")
    return list(rows)


def credited(market: Market) -> dict[str, Any]:
    """Simulate one market, fit every model, calibrate: conversions by model and channel."""
    names = ("touchpoints", "conversions", "customers", "observations", "assignments", "spend")
    world = simulate(market.world, truths=())
    tables = {n: pd.DataFrame(dict(getattr(world, n))) for n in names}
    table = claims(tables, LATENT_LAG if market.intent == "latent-intent" else 0)
    found, measured = _by_fit(table), None
    if market.intent == "latent-intent":
        measured = experiments(tables)
        # Every paid channel is tested, so that the lift alone is the same answer whatever the model.
        alone, _ = calibrate(table[table["fit"] == "hazard"], measured, weight="lift")
        moved, _ = calibrate(table, measured, weight="precision")
        found |= {"lift alone": _by_fit(alone)["hazard"]}
        found |= {f"{name} (precision)": credit for name, credit in _by_fit(moved).items()}
    paid = sorted(tables["spend"].loc[tables["spend"]["spend"] > 0, "channel"].unique())
    kept = {"paid": paid, "conversions": len(tables["conversions"]), "credits": found}
    return kept | ({"measured": best(measured).values.tolist()} if measured is not None else {})


def _by_fit(table: pd.DataFrame) -> Credits:
    groups = table.groupby("fit", sort=False)
    return {str(n): dict(zip(part["channel"], part["conversions"], strict=True)) for n, part in groups}


def score(market: Market, found: dict[str, Any], truth: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Errors of every model against both truths."""
    real = {(row["truth"], row["channel"]): row["conversions"] * market.people for row in truth}
    # The total that nobody knows, given to last touch: the share of conversions that paid media cause.
    fraction = real["all-off", ALL_MEDIA] / found["conversions"]
    given = found["credits"] | {FRACTION: {c: v * fraction for c, v in found["credits"]["last"].items()}}
    named = {"preset": market.name, "intent": market.intent, "seed": market.seed}
    return [
        {**named, "model": model, "truth": which}
        | errors([credit.get(c, 0.0) for c in found["paid"]], [real[which, c] for c in found["paid"]])
        for model, credit in given.items()
        for which in TRUTHS
    ]


def claims(tables: dict[str, pd.DataFrame], lag: int) -> pd.DataFrame:
    """Credits by every model."""
    journeys = build_journeys(tables["touchpoints"], tables["conversions"])
    table = credits(journeys, fit(journeys, "last", "linear", "markov", "shapley"))
    with connect() as connection:
        for name, frame in tables.items():
            connection.register(name, frame)
        relations = JourneyTables(touchpoints="touchpoints", conversions="conversions", customers="customers")
        events = event_stream(connection, relations, observations="observations", direct_names=DIRECT_NAMES)
    hazard = hazard_frame(Hazard(lag=lag).fit(events, threads=1), events, name="hazard")
    parts = [hazard, table]
    columns = [c for c in table.columns if c in hazard]
    return pd.concat([p[columns].astype({"cost": float}) for p in parts], ignore_index=True)


def experiments(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Lifts of the market's own holdouts."""
    with connect() as connection:
        for name in ("assignments", "conversions"):
            connection.register(name, tables[name])
        return lifts(connection, "assignments", "conversions")


def errors(credit: list[float], truth: list[float]) -> dict[str, float]:
    """Error of shares, Σ |share − true share| / 2 over paid channels, and of their total, Σ credit / Σ truth − 1."""
    given, goal = np.array(credit), np.array(truth)
    positive, target = given.clip(min=0), goal.clip(min=0)
    apart = np.nan
    if positive.sum() > 0 and target.sum() > 0:
        apart = float(np.abs(positive / positive.sum() - target / target.sum()).sum() / 2)
    return {"share": apart, "total": float(given.sum() / goal.sum() - 1) if goal.sum() > 0 else np.nan}
