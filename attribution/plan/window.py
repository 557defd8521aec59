"""Which periods are planned: inside the panel, or after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.errors import UsageError
from attribution.mix.calendar import Calendar
from attribution.mix.plan_cube import ahead
from attribution.mix.stored import StoredMix
from attribution_models.mix.cells import Window
from attribution_models.mix.effects import Effects
from attribution_models.plan.ahead import carried_on

# Days of a quarter, and of a year of whole weeks.
QUARTER, YEAR = 91, 364
# Plans further after the panel than this many panels are guesses.
FURTHEST = 1


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """The periods of a plan, and the fit over them.

    Attributes
    ----------
    effects : Effects
        Reaches as far as the window.
    window : Window
    calendar : Calendar
        Of all these periods.
    after : int
        How many periods of the window lie after the panel.
    """

    effects: Effects
    window: Window
    calendar: Calendar
    after: int

    @property
    def span(self) -> tuple[str, str]:
        """First and last day."""
        return str(self.calendar.dates[self.window.start]), str(self.calendar.last_day(self.window.end))


def season_of(calendar: Calendar) -> int:
    """Periods of a year."""
    return 12 if calendar.monthly else max(round(YEAR / calendar.days), 1)


def horizon(stored: StoredMix, effects: Effects, text: str | None = None) -> Horizon:
    """Read a window: dates, ``26`` for the last periods, ``+26`` for those after the panel; a quarter without.

    Raises
    ------
    UsageError
        It does not read, begins before the panel, or lies too far after it.
    """
    calendar, periods = stored.calendar, len(stored.data.dates)
    first, last = _ends(stored, text)
    if first < 0:
        raise UsageError(f"--window {text}: begins before the panel, which begins {calendar.dates[0]}.")
    if last < first:
        raise UsageError(f"--window {text}: its end lies before its begin.")
    if last >= periods * (1 + FURTHEST):
        raise UsageError(
            f"--window {text}: ends {last + 1 - periods} {calendar.unit}s after the panel, which has {periods}. "
            "Plan less far ahead."
        )
    beyond = max(last + 1 - periods, 0)
    if not beyond:
        return Horizon(effects, Window(first, last), calendar, 0)
    longer = ahead(calendar, beyond)
    try:
        carried = carried_on(effects, longer.dates[periods:], season_of(calendar))
    except ValueError as error:
        raise UsageError(f"--window {text}: {error}") from None
    return Horizon(carried, Window(first, last), longer, min(beyond, last - first + 1))


def quarter(calendar: Calendar) -> int:
    """Periods of a quarter of a year."""
    return 3 if calendar.monthly else max(round(QUARTER / calendar.days), 1)


def _ends(stored: StoredMix, text: str | None) -> tuple[int, int]:
    """First and last period, counted from the panel's first one."""
    periods = len(stored.data.dates)
    if text is None:
        return max(periods - quarter(stored.calendar), 0), periods - 1
    plain = text.strip()
    if plain.removeprefix("+").isdigit():
        count = int(plain.removeprefix("+"))
        if count < 1:
            raise UsageError("--window 0: a plan needs a period.")
        return (periods, periods + count - 1) if plain[0] == "+" else (periods - count, periods - 1)
    begin, dots, end = plain.partition("..")
    if not dots:
        raise UsageError(
            f'--window: "{text}" is none of START..END (2024-01-01..2024-06-30), N (the last N {stored.calendar.unit}s '
            "of the panel) and +N (those after it)."
        )
    days = np.array([_date(begin, text), _date(end, text)])
    dates, at = stored.calendar.dates, stored.calendar.place(days)
    # The first period that begins on the day or after it.
    first = int(at[0])
    if first >= 0 and (first >= len(dates) or dates[first] < days[0]):
        first += int(first < len(dates) or not _begins(stored.calendar, days[0]))
    return first, int(at[1])


def _begins(calendar: Calendar, day: np.datetime64) -> bool:
    """Whether a period after the panel begins on a day."""
    if calendar.monthly:
        return bool(str(day)[8:] == str(calendar.dates[0])[8:])
    return int((day - calendar.dates[0]).astype(int)) % calendar.days == 0


def _date(word: str, text: str) -> np.datetime64:
    try:
        return np.datetime64(word.strip(), "D")
    except ValueError:
        raise UsageError(f'--window {text}: "{word}" is no date. Write it as 2024-12-31.') from None
