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
from attribution_models.paths.order_chances import Levels, held_out, levels_of
from attribution_models.paths.order_steps import Steps, steps_of
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
class Problem:
    """Journeys made ready to score orders under any weights of their units."""

    units: Units
    steps: Steps
    levels: Levels
    orders: tuple[int, ...]


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
    problem = problem_of(units_of(paths), orders, folds, seed)
    scores, best, chosen = _scores(problem, problem.steps.multiplicity)
    return OrderChoice(chosen, best, scores, folds, seed, AGGREGATED_NOTE if problem.units.aggregated else "")


def problem_of(units: Units, orders: Sequence[int], folds: int, seed: int) -> Problem:
    """Steps, folds and contexts of journeys; refuses what ``choose_order`` refuses."""
    if not orders or min(orders) < 1:
        raise ValueError(f"Orders to choose from are at least 1; got {list(orders)}.")
    if folds < 2 or seed < 0:
        raise ValueError(f"At least 2 folds and a seed of at least 0 are needed; got {folds} and {seed}.")
    steps = steps_of(units, max(orders), folds, seed)
    if steps.ends.size == 0:
        raise ValueError("No journey has touches: there is no order to choose.")
    levels = levels_of(steps, len(units.paths.channels), max(orders), folds)
    return Problem(units, steps, levels, tuple(sorted(set(orders))))


def _scores(problem: Problem, multiplicity: NDArray[np.float64]) -> tuple[tuple[OrderScore, ...], int, int]:
    """Scores of all orders, the best order, the chosen one."""
    steps = problem.steps
    weight = steps.weight * multiplicity[steps.unit]
    counts = np.bincount(problem.levels.pair, weight, problem.levels.pairs).astype(np.float64, copy=False)
    predicted = held_out(problem.levels, counts)
    by_unit: list[NDArray[np.float64]] = []
    rows = []
    for order in problem.orders:
        chance = predicted[order][problem.levels.places[order][problem.levels.pair]]
        # What was never taken may have the chance 0 / 0 of no training at all: it weighs nothing.
        gained = steps.weight * np.log(np.maximum(chance, 1e-300))
        by_unit.append(np.bincount(steps.unit, gained, multiplicity.size).astype(np.float64, copy=False))
        converting, null = chance[steps.ends], chance[steps.ends + 1]
        rows.append(
            (
                float(multiplicity @ by_unit[-1] / weight.sum()) if weight.sum() > 0 else 0.0,
                *_conversion(converting / (converting + null), weight[steps.ends], weight[steps.ends + 1]),
                problem.levels.levels[order].contexts,
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
