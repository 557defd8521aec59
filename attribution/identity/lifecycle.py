"""What a person was at each moment of a timeline: prospect, new, active, slipping, lapsed, reactivated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.value.gaps import gap_windows, gaps_of
from attribution_models.value.lifecycle import STAGES, LifecycleRules, stages_by_gap
from attribution_models.value.purchase_history import purchase_days, purchase_history

# Percentiles of gaps of those who come back, after which a customer slips, and is lapsed.
SLIPPING, LAPSED = 0.75, 0.95
# Days that stand in where hardly anybody has bought twice.
WITHOUT_REPEATS = (90.0, 365.0)


def lifecycle_windows(connection: Any, conversions: str) -> tuple[float, float]:
    """Days without a purchase after which customers of these data slip, and are lapsed.

    Percentiles of everybody's gaps (Kaplan–Meier, the open gap censored) among those who come back.
    """
    rows = connection.execute(
        f"""SELECT dense_rank() OVER (ORDER BY unified_id) - 1 AS customer,
            date_diff('day', DATE '1970-01-01', timestamp::DATE) AS day FROM {conversions}"""
    ).fetchnumpy()
    if rows["day"].size == 0:
        return WITHOUT_REPEATS
    purchases = purchase_days(rows["customer"], rows["day"], None, int(rows["day"].max()))
    gaps = gaps_of(purchases)
    if int(gaps.closed.sum()) < 30:
        return WITHOUT_REPEATS
    slipping, lapsed = (float(gap_windows(gaps, share, returners=True).days[0]) for share in (SLIPPING, LAPSED))
    return slipping, max(slipping, lapsed)


def stages_at(
    moments: NDArray[np.int64], purchases: Sequence[int], windows: tuple[float, float], since: int | None
) -> list[str]:
    """Stage of one person just before each of some moments.

    Parameters
    ----------
    moments : int64[n]
        Microseconds since 1970.
    purchases : sequence of int
        Moments of the person's purchases, ascending.
    windows : tuple of float
        As `lifecycle_windows` gives them.
    since : int or None
        Since when another system has the person as a customer; without purchases after that the stage is ``customer``.
    """
    day = 86_400_000_000
    found = []
    for moment in moments.tolist():
        before = [p for p in purchases if p < moment]
        if not before:
            found.append("customer" if since is not None and since < moment else STAGES[0])
            continue
        days = np.array([p // day for p in before])
        history = purchase_history(
            np.zeros(days.size, np.int64), days, None, max(int(moment // day), int(days[-1])), 1.0
        )
        found.append(STAGES[int(stages_by_gap(LifecycleRules(), history, *windows)[0])])
    return found
