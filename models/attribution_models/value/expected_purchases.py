"""How many purchases to expect of a customer in the time to come."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import hyp2f1

from attribution_models.value.repeat_buying import RepeatBuyingFit

Floats = NDArray[np.float64]

NEAR = 1e-5  # the formula is 0/0 at a = 1; it is smooth there, so two neighbours are averaged


def purchases_if_alive(fit: RepeatBuyingFit, ahead: float, frequency: ArrayLike, age: ArrayLike) -> Floats:
    """Expected purchases in the next `ahead` periods of somebody who is alive at T.

    With r' = r + x, α' = α + T, b' = b + x + m (m = 1 for the MBG/NBD, else 0) and z = t/(α' + t)

        (a + b' − 1)/(a − 1) · [ 1 − (1 − z)^(a−1) ₂F₁(a + b' − 1 − r', a − 1; a + b' − 1; z) ],

    which is the published formula after Euler's transformation; in this form it does not overflow for heavy buyers.
    Where a and b are so large that it does (everybody leaves with nearly the same chance), its limit stands for it,
    with p = a / (a + b') for the chance of leaving after a purchase:

        (1/p) · [ 1 − (α' / (α' + p t))^r' ].

    References
    ----------
    .. [1] Fader, Hardie, Lee (2005), Marketing Science 24(2), eq. (10).
    """
    x, whole = (np.asarray(v, dtype=np.float64) for v in (frequency, age))
    shape, rate = fit.r + x, fit.alpha + whole
    stays = fit.b + x + (fit.kind == "mbgnbd")
    leaves = (fit.a,) if abs(fit.a - 1) > NEAR else (1 - NEAR, 1 + NEAR)
    z = ahead / (rate + ahead)
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.mean([_by_formula(a, stays, shape, z) for a in leaves], axis=0)
    chance = fit.a / (fit.a + stays)
    limit = (1 - (rate / (rate + chance * ahead)) ** shape) / chance
    return np.where(np.isfinite(found), found, limit)


def _by_formula(a: float, stays: Floats, shape: Floats, z: Floats) -> Floats:
    """Evaluate the formula at a chance of leaving whose prior has the first parameter ``a``."""
    series = hyp2f1(a + stays - 1 - shape, a - 1, a + stays - 1, z)
    return np.asarray((a + stays - 1) / (a - 1) * (1 - (1 - z) ** (a - 1) * series), dtype=np.float64)


def expected_purchases(
    fit: RepeatBuyingFit, ahead: float, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike
) -> Floats:
    """Expected purchases in the next `ahead` periods: P(alive) times `purchases_if_alive`.

    Parameters
    ----------
    fit : RepeatBuyingFit
    ahead : float
        Periods from T on, at least 0.
    frequency, recency, age : array (n,)

    Raises
    ------
    ValueError
        A negative time ahead.
    """
    if not ahead >= 0:
        raise ValueError(f"{ahead} periods ahead: give 0 or more.")
    # Customers of the same frequency and age share the costly part.
    pairs = np.column_stack([np.asarray(frequency, dtype=np.float64), np.asarray(age, dtype=np.float64)])
    rows, where = np.unique(pairs, axis=0, return_inverse=True)
    alive = fit.alive(frequency, recency, age)
    return alive * purchases_if_alive(fit, ahead, rows[:, 0], rows[:, 1])[where.ravel()]
