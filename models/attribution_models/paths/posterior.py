"""Dirichlet posterior of a Markov chain: a fast interval, conditional on the chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, eye_array
from scipy.sparse.linalg import splu

from attribution_models.paths.encoded import Paths
from attribution_models.paths.kgrams import Chain, count_chain
from attribution_models.paths.markov import Markov
from attribution_models.paths.resampling import (
    BootstrapIntervals,
    FitIntervals,
    check_request,
    few_conversions,
    stacked,
)
from attribution_models.paths.resampling_chain import effects_of_draws
from attribution_models.paths.resampling_models import Draws, chain_credit
from attribution_models.paths.resampling_sums import BATCH_BYTES

CONDITIONAL: Final = "conditional on the chain"


def posterior(
    paths: Paths,
    spec: Markov,
    draws: int = 1000,
    seed: int = 0,
    *,
    level: float = 0.9,
    threads: int | None = None,
) -> BootstrapIntervals:
    """Posterior intervals of a Markov fit from Dirichlet rows: one count of the chain, no resampled journeys.

    Each row of transition counts n_s (START's too) has the posterior Dirichlet(n_s) under the improper
    prior of zero counts; a draw is g_st / Σ_t g_st with g ~ Gamma(n_st). Removal effects are solved for
    every draw. Credit spreads the observed totals, which stay fixed, and so do the states and the mean
    value of a conversion in each state.

    It takes every step as independent given its state. Journeys of one person are alike and the chain is
    not the truth, so the intervals are labelled ``conditional on the chain``; the bootstrap holds both.

    Parameters
    ----------
    paths : Paths
        Encoded journeys.
    spec : Markov
        A chain of any order, with removal to null.
    draws, seed : int
        How many draws, from which seed; the same seed gives the same bytes.
    level : float
        Of the intervals, in (0, 1).
    threads : int, optional
        Threads of the count; they never change a bit of the result.

    Raises
    ------
    ValueError
        For ``removal="presence"``, which is no chain; for numbers out of bounds as ``bootstrap``.

    References
    ----------
    D. B. Rubin, "The Bayesian bootstrap", Annals of Statistics 9(1), 1981.
    """
    check_request(draws, seed, level)
    if spec.removal == "presence":
        raise ValueError("Presence is not a property of the chain: use the bootstrap for its intervals.")
    chain = count_chain(paths, spec.order, nulls=spec.nulls, threads=threads)
    generator = np.random.Generator(np.random.Philox(seed))
    drawn = stacked([_draws(chain, paths, batch, generator) for batch in _batches(chain, draws)])
    fit = spec.fit(paths, threads=threads)
    units = float((chain.conversions + chain.nulls).sum())
    found = (FitIntervals(fit.name, spec, fit.credit, drawn, level),)
    few = few_conversions(paths, threads)
    return BootstrapIntervals(found, CONDITIONAL, level, draws, seed, units, few[:-1], bool(few[-1]))


def _batches(chain: Chain, draws: int) -> Iterator[int]:
    size = max(1, BATCH_BYTES // (8 * (4 * chain.start.size + chain.weight.size + 1)))
    for first in range(0, draws, size):
        yield min(size, draws - first)


def _draws(chain: Chain, paths: Paths, size: int, generator: np.random.Generator) -> Draws:
    drawn = [_drawn(chain, generator) for _ in range(size)]
    if chain.windows.shape[1] > 1:  # at order 1 effects are read from probabilities alone
        drawn = [_balanced(one) for one in drawn]
    effects = effects_of_draws(
        chain,
        np.array([one.start for one in drawn]).T,
        np.array([one.conversions for one in drawn]).T,
        np.array([one.nulls for one in drawn]).T,
        np.array([one.value for one in drawn]).T,
        np.array([one.weight for one in drawn]).T,
        len(paths.channels),
    )
    totals = np.repeat([[chain.conversions.sum()], [chain.value.sum()]], size, axis=1)
    outside = np.repeat([[chain.unattributed_conversions], [chain.unattributed_value]], size, axis=1)
    return chain_credit(effects, totals, outside)


def _drawn(chain: Chain, generator: np.random.Generator) -> Chain:
    """The chain with Gamma(count) in place of every count."""
    start, conversions, nulls, weight = (
        generator.standard_gamma(count) for count in (chain.start, chain.conversions, chain.nulls, chain.weight)
    )
    # Value comes with the way out that it came with in the data.
    way, count = np.where(chain.conversions > 0, [conversions, chain.conversions], [nulls, chain.nulls])
    value = np.divide(chain.value * way, count, out=np.zeros_like(count), where=count > 0)
    return replace(chain, start=start, conversions=conversions, nulls=nulls, value=value, weight=weight)


def _balanced(chain: Chain) -> Chain:
    """The same probabilities as counts of which as many come into every state as go out."""
    states = chain.start.size
    outflow = np.bincount(chain.source, chain.weight, states) + chain.conversions + chain.nulls
    into = csc_array((chain.weight / outflow[chain.source], (chain.target, chain.source)), shape=(states, states))
    visits: NDArray[np.float64] = splu(csc_array(eye_array(states) - into)).solve(chain.start) if states else outflow
    rate = np.maximum(visits, 0) / outflow
    return replace(
        chain,
        conversions=chain.conversions * rate,
        nulls=chain.nulls * rate,
        value=chain.value * rate,
        weight=chain.weight * rate[chain.source],
    )
