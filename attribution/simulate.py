"""Simulated markets as files: what a retailer would export, and beside it what is true."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.errors import UsageError, did_you_mean, listed
from attribution.workspace import write_atomically
from attribution_models.worlds import identity_world, mix
from attribution_models.worlds.paths import INTENTS, PRESETS, preset, simulate

FILES = ("touchpoints", "conversions", "customers", "identities", "spend", "assignments", "observations")
MIX_FILES = ("panel", "lifts", "truth", "truth_by_period", "truth_curves")
LINK_LAYOUTS = ("pairs", "wide")
_EXACT = ("panel", "lifts")  # written to the last digit; truths to twelve, which is what their sums hold


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


def simulate_mix(
    folder: Path,
    name: str = "neutral",
    seed: int = 1,
    weeks: int | None = None,
    geos: int | None = None,
    before: bool = False,
    after: bool = False,
) -> SimulatedFiles:
    """Simulate a market of one preset as periods, and write its tables as CSV and its description as JSON.

    Parameters
    ----------
    folder : Path
        Where the files go; made where it is missing.
    name : str
        A preset: ``neutral``, ``weak-signal``, ``collinear``, ``null-channel``, ``confounded``, ``geo``, ``daily``,
        ``saturated``, ``short``.
    seed : int
        Same seed, same bytes.
    weeks, geos : int, optional
        None: as the preset has them.
    before, after : bool
        Whether the panel has rows of media, without outcome, before and after the window.

    Raises
    ------
    UsageError
        Where the preset is unknown, or a number makes no market.
    """
    if name not in mix.PRESETS:
        raise UsageError(f'preset: "{name}" is unknown.{did_you_mean(name, mix.PRESETS)} Known: {listed(mix.PRESETS)}.')
    try:
        made = mix.simulate(mix.preset(name, seed, weeks, geos), before=before, after=after)
    except ValueError as error:
        raise UsageError(str(error)) from None
    folder.mkdir(parents=True, exist_ok=True)
    frames = {table: frame_of(getattr(made, table)) for table in MIX_FILES}
    for table, frame in frames.items():
        _write(folder / f"{table}.csv", frame, None if table in _EXACT else "%.12g")
    description = json.dumps(made.parameters, ensure_ascii=False, indent=1)
    write_atomically(folder / "world.json", f"{description}\n".encode())
    return SimulatedFiles({folder / f"{t}.csv": len(f) for t, f in frames.items()}, frames["truth"])


def simulate_identities(
    folder: Path, people: int = 20_000, seed: int = 1, days: int = 120, layout: str = "pairs"
) -> SimulatedFiles:
    """Simulate people whose ids are known and write what logs show of them as CSV.

    Parameters
    ----------
    folder : Path
        Where ``links.csv``, ``customers.csv`` and ``truth.csv`` go; made where it is missing.
    people, seed, days : int
        Same seed, same bytes.
    layout : {"pairs", "wide"}
        Links as pairs of ids, or as the rows of the logs with one column per id type.

    Raises
    ------
    UsageError
        Where the layout is unknown, or a number makes no world.
    """
    if layout not in LINK_LAYOUTS:
        raise UsageError(f'layout: "{layout}" is unknown. Known: {listed(LINK_LAYOUTS)}.')
    try:
        made = identity_world.simulate(identity_world.IdentityWorld(people, seed, days))
    except ValueError as error:
        raise UsageError(str(error)) from None
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"links": made.links if layout == "pairs" else made.wide, "customers": made.customers, "truth": made.truth}
    frames = {folder / f"{name}.csv": frame_of(table) for name, table in tables.items()}
    for path, frame in frames.items():
        _write(path, frame)
    return SimulatedFiles({path: len(frame) for path, frame in frames.items()}, frames[folder / "truth.csv"])


def frame_of(table: Mapping[str, Any]) -> pd.DataFrame:
    """A simulated table as a DataFrame."""
    return pd.DataFrame(dict(table))


def _write(path: Path, frame: pd.DataFrame, digits: str | None = None) -> None:
    write_atomically(path, frame.to_csv(index=False, lineterminator="\n", float_format=digits).encode())
