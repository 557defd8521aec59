"""Where a customer stands: prospect, new, active, slipping, lapsed or reactivated, and until when that holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attribution_models.value.purchase_history import PurchaseHistory
from attribution_models.value.repeat_buying import RepeatBuyingFit

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

STAGES: Final = ("prospect", "new", "active", "slipping", "lapsed", "reactivated")
PROSPECT, NEW, ACTIVE, SLIPPING, LAPSED, REACTIVATED = range(6)


@dataclass(frozen=True, slots=True)
class LifecycleRules:
    """What makes a stage. The first that holds decides, in this order.

    1. *prospect*: no purchase.
    2. *new*: the first purchase lies at most `new_days` back. It comes first because P(alive) of a one-time buyer
       starts at b/(a+b), often below `slipping_alive`: nobody slips in the first weeks.
    3. *lapsed*: P(alive) below `lapsed_alive`, or the open gap longer than the lapse window.
    4. *reactivated*: the last purchase lies at most `reactivated_days` back and came after the customer had lapsed
       (by the same rule, just before it).
    5. *slipping*: P(alive) below `slipping_alive`, or the open gap longer than the slipping window.
    6. *active*: the rest.

    Attributes
    ----------
    new_days, reactivated_days : float
        Days.
    slipping_alive, lapsed_alive : float
        Bounds of P(alive).
    """

    new_days: float = 30.0
    reactivated_days: float = 90.0
    slipping_alive: float = 0.6
    lapsed_alive: float = 0.3

    def __post_init__(self) -> None:
        """Refuse bounds that contradict each other."""
        if not 0 < self.lapsed_alive <= self.slipping_alive < 1:
            raise ValueError(
                f"lapsed_alive {self.lapsed_alive} and slipping_alive {self.slipping_alive}: "
                "0 < lapsed_alive <= slipping_alive < 1 is needed."
            )
        if not (self.new_days >= 0 and self.reactivated_days >= 0):
            raise ValueError(f"new_days {self.new_days}, reactivated_days {self.reactivated_days}: give 0 or more.")


def stages_by_alive(rules: LifecycleRules, history: PurchaseHistory, fit: RepeatBuyingFit) -> Codes:
    """Stage of each customer of a purchase history, by P(alive).

    Reactivated is who had fallen below `lapsed_alive` just before the last purchase.

    Returns
    -------
    array (n,) of int
        Places in `STAGES`. People without a purchase are not in a purchase history: they are prospects.

    Raises
    ------
    ValueError
        A BG/NBD fit: it holds a one-time buyer alive for ever, who would never lapse.
    """
    _needs_mbgnbd(fit)
    alive = fit.alive(history.frequency, history.recency, history.age)
    repeated = history.frequency > 0
    before = np.ones(history.age.size)
    x, t = history.frequency[repeated] - 1, history.previous[repeated]
    before[repeated] = fit.alive(x, t, history.recency[repeated])
    return _staged(
        rules, history, alive < rules.slipping_alive, alive < rules.lapsed_alive, before < rules.lapsed_alive
    )


def stages_by_gap(
    rules: LifecycleRules, history: PurchaseHistory, slipping_days: ArrayLike, lapsed_days: ArrayLike
) -> Codes:
    """Stage of each customer of a purchase history, by the gap since the last purchase.

    Parameters
    ----------
    rules : LifecycleRules
    history : PurchaseHistory
    slipping_days, lapsed_days : float or array (n,)
        Windows in days, as from `gap_windows` (75th and 90th percentile, say), for all or by customer.

    Raises
    ------
    ValueError
        A lapse window shorter than the slipping window.
    """
    slipping = np.broadcast_to(np.asarray(slipping_days, dtype=np.float64), history.age.shape)
    lapsed = np.broadcast_to(np.asarray(lapsed_days, dtype=np.float64), history.age.shape)
    if (lapsed < slipping).any():
        raise ValueError("Some lapse windows are shorter than their slipping windows. Give a higher percentile.")
    open_gap = (history.age - history.recency) * history.period_days
    last_gap = (history.recency - np.where(history.frequency > 0, history.previous, 0.0)) * history.period_days
    return _staged(rules, history, open_gap > slipping, open_gap > lapsed, last_gap > lapsed)


def _staged(
    rules: LifecycleRules,
    history: PurchaseHistory,
    slipping: NDArray[np.bool_],
    lapsed: NDArray[np.bool_],
    came_back: NDArray[np.bool_],
) -> Codes:
    age = history.age * history.period_days
    since = (history.age - history.recency) * history.period_days
    back = came_back & (history.frequency > 0) & (since <= rules.reactivated_days)
    found = np.select(
        [age <= rules.new_days, lapsed, back, slipping], [NEW, LAPSED, REACTIVATED, SLIPPING], default=ACTIVE
    )
    return found.astype(np.int64)


def suppress_until_gap(history: PurchaseHistory, window_days: ArrayLike, longest_days: float = 540.0) -> Codes:
    """Last day on which each customer stays suppressed: the last purchase and a window after it.

    Parameters
    ----------
    history : PurchaseHistory
    window_days : float or array (n,)
        Until the share of gaps of `gap_windows` has ended; inf where it never does.
    longest_days : float
        Cap on the window, so that everybody returns by themselves.

    Returns
    -------
    array (n,) of int
        Days on the calendar of the history. A day before its `end` says that the person is free already.
    """
    window = np.broadcast_to(np.asarray(window_days, dtype=np.float64), history.age.shape)
    return history.last_day + np.floor(np.minimum(window, longest_days)).astype(np.int64)


def suppress_until_alive(
    history: PurchaseHistory, fit: RepeatBuyingFit, threshold: float = 0.6, longest_days: float = 540.0
) -> Codes:
    """Last day on which P(alive) still reaches a threshold if no further purchase comes.

    Parameters
    ----------
    history : PurchaseHistory
        In the periods that the model was fitted in.
    fit : RepeatBuyingFit
        MBG/NBD.
    threshold : float
        P(alive) from which on a customer counts as active.
    longest_days : float
        Cap after the last purchase.

    Raises
    ------
    ValueError
        A BG/NBD fit, or a threshold outside (0, 1).
    """
    _needs_mbgnbd(fit)
    age = fit.alive_until(threshold, history.frequency, history.recency)
    window = (age - history.recency) * history.period_days
    return suppress_until_gap(history, window, longest_days)


def _needs_mbgnbd(fit: RepeatBuyingFit) -> None:
    if fit.kind != "mbgnbd":
        raise ValueError(
            "The BG/NBD gives one-time buyers a P(alive) of 1 for ever, so they would stay suppressed for ever. "
            'Fit RepeatBuying("mbgnbd").'
        )
