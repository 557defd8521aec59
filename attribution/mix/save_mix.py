"""A fit of a media-mix model into the workspace."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from attribution.mix.calendar import Calendar
from attribution.mix.lift_tests import LiftTest
from attribution.mix.model_toml import model_toml
from attribution.mix.stored import FAMILY, FILES, VERSION, StoredMix, free_names
from attribution.mix.stored_arrays import write_arrays
from attribution.workspace import PRIVATE, Workspace, digest_of, digest_of_file
from attribution_models.mix.fit import MixFit
from attribution_models.mix.parameter_table import ParameterTable
from attribution_models.mix.structure import Structure


def parameter_frame(table: ParameterTable) -> pd.DataFrame:
    """Parameters as a table: mean, sd, quantiles, R-hat, effective sample sizes, Monte Carlo error."""
    columns = ("parameter", "mean", "sd", "q5", "median", "q95", "rhat", "ess_bulk", "ess_tail", "mcse")
    return pd.DataFrame([tuple(row) for row in table], columns=list(columns))


def describe_mix(name: str, done: MixFit, calendar: Calendar, about: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the manifest says of a fit, as plain data; what is not finite is None.

    Parameters
    ----------
    calendar : Calendar
        Of the panel's window.
    about : mapping, optional
        More: inputs and their digests, findings, timings.
    """
    s = done.posterior.structure
    entry = {
        "name": name,
        "model": FAMILY,
        "family": FAMILY,
        "version": VERSION,
        "passed": done.gate.passed,
        "failures": list(done.gate.failures),
        "checklist": list(done.gate.checklist),
        "worst_rhat": done.gate.worst_rhat,
        "least_ess": done.gate.least_ess,
        "seed": done.posterior.seed,
        "sampler": done.sampler,
        "lifts": [lift.experiment for lift in s.lifts],
        "rounds": [asdict(r) for r in done.rounds],
        "calendar": {"days": calendar.days, "monthly": calendar.monthly},
        "outcome": s.spec.outcome,
        "periods": [str(s.data.dates[0]), str(s.data.dates[-1])],
        "geos": len(s.data.geos),
        **(about or {}),
    }
    plain: dict[str, Any] = _plain(entry)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value


def stored_of(
    done: MixFit, calendar: Calendar, entry: Mapping[str, Any], tests: tuple[LiftTest, ...] = ()
) -> StoredMix:
    """A fit as `load_mix` would give it, without a workspace."""
    s = done.posterior.structure
    table = parameter_frame(done.table)
    return StoredMix(
        str(entry["name"]), s.spec, s.data, calendar, s.lifts, s.scales, s, done.posterior, table, entry, tests
    )  # fmt: skip


def save_mix(workspace: Workspace, manifest: dict[str, Any], stored: StoredMix) -> Path:
    """Keep a fit: specification, data, lift tests, scales, and draws of free parameters; plain files, nothing pickled.

    The folder is written under a temporary name and renamed; it counts from the moment that the manifest names it.

    Parameters
    ----------
    manifest : dict
        From `Workspace.write`.
    stored : StoredMix
        From `stored_of`.

    Returns
    -------
    Path
        The folder.
    """
    entry = dict(stored.entry)
    folder = _write_folder(workspace.path / "fits", stored, entry)
    mixes = manifest.setdefault("mixes", {})
    mixes.pop(stored.name, None)
    if stored.passed:  # an attempt that had failed is answered
        for name in [n for n, e in mixes.items() if e.get("beside") == stored.name]:
            del mixes[name]
    latest = max((int(e.get("number", 0)) for e in mixes.values()), default=0)
    mixes[stored.name] = {"path": str(folder.relative_to(workspace.path)), "number": latest + 1, **entry}
    return folder


def _write_folder(parent: Path, stored: StoredMix, entry: dict[str, Any]) -> Path:
    """Write the files of a fit, and name their folder by what they hold."""
    temporary = parent / f".{FAMILY}-{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(mode=0o700)
    s, points = stored.structure, stored.posterior.points
    (temporary / "model.toml").write_text(model_toml(s.spec), encoding="utf-8")
    write_arrays(temporary / "arrays.npz", s, stored.tests)
    pq.write_table(_draws(s, points), temporary / "draws.parquet", compression="zstd")
    stored.parameters.to_csv(temporary / "parameters.csv", index=False, lineterminator="\n")
    entry["digests"] = {file: digest_of_file(temporary / file) for file in FILES}
    (temporary / "fit.json").write_text(json.dumps(entry, ensure_ascii=False, indent=1), "utf-8")
    for file in temporary.iterdir():
        file.chmod(PRIVATE)
    folder = parent / f"{FAMILY}-{digest_of(entry['name'], entry['digests'], entry['seed'])}"
    if folder.exists():  # the same fit again: what is there holds the same
        shutil.rmtree(temporary)
    else:
        temporary.replace(folder)
    return folder


def _draws(s: Structure, points: NDArray[np.float64]) -> pa.Table:
    """Draws on the sampled line, one column per parameter."""
    chains, draws, size = points.shape
    flat = points.reshape(-1, size)
    columns = {"chain": np.repeat(np.arange(chains), draws), "draw": np.tile(np.arange(draws), chains)}
    names = [*columns, *free_names(s)]
    return pa.table([*map(pa.array, columns.values()), *(pa.array(flat[:, i]) for i in range(size))], names=names)
