"""Our fits that plans are measured on: made once, kept as free points, and handed to a peer under its own names.

A fit is named by its data, its specification with the sampled line, and how it was sampled: nothing else can change
what its points mean.
"""
# ruff: noqa: PLC0415 – the engine is imported where its time can be measured.

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from benchmarks.measure import OUT
from benchmarks.mmm import meridian_ours, robyn_ours
from benchmarks.mmm.meridian_data import MEDIA
from benchmarks.mmm.runs import DATA, contents, digest

if TYPE_CHECKING:
    from attribution_models.mix.effects import Effects
    from attribution_models.mix.nuts import Tuning
    from attribution_models.mix.structure import Structure

HOME = OUT / "plan"
FILES = {"meridian": DATA / "meridian_geo_all_channels.csv", "robyn": DATA / "robyn_dt_simulated_weekly.csv"}
# Meridian's at the default tuning until the gate passes; Robyn's with as many draws as the peer's.
SAMPLED = {"meridian": "default", "robyn": f"4 x ({robyn_ours.TUNE} + {robyn_ours.DRAWS}), 0.9"}


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A fit as it is on disk.

    Attributes
    ----------
    file : Path
    points : array (chains, draws, n)
        On the sampled line.
    seed : int
    seconds : float
        That sampling took.
    passed : bool
        The gate.
    """

    file: Path
    points: npt.NDArray[np.float64]
    seed: int
    seconds: float
    passed: bool


def place(name: str) -> Path:
    """Where the fit of a name is kept."""
    s = structure_of(name)
    line = [(group.name, group.start, group.shape, group.coords) for group in s.groups]
    return HOME / f"{name}-{digest(contents(FILES[name]), s.spec, line, SAMPLED[name])}.npz"


def structure_of(name: str) -> Structure:
    """Specification and panel of a name."""
    return meridian_ours.built(FILES[name]) if name == "meridian" else robyn_ours.built(FILES[name], "laplace")


def kept(name: str) -> Kept:
    """The fit of a name; sampled where it is not there yet."""
    file = place(name)
    if not file.is_file():
        _sampled(name, file)
    with np.load(file) as held:
        return Kept(file, held["points"], int(held["seed"]), float(held["seconds"]), bool(held["passed"]))


def _sampled(name: str, file: Path) -> None:
    from attribution_models.mix.fit import ROUNDS, fit

    started = time.perf_counter()
    done = fit(structure_of(name), _tuning(name), rounds=ROUNDS if name == "meridian" else 1)
    seconds = time.perf_counter() - started
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part.npz")
    np.savez(part, points=done.posterior.points, seed=done.posterior.seed, seconds=seconds, passed=done.gate.passed)
    part.replace(file)


def _tuning(name: str) -> Tuning:
    from attribution_models.mix.nuts import Tuning

    if name == "meridian":
        return Tuning(seed=1, cores=2)
    return Tuning(chains=4, tune=robyn_ours.TUNE, draws=robyn_ours.DRAWS, target_accept=0.9, cores=2, seed=1)


def effects(name: str, per_chain: int | None = None) -> Effects:
    """Draws of the fit; of `per_chain` evenly spaced ones of each chain, or all."""
    from attribution_models.mix.density import Density
    from attribution_models.mix.effects import Effects
    from attribution_models.mix.posterior import Posterior

    fit = kept(name)
    return Effects.of(Posterior.of(Density.of(structure_of(name)), thinned(fit.points, per_chain), fit.seed))


def thinned(points: npt.NDArray[np.float64], per_chain: int | None) -> npt.NDArray[np.float64]:
    """Evenly spaced draws of each chain."""
    draws = points.shape[1]
    if per_chain is None or per_chain >= draws:
        return points
    return np.ascontiguousarray(points[:, np.linspace(0, draws - 1, per_chain).astype(int)])


def for_meridian(found: Effects, chains: int) -> dict[str, npt.NDArray[np.generic]]:
    """What Meridian's optimiser reads of a posterior, under its names, with the labels of both dimensions.

    Ours are draws of Meridian's own model on its scales (`meridian_data`): β of a geo and channel, the carry-over α and
    the half-saturation ec; the slope is fixed at 1.
    """
    s = found.structure
    channels = [s.spec.channels[c].name for c in range(len(s.channels))]
    media = [channels.index(name) for name in MEDIA]

    def shaped(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return values.reshape(chains, -1, *values.shape[1:])

    def named(group: str) -> npt.NDArray[np.float64]:
        at = s.by_name[group]
        places = [at.start + at.coords[0].index(name) for name in MEDIA]
        return shaped(found.parameters[:, places])

    alpha = named("adstock_alpha")
    return {
        "beta_gm": shaped(found.beta[:, media].transpose(0, 2, 1)), "alpha_m": alpha, "ec_m": named("saturation_kappa"),
        "slope_m": np.ones_like(alpha), "geo": np.array(s.data.geos), "media_channel": np.array(MEDIA),
    }  # fmt: skip
