"""Are ranks uniform? The simultaneous envelope of their ECDF, as an exact p-value, and Holm's adjustment.

T. Säilynoja, P.-C. Bürkner, A. Vehtari (2022): Graphical test for discrete uniformity and its applications in
goodness-of-fit evaluation and multiple sample comparison. Statistics and Computing 32.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Two tail probabilities that differ by less are the same number, rounded differently.
EQUAL = 1e-9


def envelope_p(ranks: ArrayLike, draws: int) -> float:
    """P(the ECDF of uniform ranks leaves the narrowest envelope that these ranks' ECDF touches).

    With C_k the number of ranks below k of N, which is Binomial(N, k / (L + 1)) where ranks are uniform on 0 … L:

        γ = min_k 2 min{P(B_k ≤ C_k), P(B_k ≥ C_k)}

    and the p-value is the probability that uniform ranks have a γ that is no larger. Counts are a Markov chain in k
    (C_{k+1} − C_k is binomial given C_k), so it is found by recursion, without simulation.

    Parameters
    ----------
    ranks : array (N,) of int
    draws : int
        L.
    """
    counts = np.bincount(np.asarray(ranks, dtype=np.int64), minlength=draws + 1)
    if counts.size > draws + 1:
        raise ValueError(f"Ranks lie between 0 and {draws}; got {counts.size - 1}.")
    n = int(counts.sum())
    below, tails = counts.cumsum()[:-1], _tails(n, draws)
    gamma = tails[np.arange(draws), below].min()
    inside = tails > gamma * (1 + EQUAL)
    mass = np.zeros(n + 1)
    mass[0] = 1.0
    for k in range(draws):
        mass = (mass @ _steps(n, draws)[k]) * inside[k]
    return float(min(max(1.0 - mass.sum(), 0.0), 1.0))


@lru_cache(maxsize=4)
def _tails(n: int, draws: int) -> Floats:
    """2 min{P(B_k ≤ c), P(B_k ≥ c)} for k = 1 … L and c = 0 … N."""
    count, share = np.arange(n + 1), np.arange(1, draws + 1)[:, None] / (draws + 1)
    return np.asarray(2 * np.minimum(binom.cdf(count, n, share), binom.sf(count - 1, n, share)))


@lru_cache(maxsize=4)
def _steps(n: int, draws: int) -> Floats:
    """P(C_{k+1} = j | C_k = i), array (L, N + 1, N + 1)."""
    i, j = np.arange(n + 1)[:, None], np.arange(n + 1)[None, :]
    return np.stack([binom.pmf(j - i, n - i, 1 / (draws + 1 - k)) for k in range(draws)])


def bias(ranks: ArrayLike, draws: int) -> float:
    """Mean rank less its expectation, in standard errors; above 0: the posterior lies too low."""
    x = np.asarray(ranks, dtype=float)
    deviation = np.sqrt(((draws + 1) ** 2 - 1) / 12)
    return float((x.mean() - draws / 2) / deviation * np.sqrt(x.size))


def spread(ranks: ArrayLike, draws: int) -> float:
    """Mean squared distance of ranks from the middle over what is expected; above 1: the posterior is too narrow."""
    x = np.asarray(ranks, dtype=float)
    return float(np.square(x - draws / 2).mean() * 12 / ((draws + 1) ** 2 - 1))
