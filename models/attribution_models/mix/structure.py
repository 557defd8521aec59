"""Spec and data together: scaled arrays, the sampled parameters in order, and which of them each channel reads.

Both the PyMC graph and the compiled density are built from this one frozen description.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.baseline import baseline
from attribution_models.mix.columns import Term
from attribution_models.mix.data import MixData
from attribution_models.mix.data_rules import require_fit
from attribution_models.mix.groups import Group, GroupBook, Parameter
from attribution_models.mix.lifts import Lift
from attribution_models.mix.media import ChannelPlan, plans
from attribution_models.mix.scales import Scales
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.varying import Varying


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Everything that a density of this model needs.

    Attributes
    ----------
    spec, data, scales
    outcome : array (G, T)
        y*, zero where not fitted.
    fitted : array (G, T) of bool
        Rows of the likelihood.
    media, reach : array (C, G, P + T)
        What saturates, and what multiplies it (reach and frequency; else ones).
    units : array (3, G, T)
        What a unit of scaled mean is worth in the mean, in outcome, in revenue.
    terms : tuple of Term
    groups : tuple of Group
        Sampled parameters; `size` of them in all.
    channels : tuple of ChannelPlan
    noise : tuple of Parameter
        σ, one or one for each geo.
    nu, rho : Parameter or None
        Degrees of freedom, and autoregression.
    varying : Varying or None
        The multiplier of all media effects; None: they stay the same.
    lifts : tuple of Lift
    """

    spec: MixSpec
    data: MixData
    scales: Scales
    outcome: NDArray[np.float64]
    fitted: NDArray[np.bool_]
    media: NDArray[np.float64]
    reach: NDArray[np.float64]
    units: NDArray[np.float64]
    terms: tuple[Term, ...]
    groups: tuple[Group, ...]
    channels: tuple[ChannelPlan, ...]
    noise: tuple[Parameter, ...]
    nu: Parameter | None
    rho: Parameter | None
    varying: Varying | None
    lifts: tuple[Lift, ...]

    @property
    def size(self) -> int:
        """Number of sampled parameters."""
        return sum(group.size for group in self.groups)

    @property
    def uncovered(self) -> tuple[str, ...]:
        """What of this model the compiled density does not cover; then the PyMC graph is sampled."""
        return uncovered(self.spec, self.lifts)

    @property
    def by_name(self) -> dict[str, Group]:
        """Sampled groups by name."""
        return {group.name: group for group in self.groups}

    def index(self, parameter: Parameter) -> int:
        """Where a parameter stands in the sampled vector."""
        return self.by_name[parameter.group].start + parameter.element


def structure(
    spec: MixSpec,
    data: MixData,
    lifts: tuple[Lift, ...] = (),
    *,
    scales: Scales | None = None,
    integrate: bool = True,
    rows: NDArray[np.bool_] | None = None,
) -> Structure:
    """Put spec and data together.

    Parameters
    ----------
    scales : Scales, optional
        From an earlier fit; else taken from the data.
    integrate : bool
        Integrate out what can be; off, and where the density is not covered: every coefficient is sampled.
    rows : array (T,) of bool, optional
        Periods of the likelihood (training rows of a fold); all of them without.
    """
    require_fit(spec, data)
    scales = scales or Scales.of(spec, data, rows)
    integrate = integrate and not uncovered(spec, lifts)
    terms, hypers = baseline(spec, data, scales)
    terms = tuple(replace(t, integrate=integrate and integrable(spec, t)) for t in terms)
    fitted = _fitted(spec, data, rows)
    book = GroupBook()
    channels = plans(spec, data, book)
    for hyper in hypers:
        book.whole(hyper.name, (), (), hyper.prior)
    each = spec.noise.by_geo and len(data.geos) > 1
    noise = book.whole("sigma", ("geo",) if each else (), (data.geos,) if each else (), spec.noise.sigma)
    nu = book.whole("nu", (), (), spec.noise.nu)[0] if spec.noise.kind == "student-t" else None
    rho = None if spec.noise.autoregression is None else book.whole("rho", (), (), spec.noise.autoregression)[0]
    varying = None if spec.time_varying is None else Varying.of(spec.time_varying, fitted, book)
    for term in terms:
        if not term.integrate:
            book.whole(term.vector, term.dims, term.coords, term.prior)
    media, reach = _media(spec, data, scales)
    return Structure(
        spec=spec,
        data=data,
        scales=scales,
        outcome=_scaled(spec, data, scales, fitted),
        fitted=fitted,
        media=media,
        reach=reach,
        units=_units(data, scales),
        terms=terms,
        groups=book.ordered(),
        channels=channels,
        noise=noise,
        nu=nu,
        rho=rho,
        varying=varying,
        lifts=lifts,
    )


def uncovered(spec: MixSpec, lifts: tuple[Lift, ...]) -> tuple[str, ...]:
    """What of a model the compiled density does not cover, in words.

    Under a log link a lift is a difference of exponentials, which depends on the whole mean.
    """
    return ("lift tests under the log link",) if lifts and spec.link == "log" else ()


def uncovered_note(s: Structure) -> str:
    """What a user is told before a fit that the compiled density does not cover; empty where it does."""
    if not s.uncovered:
        return ""
    return (
        f"The compiled density does not cover {' and '.join(s.uncovered)}: sampling the PyMC graph instead, "
        "which is slower, and is compiled anew each time."
    )


def integrable(spec: MixSpec, term: Term) -> bool:
    """Whether a term's coefficients can be integrated out exactly: independent normal noise, normal coefficients."""
    plain = spec.noise.kind == "normal" and spec.noise.autoregression is None
    return plain and term.prior.family == "normal"


def _fitted(spec: MixSpec, data: MixData, rows: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Rows of the likelihood: observed, with known media over the whole carry-over."""
    fitted = np.isfinite(data.outcome)
    if spec.history == "mask":
        reach = max((c.adstock.length for c in spec.channels), default=1) - 1
        fitted[:, : max(reach - data.history, 0)] = False
    if rows is not None:
        fitted &= rows[None, :]
    if not fitted.any():
        raise ValueError("No outcome is left to fit: too few periods for the carry-over, or none observed.")
    return fitted


def _scaled(spec: MixSpec, data: MixData, scales: Scales, fitted: NDArray[np.bool_]) -> NDArray[np.float64]:
    y = data.outcome / scales.population[:, None]
    if spec.link == "log":
        if (data.outcome[fitted] <= 0).any():
            raise ValueError("The log link needs an outcome above zero in every fitted period.")
        return np.where(fitted, np.log(np.where(fitted, y, 1.0) / scales.outcome), 0.0)
    return np.where(fitted, (y - scales.center) / scales.outcome, 0.0)


def _media(spec: MixSpec, data: MixData, scales: Scales) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What goes through the curve, and what multiplies it afterwards."""
    media = scales.scaled_media(spec, data.exposure)
    reach = np.ones_like(media)
    for c, channel in enumerate(spec.channels):
        if channel.frequency is not None:
            media[c], reach[c] = data.frequency[c], media[c].copy()
    return media, reach


def _units(data: MixData, scales: Scales) -> NDArray[np.float64]:
    """Weights of a row of the scaled mean: in the mean, in outcome (observed rows), in revenue (all rows)."""
    outcome = np.repeat((scales.population * scales.outcome)[:, None], data.outcome.shape[1], axis=1)
    mean = np.full_like(outcome, 1 / outcome.size)
    worth = np.nan_to_num(data.revenue_per_outcome, nan=0.0)
    return np.stack([mean, np.where(np.isfinite(data.outcome), outcome, 0.0), outcome * worth])
