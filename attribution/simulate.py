"""Simulated markets as files: what a retailer would export, and beside it what is true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.errors import UsageError, did_you_mean, listed
from attribution.workspace import write_atomically
from attribution_models.worlds.paths import INTENTS, PRESETS, preset, simulate

FILES = ("touchpoints", "conversions", "customers", "identities", "spend", "assignments", "observations")


@dataclass(frozen=True, slots=True)
class SimulatedFiles:
    """What was written: file to number of rows, and the truth."""

    files: dict[Path, int]
    truth: pd.DataFrame


def simulate_paths(
    folder: Path, name: str, intent: str = "observed-intent", people: int = 20_000, seed: int = 1, days: int = 120
) -> SimulatedFiles:
    """Simulate a market of one preset and write its tables as CSV.

    Parameters
    ----------
    folder : Path
        Where the files go; made where it is missing.
    name : str
        A preset: ``neutral``, ``retargeting-trap``, ``brand-search-trap``, ``synergy``, ``upper-funnel``,
        ``rare-conversions``, ``null-channel``.
    intent : {"observed-intent", "latent-intent"}
        Whether intent is a function of recorded history.
    people, seed, days : int
        Same seed, same bytes.

    Raises
    ------
    UsageError
        Where preset or intent is unknown, or a number makes no market.
    """
    if name not in PRESETS:
        raise UsageError(f'preset: "{name}" is unknown.{did_you_mean(name, PRESETS)} Known: {listed(PRESETS)}.')
    if intent not in INTENTS:
        raise UsageError(f'intent: "{intent}" is unknown. Known: {listed(INTENTS)}.')
    try:
        world = simulate(preset(name, intent, people=people, seed=seed, days=days))
    except ValueError as error:
        raise UsageError(str(error)) from None
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for table in FILES:
        frame = frame_of(getattr(world, table))
        files[folder / f"{table}.csv"] = len(frame)
        _write(folder / f"{table}.csv", frame)
    truth = frame_of(world.truth)
    _write(folder / "truth.csv", truth)
    files[folder / "truth.csv"] = len(truth)
    return SimulatedFiles(files, truth)


def frame_of(table: Mapping[str, Any]) -> pd.DataFrame:
    """A simulated table as a DataFrame."""
    return pd.DataFrame(dict(table))


def _write(path: Path, frame: pd.DataFrame) -> None:
    write_atomically(path, frame.to_csv(index=False, lineterminator="\n").encode())
