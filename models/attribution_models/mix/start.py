"""Where chains start: spread over the prior's middle, or at draws of an earlier fit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.priors import BELOW, IDENTITY, LOG, Prior
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]
DRAWS = 201


def draw(prior: Prior, rng: np.random.Generator, size: int) -> Floats:
    """Draws of a prior."""
    v = prior.values
    match prior.family:
        case "normal":
            return rng.normal(v[0], v[1], size)
        case "laplace":
            return rng.laplace(v[0], v[1], size)
        case "half-normal":
            return np.abs(rng.normal(0, v[0], size))
        case "log-normal":
            return rng.lognormal(v[0], v[1], size)
        case "gamma":
            return rng.gamma(v[0], 1 / v[1], size)
        case "inverse-gamma":
            return 1 / rng.gamma(v[0], 1 / v[1], size)
        case "exponential":
            return rng.exponential(1 / v[0], size)
        case "beta":
            return rng.beta(v[0], v[1], size)
        case "uniform":
            return rng.uniform(v[0], v[1], size)
        case "student-t":
            return v[1] + v[2] * rng.standard_t(v[0], size)
        case _:
            return _truncated(prior, rng, size)


def _truncated(prior: Prior, rng: np.random.Generator, size: int) -> Floats:
    from scipy.special import ndtr, ndtri  # noqa: PLC0415

    mu, sigma, lower, upper = prior.values
    low, high = ndtr((lower - mu) / sigma), ndtr((upper - mu) / sigma)
    return np.clip(mu + sigma * ndtri(rng.uniform(low, high, size)), lower, upper)


def unconstrain(prior: Prior, value: Floats) -> Floats:
    """Map values of a prior's support to the sampled line; the ends themselves to a point near them."""
    lower, upper = prior.bounds
    if prior.transform == IDENTITY:
        return value
    tiny = 1e-12
    if prior.transform == LOG:
        return np.log(np.maximum(value - lower, tiny))
    if prior.transform == BELOW:
        return np.log(np.maximum(upper - value, tiny))
    share = np.clip((value - lower) / (upper - lower), tiny, 1 - tiny)
    return np.log(share) - np.log1p(-share)


def middle(structure: Structure) -> Floats:
    """Median of every prior on the sampled line, array (n,)."""
    rng = np.random.default_rng(0)
    found = np.empty(structure.size)
    for group in structure.groups:
        for e in range(group.size):
            prior = group.prior(e)
            found[group.start + e] = np.median(unconstrain(prior, draw(prior, rng, DRAWS)))
    return found


def starts(structure: Structure, seed: int, warm: Floats | None = None) -> Callable[[int], Floats]:
    """Make a function from a chain's seed to its first point.

    Parameters
    ----------
    warm : array (draws, n), optional
        Draws of an earlier fit. Half of the chains start at one of them, and half dispersed as without: chains that
        all start at one place cannot show that there are others.
    """
    if warm is not None and warm.shape[1:] != (structure.size,):
        raise ValueError(f"Draws to start at have {warm.shape[-1]} parameters, the model has {structure.size}.")
    center = middle(structure)
    count = iter(range(1_000_000))

    def start(chain_seed: int) -> Floats:
        rng = np.random.default_rng([seed, chain_seed % 2**32])
        if warm is not None and len(warm) and next(count) % 2:
            return np.ascontiguousarray(warm[rng.integers(len(warm))], dtype=float)
        return center + rng.uniform(-1, 1, center.size)

    return start
