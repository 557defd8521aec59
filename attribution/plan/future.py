"""Periods after a panel as a plan takes them: as a year before, or as a file says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from attribution.errors import counted, listed
from attribution.findings import Finding
from attribution.mix.calendar import Calendar
from attribution.mix.plan import Plan
from attribution.mix.plan_cube import Panelled, ahead
from attribution.mix.plan_range import range_findings
from attribution.plan.future_file import FutureFile, read_future
from attribution_models.mix.data import MixData
from attribution_models.mix.effects import longest
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import Structure
from attribution_models.mix.window import first_periods
from attribution_models.plan.ahead import year_before

# Days of a year of whole weeks.
YEAR = 364
# What a forecast says of itself that matters to a plan where effects multiply the baseline.
MATTERS = ("far-ahead", "control-beyond-range")


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """What a future follows: a model on its panel, fitted or not.

    Attributes
    ----------
    structure : Structure
    calendar : Calendar
        Of the panel.
    """

    structure: Structure
    calendar: Calendar

    @property
    def spec(self) -> MixSpec:
        """The model."""
        return self.structure.spec

    @property
    def data(self) -> MixData:
        """The panel."""
        return self.structure.data


@dataclass(frozen=True, slots=True, eq=False)
class Future:
    """Periods after a panel.

    Attributes
    ----------
    data : MixData
        Those up to the window's end, and as many more as its carry-over reaches.
    count : int
        How many reach up to the window's end.
    file : FutureFile or None
        What is known of them.
    """

    data: MixData
    count: int
    file: FutureFile | None

    @property
    def digest(self) -> str:
        """Of what a file says; empty without one."""
        return self.file.digest if self.file else ""


def season_of(calendar: Calendar) -> int:
    """Periods of a year."""
    return 12 if calendar.monthly else max(round(YEAR / calendar.days), 1)


def future_of(before: Before, count: int, files: Sequence[str] = ()) -> Future:
    """Periods from a panel's end to a window's end, and those of its carry-over.

    Parameters
    ----------
    count : int
        Periods from the panel's end to the window's.
    files : sequence of str
        What is known of them: controls, and media that are decided already. The rest is as a year before.

    Raises
    ------
    UsageError, AttributionError
        A file that cannot be read, or says nothing of these periods.
    """
    lags, periods = longest(before.structure), len(before.data.dates)
    dates = ahead(before.calendar, count + lags - 1).dates[periods:]
    data = year_before(before.data, dates, season_of(before.calendar), lags)
    if not files:
        return Future(data, count, None)
    file = read_future(files, before, before.structure.scales, data)
    return Future(file.data, count, file)


def future_findings(future: Future, before: Panelled, planned: int) -> Iterator[Finding]:
    """Say what periods after the panel are taken to be, and what of it matters.

    Parameters
    ----------
    planned : int
        How many periods of the window lie after the panel.
    """
    unit, file = before.calendar.unit, future.file
    message = f"{counted(planned, unit)} {'lies' if planned == 1 else 'lie'} after the panel: {_taken(before, file)}."
    yield Finding("note", "after-the-panel", f"{message} {_matters(before)}".rstrip(), "", planned)
    if file is not None:
        yield from file.findings
        if file.periods < future.count:
            missing = future.count - file.periods
            rest = f"{file.name} says nothing of the last {counted(missing, unit)} of the window."
            yield Finding("info", "future-short", rest, "Add their rows; until then they are as before.", missing)
    if before.spec.link == "log":
        yield from _ranges(future, before)


def _taken(before: Panelled, file: FutureFile | None) -> str:
    told, periods = file.columns if file else (), len(before.data.dates)
    rest = [control.column for control in before.spec.controls if control.column not in told]
    parts = ["what is not planned", "how money is spread", *([f"the controls ({listed(rest)})"] if rest else [])]
    ago = "a year" if season_of(before.calendar) <= periods else f"{periods} {before.calendar.unit}s (all there are)"
    said = f"; {listed(told)} as {file.name} says" if file else ""
    return f"{', '.join(parts[:-1])} and {parts[-1]} are as {ago} before{said}"


def _matters(before: Panelled) -> str:
    """What the baseline after the panel does to a plan."""
    if before.spec.link == "log":
        return "Under the log link effects multiply the baseline: its trend, seasons and events go on by the model."
    if not before.spec.controls:
        return ""
    return "Controls add to the outcome whatever is spent, so they change nothing of what money brings."


def _ranges(future: Future, before: Panelled) -> Iterator[Finding]:
    """Controls outside of what was observed, and a baseline that is carried on far."""
    periods = len(before.data.dates)
    until = first_periods(before.spec, future.data, future.count)[1]
    plan = Plan(before.data, until, periods, periods + future.count - 1, False, ())
    yield from (finding for finding in range_findings(plan, before) if finding.code in MATTERS)
