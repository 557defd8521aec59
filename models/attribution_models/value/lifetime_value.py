"""What a customer will bring over a horizon, discounted; and tiers of customers by it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attribution_models.value.expected_purchases import purchases_if_alive
from attribution_models.value.gamma_gamma import GammaGammaFit
from attribution_models.value.purchase_history import PurchaseHistory
from attribution_models.value.repeat_buying import RepeatBuyingFit

Floats = NDArray[np.float64]

YEAR_DAYS = 365.25


def lifetime_value(
    buying: RepeatBuyingFit,
    spending: GammaGammaFit | float,
    history: PurchaseHistory,
    horizon_days: float = 365.0,
    yearly_discount: float = 0.1,
    margin: float = 1.0,
    steps: int = 12,
) -> Floats:
    """Expected discounted value of each customer's purchases over a horizon.

        Σ_{k=1…K} margin · E[M] · (E[X(kh)] − E[X((k−1)h)]) / (1 + d)^((k − ½)h),  h = horizon / K,

    X(t) purchases in the next t, E[M] expected value per purchase, d the yearly discount; the purchases of a step
    are discounted from its middle.

    Parameters
    ----------
    buying : RepeatBuyingFit
    spending : GammaGammaFit or float
        The model of values, or one value per purchase for everybody.
    history : PurchaseHistory
        In the periods that `buying` was fitted in.
    horizon_days, yearly_discount, margin : float
        Horizon in days, discount per year (0.1 is 10 %), contribution per unit of value.
    steps : int
        K.

    Raises
    ------
    ValueError
        A horizon, margin or step count not above 0, a discount of −1 or less, or an infinite expected value per
        purchase (Gamma-Gamma with q ≤ 1).
    """
    if not (horizon_days > 0 and steps >= 1 and yearly_discount > -1 and margin > 0):
        raise ValueError(
            f"Horizon {horizon_days} days, {steps} steps, discount {yearly_discount}, margin {margin}: horizon, steps "
            "and margin lie above 0 and the discount above -1."
        )
    each = value_per_purchase(spending, history)
    x, t, age = history.frequency, history.recency, history.age
    step = horizon_days / history.period_days / steps
    # Customers of the same frequency and age share the costly part, in every step.
    rows, where = np.unique(np.column_stack([x, age]), axis=0, return_inverse=True)
    alive, total, before = buying.alive(x, t, age), np.zeros(len(rows)), np.zeros(len(rows))
    for k in range(1, steps + 1):
        until = purchases_if_alive(buying, k * step, rows[:, 0], rows[:, 1])
        years = (k - 0.5) * horizon_days / steps / YEAR_DAYS
        total += (until - before) / (1 + yearly_discount) ** years
        before = until
    return np.asarray(margin * each * alive * total[where.ravel()], dtype=np.float64)


def value_per_purchase(spending: GammaGammaFit | float, history: PurchaseHistory) -> Floats:
    """Expected value per purchase of each customer.

    Raises
    ------
    ValueError
        Where it is infinite: the values' tail is too heavy for the Gamma-Gamma model.
    """
    if isinstance(spending, GammaGammaFit):
        each = spending.expected_value(history.frequency, history.mean_value)
    else:
        each = np.full(history.frequency.size, float(spending))
    if not np.isfinite(each).all():
        raise ValueError(
            "The expected value per purchase is infinite: purchase values have too heavy a tail for the Gamma-Gamma "
            "model (q is 1 or less). Give one value per purchase, or cap the largest values."
        )
    return each


def value_tiers(value: ArrayLike, tiers: int | Sequence[float] = 10) -> NDArray[np.int64]:
    """Tier of each customer by value: 1 is the highest.

    Parameters
    ----------
    value : array (n,)
        Predicted value; nan (not known) gives tier 0.
    tiers : int or sequence of float
        A number of tiers of equal size (10: deciles), or the share of customers in each from the top, adding up to 1
        (0.2, 0.3, 0.5).

    Returns
    -------
    array (n,) of int
        Equal values share a tier, the higher one, so that the order of rows decides nothing.

    Raises
    ------
    ValueError
        Fewer than 2 tiers, or shares that are not positive or do not add up to 1.
    """
    shares = np.full(tiers, 1 / tiers) if isinstance(tiers, int) and tiers > 0 else np.asarray(tiers, dtype=np.float64)
    if shares.ndim != 1 or shares.size < 2 or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-9:
        raise ValueError(f"Tiers {tiers}: give a number from 2 on, or positive shares that add up to 1.")
    worth = np.asarray(value, dtype=np.float64)
    known = np.isfinite(worth)
    ordered = np.sort(-worth[known])
    better = np.searchsorted(ordered, -worth[known], side="left")  # customers with more
    bounds = np.cumsum(shares)[:-1] * ordered.size
    found = np.zeros(worth.size, dtype=np.int64)
    found[known] = np.searchsorted(bounds, better + 1e-9, side="right") + 1
    return found
