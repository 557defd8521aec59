"""A kept media-mix fit as ArviZ reads it: ``InferenceData``, or with ArviZ 1 a tree of data sets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.mix.stored import StoredMix
from attribution_models.mix.density import Density
from attribution_models.mix.generations import Draws, draws
from attribution_models.mix.groups import Group
from attribution_models.mix.labels import coordinates, dimensions
from attribution_models.mix.likelihood import log_likelihood
from attribution_models.mix.means import Means
from attribution_models.mix.media_multiplier import media_multiplier
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.prior_draws import prior_draws
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]
PRIOR_DRAWS = 500
OUTCOME, ROW, EFFECT, DRIFT = "outcome", "row", "effect", "time_varying"


def to_arviz(stored: StoredMix, *, prior: int = PRIOR_DRAWS) -> Draws:
    """Put a fit together for ArviZ.

    Groups: ``posterior`` (parameters, coefficients that were integrated out and drawn back, ``effect``, β_gc on the
    scaled outcome, and ``time_varying``, what multiplies it in each period, where effects drift), ``log_likelihood``
    and ``observed_data`` of the fitted rows in the outcome's own unit, ``sample_stats`` with the log density ``lp``,
    and ``prior``. Dims and coordinates are those of the PyMC graph.

    Parameters
    ----------
    prior : int
        Draws of the prior; 0 leaves it out.

    Examples
    --------
    ``az.loo(to_arviz(load_mix(workspace)))``
    """
    s, posterior = stored.structure, stored.posterior
    lead = posterior.points.shape[:2]
    groups: dict[str, Mapping[str, NDArray[Any]]] = {
        "posterior": variables(posterior),
        "sample_stats": _statistics(stored),
        "log_likelihood": {OUTCOME: _log_likelihood(posterior).reshape(*lead, -1)},
        "observed_data": {OUTCOME: s.data.outcome[s.fitted]},
    }
    if prior:
        groups["prior"] = variables(prior_draws(Density.of(s), prior, posterior.seed))
    named = _named(s)
    dims = dimensions(named) | {OUTCOME: (ROW,), EFFECT: ("channel", "geo")}
    coords = coordinates(named) | {
        ROW: tuple(_rows(s)), "channel": tuple(c.name for c in s.spec.channels), "geo": s.data.geos,
    }  # fmt: skip
    if s.varying is not None:
        dims, coords = dims | {DRIFT: ("date",)}, coords | {"date": tuple(str(d) for d in s.data.dates)}
    return draws(groups, coords, dims)


def write_netcdf(stored: StoredMix, path: Path, *, prior: int = PRIOR_DRAWS) -> None:
    """Write it as NetCDF, which ArviZ of either generation reads; the old file stays until the new one is whole."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        to_arviz(stored, prior=prior).to_netcdf(str(temporary), engine="h5netcdf")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def variables(posterior: Posterior) -> dict[str, Floats]:
    """Every quantity by name, (chains, draws, …), the effect of each channel and geo, and its drift if there is one."""
    s, lead = posterior.structure, posterior.points.shape[:2]
    found = posterior.by_name() | {EFFECT: posterior.beta.reshape(*lead, *posterior.beta.shape[1:])}
    if s.varying is not None:
        drift = media_multiplier(s, posterior.parameters, s.outcome.shape[1])
        found[DRIFT] = drift.reshape(*lead, -1)
    return found


def _named(s: Structure) -> tuple[Group, ...]:
    """Sampled groups, and integrated terms as if they were."""
    terms = (Group(t.name, t.dims, t.coords, (t.prior,)) for t in s.terms if t.name not in s.by_name)
    return (*s.groups, *terms)


def _statistics(stored: StoredMix) -> dict[str, NDArray[Any]]:
    """Log density of every draw; divergences are not kept one by one, but a gate that passed had none."""
    density, points = Density.of(stored.structure), stored.posterior.points
    found: dict[str, NDArray[Any]] = {"diverging": np.zeros(points.shape[:2], bool)} if stored.passed else {}
    try:
        lp = np.array([density(x)[0] for x in points.reshape(-1, density.size)]).reshape(points.shape[:2])
    except ValueError:  # sampled through the PyMC graph; the compiled density does not cover the model
        return found
    return found | {"lp": lp}


def _log_likelihood(posterior: Posterior) -> Floats:
    """Of the fitted rows in C order, (chains · draws, n)."""
    means, fitted = Means.of(posterior), posterior.structure.fitted
    parts = [log_likelihood(means, g)[:, fitted[g]] for g in range(len(fitted)) if fitted[g].any()]
    return np.concatenate(parts, axis=1)


def _rows(s: Structure) -> list[str]:
    """``date``, or ``geo, date``."""
    many = len(s.data.geos) > 1
    return [f"{s.data.geos[g]}, {s.data.dates[t]}" if many else str(s.data.dates[t]) for g, t in np.argwhere(s.fitted)]
