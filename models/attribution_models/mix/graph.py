"""The definition of the mix model: spec and data as a PyMC model.

Every other form of the model (the compiled density, the integrated block) is tested against this one. It samples every
coefficient, so that prior and posterior predictive, LOO and plots work as they do for any PyMC model.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pytensor.tensor as pt
from numpy.typing import NDArray

from attribution_models.mix.data import MixData
from attribution_models.mix.generations import pymc
from attribution_models.mix.graph_linear import coefficients, linear
from attribution_models.mix.graph_media import Medium, lift_mean
from attribution_models.mix.graph_time_varying import multiplier
from attribution_models.mix.graph_transforms import Tensor
from attribution_models.mix.graph_variables import Values, variable
from attribution_models.mix.labels import coordinates, label
from attribution_models.mix.lifts import Lift
from attribution_models.mix.scales import Scales
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import Structure, structure

Model: TypeAlias = Any
pm = pymc()


def build(
    spec: MixSpec,
    data: MixData,
    lifts: tuple[Lift, ...] = (),
    *,
    scales: Scales | None = None,
    rows: NDArray[np.bool_] | None = None,
    deterministics: bool = False,
) -> Model:
    """Build the PyMC model of a spec.

    Parameters
    ----------
    scales : Scales, optional
        From an earlier fit; else taken from the data.
    rows : array (T,) of bool, optional
        Periods of the likelihood; all of them without.
    deterministics : bool
        Add ``contribution`` (channel, geo, date), ``component`` (component_name, geo, date), ``baseline`` and
        ``expected`` (geo, date), in units of the outcome; and coefficients that are sampled as standard draws.

    Returns
    -------
    pymc.Model
        Random variables are named as in `Structure.groups`; ``outcome`` is observed on the fitted rows (dim ``row``).
        ``media`` and ``reach`` (channel, geo, exposure_period) are data that `pymc.set_data` may change to what would
        have been; effects stay those of the fitted data.
    """
    return graph(structure(spec, data, lifts, scales=scales, rows=rows, integrate=False), deterministics=deterministics)


def graph(s: Structure, *, deterministics: bool = False) -> Model:
    """Build the PyMC model of a structure in which every coefficient is sampled; see `build`."""
    if any(term.integrate for term in s.terms):
        raise ValueError("The graph samples every coefficient; make the structure with integrate=False.")
    with pm.Model(coords=_coords(s)) as model:
        values = Values({group.name: variable(group) for group in s.groups})
        varying = multiplier(s, values)
        media = [Medium(s, c, values, varying) for c in range(len(s.channels))]
        contributions = _contributions(s, media)
        parts = _parts(s, values)
        mean = sum([*contributions, *parts.values()], start=pt.zeros(s.outcome.shape))
        _likelihood(s, values, mean)
        _lift_tests(s, media, parts)
        if deterministics:
            _report(s, contributions, parts, mean)
            _coefficients(s, values)
            if varying is not None:
                pm.Deterministic("time_varying", varying, dims="date")
    return model


def _coords(s: Structure) -> dict[str, object]:
    geo, period = np.nonzero(s.fitted)
    coords: dict[str, object] = {
        "channel": tuple(c.name for c in s.spec.channels),
        "geo": s.data.geos,
        "date": tuple(str(d) for d in s.data.dates),
        # Counted from the first outcome; exposure from before it has no date in the panel.
        "exposure_period": tuple(range(-s.data.before, s.outcome.shape[1])),
        "row": tuple(f"{s.data.geos[g]} {s.data.dates[t]}" for g, t in zip(geo, period, strict=True)),
        "component_name": tuple(dict.fromkeys(term.component for term in s.terms)),
    }
    if s.lifts:
        coords["lift_test"] = tuple(lift.experiment for lift in s.lifts)
    return coords | coordinates(s.groups)


def _contributions(s: Structure, media: list[Medium]) -> list[Tensor]:
    """β_gc h_gt v_t of every channel, scaled; each (G, T)."""
    dims = ("channel", "geo", "exposure_period")
    exposure, reach = pm.Data("media", s.media, dims=dims), pm.Data("reach", s.reach, dims=dims)
    return [m.effect[:, None] * m.response(exposure[c], reach[c]) for c, m in enumerate(media)]


def _parts(s: Structure, values: Values) -> dict[str, Tensor]:
    """Linear terms by component, scaled; each (G, T)."""
    parts: dict[str, Tensor] = {}
    for term in s.terms:
        found = parts.get(term.component, pt.zeros(s.outcome.shape))
        parts[term.component] = found + linear(term, values, len(s.data.geos))
    return parts


def _likelihood(s: Structure, values: Values, mean: Tensor) -> None:
    """Distribution of the outcomes that were observed: no other row is in it, so none is imputed."""
    geo, period = np.nonzero(s.fitted)
    sigma = pt.stack([values[p] for p in s.noise])
    given = {
        "mu": mean[geo, period],
        "sigma": sigma[geo] if len(s.noise) > 1 else sigma[0],
        "observed": s.outcome[geo, period],
        "dims": "row",
    }
    if s.rho is not None:
        given |= _remembered(s, values[s.rho], given)
    if s.nu is None:
        pm.Normal("outcome", **given)
    else:
        pm.StudentT("outcome", nu=values[s.nu], **given)


def _remembered(s: Structure, rho: Tensor, given: dict[str, Any]) -> dict[str, Any]:
    """Mean and deviation of each row given the fitted row before it; `autoregressive_kernel` has the formula."""
    geo, period = np.nonzero(s.fitted)
    before = np.maximum(np.arange(len(geo)) - 1, 0)
    follows = np.append(False, geo[1:] == geo[:-1]) if len(geo) else np.zeros(0, bool)
    lag = np.where(follows, period - period[before], 1)
    a = pt.where(follows, rho**lag, 0.0)
    left = given["observed"][before] - given["mu"][before]
    return {"mu": given["mu"] + a * left, "sigma": given["sigma"] * pt.sqrt(1 - a**2)}


def _lift_tests(s: Structure, media: list[Medium], parts: dict[str, Tensor]) -> None:
    if s.lifts:
        # Of the fitted data's own exposure, whatever is put into the model later; the identity link needs no mean.
        mean = sum([m.effect[:, None] * m.fitted for m in media], start=sum(parts.values(), start=pt.zeros(())))
        logs = mean + pt.zeros(s.outcome.shape) if s.spec.link == "log" else None
        pm.Normal(
            "lift",
            mu=pt.stack([lift_mean(media[lift.channel], lift, logs) for lift in s.lifts]),
            sigma=np.array([lift.deviation for lift in s.lifts]),
            observed=np.array([lift.lift for lift in s.lifts]),
            dims="lift_test",
        )


def _coefficients(s: Structure, values: Values) -> None:
    """Add the coefficients of terms that are sampled as standard draws."""
    for term in s.terms:
        if term.spread is not None:
            dims = tuple(label(term, dim) for dim in term.dims)
            pm.Deterministic(term.name, coefficients(term, values), dims=dims)


def _report(s: Structure, contributions: list[Tensor], parts: dict[str, Tensor], mean: Tensor) -> None:
    """Add results in units of the outcome.

    Under a log link nothing adds up: a contribution is what would be lost without that channel (or component) alone,
    and the baseline is what would be left without media.
    """
    worth = (s.scales.population * s.scales.outcome)[:, None]
    base = sum(parts.values(), start=pt.zeros(s.outcome.shape))
    each = pt.stack(contributions)
    if s.spec.link == "log":
        named = [worth * (pt.exp(mean) - pt.exp(mean - part)) for part in parts.values()]
        found = worth * (pt.exp(mean) - pt.exp(mean - each)), worth * pt.exp(base), worth * pt.exp(mean)
    else:
        level = (s.scales.population * s.scales.center)[:, None]
        named = [worth * part for part in parts.values()]
        found = worth * each, level + worth * base, level + worth * mean
    pm.Deterministic("contribution", found[0], dims=("channel", "geo", "date"))
    pm.Deterministic("baseline", found[1], dims=("geo", "date"))
    pm.Deterministic("expected", found[2], dims=("geo", "date"))
    if named:
        pm.Deterministic("component", pt.stack(named), dims=("component_name", "geo", "date"))
