"""Bootstrap of path models by customer: intervals for rules, Markov and Shapley from one scan.

Every customer i has in replicate r a weight W_ir ~ Poisson(1), a hash of (seed, r, customer key): no
order of rows, blocks or threads changes it. A replicate is the model fitted on W_ir copies of customer i.

The estimand is the same estimator on an infinite sample of customers, scaled to this n. A replicate
holds Σ_i W_ir customers, so its credit is multiplied by n / Σ_i W_ir: how many customers there are is
given, how many of them convert is not, and intervals of conversions and value hold that uncertainty too.
Every replicate closes: channels + unattributed = its own observed total.

Aggregated paths have no customers. Each journey behind them is then resampled alone (counts Poisson(m)
for a row of m journeys, scaled to n: multinomial), which leaves out that one person's journeys are alike:
intervals are a lower bound of the honest ones.

References
----------
B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7(1), 1979.
N. Chamandy, O. Muralidharan, A. Najmi, S. Naidu, "Estimating uncertainty for massive data streams",
Google, 2012 (Poisson weights by hash).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import read_only
from attribution_models.paths.credit import PathCredit
from attribution_models.paths.encoded import PathBlock, Paths, map_blocks, take
from attribution_models.paths.registry import PathFit, fit_all
from attribution_models.paths.resampling_models import (
    COMMON,
    SIZE,
    Draws,
    Plan,
    common_builder,
    first_touches,
    plans_of,
)
from attribution_models.paths.resampling_sums import Entries, entries, shifted, weighted_sums
from attribution_models.paths.resampling_units import Units, units_of

BOOTSTRAP: Final = "bootstrap"
LOWER_BOUND: Final = "bootstrap (lower bound)"
# Below so many converting journeys with the channel, percentiles are not to be trusted.
FEW: Final = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """Lower and upper ends: float64[C], or float64[] for a total."""

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FitIntervals:
    """Intervals of one fitted model.

    Attributes
    ----------
    name : str
        Name of the fit.
    spec : object
        The model.
    credit : PathCredit
        The fit on all journeys.
    draws : Draws
        Every replicate, for intervals of differences and ranks.
    level : float
        Of the intervals.
    """

    name: str
    spec: Any
    credit: PathCredit
    draws: Draws
    level: float

    def interval(self, measure: str) -> Interval:
        """Percentile interval of a measure of the draws: (1 - level)/2 on either side.

        Parameters
        ----------
        measure : str
            An attribute of ``Draws``, or ``conversion_share``, ``value_share``,
            ``unattributed_conversion_share``, ``unattributed_value_share``: shares of the replicate's
            own observed total, 0 where that is 0.

        Raises
        ------
        ValueError
            Where the model has no such measure.
        """
        draws = self.values(measure)
        ends = np.quantile(draws, [(1 - self.level) / 2, (1 + self.level) / 2], axis=0)
        return Interval(ends[0], ends[1])

    def values(self, measure: str) -> NDArray[np.float64]:
        """Draws of a measure, float64[R, C] or float64[R]."""
        if measure.endswith("_share"):
            kind = measure.removeprefix("unattributed_").removesuffix("_share")
            amount = getattr(self.draws, measure.removesuffix("_share").replace("conversion", "conversions"), None)
            total = getattr(self.draws, f"observed_{kind.replace('conversion', 'conversions')}", None)
            if amount is not None and total is not None:
                return _ratio(amount, total)
        found = getattr(self.draws, measure, None)
        if found is None:
            raise ValueError(f"{self.name} has no {measure!r} to give an interval for.")
        return np.asarray(found)


@dataclass(frozen=True, slots=True, eq=False)
class BootstrapIntervals:
    """What a bootstrap found, for every model it served.

    Attributes
    ----------
    fits : tuple of FitIntervals
        In the order of the specs.
    kind : str
        ``bootstrap``, or ``bootstrap (lower bound)`` for aggregated paths.
    level : float
        Of the intervals.
    replicates, seed : int
        How they were drawn.
    units : float
        n: customers; journeys for aggregated paths.
    few_conversions : bool[C]
        Channels that fewer than 20 converting journeys hold: their intervals are not to be trusted.
    few_unattributed : bool
        The same for converting journeys without touches.
    """

    fits: tuple[FitIntervals, ...]
    kind: str
    level: float
    replicates: int
    seed: int
    units: float
    few_conversions: NDArray[np.bool_]
    few_unattributed: bool


def bootstrap(
    paths: Paths,
    specs: Sequence[Any],
    replicates: int = 200,
    seed: int = 0,
    *,
    level: float = 0.9,
    fits: Sequence[PathFit] | None = None,
    scale: NDArray[np.float64] | None = None,
    threads: int | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> BootstrapIntervals:
    """Percentile intervals of path models from resampled customers; all models in one scan.

    credit*_r = n / Σ_i W_ir × (credit on W_ir copies of customer i), W_ir ~ Poisson(1).

    Parameters
    ----------
    paths : Paths
        Encoded journeys.
    specs : sequence
        Rules, ``Markov`` (any order), ``Shapley``.
    replicates : int
        How many, at least 2.
    seed : int
        At least 0; the same seed gives the same bytes.
    level : float
        Of the intervals, in (0, 1).
    fits : sequence of PathFit, optional
        The specs as already fitted on these journeys; fitted here if not given.
    scale : float64[R], optional
        From ``replicate_scale`` of all journeys, where these are a part of them.
    threads : int, optional
        Threads to use; they never change a bit of the result.
    told : callable
        Called with the number of replicates that are done, parts of the journeys counted in.

    Raises
    ------
    ValueError
        For too few replicates, a level outside (0, 1) or a negative seed.
    """
    check_request(replicates, seed, level)
    made = tuple(fits) if fits is not None else fit_all(paths, specs)
    units = units_of(paths)
    plans = plans_of(made, units, threads)
    draws = draws_of(units, plans, seed, np.ones(replicates, np.bool_), scale, threads, told)
    few = few_conversions(paths, threads)
    return BootstrapIntervals(
        fits=tuple(
            FitIntervals(fit.name, spec, fit.credit, drawn, level)
            for spec, fit, drawn in zip(specs, made, draws, strict=True)
        ),
        kind=LOWER_BOUND if units.aggregated else BOOTSTRAP,
        level=level,
        replicates=replicates,
        seed=seed,
        units=units.total,
        few_conversions=few[:-1],
        few_unattributed=bool(few[-1]),
    )


def check_request(replicates: int, seed: int, level: float) -> None:
    """Refuse numbers that no interval can be made from."""
    if replicates < 2:
        raise ValueError(f"At least 2 replicates are needed, 200 are usual; got {replicates}.")
    if not 0 < level < 1:
        raise ValueError(f"The level of an interval lies between 0 and 1, such as 0.9; got {level}.")
    if not 0 <= seed < 2**63:
        raise ValueError(f"The seed must be a whole number of at least 0; got {seed}.")


def few_conversions(paths: Paths, threads: int | None = None) -> NDArray[np.bool_]:
    """Flag channels that fewer than 20 converting journeys hold (conversions, for aggregated paths).

    Gives bool[C + 1]; the last is the same flag for converting journeys without touches.
    """
    size = len(paths.channels)

    def kernel(block: PathBlock) -> NDArray[np.float64]:
        some = take(block, np.flatnonzero(block.conversions > 0))
        lengths = np.diff(some.offsets)
        once = first_touches(read_only(some.offsets), read_only(some.channels), size)
        amount = np.repeat(some.conversions, lengths)
        held = np.bincount(some.channels[once], amount[once], size + 1).astype(np.float64, copy=False)
        held[size] = some.conversions[lengths == 0].sum()
        return held

    held = np.zeros(size + 1)
    for part in map_blocks(paths, kernel, threads):
        held += part
    return held < FEW


def replicate_scale(paths: Paths, replicates: int, seed: int, threads: int | None = None) -> NDArray[np.float64]:
    """Scale of every replicate, n / Σ_i W_ir, float64[R]: what ``bootstrap`` multiplies credit by.

    A bootstrap of some of the journeys (one month, one geo) takes the scale of all of them: a customer then
    counts the same in every part, and the parts' replicates add up to the whole's.
    """
    units = units_of(paths)

    def sizes(number: int, block: PathBlock) -> Entries:
        return entries(np.arange(block.conversions.size), np.zeros(block.conversions.size, int), units.sizes[number])

    drawn = np.concatenate([raw[0] for raw in weighted_sums(units, 1, [sizes], replicates, seed, threads)])
    return _scale(units.total, drawn)


def _scale(total: float, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(total, drawn, out=np.zeros_like(drawn), where=drawn > 0)


def draws_of(
    units: Units,
    plans: Sequence[Plan],
    seed: int,
    wanted: NDArray[np.bool_],
    scale: NDArray[np.float64] | None = None,
    threads: int | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> list[Draws]:
    """Draws of every plan, batch by batch.

    Parameters
    ----------
    units : Units
    plans : sequence of Plan
    seed : int
    wanted : bool[R]
        Which of the replicates to make.
    scale : float64[R], optional
        From ``replicate_scale``; None takes that of the units.
    threads : int, optional
    told : callable
        As in ``bootstrap``.
    """
    starts = np.cumsum([COMMON, *(plan.rows for plan in plans)]).tolist()
    builders = [
        common_builder(units),
        *(shifted(plan.entries, start) for plan, start in zip(plans, starts, strict=False)),
    ]
    parts: list[list[Draws]] = [[] for _ in plans]
    rest = None if scale is None else scale[wanted]
    for raw in weighted_sums(units, starts[-1], builders, wanted.size, seed, threads, wanted=wanted, told=told):
        if rest is None:
            sums = raw * _scale(units.total, raw[SIZE])
        else:
            sums, rest = raw * rest[: raw.shape[1]], rest[raw.shape[1] :]
        for plan, start, into in zip(plans, starts, parts, strict=False):
            into.append(plan.draws(sums[start : start + plan.rows], sums[:COMMON]))
    return [stacked(batches) for batches in parts]


def stacked(batches: Sequence[Draws]) -> Draws:
    """Draws of several batches of replicates, one after the other."""
    found: dict[str, Any] = {}
    for field in fields(Draws):
        parts = [getattr(batch, field.name) for batch in batches]
        found[field.name] = None if parts[0] is None else np.concatenate(parts)
    return Draws(**found)


def _ratio(amount: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
    wide = total[:, None] if amount.ndim == 2 else total
    return np.divide(amount, wide, out=np.zeros_like(amount), where=np.broadcast_to(wide, amount.shape) != 0)
