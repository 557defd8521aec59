"""A structure as tables for the compiled density, and the density as an object."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix import adstock, saturation
from attribution_models.mix.arrow import Arrow
from attribution_models.mix.callback import density_function
from attribution_models.mix.columns import Term
from attribution_models.mix.groups import Parameter
from attribution_models.mix.linear_kernel import CONSTANT, EXPQUAD, MATERN52, MULTIPLIER, SCALE, SPREAD
from attribution_models.mix.media import CONTRIBUTION_SCALE, ChannelPlan
from attribution_models.mix.priors import FAMILIES
from attribution_models.mix.spec import Channel
from attribution_models.mix.stages import density_stages
from attribution_models.mix.structure import Structure
from attribution_models.mix.tables import CHANNEL_FIELDS, FIRST_STAGE, OWN, STAGES, Tables, addresses

Floats = NDArray[np.float64]
KINDS = {"spread": SPREAD, "expquad": EXPQUAD, "matern52": MATERN52}


@dataclass(frozen=True, slots=True, eq=False)
class Density:
    """The posterior's log density on the sampled line, and its gradient.

    Attributes
    ----------
    structure : Structure
    tables : Tables
    addresses : array of int
        Where the tables are; what the kernels take. Stages of the density are in it once it is `ready`.
    """

    structure: Structure
    tables: Tables
    addresses: NDArray[np.int64]

    @classmethod
    def of(cls, structure: Structure) -> Density:
        """Lay a structure out for the kernels."""
        tables, nu, rho = tables_of(structure)
        lags = max(channel.adstock.length for channel in structure.spec.channels)
        return cls(structure, tables, addresses(tables, nu, rho, lags))

    @property
    def size(self) -> int:
        """Number of sampled parameters."""
        return self.structure.size

    def __call__(self, x: Floats) -> tuple[float, Floats]:
        """Log density and gradient at x, array (n,).

        Raises
        ------
        ValueError
            Where the compiled density does not cover the model.
        """
        if self.structure.uncovered:
            raise ValueError(f"The compiled density does not cover {' and '.join(self.structure.uncovered)}.")
        x, gradient, value = np.ascontiguousarray(x, dtype=float), np.empty(self.size), np.empty(1)
        given = (array.ctypes.data for array in (x, gradient, value, self.ready()))
        density_function().ctypes(self.size, *given)
        return float(value[0]), gradient

    def ready(self) -> NDArray[np.int64]:
        """Address table with the stages of the density, which are compiled on first use."""
        if not self.addresses[STAGES]:
            anew = self.tables.eigen.size != len(self.tables.integrated)
            found = [stage.address for stage in density_stages(self.structure, anew=anew)]
            self.addresses[FIRST_STAGE : FIRST_STAGE + len(found)] = found
            self.addresses[STAGES] = len(found)
        return self.addresses


class _Constants:
    """Values that are not sampled, numbered after those that are."""

    def __init__(self, structure: Structure) -> None:
        self.structure, self.found = structure, [1.0]

    def place(self, parameter: Parameter) -> int:
        if parameter.group:
            return self.structure.index(parameter)
        if parameter.constant not in self.found:
            self.found.append(parameter.constant)
        return self.structure.size + self.found.index(parameter.constant)


def tables_of(s: Structure) -> tuple[Tables, int, int]:
    """Lay a structure out flat; and which parameters degrees of freedom and autoregression are, −1 where not."""
    constants = _Constants(s)
    channel = np.array([_channel(s, c, constants) for c in range(len(s.channels))], dtype=np.int64)
    sigma = np.array([constants.place(p) for p in s.noise], dtype=np.int64)
    nu, rho = (-1 if p is None else constants.place(p) for p in (s.nu, s.rho))
    rows = s.fitted.sum(axis=1).astype(float)
    integrated = [t for t in s.terms if t.integrate]
    sampled = [t for t in s.terms if not t.integrate]
    layout, numbers, values = _columns(constants, integrated, scaled=True)
    own_layout, own_numbers, own_values = _columns(constants, sampled, scaled=False)
    coefficient = _coefficients(constants, sampled)
    arrow = Arrow.of(integrated, s.fitted, each=sigma.size > 1)
    basis, eigen = _eigen(layout, numbers, arrow)
    lift, lift_value, lift_geo, lift_media = _lifts(s)
    varies = () if s.varying is None else (s.varying.term,)
    varying, varying_numbers, varying_values = _columns(constants, varies, scaled=False)
    varying_coefficient = _coefficients(constants, varies)
    parameter, prior = _parameters(s)
    found = Tables(
        parameter=parameter,
        prior=prior,
        constants=np.array(constants.found),
        channel=channel,
        amount=np.array([plan.constant for plan in s.channels]),
        media=np.ascontiguousarray(s.media),
        reach=np.ascontiguousarray(s.reach),
        units=np.ascontiguousarray(s.units),
        outcome=s.outcome - _prior_mean(s, integrated),
        fitted=s.fitted.astype(float),
        sigma=sigma,
        rows=rows if sigma.size > 1 else rows.sum(keepdims=True),
        sampled=own_layout,
        sampled_numbers=own_numbers,
        sampled_values=own_values,
        coefficient=coefficient,
        integrated=layout,
        integrated_numbers=numbers,
        integrated_values=values,
        shared=arrow.shared,
        owned=arrow.owned,
        border=arrow.border,
        cross=arrow.cross,
        block=arrow.block,
        basis=basis,
        eigen=eigen,
        lift=lift,
        lift_value=lift_value,
        lift_geo=lift_geo,
        lift_media=lift_media,
        worth=s.scales.population * s.scales.outcome,
        varying=varying,
        varying_numbers=varying_numbers,
        varying_values=varying_values,
        varying_coefficient=varying_coefficient,
        varying_weight=np.zeros(0) if s.varying is None else s.varying.weight,
    )
    arrays: list[Any] = [np.ascontiguousarray(array) for array in found]
    return Tables(*arrays), nu, rho


def _parameters(s: Structure) -> tuple[NDArray[np.int64], Floats]:
    kinds, numbers = np.zeros((s.size, 3), np.int64), np.zeros((s.size, 6))
    for group in s.groups:
        for e in range(group.size):
            given = group.prior(e)
            kinds[group.start + e] = given.transform, FAMILIES[given.family].code, 1
            row = numbers[group.start + e]
            row[:2] = given.bounds
            row[2 : 2 + len(given.values)] = given.values
    for plan in s.channels:
        if plan.mode == CONTRIBUTION_SCALE:
            kinds[s.index(plan.effect), OWN] = 0
    return kinds, numbers


def _channel(s: Structure, c: int, constants: _Constants) -> list[int]:
    channel, plan = s.spec.channels[c], s.channels[c]
    late = channel.order == "adstock-first" and channel.frequency is None
    row = [
        adstock.KINDS[channel.adstock.kind].code,
        channel.adstock.length,
        int(channel.adstock.normalize),
        *(constants.place(p) for p in plan.adstock),
        _curve(channel, plan),
        *(constants.place(p) for p in plan.saturation),
        int(late),
        int(channel.frequency is not None),
        constants.place(plan.effect),
        plan.mode,
        plan.weight,
        int(plan.marginal),
        -1 if plan.spread is None else constants.place(plan.spread),
        s.index(Parameter("geo_effect", plan.row * len(s.data.geos))) if plan.spread is not None else 0,
    ]
    assert len(row) == CHANNEL_FIELDS
    return row


def _curve(channel: Channel, plan: ChannelPlan) -> int:
    """The curve's kernel; a Hill curve of slope 1 is Michaelis and Menten's, which needs no logarithms."""
    if channel.saturation.kind == "hill" and plan.saturation[1].constant == 1.0:
        return saturation.MICHAELIS_MENTEN
    return saturation.KINDS[channel.saturation.kind].code


def _columns(constants: _Constants, terms: Iterable[Term], *, scaled: bool) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Columns of terms; `scaled`: coefficients are standard draws times the prior's standard deviation."""
    layout, numbers, values, at = [], [], [np.zeros(0)], 0
    for term in terms:
        by = term.spread
        kind = KINDS[by.kind] if by else CONSTANT
        scale = constants.place(by.scale) if by else 0
        length = constants.place(by.length) if by else 0
        for j in range(term.size):
            values.append(np.ascontiguousarray(term.columns[j], dtype=float).ravel())
            layout.append([term.kind, term.geos[j] if term.geos else 0, at, kind, scale, length])
            numbers.append([term.prior.values[1] if scaled else 1.0, by.frequencies[j] if by and by.frequencies else 0])
            at += values[-1].size
    return (
        np.array(layout, dtype=np.int64).reshape(-1, 6),
        np.array(numbers, dtype=float).reshape(-1, 2),
        np.concatenate(values),
    )


def _coefficients(constants: _Constants, terms: Iterable[Term]) -> NDArray[np.int64]:
    found = [constants.place(term.coefficient(j)) for term in terms for j in range(term.size)]
    return np.array(found, dtype=np.int64)


def design(s: Structure, terms: Iterable[Term]) -> Floats:
    """All columns of terms, (k, G, T)."""
    wide = [term.full(len(s.data.geos)) for term in terms]
    return np.concatenate(wide) if wide else np.zeros((0, *s.outcome.shape))


def _eigen(layout: NDArray[np.int64], numbers: Floats, arrow: Arrow) -> tuple[Floats, Floats]:
    """Eigenvectors and eigenvalues of D X′X D, where nothing in it is sampled and no geo has columns of its own."""
    if len(arrow.border) > 1 or arrow.owned.size or (layout[:, MULTIPLIER] != CONSTANT).any():
        return np.zeros((0, 0)), np.zeros(len(layout) + 1)  # no eigenvalue for each column: not used
    scale = numbers[:, SCALE]
    eigen, basis = np.linalg.eigh(arrow.border[0] * scale * scale[:, None])
    return basis, np.maximum(eigen, 0.0)


def _prior_mean(s: Structure, terms: list[Term]) -> Floats:
    """What integrated columns contribute at their prior mean, on fitted rows."""
    found = np.zeros(s.outcome.shape)
    for term in terms:
        mean = term.prior.values[0]
        if mean:
            found += mean * term.full(len(s.data.geos)).sum(axis=0)
    return found * s.fitted


def _lifts(s: Structure) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64], Floats]:
    head: list[list[int]] = []
    value: list[list[float]] = []
    geos: list[int] = []
    media: list[Floats] = []
    for lift in s.lifts:
        first = len(geos)
        geos += list(lift.geos)
        media += list(lift.without)
        head.append([lift.channel, lift.start, lift.end, first, len(geos)])
        value.append([lift.lift, lift.deviation])
    wide = s.media.shape[2]
    return (
        np.array(head, dtype=np.int64).reshape(-1, 5),
        np.array(value, dtype=float).reshape(-1, 2),
        np.array(geos, dtype=np.int64),
        np.array(media, dtype=float).reshape(-1, wide),
    )
