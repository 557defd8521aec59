"""Periods of equal length, and the steps of the baseline over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

DAY: Final = 86_400_000_000  # microseconds
FAR_PAST: Final = -(2**30)  # period of a conversion that never was


class Grid(NamedTuple):
    """Periods 0…P − 1 and how they fall into the steps of the baseline. Arrays are indexed by period.

    Attributes
    ----------
    origin, grain : int
        Begin of period 0 and length of a period, in microseconds.
    days : float
        Length of a period in days.
    sizes : int64[4]
        Number of steps: calendar, time since entry, recency of the last own conversion, strata.
    calendar, calendar_end : int32[P]
        Step of a period, and the first period behind that step.
    age, age_end : int32[P]
        The same, by periods since the entry.
    recency, recency_end : int32[R]
        The same, by periods since the last own conversion; longer ago than R − 1 is as R − 1. Step 0 is never.
    """

    origin: int
    grain: int
    days: float
    sizes: NDArray[np.int64]
    calendar: NDArray[np.int32]
    calendar_end: NDArray[np.int32]
    age: NDArray[np.int32]
    age_end: NDArray[np.int32]
    recency: NDArray[np.int32]
    recency_end: NDArray[np.int32]


def make_grid(
    start: int,
    end: int,
    grain_days: float,
    calendar_days: float,
    age_days: Sequence[float],
    recency_days: Sequence[float],
    strata: int,
) -> Grid:
    """Lay periods over [start, end), microseconds; the first begins at a multiple of the grain since 1970.

    Parameters
    ----------
    start, end : int
        First entry and last exit, in microseconds.
    grain_days, calendar_days : float
        Length of a period and of a calendar step.
    age_days, recency_days : sequence of float
        Where a new step of time since entry and of recency begins; the first step begins at 0.
    strata : int
        Groups of people.
    """
    grain = round(grain_days * DAY)
    origin = start // grain * grain
    periods = int((end - 1 - origin) // grain) + 1
    per_step = max(1, round(calendar_days / grain_days))
    calendar = np.arange(periods) // per_step
    # A last step of less than half a length joins the one before it.
    if periods % per_step < per_step / 2 and calendar[-1] > 0:
        calendar = np.minimum(calendar, periods // per_step - 1)
    age = np.searchsorted(np.asarray(age_days) / grain_days, np.arange(periods), side="right")
    longest = int(np.ceil(max(recency_days, default=0.0) / grain_days)) + 2
    recency = 1 + np.searchsorted(np.asarray(recency_days) / grain_days, np.arange(longest), side="right")
    sizes = np.array([calendar[-1] + 1, age[-1] + 1, recency[-1] + 1, strata], dtype=np.int64)
    return Grid(origin, grain, grain / DAY, sizes, *_ends(calendar), *_ends(age), *_ends(recency, open_ended=True))


def _ends(step: NDArray[np.int64], *, open_ended: bool = False) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return a step function as int32, and where each step ends."""
    end = np.searchsorted(step, step, side="right")
    if open_ended:
        end[end == step.size] = 2**29
    return step.astype(np.int32), end.astype(np.int32)


def cell_steps(sizes: NDArray[np.int64], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Parameters of the baseline that meet in cells of the exposure table, int64[cells, 4]."""
    steps = np.stack(np.unravel_index(cells, tuple(int(n) for n in sizes)), axis=1)
    found: NDArray[np.int64] = steps + (np.cumsum(sizes) - sizes)
    return found
