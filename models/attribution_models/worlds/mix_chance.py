"""Chance of a mix world: a stream for every purpose, so that no setting shifts another's draws."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Generator of one purpose; Philox keyed by seed and the purpose's name."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, zlib.crc32(purpose.encode())])))


def wandering(innovations: Floats, memory: float) -> Floats:
    """Stationary AR(1) of variance 1 along the last axis: z_t = m z_{t−1} + √(1 − m²) e_t.

    Parameters
    ----------
    innovations : array (..., n)
        Of variance 1.
    memory : float
        m, in (−1, 1).
    """
    z = np.array(innovations, dtype=np.float64)
    scale = np.sqrt(1 - memory * memory)
    for t in range(1, z.shape[-1]):
        z[..., t] = memory * z[..., t - 1] + scale * z[..., t]
    return z


def weekly_memory(memory: float, per_week: int) -> float:
    """AR(1) coefficient per period that forgets as much in a week as `memory` says."""
    return float(memory ** (1 / per_week))
