"""Fits of media-mix models in a workspace: what is kept of one, and how it comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from attribution.errors import AttributionError, UsageError, did_you_mean, listed
from attribution.mix.calendar import Calendar
from attribution.mix.lift_tests import LiftTest
from attribution.mix.model_file import parse_model
from attribution.mix.stored_arrays import read_arrays
from attribution.workspace import Workspace
from attribution_models.mix.data import MixData
from attribution_models.mix.density import Density
from attribution_models.mix.effects import Effects
from attribution_models.mix.lifts import Lift
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
    parameters : DataFrame
        Mean, sd, quantiles, R-hat, effective sample sizes and Monte Carlo error of every parameter.
    entry : Mapping
        What the manifest says: ``passed``, ``failures``, ``checklist``, ``seed``, ``sampler``, ``rounds``, ``inputs``,
        ``findings``, ``learned``, ``refreshed_from`` …
    tests : tuple of LiftTest
        Tests that set a prior, or were kept away from the fit.
    """

    name: str
    spec: MixSpec
    data: MixData
    calendar: Calendar
    lifts: tuple[Lift, ...]
    scales: Scales
    structure: Structure
    posterior: Posterior
    parameters: pd.DataFrame
    entry: Mapping[str, Any]
    tests: tuple[LiftTest, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the gate passed; where not, every output says so."""
        return bool(self.entry["passed"])


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
        As ``mmm-NAME`` or NAME; without: the only fit, or the most recent one that is not a failed refresh.

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
        return max(mixes.values(), key=lambda e: ("beside" not in e, int(e.get("number", 0))))
    for known in (name, f"{FAMILY}-{name}"):
        if known in mixes:
            return mixes[known]
    words = {short: n for n in sorted(mixes) for short in (n, n.removeprefix(f"{FAMILY}-"))}
    raise UsageError(f'No media-mix fit "{name}".{did_you_mean(name, words)} Fitted: {listed(sorted(mixes))}.')


def load_mix(workspace: Workspace | Path | str, name: str | None = None) -> StoredMix:
    """Bring a fit back, without sampling and without PyMC.

    Parameters
    ----------
    workspace : Workspace or path
    name : str, optional
        As ``mmm-NAME`` or NAME; without: the only fit, or the most recent one.

    Raises
    ------
    UsageError
        No such fit.
    AttributionError
        Its files are missing or altered, or were made by a version with other parameters.
    """
    place = workspace if isinstance(workspace, Workspace) else Workspace(workspace)
    return read_mix(place, mix_entry(place.require(), name))


def read_mix(workspace: Workspace, entry: Mapping[str, Any]) -> StoredMix:
    """Bring back the fit of an entry of the manifest; see `load_mix`."""
    name, folder = str(entry["name"]), workspace.path / entry["path"]
    if entry.get("version") != VERSION:
        raise AttributionError(f"{name}: kept by another version of this program. {_again(name)}")
    try:
        spec = parse_model((folder / "model.toml").read_text(encoding="utf-8"), str(folder / "model.toml"))
        data, scales, lifts, rows, tests = read_arrays(folder / "arrays.npz")
        table = pq.read_table(folder / "draws.parquet")
        parameters = _parameters(folder / "parameters.csv")
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
    return StoredMix(name, spec, data, calendar, lifts, scales, built, posterior, parameters, entry, tests)


def _parameters(path: Path) -> pd.DataFrame:
    """The table as it was written, to the last digit: how pandas reads numbers differs between its versions."""
    text = pd.read_csv(path, dtype=str, keep_default_na=False)
    return text.assign(**{name: [float(v or "nan") for v in text[name]] for name in text.columns[1:]})


def _again(name: str) -> str:
    return f"Fit it again: attribution fit mmm --name {name.removeprefix(f'{FAMILY}-')} …"


def effects_of(stored: StoredMix, draws: int | None = None) -> Effects:
    """Everything that contributions, returns and curves are worked out from; of `draws` evenly spaced draws, or all."""
    return Effects.of(stored.posterior, draws)
