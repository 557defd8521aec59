"""What a unit of one measure is worth in another: value per conversion, or conversions per unit of money."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# κ: how far, in logs, what a channel brings may be worth more or less per unit than what paths credit to it.
OWN = 0.1


def credited(first: Floats, second: Floats, point: float, pairs: Ints, normal: Floats, own: float = OWN) -> Floats:
    """Worth of a channel's units by draw, (N,), as its path credit has it.

        F_n = second_r / first_r · exp(κ z_n − κ² / 2),   r = r(n)

    In plain words: a conversion that the channel brings is worth what the conversions are worth that paths credit to
    it, give or take κ. The factor of a draw has a mean of one.

    What is assumed: customers whom a channel wins buy like those whom it met. Paths need not know how many it won.

    Parameters
    ----------
    first, second : array (R,)
        A channel's credit in both measures by replicate of the bootstrap; no rows: `point` alone.
    point : float
        second / first on all journeys, also for replicates in which the channel has no credit.
    pairs : array (N,)
        Which replicate goes with which draw (`split.pairing`).
    normal : array (N,)
        Standard normal numbers z.
    own : float
        κ.
    """
    wide = _wide(normal, own)
    if not len(first):
        return np.asarray(point * wide)
    some = (first > 0) & (second >= 0)
    ratio = np.where(some, second / np.where(some, first, 1.0), point)
    return np.asarray(ratio[pairs] * wide)


def averaged(own: Floats, rate: Floats, usual: float, normal: Floats, spread: float) -> Floats:
    """Worth of the units of a channel that no path holds, (N,): the average of its periods, give or take `spread`.

        F_n = Σ_t own_tn rate_t / Σ_t own_tn · exp(s z_n − s² / 2)

    Parameters
    ----------
    own : array (T, N)
        What it brought by period.
    rate : array (T,)
        What a unit was worth on average.
    usual : float
        For draws that bring next to nothing, whose ratio would be nothing over nothing.
    """
    sums, weighed = own.sum(axis=0), rate @ own
    some = np.abs(sums) > 1e-6 * max(float(np.abs(own).sum(axis=0).max(initial=0.0)), 1e-300)
    ratio = np.where(some, weighed / np.where(some, sums, 1.0), usual)
    # Parts of both signs can make a ratio that no period has.
    return np.asarray(np.clip(ratio, rate.min(initial=usual), rate.max(initial=usual)) * _wide(normal, spread))


def between(first: Floats, second: Floats, own: float = OWN) -> float:
    """How far channels differ in what their units are worth, in logs: deviation weighted by credit, and κ on top."""
    some = (first > 0) & (second > 0)
    if some.sum() < 2:
        return own
    logs, weights = np.log(second[some] / first[some]), first[some] / first[some].sum()
    return float(np.hypot(np.sqrt(weights @ (logs - weights @ logs) ** 2), own))


def _wide(normal: Floats, deviation: float) -> Floats:
    """Log-normal numbers whose mean is one."""
    return np.asarray(np.exp(deviation * normal - deviation**2 / 2))
