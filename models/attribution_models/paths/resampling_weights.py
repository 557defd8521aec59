"""Bootstrap weights from counters: one number per (seed, key, replicate), whatever else is computed."""

from __future__ import annotations

from math import exp, floor, lgamma, log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled

# SplitMix64: the step of its counter, and the multipliers of its finalizer.
STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_S11, _S16, _S27, _S30, _S31, _S32, _S48 = (np.uint64(bits) for bits in (11, 16, 27, 30, 31, 32, 48))
_LOW: Final = np.uint64(0xFFFF)
# P(W <= k) of Poisson(1) in units of 2^-16, for k = 0 to 7; from 8 on it is 1 to that precision. So
# rounded, the mean is 1 exactly, and the variance 0.99997.
_BOUNDS: Final = np.array([24109, 48219, 60273, 64292, 65296, 65497, 65531, 65535], dtype=np.uint16)
# From this mean on, a rejection with a bounded number of tries replaces the search from zero.
_LARGE: Final = 10.0


@compiled
def mix(number: np.uint64) -> np.uint64:
    """Mix 64 bits with the finalizer of SplitMix64: a bijection whose bits look independent.

    References
    ----------
    G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    x = (number ^ (number >> _S30)) * _FIRST
    x = (x ^ (x >> _S27)) * _SECOND
    return x ^ (x >> _S31)


@compiled
def seeded(keys: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Keys of one seed: other seeds give unrelated ones."""
    salt = mix(np.uint64(seed) + STEP)
    found = np.empty(keys.size, dtype=np.uint64)
    for i in range(keys.size):
        found[i] = mix(keys[i] ^ salt)
    return found


@compiled
def draw_ones(
    key: np.uint64, first: int, quarters: NDArray[np.uint16], counts: NDArray[np.uint16], weights: NDArray[np.float64]
) -> None:
    """Write Poisson(1) weights of the replicates ``first``, ``first + 1``, … of a key; 4 divides ``first``.

    One hash serves four replicates. Its quarters u are held against the distribution function,
    W = #{k : u >= P(W <= k)}, without a branch: these loops run in vector registers. ``quarters`` and
    ``counts`` are scratch, of a multiple of four that holds the weights.
    """
    for four in range(quarters.size // 4):
        number = mix(key + np.uint64(first // 4 + four + 1) * STEP)
        quarters[4 * four] = number & _LOW
        quarters[4 * four + 1] = (number >> _S16) & _LOW
        quarters[4 * four + 2] = (number >> _S32) & _LOW
        quarters[4 * four + 3] = number >> _S48
    counts[:] = 0
    for bound in _BOUNDS:
        for i in range(quarters.size):
            counts[i] += quarters[i] >= bound
    for i in range(weights.size):
        weights[i] = counts[i]


@compiled
def _uniform(key: np.uint64, turn: int) -> float:
    return (float(mix(key + np.uint64(turn + 1) * STEP) >> _S11) + 0.5) * 2.0**-53


@compiled
def _poisson(key: np.uint64, mean: float) -> float:
    """One Poisson draw: by search below a mean of 10, by Hörmann's transformed rejection above."""
    if mean < _LARGE:
        u = _uniform(key, 0)
        term = exp(-mean)
        k = 0.0
        while u > term and k < 200.0:
            u -= term
            k += 1.0
            term *= mean / k
        return k
    b = 0.931 + 2.53 * sqrt(mean)
    a = -0.059 + 0.02483 * b
    inverse = 1.1239 + 1.1328 / (b - 3.4)
    for turn in range(1000):
        u = _uniform(key, 2 * turn) - 0.5
        v = _uniform(key, 2 * turn + 1)
        us = 0.5 - abs(u)
        k = floor((2.0 * a / us + b) * u + mean + 0.43)
        if us >= 0.07 and v <= 0.9277 - 3.6224 / (b - 2.0):
            return k
        if k < 0.0 or (us < 0.013 and v > us):
            continue
        if log(v * inverse / (a / (us * us) + b)) <= k * log(mean) - mean - lgamma(k + 1.0):
            return k
    return floor(mean)


@compiled
def draw_counts(key: np.uint64, first: int, count: float, weights: NDArray[np.float64]) -> None:
    """Write weights Poisson(count) / count: the mean weight of that many people with the same row.

    A sum of Poisson(1) weights over m people is Poisson(m), so nothing is approximated.

    References
    ----------
    W. Hörmann, "The transformed rejection method for generating Poisson random variables", Insurance:
    Mathematics and Economics 12, 1993.
    """
    for i in range(weights.size):
        weights[i] = _poisson(mix(key ^ mix(np.uint64(first + i) + STEP)), count) / count


@compiled
def row_keys(
    offsets: NDArray[np.int64], channels: NDArray[np.int32], numbers: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Keys of rows without a customer: a hash of the path and of the bits of the row's numbers [J, n]."""
    found = np.empty(offsets.size - 1, dtype=np.uint64)
    for j in range(found.size):
        key = np.uint64(0)
        for i in range(offsets[j], offsets[j + 1]):
            key = mix(key + np.uint64(channels[i] + 1) * STEP)
        for n in range(numbers.shape[1]):
            key = mix(key ^ mix(numbers[j, n] + STEP))
        found[j] = key
    return found
