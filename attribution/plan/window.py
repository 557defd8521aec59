"""Which periods are planned: inside the panel, or after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.mix.calendar import Calendar
from attribution.mix.plan_cube import ahead
from attribution.plan.future import Before, future_findings, future_of
from attribution_models.mix.cells import Window
from attribution_models.mix.effects import Effects
from attribution_models.plan.ahead import carried_on

# Days of a quarter.
QUARTER = 91
# Plans further after the panel than this many panels are guesses.
FURTHEST = 1


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """The periods of a plan, and the fit over them.

    Attributes
    ----------
    effects : Effects
        Reaches as far as the window; where that ends after the panel, as far as its carry-over.
    window : Window
    calendar : Calendar
        Of all periods up to the window's end.
    after : int
        How many periods of the window lie after the panel.
    findings : tuple of Finding
        What those are taken to be.
    digest : str
        Of the file that says something of them; empty without one.
    """

    effects: Effects
    window: Window
    calendar: Calendar
    after: int
    findings: tuple[Finding, ...] = ()
    digest: str = ""

    @property
    def span(self) -> tuple[str, str]:
        """First and last day."""
        return str(self.calendar.dates[self.window.start]), str(self.calendar.last_day(self.window.end))


def horizon(effects: Effects, calendar: Calendar, text: str | None = None, future: Sequence[str] = ()) -> Horizon:
    """Read a window: dates, ``26`` for the last periods, ``+26`` for those after the panel; a quarter without.

    Parameters
    ----------
    calendar : Calendar
        Of the panel.
    future : sequence of str
        Files that say something of periods after the panel; see `future_file.read_future`.

    Raises
    ------
    UsageError
        It does not read, begins before the panel, or lies too far after it.
    AttributionError
        A file of the future that cannot be used as it is.
    """
    before = Before(effects.structure, calendar)
    window = _window(before, text)
    beyond = max(window.end + 1 - len(before.data.dates), 0)
    if not beyond:
        if future:
            raise UsageError(
                "--future: the window lies inside the panel, where all is known. Name periods after it: --window +N."
            )
        return Horizon(effects, window, calendar, 0)
    coming, after = future_of(before, beyond, future), min(beyond, window.size)
    try:
        carried = carried_on(effects, coming.data)
    except ValueError as error:
        raise UsageError(f"--window {text}: {error}") from None
    found = tuple(future_findings(coming, before, after))
    return Horizon(carried, window, ahead(calendar, beyond), after, found, coming.digest)


def _window(before: Before, text: str | None) -> Window:
    calendar, periods = before.calendar, len(before.data.dates)
    first, last = _ends(calendar, periods, text)
    if first < 0:
        raise UsageError(f"--window {text}: begins before the panel, which begins {calendar.dates[0]}.")
    if last < first:
        raise UsageError(f"--window {text}: its end lies before its begin.")
    if last >= periods * (1 + FURTHEST):
        raise UsageError(
            f"--window {text}: ends {last + 1 - periods} {calendar.unit}s after the panel, which has {periods}. "
            "Plan less far ahead."
        )
    return Window(first, last)


def quarter(calendar: Calendar) -> int:
    """Periods of a quarter of a year."""
    return 3 if calendar.monthly else max(round(QUARTER / calendar.days), 1)


def _ends(calendar: Calendar, periods: int, text: str | None) -> tuple[int, int]:
    """First and last period, counted from the panel's first one."""
    if text is None:
        return max(periods - quarter(calendar), 0), periods - 1
    plain = text.strip()
    if plain.removeprefix("+").isdigit():
        count = int(plain.removeprefix("+"))
        if count < 1:
            raise UsageError("--window 0: a plan needs a period.")
        return (periods, periods + count - 1) if plain[0] == "+" else (periods - count, periods - 1)
    begin, dots, end = plain.partition("..")
    if not dots:
        raise UsageError(
            f'--window: "{text}" is none of START..END (2024-01-01..2024-06-30), N (the last N {calendar.unit}s '
            "of the panel) and +N (those after it)."
        )
    days = np.array([_date(begin, text), _date(end, text)])
    dates, at = calendar.dates, calendar.place(days)
    # The first period that begins on the day or after it.
    first = int(at[0])
    if first >= 0 and (first >= len(dates) or dates[first] < days[0]):
        first += int(first < len(dates) or not _begins(calendar, days[0]))
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
