"""Totals split below the channel, and what closes each sum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def split(totals: Floats, replicates: Floats, point: Floats, pairs: Ints) -> Floats:
    """Draws of a channel's total, split over its cells (campaigns, weeks) by path credit: array (N, K).

        T_nk = T_n · s_{r(n) k},   s_rk = credit_rk / Σ_j credit_rj

    over replicates r of the bootstrap, drawn for each n. In every draw the cells add up to the total.

    What is assumed: within a channel, credit is proportional to effect, so that the path model's errors cancel; shares
    and total are independent.

    Parameters
    ----------
    totals : array (N,)
    replicates : array (R, K)
        Credit by replicate and cell, not below zero; no rows: `point` alone.
    point : array (K,)
        Credit on all journeys, for replicates in which the channel has none.
    pairs : array (N,)
        Which replicate goes with which draw.

    Raises
    ------
    ValueError
        The channel has no credit anywhere.
    """
    credit = np.maximum(point, 0.0)
    if not credit.sum() > 0:
        raise ValueError("A channel without path credit cannot be split by it.")
    if not len(replicates):
        return np.asarray(totals[:, None] * (credit / credit.sum()))
    clipped = np.maximum(replicates, 0.0)
    sums = clipped.sum(axis=1, keepdims=True)
    shares = np.where(sums > 0, clipped / np.where(sums > 0, sums, 1.0), credit / credit.sum())
    return np.asarray(totals[:, None] * shares[pairs])


def pairing(draws: int, replicates: int, seed: int) -> Ints:
    """Which replicate goes with which draw: each as often as any other, in random order."""
    rng = np.random.Generator(np.random.Philox(seed))
    return rng.permutation(np.arange(draws) % max(replicates, 1))


def closing(observed: Floats, *parts: Floats) -> Floats:
    """Baseline by draw and group, (N, G), of what was observed (G,) and all other parts, each (N, G).

    With the others in the order of a credits table,

        baseline = observed − Σ channels − Σ treatments − interaction − unattributed
    """
    rest = np.broadcast_to(observed, parts[0].shape).astype(np.float64)
    for part in parts:
        rest = rest - part
    return rest
