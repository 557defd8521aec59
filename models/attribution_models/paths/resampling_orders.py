"""Intervals of a Markov chain whose order is chosen from the data: each replicate under the order it chooses."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.encoded import Paths
from attribution_models.paths.markov import MarkovFit
from attribution_models.paths.resampling import FitIntervals, draws_of
from attribution_models.paths.resampling_models import Draws, chain_plan
from attribution_models.paths.resampling_units import units_of


def bootstrap_order(
    paths: Paths,
    fit: MarkovFit,
    orders: NDArray[np.int64],
    seed: int = 0,
    *,
    level: float = 0.9,
    scale: NDArray[np.float64] | None = None,
    threads: int | None = None,
) -> FitIntervals:
    """Percentile intervals that hold the choice of the order: replicate r is the chain of order ``orders[r]``.

    Choosing is part of the estimator, so it is done again on every replicate; with the order held fixed,
    intervals would be too narrow wherever the data hardly tell two orders apart. A chain is solved in
    the replicates that chose it and in no other.

    Parameters
    ----------
    paths : Paths
        Encoded journeys.
    fit : MarkovFit
        The chain of the order that was chosen on all journeys.
    orders : int64[R]
        From ``order_draws``, with the same seed of the bootstrap.
    seed, level, scale, threads
        As in ``bootstrap``.
    """
    units = units_of(paths)
    parts = {}
    for order in np.unique(orders).tolist():
        plan = chain_plan(replace(fit.spec, order=order), units, threads)
        parts[order] = draws_of(units, [plan], seed, orders == order, scale, threads)[0]
    mixed: dict[str, Any] = {}
    for field in fields(Draws):
        some = {order: np.asarray(getattr(part, field.name)) for order, part in parts.items()}
        mixed[field.name] = np.empty((orders.size, *next(iter(some.values())).shape[1:]))
        for order, rows in some.items():
            mixed[field.name][orders == order] = rows
    return FitIntervals(fit.name, fit.spec, fit.credit, Draws(**mixed), level)
