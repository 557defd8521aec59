"""Choose the order of a Markov chain by how well it predicts customers it has not seen.

Longer memory fits the journeys at hand better and new ones worse. Customers are split into folds by a
hash; each fold is predicted from the others. The chain's probabilities are smoothed for these scores, so
that a rare state does not rule out what it has not seen; credits are never smoothed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.encoded import Paths
from attribution_models.paths.order_steps import Steps, steps_of
from attribution_models.paths.resampling_sums import weights_of
from attribution_models.paths.resampling_units import Units, units_of

AGGREGATED_NOTE: Final = (
    "Aggregated paths hold no customers: each path's journeys were split over the folds at random, so one "
    "person's journeys may stand on both sides."
)


@dataclass(frozen=True, slots=True)
class OrderScore:
    """How an order predicts held-out customers.

    Attributes
    ----------
    order : int
        k.
    step : float
        Mean log-likelihood per step (next channel, conversion or null), in nats.
    behind, behind_error : float
        How far the mean log-likelihood per customer lies behind the best order's, and the standard
        error of that difference over customers.
    conversion : float
        Mean log-likelihood per journey of converting or not, given its last k touches.
    auc : float
        Chance that a journey that converts is ranked above one that does not; 0.5 is no better than a
        coin, nan where one kind is missing.
    contexts : int
        Distinct contexts of k touches (shorter at the start of a journey).
    """

    order: int
    step: float
    behind: float
    behind_error: float
    conversion: float
    auc: float
    contexts: int


@dataclass(frozen=True, slots=True)
class OrderChoice:
    """The order chosen, and the table it was chosen from.

    Attributes
    ----------
    order : int
        The lowest order within one standard error of the best.
    best : int
        The order with the highest held-out log-likelihood per step.
    scores : tuple of OrderScore
        One per order, ascending.
    folds, seed : int
        How customers were split.
    note : str
        What to know about the split; empty where there are customers.
    """

    order: int
    best: int
    scores: tuple[OrderScore, ...]
    folds: int
    seed: int
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """Distinct (context of m touches, symbol): where its steps, its context and its shorter form are."""

    context: NDArray[np.int64]  # [U] number of the context
    parent: NDArray[np.int64]  # [U] in the level below
    step: NDArray[np.int64]  # [n] of every step
    contexts: int


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    units: Units
    steps: Steps
    levels: tuple[_Level, ...]  # m = 0, 1, …, K
    orders: tuple[int, ...]
    folds: int
    symbols: int


def choose_order(paths: Paths, orders: Sequence[int] = (1, 2, 3, 4), folds: int = 5, seed: int = 0) -> OrderChoice:
    """Choose the order of a Markov chain by held-out log-likelihood, with a one-standard-error rule.

    The probability of the next step x after the context h of the last k touches (fewer at the start,
    where START is part of it) is interpolated with shorter contexts h' (Witten-Bell):

        P_k(x | h) = (n(h, x) + D(h) P_(k-1)(x | h')) / (n(h) + D(h)),

    n counts in the other folds, D(h) the number of distinct steps seen after h, and below order 0 the
    uniform distribution. The score of a customer is Σ log P over the steps. Of the orders whose mean
    score lies at most one standard error of the difference behind the best, the lowest is chosen.
    Journeys without touches are not scored.

    Parameters
    ----------
    paths : Paths
        Encoded journeys.
    orders : sequence of int
        Candidates, each at least 1.
    folds : int
        Parts of the split, at least 2.
    seed : int
        Of the split, at least 0; the same seed gives the same split.

    Raises
    ------
    ValueError
        For numbers out of bounds, or where no journey has touches.

    References
    ----------
    I. H. Witten, T. C. Bell, "The zero-frequency problem", IEEE Transactions on Information Theory 37(4),
    1991. L. Breiman, J. Friedman, R. Olshen, C. Stone, Classification and Regression Trees, 1984 (the
    one-standard-error rule).
    """
    problem = _problem(units_of(paths), orders, folds, seed)
    scores, best, chosen = _scores(problem, problem.steps.multiplicity)
    return OrderChoice(chosen, best, scores, folds, seed, AGGREGATED_NOTE if problem.units.aggregated else "")


def order_draws(
    paths: Paths,
    orders: Sequence[int] = (1, 2, 3, 4),
    folds: int = 5,
    seed: int = 0,
    *,
    replicates: int = 200,
    bootstrap_seed: int = 0,
) -> NDArray[np.int64]:
    """Choose the order again in every replicate of ``bootstrap``: int64[R], for ``mixed_orders``.

    The replicates are those of ``bootstrap`` with ``bootstrap_seed``; the folds those of
    ``choose_order`` with ``seed``. Copies of a customer stay in one fold.
    """
    problem = _problem(units_of(paths), orders, folds, seed)
    found = []
    for first in range(0, replicates, 4):
        size = min(4, replicates - first)
        weights = weights_of(problem.units, size, bootstrap_seed, first)
        for r in range(size):
            factor = np.ones(problem.steps.multiplicity.size)
            for unit, block in zip(problem.steps.journey_unit, weights, strict=True):
                factor[unit] = block[:, r]
            found.append(_scores(problem, problem.steps.multiplicity * factor)[2])
    return np.array(found, dtype=np.int64)


def _problem(units: Units, orders: Sequence[int], folds: int, seed: int) -> _Problem:
    if not orders or min(orders) < 1:
        raise ValueError(f"Orders to choose from are at least 1; got {list(orders)}.")
    if folds < 2 or seed < 0:
        raise ValueError(f"At least 2 folds and a seed of at least 0 are needed; got {folds} and {seed}.")
    steps = steps_of(units, max(orders), folds, seed)
    if steps.ends.size == 0:
        raise ValueError("No journey has touches: there is no order to choose.")
    C = len(units.paths.channels)
    return _Problem(units, steps, _levels(steps, C, max(orders)), tuple(sorted(set(orders))), folds, C + 2)


def _levels(steps: Steps, channels: int, order: int) -> tuple[_Level, ...]:
    """Levels from the highest down: a shorter context is the remainder of a longer one's number."""
    base, symbols = channels + 1, channels + 2
    keys, step = np.unique(steps.context * symbols + steps.symbol, return_inverse=True)
    levels = []
    for m in range(order, -1, -1):
        context, symbol = np.divmod(keys, symbols)
        number = np.cumsum(np.diff(context, prepend=context[:1]) != 0)
        shorter, parent = np.unique(context % base ** max(m - 1, 0) * symbols + symbol, return_inverse=True)
        levels.append(_Level(number, parent, step, int(number[-1]) + 1))
        keys, step = shorter, parent[step]
    return tuple(reversed(levels))


def _predictions(problem: _Problem, weight: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """P_m of every (fold that is held out, context and symbol): float64[folds, U] for m = 0, …, K."""
    top = problem.levels[-1]
    counts = _sums(problem.steps.unit_fold[problem.steps.unit], top.step, weight, problem.folds, top.context.size)
    trained = [counts.sum(axis=0) - counts]
    for level, below in zip(problem.levels[:0:-1], problem.levels[-2::-1], strict=True):
        trained.append(np.stack([np.bincount(level.parent, row, below.context.size) for row in trained[-1]]))
    found: list[NDArray[np.float64]] = []
    for level, n in zip(problem.levels, reversed(trained), strict=True):
        lower = found[-1][:, level.parent] if found else np.full(n.shape, 1 / problem.symbols)
        D = np.stack([np.bincount(level.context, row > 1e-9, level.contexts) for row in n])[:, level.context]
        N = np.stack([np.bincount(level.context, row, level.contexts) for row in n])[:, level.context]
        found.append(np.where(D > 0, (n + D * lower) / np.maximum(N + D, 1e-300), lower))
    return found


def _sums(
    rows: NDArray[np.int64], columns: NDArray[np.int64], weight: NDArray[np.float64], height: int, width: int
) -> NDArray[np.float64]:
    return np.bincount(rows * width + columns, weight, height * width).reshape(height, width).astype(np.float64)


def _scores(problem: _Problem, multiplicity: NDArray[np.float64]) -> tuple[tuple[OrderScore, ...], int, int]:
    """Scores of all orders, the best order, the chosen one."""
    steps = problem.steps
    weight = steps.weight * multiplicity[steps.unit]
    fold = steps.unit_fold[steps.unit]
    predicted = _predictions(problem, weight)
    by_unit: list[NDArray[np.float64]] = []
    rows = []
    for order in problem.orders:
        level = problem.levels[order]
        chance = predicted[order][fold, level.step]
        # What was never taken may have the chance 0 / 0 of no training at all: it weighs nothing.
        gained = steps.weight * np.log(np.maximum(chance, 1e-300))
        by_unit.append(np.bincount(steps.unit, gained, multiplicity.size).astype(np.float64, copy=False))
        converting, null = chance[steps.ends], chance[steps.ends + 1]
        rows.append(
            (
                float(multiplicity @ by_unit[-1] / weight.sum()) if weight.sum() > 0 else 0.0,
                *_conversion(converting / (converting + null), weight[steps.ends], weight[steps.ends + 1]),
                np.unique(level.context[level.step]).size,
            )
        )
    best = int(np.argmax([row[0] for row in rows]))
    behind = [_difference(by_unit[best] - one, multiplicity) for one in by_unit]
    chosen = next(i for i, (gap, error) in enumerate(behind) if gap <= error or i == best)
    scores = tuple(
        OrderScore(order, row[0], gap, error, row[1], row[2], row[3])
        for order, row, (gap, error) in zip(problem.orders, rows, behind, strict=True)
    )
    return scores, problem.orders[best], problem.orders[chosen]


def _difference(gap: NDArray[np.float64], multiplicity: NDArray[np.float64]) -> tuple[float, float]:
    """Mean over units and its standard error."""
    n = float(multiplicity.sum())
    if n <= 1:
        return 0.0, 0.0
    mean = float(multiplicity @ gap) / n
    return mean, float(np.sqrt(multiplicity @ (gap - mean) ** 2 / (n - 1) / n))


def _conversion(
    chance: NDArray[np.float64], conversions: NDArray[np.float64], nulls: NDArray[np.float64]
) -> tuple[float, float]:
    """Mean log-likelihood of the journeys' ends, and the area under the ROC curve, ties at half."""
    C, N = float(conversions.sum()), float(nulls.sum())
    likelihood = conversions @ np.log(chance) + nulls @ np.log1p(-chance)
    if C == 0 or N == 0:
        return float(likelihood) / max(C + N, 1e-300), float("nan")
    levels, place = np.unique(chance, return_inverse=True)
    c, n = (np.bincount(place, amount, levels.size) for amount in (conversions, nulls))
    above = np.cumsum(n) - n / 2
    return float(likelihood) / (C + N), float(c @ above) / (C * N)
