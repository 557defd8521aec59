"""From a column of purchases to one row per customer: how often, how recently, since when, how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PurchaseHistory:
    """Purchases of each customer, summarised as repeat-buying models read them.

    Times are in periods (`period_days` each), measured from the customer's own first purchase.

    Attributes
    ----------
    customer : array (n,)
        Code of the customer, ascending.
    frequency : array (n,)
        x, purchase days after the first; 0 for a one-time buyer.
    recency : array (n,)
        t_x, from the first purchase to the last; 0 for a one-time buyer.
    age : array (n,)
        T, from the first purchase to `end`.
    previous : array (n,)
        From the first purchase to the last but one; nan for a one-time buyer.
    mean_value : array (n,)
        z̄, mean value of the repeat purchases; 0 for a one-time buyer.
    first_day, last_day : array (n,)
        Days of the first and the last purchase.
    end : int
        Day up to which purchases are known.
    period_days : float
        Days in a period; 7 gives weeks.
    later : int
        Purchases after `end` that were left out.
    """

    customer: Integers
    frequency: Integers
    recency: Floats
    age: Floats
    previous: Floats
    mean_value: Floats
    first_day: Integers
    last_day: Integers
    end: int
    period_days: float
    later: int


@dataclass(frozen=True, slots=True, eq=False)
class PurchaseDays:
    """Purchases added up by customer and day, sorted by both.

    Attributes
    ----------
    customer, day : array (m,)
        Each pair stands once.
    value : array (m,)
        Sum of the day's purchases.
    start : array (n + 1,)
        Where each customer's rows begin; the last entry is m.
    end : int
        Day up to which purchases are known.
    later : int
        Purchases after `end` that were left out.
    """

    customer: Integers
    day: Integers
    value: Floats
    start: Integers
    end: int
    later: int


def purchase_days(customer: ArrayLike, day: ArrayLike, value: ArrayLike | None, end: int) -> PurchaseDays:
    """Add purchases of one customer on one day to one occasion.

    Two orders within a day are one visit to the shop in every published data set of the field, and repeat-buying
    models know no two purchases at the same time.

    Parameters
    ----------
    customer : array (k,) of int
        Code of the customer of each purchase, in any order.
    day : array (k,) of int
        Whole days on any calendar.
    value : array (k,) or None
        Value of each purchase; None counts each as 0.
    end : int
        Day up to which purchases are known; later ones are left out and counted.

    Raises
    ------
    ValueError
        Columns of different lengths, no purchase up to `end`, or a value that is not a number.
    """
    customers, days = np.asarray(customer, dtype=np.int64), np.asarray(day, dtype=np.int64)
    values = np.zeros(customers.size) if value is None else np.asarray(value, dtype=np.float64)
    if not customers.shape == days.shape == values.shape or customers.ndim != 1:
        raise ValueError(
            f"Customers, days and values have the shapes {customers.shape}, {days.shape}, {values.shape}. "
            "Give one entry per purchase in each."
        )
    if not np.isfinite(values).all():
        raise ValueError(f"{int((~np.isfinite(values)).sum()):,} purchase values are not numbers. Leave them out.")
    kept = days <= end
    if not kept.any():
        raise ValueError(f"No purchase lies at or before day {end}. Found {customers.size:,} purchases, all later.")
    order = np.flatnonzero(kept)
    order = order[np.lexsort((days[order], customers[order]))]
    customers, days, values = customers[order], days[order], values[order]
    new = np.r_[True, (np.diff(customers) != 0) | (np.diff(days) != 0)]
    at = np.flatnonzero(new)
    customers, days, values = customers[at], days[at], np.add.reduceat(values, at)
    start = np.r_[np.flatnonzero(np.r_[True, np.diff(customers) != 0]), customers.size]
    return PurchaseDays(customers, days, values, start, int(end), int((~kept).sum()))


def purchase_history(
    customer: ArrayLike, day: ArrayLike, value: ArrayLike | None, end: int, period_days: float = 7.0
) -> PurchaseHistory:
    """Summarise purchases by customer: (x, t_x, T, z̄).

    Purchases of one day count once, with their sum; the first purchase counts neither in x nor in z̄.

    Parameters
    ----------
    customer, day, value, end
        As in `purchase_days`.
    period_days : float
        Days per period. Only the unit of time: estimates of α scale with it, everything else stays.

    Raises
    ------
    ValueError
        As `purchase_days`, or a period that is not above 0.

    References
    ----------
    .. [1] Fader, Hardie, Lee (2005), "Counting your customers" the easy way. Marketing Science 24(2).
    """
    if not period_days > 0:
        raise ValueError(f"period_days is {period_days}. Give a number of days above 0, as 7 for weeks.")
    rows = purchase_days(customer, day, value, end)
    first, last = rows.start[:-1], rows.start[1:] - 1
    repeats = last - first
    repeat_value = np.add.reduceat(rows.value, first) - rows.value[first]
    origin = rows.day[first]
    before = np.where(repeats > 0, (rows.day[np.maximum(last - 1, 0)] - origin) / period_days, np.nan)
    return PurchaseHistory(
        customer=rows.customer[first],
        frequency=repeats,
        recency=(rows.day[last] - origin) / period_days,
        age=(rows.end - origin) / period_days,
        previous=before,
        mean_value=repeat_value / np.maximum(repeats, 1),
        first_day=origin,
        last_day=rows.day[last],
        end=rows.end,
        period_days=float(period_days),
        later=rows.later,
    )
