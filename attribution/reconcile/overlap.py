"""The periods that panel and journeys both hold, and what lies outside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.credit.grains import DAY, JourneyView
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.journeys.journeys import JourneyPart, Journeys
from attribution.mix.calendar import Calendar
from attribution_models.mix.cells import Window, period_names

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Periods of a panel that lie wholly inside the journeys' span.

    Attributes
    ----------
    window : Window
    counted : array (periods,) of bool
        Periods of the window whose outcome was fitted.
    edges : array (periods + 1,)
        First instants of the window's periods and of the one after them, in microseconds (UTC).
    span : tuple of str
        First and last day.
    findings : tuple of Finding
    """

    window: Window
    counted: Flags
    edges: Ints
    span: tuple[str, str]
    findings: tuple[Finding, ...]

    def places(self, part: JourneyPart) -> Ints:
        """Period of each journey by its end; −1 outside."""
        if part.ended_at is None:
            return np.zeros(len(part.conversions), np.int64)
        place = np.searchsorted(self.edges, part.ended_at, side="right") - 1
        inside = (place >= 0) & (place < len(self.counted))
        return np.where(inside & self.counted[np.clip(place, 0, len(self.counted) - 1)], place, -1).astype(np.int64)

    def by_period(self, journeys: Journeys, measure: str) -> Floats:
        """What journeys observed in each period of the window; all in the first where they hold no times."""
        sums = np.zeros(len(self.counted))
        for i in range(journeys.block_count):
            part = journeys.part(i)
            place = self.places(part)
            inside = place >= 0
            amounts = np.asarray(getattr(part, measure), np.float64)[inside]
            sums += np.bincount(place[inside], amounts, len(sums))
        return sums

    def labels(self, calendar: Calendar, grain: str) -> tuple[str, ...]:
        """Week or month of each period, by its first day."""
        dates = calendar.dates[self.window.start : self.window.end + 1]
        return period_names(dates, grain)


def overlap(journeys: Journeys, calendar: Calendar, fitted: Flags) -> Overlap:
    """Find the overlap.

    Parameters
    ----------
    journeys : Journeys
        Without times (aggregated paths) they are taken to be of the panel's whole window.
    calendar : Calendar
        Of the panel.
    fitted : array (T,) of bool
        Periods whose outcome was fitted anywhere.

    Raises
    ------
    UsageError
        No period lies inside both.
    """
    firsts = calendar.dates.astype("datetime64[D]").astype(np.int64)
    lasts = np.array([calendar.last_day(t).astype("datetime64[D]").astype(np.int64) for t in range(len(firsts))])
    held = days_of(journeys) if journeys.timed else (int(firsts[0]), int(lasts[-1]))
    inside = np.flatnonzero((firsts >= held[0]) & (lasts <= held[1]) & fitted)
    if not inside.size:
        raise UsageError(
            f"Panel and journeys have no whole period in common: the panel's fitted periods are {_day(firsts[0])} to "
            f"{_day(lasts[-1])}, the journeys' days {_day(held[0])} to {_day(held[1])}. Ingest touches and conversions "
            "of the panel's time, or fit a panel of theirs."
        )
    window = Window(int(inside[0]), int(inside[-1]))
    edges = np.append(firsts[window.start : window.end + 1], lasts[window.end] + 1) * DAY
    found = Overlap(
        window, fitted[window.start : window.end + 1], edges, (_day(firsts[inside[0]]), _day(lasts[inside[-1]])), ()
    )
    return Overlap(window, found.counted, edges, found.span, tuple(_left_out(journeys, calendar, fitted, found)))


def days_of(journeys: Journeys) -> tuple[int, int]:
    """First and last day that journeys hold anything of, in days since 1970."""
    low, high = [], []
    for i in range(journeys.block_count):
        part = journeys.part(i)
        for times in (part.at, part.ended_at):
            if times is not None and len(times):
                low.append(int(times.min()))
                high.append(int(times.max()))
    if not low:
        raise UsageError("There are no journeys to reconcile. Ingest touchpoints and conversions first.")
    return min(low) // DAY, max(high) // DAY


def inside(journeys: Journeys, found: Overlap) -> JourneyView:
    """Journeys that end in the overlap, by channel."""
    labels = tuple((c, None) for c in journeys.channels)
    masks = tuple(found.places(journeys.part(i)) >= 0 for i in range(journeys.block_count))
    return JourneyView(journeys, labels, journeys.channel_of, masks)


def _left_out(journeys: Journeys, calendar: Calendar, fitted: Flags, found: Overlap) -> list[Finding]:
    """Say which periods and conversions are in one of them only."""
    if not journeys.timed:
        message = "Aggregated paths hold no times: they are taken to be of the panel's whole window."
        return [Finding("warning", "no-times", message, "Ingest touchpoints with times, to be sure of it.")]
    kept = total = 0.0
    for i in range(journeys.block_count):
        part = journeys.part(i)
        total += float(part.conversions.sum())
        kept += float(part.conversions[found.places(part) >= 0].sum())
    said = []
    if len(fitted) > int(found.counted.sum()):
        said.append(f"{len(fitted) - int(found.counted.sum()):,} of the panel's {len(fitted):,} {calendar.unit}s")
    if total > kept:
        said.append(f"{total - kept:,.0f} of {total:,.0f} conversions of the journeys")
    if not said:
        return []
    message = f"Reconciled: {found.span[0]} to {found.span[1]}. Outside, and left out: {' and '.join(said)}."
    return [Finding("note", "outside-overlap", message)]


def _day(days: int) -> str:
    return str(np.datetime64(int(days), "D"))
