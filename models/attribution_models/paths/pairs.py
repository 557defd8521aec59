"""Pairs of channels: overlap, synergy and order, with intervals by customer; associations, not effects.

All three are functions of counts over journeys, so one bootstrap scan gives them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from attribution_models.paths.encoded import Paths
from attribution_models.paths.pair_sums import STRATA, Orders, Presence, interactions
from attribution_models.paths.resampling import BOOTSTRAP, FEW, LOWER_BOUND, check_request
from attribution_models.paths.resampling_sums import shifted, weighted_sums
from attribution_models.paths.resampling_units import Units, units_of

ASSOCIATIONAL: Final = "associational"


@dataclass(frozen=True, slots=True, eq=False)
class PairMeasure:
    """A measure of every pair; nan where too few journeys can tell.

    Attributes
    ----------
    estimate, lower, upper : float64[P]
        On all journeys, and the percentile interval.
    p_value, p_holm : float64[P]
        Of no association, two-sided from the bootstrap's standard error; and Holm-adjusted over the
        pairs that were tested. nan for ``overlap``, which tests nothing.
    """

    estimate: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    p_value: NDArray[np.float64]
    p_holm: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PairEffects:
    """What pairs of channels have to do with conversions.

    Attributes
    ----------
    channels : tuple of str
        Channel names.
    first, second : int64[P]
        Channel codes of each pair, first < second.
    overlap : PairMeasure
        Share of conversions (of journeys with touches) that saw both.
    synergy : PairMeasure
        Log-odds interaction: how much more both raise the odds than each alone does.
    order : PairMeasure
        Log odds ratio of conversion, first before second against second before first.
    label : str
        ``associational``: nothing here was randomised.
    kind : str
        Kind of the intervals.
    level : float
        Of the intervals.
    replicates, seed : int
        How they were drawn.
    """

    channels: tuple[str, ...]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    overlap: PairMeasure
    synergy: PairMeasure
    order: PairMeasure
    label: str
    kind: str
    level: float
    replicates: int
    seed: int


def pair_effects(
    paths: Paths, replicates: int = 200, seed: int = 0, *, level: float = 0.9, threads: int | None = None
) -> PairEffects:
    """Measure overlap, synergy and order of all pairs of channels, with bootstrap intervals by customer.

    - overlap = -(RE_ab - RE_a - RE_b) with removal effects at presence, which is the share of conversions
      whose journey holds a and b. It is no synergy: two channels that never help each other overlap too.
    - synergy = γ of logit P(conversion) = α_length + β_a x_a + β_b x_b + γ x_a x_b over converting and null
      journeys with touches; x says whether the channel is in the journey. Lengths are strata (1 to 8
      singly, 9-12, 13-20, longer).
    - order = log Mantel-Haenszel odds ratio of conversion, first touch of a before first touch of b against
      the reverse, within journeys of the same set of channels and the same length.

    Synergy needs 20 conversions and 20 nulls with neither, only a, only b, and both; order needs 10
    conversions with each order in strata that can tell. Other pairs have nan and are not tested.

    Raises
    ------
    ValueError
        For too few replicates, a level outside (0, 1) or a negative seed.

    References
    ----------
    N. Mantel, W. Haenszel, "Statistical aspects of the analysis of data from retrospective studies of
    disease", JNCI 22, 1959. S. Holm, "A simple sequentially rejective multiple test procedure",
    Scandinavian Journal of Statistics 6, 1979.
    """
    check_request(replicates, seed, level)
    units = units_of(paths)
    presence, orders = Presence(len(paths.channels)), Orders.of(units.paths)
    observed = _observed(units, presence, orders)
    point = _statistics(presence, orders, observed)
    draws = _draws(units, presence, orders, replicates, seed, threads)
    tellable = _tellable(presence, orders, observed[:, 0])
    measures = [
        _measure(estimate[:, 0], drawn, tells, level, tested=i > 0)
        for i, (estimate, drawn, tells) in enumerate(zip(point, draws, tellable, strict=True))
    ]
    first, second = np.triu_indices(len(paths.channels), 1)
    kind = LOWER_BOUND if units.aggregated else BOOTSTRAP
    overlap, synergy, order = measures
    return PairEffects(
        paths.channels, first, second, overlap, synergy, order, ASSOCIATIONAL, kind, level, replicates, seed
    )


def _observed(units: Units, presence: Presence, orders: Orders) -> NDArray[np.float64]:
    """Counts of all journeys, float64[rows, 1]."""
    sums = np.zeros(presence.rows + orders.rows)
    for i in range(units.paths.block_count):
        block = units.paths.block(i)
        for found, start in ((presence.entries(i, block), 0), (orders.entries(i, block), presence.rows)):
            sums += np.bincount(found.row + start, found.amount, sums.size)
    return sums[:, None]


def _draws(
    units: Units, presence: Presence, orders: Orders, replicates: int, seed: int, threads: int | None
) -> list[NDArray[np.float64]]:
    """Overlap, synergy and order of every replicate, float64[P, R] each."""
    builders = [presence.entries, shifted(orders.entries, presence.rows)]
    batches = [
        _statistics(presence, orders, sums)
        for sums in weighted_sums(units, presence.rows + orders.rows, builders, replicates, seed, threads)
    ]
    return [np.concatenate(parts, axis=1) for parts in zip(*batches, strict=True)]


def _statistics(presence: Presence, orders: Orders, sums: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Overlap, synergy and order from counts, float64[P, R] each."""
    cells = presence.cells(sums[: presence.rows])
    whole = cells[0].sum(axis=(0, 2))
    overlap = np.divide(cells[0, :, :, 3].sum(axis=0), whole, out=np.zeros_like(whole), where=whole > 0)
    tables = cells.transpose(0, 2, 4, 1, 3).reshape(2, -1, STRATA, 4)
    synergy = interactions(np.ascontiguousarray(tables[0]), np.ascontiguousarray(tables[1])).reshape(whole.shape)
    return [overlap, synergy, orders.log_odds(sums[presence.rows :], presence.pairs)]


def _tellable(presence: Presence, orders: Orders, sums: NDArray[np.float64]) -> list[NDArray[np.bool_]]:
    """Which pairs have journeys enough for overlap, synergy and order."""
    cells = presence.cells(sums[: presence.rows])[..., 0]
    inform = (cells.sum(axis=3) > 0).all(axis=0)
    least = (cells * inform[..., None]).sum(axis=1).min(axis=(0, 2))
    each = orders.conversions(sums[presence.rows :], presence.pairs).min(axis=0)
    return [np.ones(presence.pairs, dtype=np.bool_), least >= FEW, each >= FEW / 2]


def _measure(
    estimate: NDArray[np.float64],
    draws: NDArray[np.float64],
    tellable: NDArray[np.bool_],
    level: float,
    *,
    tested: bool,
) -> PairMeasure:
    unknown = np.full(estimate.size, np.nan)
    lower, upper, p = unknown.copy(), unknown.copy(), unknown.copy()
    # A resample that cannot tell is as good as one that says nothing: it counts as no association.
    known = np.where(np.isfinite(draws[tellable]), draws[tellable], 0.0)
    ends = np.quantile(known, [(1 - level) / 2, (1 + level) / 2], axis=1)
    lower[tellable], upper[tellable] = ends
    if tested:
        error = known.std(axis=1, ddof=1)
        z = np.divide(np.abs(estimate[tellable]), error, out=np.zeros_like(error), where=error > 0)
        p[tellable] = 2 * ndtr(-z)
    return PairMeasure(np.where(tellable, estimate, np.nan), lower, upper, p, holm(p))


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm-adjusted p-values: p_(i) times the tests left, never below one before; nan stays nan."""
    adjusted = np.full(p.size, np.nan)
    order = np.argsort(p, kind="stable")[: int(np.isfinite(p).sum())]
    steps = p[order] * np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if order.size else steps
    return adjusted
