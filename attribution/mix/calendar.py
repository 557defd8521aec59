"""The calendar of a panel: which days begin a period, and how long a period is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.errors import AttributionError

Days = NDArray[np.datetime64]
LONGEST = 31
# More than this many periods for each one that is there: a mistyped year, not a gap.
SPARSE = 20
NAMES = {1: "day", 7: "week", 30: "month"}


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Periods without gaps.

    Attributes
    ----------
    dates : array of datetime64[D]
        First day of each period.
    days : int
        Length of a period; 30 for months.
    monthly : bool
    """

    dates: Days
    days: int
    monthly: bool = False

    @property
    def unit(self) -> str:
        """What a period is called."""
        return NAMES.get(self.days, f"period of {self.days} days")

    def place(self, days: Days) -> NDArray[np.int64]:
        """Position of the period that each day lies in; below 0 or above the last where outside."""
        if self.monthly:
            # Months may begin on any day of the calendar month: what lies before that day belongs to the one before.
            months = (days - self._offset).astype("datetime64[M]").astype(int)
            return np.asarray(months - self.dates[0].astype("datetime64[M]").astype(int), dtype=np.int64)
        return np.asarray((days - self.dates[0]).astype(int) // self.days, dtype=np.int64)

    @property
    def _offset(self) -> int:
        return int((self.dates[0] - self.dates[0].astype("datetime64[M]")).astype(int))

    def last_day(self, period: int) -> np.datetime64:
        """The last day of a period."""
        if self.monthly:
            following = (self.dates[period].astype("datetime64[M]") + 1).astype("datetime64[D]")
            return np.datetime64(following + self._offset - 1)
        return np.datetime64(self.dates[period] + (self.days - 1))


def find_calendar(days: Days, name: str) -> Calendar:
    """Find the grid that a panel's dates lie on.

    Daily, weekly (from any weekday), any other fixed number of days up to a month, or calendar months.

    Raises
    ------
    AttributionError
        Fewer than two dates, dates off the grid, periods longer than a month.
    """
    unique = np.unique(days)
    if len(unique) < 2:
        seen = f"all rows have one date, {unique[0]}" if len(unique) else "no row has a date"
        raise AttributionError(f"{name}: {seen}; a panel has a row for each day, week or month.")
    gaps = np.diff(unique).astype(int)
    lengths, counts = np.unique(gaps, return_counts=True)
    step = int(lengths[np.argmax(counts)])
    if 28 <= step <= LONGEST and (monthly := _months(unique)) is not None:
        return _plausible(monthly, unique, name)
    if step > LONGEST:
        msg = f"{name}: dates lie {step} days apart; a media-mix model needs days, weeks or months. Export it finer."
        raise AttributionError(msg)
    off = (unique - unique[0]).astype(int) % step != 0
    if off.any():
        _off_grid(unique, step, name)
    return _plausible(_grid(unique, step), unique, name)


def _grid(unique: Days, step: int) -> Calendar:
    return Calendar(np.arange(unique[0], unique[-1] + 1, step).astype("datetime64[D]"), step)


def _plausible(found: Calendar, unique: Days, name: str) -> Calendar:
    if len(found.dates) > SPARSE * len(unique):
        msg = (
            f"{name}: {len(unique)} dates are spread over {len(found.dates):,} {found.unit}s, from {unique[0]} to "
            f"{unique[-1]}. Is a year mistyped?"
        )
        raise AttributionError(msg)
    return found


def _off_grid(unique: Days, step: int, name: str) -> None:
    phases = (unique.astype(int)) % step
    kinds, counts = np.unique(phases, return_counts=True)
    usual = kinds[np.argmax(counts)]
    others = unique[phases != usual]
    msg = (
        f"{name}: most dates lie {step} days apart, but {len(others):,} of {len(unique):,} do not fit into that "
        f"(the first is {others[0]}). Give every period the date of its first day."
    )
    raise AttributionError(msg)


def _ends(days: Days) -> NDArray[np.bool_]:
    """Whether a day is the last of its month."""
    return np.asarray((days + 1).astype("datetime64[M]") != days.astype("datetime64[M]"))


def _months(unique: Days) -> Calendar | None:
    """Give calendar months where every date is the same day of one, or the last."""
    months = unique.astype("datetime64[M]")
    place = (unique - months).astype(int)
    same, last = bool((place == place[0]).all()), bool(_ends(unique).all())
    if len(np.unique(months)) < len(unique) or not (same or last):
        return None
    all_months = np.arange(months[0], months[-1] + 1)
    if same and not last:
        return Calendar((all_months.astype("datetime64[D]") + place[0]).astype("datetime64[D]"), 30, monthly=True)
    # A month named by its last day begins with its first.
    return Calendar(all_months.astype("datetime64[D]"), 30, monthly=True)
