"""The demo: a simulated retailer whose incremental truth is known, written as the files a retailer has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from attribution.configuration import Configuration, Credits, Fit, Ingest, as_toml
from attribution.simulate import frame_of
from attribution.workspace import write_atomically
from attribution_models.worlds.path_world import ALL_MEDIA, RetailerWorld, SimulatedTables, simulate

PEOPLE, SEED = 20_000, 1
FILES = ("touchpoints", "conversions", "customers", "identities", "spend")


def write_demo(folder: Path, people: int = PEOPLE, seed: int = SEED) -> tuple[Configuration, pd.DataFrame]:
    """Simulate the retailer and write its exports, its truth and a configuration.

    Parameters
    ----------
    folder : Path
        ``inputs/*.csv``, ``truth.csv`` and ``attribution.toml`` are written here.
    people, seed : int
        Size of the market; same seed, same bytes.

    Returns
    -------
    tuple of (configuration, truth)
        Truth: per channel, the conversions and value that would not have happened without it.
    """
    world = simulate(RetailerWorld(people=people, seed=seed))
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        _write(inputs / f"{name}.csv", getattr(world, name))
    truth = frame_of(world.truth)
    _write(folder / "truth.csv", world.truth)
    configuration = Configuration(
        workspace="workspace",
        seed=seed,
        ingest=msgspec.convert({name: (f"inputs/{name}.csv",) for name in FILES} | {"timezone": "UTC"}, Ingest),
        fit=Fit(models=("rules", "markov", "shapley"), model=({"model": "markov", "order": 2},)),
        credits=Credits(output="credits.csv"),
    )
    write_atomically(folder / "attribution.toml", as_toml(configuration).encode(), 0o644)
    return configuration, truth


def _write(path: Path, table: Mapping[str, Any]) -> None:
    write_atomically(path, frame_of(table).to_csv(index=False, lineterminator="\n").encode())


def beside_truth(credits: pd.DataFrame, truth: pd.DataFrame, channels: list[str]) -> pd.DataFrame:
    """Each model's share of paid media beside the true incremental share.

    Only paid channels are compared, since only they can be switched off: shares are of the paid channels'
    sum. The error is half the sum of absolute differences, 0 for a perfect model, 1 for the worst.
    """
    real = truth.set_index("channel")["incremental_conversions"].reindex(channels).clip(lower=0)
    table = pd.DataFrame({"truth": real / real.sum()})
    for name, rows in credits.groupby("fit", sort=False):
        given = rows.set_index("channel")["conversions"].reindex(channels).fillna(0)
        table[str(name)] = given / given.sum() if given.sum() > 0 else given
    errors = {c: float((table[c] - table["truth"]).abs().sum() / 2) for c in table.columns}
    return pd.concat([table, pd.DataFrame(errors, index=["error of shares"])])


__all__ = ["ALL_MEDIA", "PEOPLE", "SEED", "SimulatedTables", "beside_truth", "write_demo"]
