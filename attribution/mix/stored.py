"""Fits of media-mix models in a workspace: what is kept of one, and how it comes back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from attribution.errors import AttributionError, UsageError, did_you_mean, listed
from attribution.mix.calendar import Calendar
from attribution.mix.model_file import parse_model
from attribution.mix.model_toml import model_toml
from attribution.mix.stored_arrays import read_arrays, write_arrays
from attribution.workspace import PRIVATE, Workspace, digest_of, digest_of_file
from attribution_models.mix.data import MixData
from attribution_models.mix.density import Density
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit import MixFit
from attribution_models.mix.lifts import Lift
from attribution_models.mix.parameter_table import ParameterTable
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.scales import Scales
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import Structure, structure

FAMILY = "mmm"
# Of the folder; a change of what it holds or means is a new one.
VERSION = 1
FILES = ("model.toml", "arrays.npz", "draws.parquet", "parameters.csv")


@dataclass(frozen=True, slots=True, eq=False)
class StoredMix:
    """A fit as it was kept.

    Attributes
    ----------
    name : str
    spec : MixSpec
    data : MixData
    calendar : Calendar
        Of the window.
    lifts : tuple of Lift
        Tests in the likelihood.
    scales : Scales
        As they were at the fit.
    structure : Structure
    posterior : Posterior
        Worked out again from free points and seed: the same numbers as at the fit.
    entry : Mapping
        What the manifest says: ``passed``, ``failures``, ``checklist``, ``seed``, ``sampler``, ``rounds``, ``inputs``,
        ``findings``, ``refreshed_from`` …
    folder : Path
    """

    name: str
    spec: MixSpec
    data: MixData
    calendar: Calendar
    lifts: tuple[Lift, ...]
    scales: Scales
    structure: Structure
    posterior: Posterior
    entry: Mapping[str, Any]
    folder: Path

    @property
    def passed(self) -> bool:
        """Whether the gate passed; where not, every output says so."""
        return bool(self.entry["passed"])

    def parameters(self) -> pd.DataFrame:
        """The table of parameters with its diagnostics, as it was at the fit."""
        return pd.read_csv(self.folder / "parameters.csv", keep_default_na=False, na_values=[""])


def parameter_frame(table: ParameterTable) -> pd.DataFrame:
    """Parameters as a table: mean, sd, quantiles, R-hat, effective sample sizes, Monte Carlo error."""
    columns = ("parameter", "mean", "sd", "q5", "median", "q95", "rhat", "ess_bulk", "ess_tail", "mcse")
    return pd.DataFrame([tuple(row) for row in table], columns=list(columns))


def save_mix(
    workspace: Workspace,
    manifest: dict[str, Any],
    name: str,
    done: MixFit,
    calendar: Calendar,
    about: Mapping[str, Any] | None = None,
) -> Path:
    """Keep a fit: specification, data, lift tests, scales, and draws of free parameters; plain files, nothing pickled.

    The folder is written under a temporary name and renamed; it counts from the moment that the manifest names it.

    Parameters
    ----------
    manifest : dict
        From `Workspace.write`.
    calendar : Calendar
        Of the panel's window.
    about : Mapping, optional
        More plain data for the manifest's entry: inputs and their digests, findings, timings.

    Returns
    -------
    Path
        The folder.
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
    folder = _write_folder(workspace.path / "fits", done, entry)
    plain = json.loads(json.dumps(entry, default=float))
    manifest.setdefault("mixes", {}).pop(name, None)
    # Last in the file's order is the most recent one; the manifest itself is written with sorted keys.
    latest = max((int(e.get("number", 0)) for e in manifest["mixes"].values()), default=0)
    manifest["mixes"][name] = {"path": str(folder.relative_to(workspace.path)), "number": latest + 1, **plain}
    return folder


def _write_folder(parent: Path, done: MixFit, entry: dict[str, Any]) -> Path:
    """Write the files of a fit, and name their folder by what they hold."""
    temporary = parent / f".{FAMILY}-{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(mode=0o700)
    s, points = done.posterior.structure, done.posterior.points
    (temporary / "model.toml").write_text(model_toml(s.spec), encoding="utf-8")
    write_arrays(temporary / "arrays.npz", s)
    pq.write_table(_draws(s, points), temporary / "draws.parquet", compression="zstd")
    parameter_frame(done.table).to_csv(temporary / "parameters.csv", index=False, lineterminator="\n")
    entry["digests"] = {file: digest_of_file(temporary / file) for file in FILES}
    (temporary / "fit.json").write_text(json.dumps(entry, ensure_ascii=False, indent=1, default=float), "utf-8")
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


def free_names(s: Structure) -> Iterator[str]:
    """Names of the sampled parameters in order: ``group``, or ``group[coordinate, …]``."""
    for group in s.groups:
        if not group.coords:
            yield group.name
            continue
        for at in product(*group.coords):
            yield f"{group.name}[{', '.join(at)}]"


def mix_entry(manifest: Mapping[str, Any], name: str | None = None) -> dict[str, Any]:
    """What the manifest says of a fit.

    Parameters
    ----------
    name : str, optional
        As ``mmm-NAME`` or NAME; without: the only fit, or the most recent one.

    Raises
    ------
    UsageError
        No media-mix model was fitted, or none of that name.
    """
    mixes: dict[str, dict[str, Any]] = manifest.get("mixes", {})
    if not mixes:
        raise UsageError(
            "No media-mix model was fitted yet. Fit one first: attribution fit mmm --panel FILE --model FILE."
        )
    if name is None:
        return max(mixes.values(), key=lambda e: int(e.get("number", 0)))
    for known in (name, f"{FAMILY}-{name}"):
        if known in mixes:
            return mixes[known]
    words = {short: n for n in sorted(mixes) for short in (n, n.removeprefix(f"{FAMILY}-"))}
    raise UsageError(f'No media-mix fit "{name}".{did_you_mean(name, words)} Fitted: {listed(sorted(mixes))}.')


def load_mix(workspace: Workspace, name: str | None = None) -> StoredMix:
    """Bring a fit back, without sampling and without PyMC.

    Parameters
    ----------
    name : str, optional
        As ``mmm-NAME`` or NAME; without: the only fit, or the most recent one.

    Raises
    ------
    UsageError
        No such fit.
    AttributionError
        Its files are missing or altered, or were made by a version with other parameters.
    """
    return read_mix(workspace, mix_entry(workspace.require(), name))


def read_mix(workspace: Workspace, entry: Mapping[str, Any]) -> StoredMix:
    """Bring back the fit of an entry of the manifest; see `load_mix`."""
    name, folder = str(entry["name"]), workspace.path / entry["path"]
    if entry.get("version") != VERSION:
        raise AttributionError(f"{name}: kept by another version of this program. {_again(name)}")
    try:
        spec = parse_model((folder / "model.toml").read_text(encoding="utf-8"), str(folder / "model.toml"))
        data, scales, lifts, rows = read_arrays(folder / "arrays.npz")
        table = pq.read_table(folder / "draws.parquet")
    except (OSError, ValueError, KeyError) as error:
        raise AttributionError(f"{name}: {folder} cannot be read ({type(error).__name__}). {_again(name)}") from None
    built = structure(spec, data, lifts, scales=scales, rows=rows)
    if table.column_names[2:] != list(free_names(built)):
        raise AttributionError(f"{name}: kept by a version whose model has other parameters. {_again(name)}")
    points = np.stack([table.column(2 + i).to_numpy() for i in range(built.size)], axis=1)
    chains = int(table.column("chain").to_numpy().max()) + 1
    posterior = Posterior.of(Density.of(built), points.reshape(chains, -1, built.size), int(entry["seed"]))
    held = entry["calendar"]
    calendar = Calendar(data.dates, int(held["days"]), bool(held["monthly"]))
    return StoredMix(name, spec, data, calendar, lifts, scales, built, posterior, entry, folder)


def _again(name: str) -> str:
    return f"Fit it again: attribution fit mmm --name {name.removeprefix(f'{FAMILY}-')} …"


def effects_of(stored: StoredMix, draws: int | None = None) -> Effects:
    """Everything that contributions, returns and curves are worked out from; of `draws` evenly spaced draws, or all."""
    return Effects.of(stored.posterior, draws)
