"""The order of a Markov chain, chosen again in every replicate of a bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled, read_only
from attribution_models.paths.encoded import Paths
from attribution_models.paths.order import Problem, problem_of
from attribution_models.paths.order_chances import held_out
from attribution_models.paths.resampling_sums import weights_of
from attribution_models.paths.resampling_units import units_of


def order_draws(
    paths: Paths,
    orders: Sequence[int] = (1, 2, 3, 4),
    folds: int = 5,
    seed: int = 0,
    *,
    replicates: int = 200,
    bootstrap_seed: int = 0,
    threads: int | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> NDArray[np.int64]:
    """Choose the order again in every replicate of ``bootstrap``: int64[R], for ``bootstrap_order``.

    The replicates are those of ``bootstrap`` with ``bootstrap_seed``; the folds those of
    ``choose_order`` with ``seed``, and so is the rule. Copies of a customer stay in one fold. Journeys are
    encoded once: a replicate weights the counts of the steps, and reads single customers only where
    the lowest order is not the best.

    Parameters
    ----------
    paths, orders, folds, seed
        As in ``choose_order``.
    replicates, bootstrap_seed : int
        As in ``bootstrap``.
    threads : int, optional
        Threads to use; they never change a choice.
    told : callable
        Called with the number of replicates that are done.
    """
    problem = problem_of(units_of(paths), orders, folds, seed)
    found = np.zeros(replicates, dtype=np.int64)
    with ThreadPoolExecutor(threads or cpu_count() or 1) as pool:
        for first in range(0, replicates, 4):
            size = min(4, replicates - first)
            weights = weights_of(problem.units, size, bootstrap_seed, first)
            drawn = (_multiplicity(problem, [block[:, r] for block in weights]) for r in range(size))
            found[first : first + size] = list(pool.map(lambda one: _chosen(problem, one), drawn))
            told(first + size)
    return found


def _multiplicity(problem: Problem, weights: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """How many copies of each unit a replicate holds."""
    factor = np.ones(problem.steps.multiplicity.size)
    for unit, weight in zip(problem.steps.journey_unit, weights, strict=True):
        factor[unit] = weight
    return problem.steps.multiplicity * factor


def _chosen(problem: Problem, multiplicity: NDArray[np.float64]) -> int:
    """The lowest order within one standard error of the best."""
    steps, pair, places = problem.steps, problem.levels.pair, problem.levels.places
    unit, weight = read_only(steps.unit), read_only(steps.weight)
    n = _weighted(pair, unit, weight, multiplicity, problem.levels.pairs)
    chances = held_out(problem.levels, n)
    # What was never taken may have the chance 0 / 0 of no training at all: it weighs nothing.
    logs = np.stack([np.log(np.maximum(chances[k], 1e-300))[places[k]] for k in problem.orders], axis=1)
    best = int(np.argmax(n @ logs))
    if best == 0 or multiplicity.sum() <= 1:
        return problem.orders[0]
    gaps = _gaps(pair, unit, weight, logs[:, [best]] - logs[:, :best], multiplicity.size)
    total = multiplicity.sum()
    mean = multiplicity @ gaps / total
    error = np.sqrt(multiplicity @ (gaps - mean) ** 2 / (total - 1) / total)
    return next((problem.orders[i] for i in range(best) if mean[i] <= error[i]), problem.orders[best])


@compiled
def _weighted(
    pair: NDArray[np.int32],
    unit: NDArray[np.int64],
    weight: NDArray[np.float64],
    multiplicity: NDArray[np.float64],
    pairs: int,
) -> NDArray[np.float64]:
    found = np.zeros(pairs)
    for i in range(pair.size):
        found[pair[i]] += weight[i] * multiplicity[unit[i]]
    return found


@compiled
def _gaps(
    pair: NDArray[np.int32], unit: NDArray[np.int64], weight: NDArray[np.float64], lost: NDArray[np.float64], units: int
) -> NDArray[np.float64]:
    """Log-likelihood that each unit loses under other orders than the best: float64[units, orders]."""
    found = np.zeros((units, lost.shape[1]))
    for i in range(pair.size):
        for k in range(lost.shape[1]):
            found[unit[i], k] += weight[i] * lost[pair[i], k]
    return found
