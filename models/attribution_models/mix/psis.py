"""Pareto-smoothed importance sampling, for many sets of weights at once.

A. Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry (2024): Pareto smoothed importance sampling, JMLR 25(72); the fit of
the tail: J. Zhang, M. Stephens (2009), Technometrics 51(3). Numbers equal ArviZ's for the same length of the tail.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

Floats = NDArray[np.float64]
LEAST_TAIL = 5
# The prior of the shape: ten observations at one half; of the scale: a third of the first quartile.
PRIOR_SHAPE, PRIOR_COUNT, PRIOR_QUARTILE = 0.5, 10, 3


def tail_length(draws: int, efficiency: float = 1.0) -> int:
    """Number of largest weights that are smoothed: min(S / 5, 3 √(S / r_eff)), rounded up."""
    return math.ceil(min(0.2 * draws, 3 * math.sqrt(draws / efficiency)))


def reliable(draws: int) -> float:
    """Largest Pareto k at which estimates from this many draws may be used: min(1 − 1 / log₁₀ S, 0.7)."""
    return min(1 - 1 / math.log10(draws), 0.7)


def smoothed_weights(log_ratios: Floats, tail: int) -> tuple[Floats, Floats]:
    """Smooth importance weights.

    The M largest weights are replaced by quantiles of the generalised Pareto distribution that is fitted to them, and
    no weight exceeds the largest raw one.

    Parameters
    ----------
    log_ratios : array (D, n)
        Log importance ratios of D draws, for n targets.
    tail : int
        M.

    Returns
    -------
    array (D, n)
        Log weights, normalised over draws.
    array (n,)
        Pareto k̂ of every target; infinite where the tail is too short or flat for a fit.
    """
    x = (log_ratios - log_ratios.max(axis=0)).T
    shape = np.full(len(x), np.inf)
    if tail >= LEAST_TAIL:
        order = np.argsort(x, axis=1)
        top = order[:, -tail:]
        cutoff = np.exp(np.take_along_axis(x, order[:, -tail - 1 : -tail], axis=1))
        excess = np.exp(np.take_along_axis(x, top, axis=1)) - cutoff
        usable = excess[:, _quartile(tail)] > 0
        shape[usable], scale = pareto_fit(excess[usable])
        smooth = usable & np.isfinite(shape)
        kept = smooth[usable]
        quantiles = pareto_quantiles((np.arange(tail) + 0.5) / tail, shape[smooth], scale[kept])
        values = np.minimum(np.log(quantiles + cutoff[smooth]), 0.0)
        rows = np.flatnonzero(smooth)[:, None]
        x[rows, top[smooth]] = values
    return (x - logsumexp(x, axis=1, keepdims=True)).T, shape


def _quartile(n: int) -> int:
    return int(n / 4 + 0.5) - 1


def pareto_fit(excess: Floats) -> tuple[Floats, Floats]:
    """Shape k and scale σ of generalised Pareto distributions, by Zhang and Stephens' profile likelihood.

    Parameters
    ----------
    excess : array (n, M)
        Above the threshold, ascending.
    """
    n = excess.shape[1]
    grid = 30 + int(n**0.5)
    b = 1 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))
    theta = b / (PRIOR_QUARTILE * excess[:, [_quartile(n)]]) + 1 / excess[:, [-1]]
    # One row of the grid at a time: all of them at once would not stay in the cache.
    k = np.stack([np.log1p(-theta[:, [j]] * excess).mean(axis=1) for j in range(grid)], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        height = n * (np.log(-theta / k) - k - 1)
    weight = np.exp(height - logsumexp(height, axis=1, keepdims=True))
    weight[weight < 10 * np.finfo(float).eps] = 0.0
    best = (theta * weight).sum(axis=1) / weight.sum(axis=1)
    shape = np.log1p(-best[:, None] * excess).mean(axis=1)
    scale = -shape / best
    shape = (n * shape + PRIOR_COUNT * PRIOR_SHAPE) / (n + PRIOR_COUNT)
    return np.where(np.isnan(shape), np.inf, shape), scale


def pareto_quantiles(p: Floats, shape: Floats, scale: Floats) -> Floats:
    """Quantiles σ ((1 − p)^−k − 1) / k, for every pair of shape and scale: array (n, len(p))."""
    k, log_left = shape[:, None], np.log1p(-p)[None, :]
    flat = np.abs(k) < np.finfo(float).eps
    with np.errstate(divide="ignore", invalid="ignore"):
        curved = np.expm1(-k * log_left) / k
    return np.asarray(scale[:, None] * np.where(flat, -log_left, curved))
