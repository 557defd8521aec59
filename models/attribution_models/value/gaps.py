"""Gaps between purchases, the open one included, and how long to wait before somebody counts as late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attribution_models.value.purchase_history import PurchaseDays

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAST_REPEATS: Final = 30


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """Gaps between purchase days.

    Attributes
    ----------
    customer : array (m,)
        Place of the customer among the customers, from 0.
    days : array (m,)
        Length; of an open gap, from the last purchase to the end of what is known.
    closed : array (m,) of bool
        Whether a purchase ended it.
    """

    customer: Integers
    days: Floats
    closed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class GapWindows:
    """Days after a purchase by which a share of gaps has ended, per group.

    Attributes
    ----------
    days : array (groups,)
        inf where so many never came back within what was seen.
    pooled : array (groups,) of bool
        Whether the group's gaps were too few, so that it borrowed everybody's curve.
    repeats : array (groups,)
        Closed gaps of the group.
    share : float
        The percentile, as a share.
    returners : bool
        Whether the share is of those who come back, or of all.
    """

    days: Floats
    pooled: NDArray[np.bool_]
    repeats: Integers
    share: float
    returners: bool


def gaps_of(purchases: PurchaseDays) -> Gaps:
    """Closed gaps of every customer, and the open gap since the last purchase.

    A last purchase on the last day leaves no gap that could be seen.
    """
    sizes = np.diff(purchases.start)
    person = np.repeat(np.arange(sizes.size), sizes)
    last = purchases.start[1:] - 1
    is_last = np.zeros(purchases.day.size, dtype=bool)
    is_last[last] = True
    until = np.where(is_last, purchases.end, np.r_[purchases.day[1:], 0])
    length = (until - purchases.day).astype(np.float64)
    seen = length > 0
    return Gaps(person[seen], length[seen], ~is_last[seen])


def gap_windows(
    gaps: Gaps,
    share: float,
    group: ArrayLike | None = None,
    groups: int | None = None,
    returners: bool = False,
    least_repeats: int = LEAST_REPEATS,
) -> GapWindows:
    """Kaplan-Meier percentile of the gap, per group.

    The share of gaps longer than d days is

        S(d) = Π_{u ≤ d} (1 − ended(u) / (still open just before u)),

    an open gap counts as still open up to its length. The window is the first d with S(d) ≤ 1 − share. Leaving open
    gaps out would make windows too short: those who have not come back yet are the ones with long gaps.

    Parameters
    ----------
    gaps : Gaps
    share : float
        Between 0 and 1: 0.75 is the 75th percentile.
    group : array, optional
        Group of each customer, from 0 (value tier, kind of product, the customer itself …); None: all are group 0.
    groups : int, optional
        How many groups there are; None: as many as occur.
    returners : bool
        Percentile among gaps that end within the longest gap seen, (1 − S(d)) / (1 − S(longest)) ≥ share. Where most
        buy once, the 75th percentile of all gaps is never reached; this one always is.
    least_repeats : int
        Groups with fewer closed gaps borrow the curve of everybody.

    Raises
    ------
    ValueError
        No closed gap at all, a share outside (0, 1), or groups that do not fit.

    References
    ----------
    .. [1] Kaplan, Meier (1958), J. American Statistical Association 53.
    """
    if not 0 < share < 1:
        raise ValueError(f"The percentile is {share} as a share. Give a number between 0 and 1, as 0.75.")
    if not gaps.closed.any():
        raise ValueError("Nobody bought twice: there is no gap between purchases to learn a window from. Set days.")
    whole = _first_below(np.zeros(gaps.days.size, dtype=np.int64), 1, gaps, share, returners)
    if group is None:
        return GapWindows(whole, np.zeros(1, dtype=bool), np.array([gaps.closed.sum()]), share, returners)
    of_customer = np.asarray(group, dtype=np.int64)
    if of_customer.size <= gaps.customer.max() or of_customer.min() < 0:
        raise ValueError(f"{of_customer.size:,} groups of customers for {gaps.customer.max() + 1:,}: one each, from 0.")
    count = int(of_customer.max()) + 1 if groups is None else groups
    codes = of_customer[gaps.customer]
    repeats = np.bincount(codes[gaps.closed], minlength=count)
    pooled = repeats < least_repeats
    own = ~pooled[codes]
    days = _first_below(codes[own], count, Gaps(codes[own], gaps.days[own], gaps.closed[own]), share, returners)
    return GapWindows(np.where(pooled, whole[0], days), pooled, repeats, share, returners)


def _first_below(codes: Integers, count: int, gaps: Gaps, share: float, returners: bool) -> Floats:
    """First length at which a group's curve is low enough; inf where it never is."""
    found = np.full(count, np.inf)
    if codes.size == 0:
        return found
    # At equal length a gap that ended comes before one still open; tied endings telescope to (n − d)/n.
    order = np.lexsort((~gaps.closed, gaps.days, codes))
    code, days, closed = codes[order], gaps.days[order], gaps.closed[order]
    begin = np.flatnonzero(np.r_[True, np.diff(code) != 0])
    end = np.r_[begin[1:], code.size]
    size = np.repeat(end - begin, end - begin)
    at_risk = size - (np.arange(code.size) - np.repeat(begin, end - begin))
    final = closed & (at_risk == 1)  # the last gap of a group ended: its curve is 0 from here
    logs = np.where(closed & ~final, np.log1p(-1.0 / np.maximum(at_risk, 2)), 0.0)
    along = np.cumsum(logs)
    survival = np.where(final, 0.0, np.exp(along - np.repeat(along[begin] - logs[begin], end - begin)))
    floor = survival[end - 1] if returners else np.zeros(begin.size)
    wanted = 1 - share * (1 - np.repeat(floor, end - begin))
    low = np.flatnonzero((survival <= wanted + 1e-12) & closed)
    groups, first = np.unique(code[low], return_index=True)
    found[groups] = days[low[first]]
    return found
