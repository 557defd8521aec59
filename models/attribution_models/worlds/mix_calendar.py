"""Calendar of a mix world: dates, the year, weekdays, holidays."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.mix_chance import Floats
from attribution_models.worlds.mix_world import MixWorld

YEAR = 365.25
_PEAK = 350  # day of the year at which the season is highest: mid-December
# Monday first; they add up to 0.
_WEEKDAYS = np.array([0.1, -0.2, -0.3, -0.1, 0.3, 0.7, -0.5])


def dates(world: MixWorld) -> NDArray[np.datetime64]:
    """First day of each period that is lived, (N,)."""
    first = np.datetime64(world.first_day, "D") - world.l_max * world.days
    return first + np.arange(world.length) * np.timedelta64(world.days, "D")


def season(world: MixWorld) -> Floats:
    """Two Fourier modes of the year at the middle of each period, the second of 0.4 of the first, (N,)."""
    middle = dates(world) + np.timedelta64(world.days // 2, "D")
    angle = 2 * np.pi * (_day_of_year(middle) - _PEAK) / YEAR
    return np.asarray(world.season * (np.cos(angle) + 0.4 * np.sin(2 * angle)))


def weekdays(world: MixWorld) -> Floats:
    """What the day of the week adds in a daily panel; zeros in a weekly one, (N,)."""
    if world.period == "week":
        return np.zeros(world.length)
    return world.weekday * _WEEKDAYS[(np.arange(world.length) - world.l_max) % 7]


def trend(world: MixWorld) -> Floats:
    """Linear trend from the window's start with its bends, (N,)."""
    years = (np.arange(world.length) - world.l_max) * world.days / YEAR
    line: Floats = world.trend * years
    for at, change in world.bends:
        line += change * np.maximum(years - at * world.periods * world.days / YEAR, 0.0)
    return line


def holidays(world: MixWorld) -> Floats:
    """Share of each period's days that are holidays, as the panel shows it, (N,)."""
    first = dates(world)[0].item()
    days = [_festive(first + timedelta(days=d)) for d in range(world.length * world.days)]
    share = np.array(days, dtype=np.float64).reshape(world.length, world.days).mean(axis=1)
    return np.asarray(np.round(share, 4))


def _festive(day: date) -> bool:
    """Black Friday and the days to the Monday after it; 18 to 24 December."""
    if day.month == 12 and 18 <= day.day <= 24:
        return True
    # The fourth Thursday of November is the one between the 22nd and the 28th.
    thursday = day - timedelta(days=(day.weekday() - 3) % 7)
    return thursday.month == 11 and 22 <= thursday.day <= 28 and 1 <= (day - thursday).days <= 4


def _day_of_year(days: NDArray[np.datetime64]) -> Floats:
    start = days.astype("datetime64[Y]").astype("datetime64[D]")
    return np.asarray((days - start).astype(np.float64) + 1)
