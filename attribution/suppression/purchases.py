"""What purchases say of each customer today: stage, and the last days of the recent and of the active window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import UsageError
from attribution.suppression.rules import SuppressionPolicy
from attribution_models.value.gaps import LEAST_REPEATS, gap_windows, gaps_of
from attribution_models.value.lifecycle import (
    ACTIVE,
    LAPSED,
    NEW,
    REACTIVATED,
    STAGES,
    LifecycleRules,
    stages_by_alive,
    stages_by_gap,
    suppress_until_alive,
    suppress_until_gap,
)
from attribution_models.value.purchase_history import purchase_days, purchase_history
from attribution_models.value.repeat_buying import RepeatBuying

Days = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Days after a purchase, for each customer: recent until, active until, lapsed from."""

    recent: NDArray[np.float64]
    active: NDArray[np.float64]
    lapsed: NDArray[np.float64]


def purchase_states(purchases: pd.DataFrame, end: int, policy: SuppressionPolicy) -> pd.DataFrame:
    """Stage and last days of each customer.

    A customer with 30 repeat purchases or more has windows from their own gaps, others from everybody's (Kaplan-Meier,
    the open gap censored). With ``window = "alive"`` stage and active window come from P(alive) of an MBG/NBD.

    Parameters
    ----------
    purchases : DataFrame
        customer_id, day (whole days since 1970).
    end : int
        Today: the last day that is known.
    policy : SuppressionPolicy

    Returns
    -------
    DataFrame
        customer_id, stage, recent, active, lapsed (whether the rule holds), recent_until, active_until (days).

    Raises
    ------
    UsageError
        Too few repeat purchases for a window, and no window_days.
    """
    places, names = pd.factorize(purchases["customer_id"], sort=True)
    codes = places.astype(np.int64)
    days = purchases["day"].to_numpy(np.int64)
    history = purchase_history(codes, days, None, end)
    windows = _windows(codes, days, end, policy, len(names))
    recent_until = suppress_until_gap(history, windows.recent, policy.longest_days)
    rules = LifecycleRules(slipping_alive=policy.alive, lapsed_alive=policy.lapsed_alive)
    if policy.window == "alive":
        try:
            fit = RepeatBuying("mbgnbd").fit(history.frequency, history.recency, history.age)
        except (ValueError, ArithmeticError) as error:
            raise UsageError(f'suppression.window = "alive": {error} Write window = "gaps".') from None
        stage = stages_by_alive(rules, history, fit)
        active_until = suppress_until_alive(history, fit, policy.alive, policy.longest_days)
    else:
        stage = stages_by_gap(rules, history, windows.active, windows.lapsed)
        active_until = suppress_until_gap(history, windows.active, policy.longest_days)
    # The new may be below the bound of P(alive) from their first day: they are active for their first days.
    active_until = np.where(
        stage == NEW, np.maximum(active_until, history.first_day + int(rules.new_days)), active_until
    )
    active = np.isin(stage, (NEW, ACTIVE, REACTIVATED)) & (history.last_day + policy.longest_days >= end)
    return pd.DataFrame(
        {
            "customer_id": np.asarray(names, dtype=object),
            "stage": np.array(STAGES, dtype=object)[stage],
            "recent": recent_until >= end,
            "active": active,
            "lapsed": stage == LAPSED,
            "recent_until": recent_until,
            "active_until": np.maximum(active_until, end),
        }
    )


def _windows(codes: Days, days: Days, end: int, policy: SuppressionPolicy, people: int) -> Windows:
    """Windows of each customer, from gaps between purchases or as the policy gives them."""
    if policy.window_days is not None:
        fixed = np.full(people, policy.window_days)
        return Windows(fixed, fixed, np.maximum(fixed, policy.longest_days))
    gaps = gaps_of(purchase_days(codes, days, None, end))
    repeats = int(gaps.closed.sum())
    if repeats < LEAST_REPEATS:
        msg = (
            f"suppression: {repeats} repeat purchases are too few to learn from them how long customers wait "
            f"({LEAST_REPEATS} are needed). Set window_days under [suppression], as window_days = 90."
        )
        raise UsageError(msg)
    shares = (policy.recent_share, policy.active_share, policy.lapsed_share)
    own = np.arange(people)
    recent, active, lapsed = (gap_windows(gaps, share, own, people, returners=True).days for share in shares)
    return Windows(recent, active, np.maximum(lapsed, active))
