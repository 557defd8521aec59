"""The rows of a plan on the calendar of a fit: its window, and the periods after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import listed
from attribution.findings import Finding
from attribution.mix.calendar import Calendar
from attribution.mix.panel_rows import DATE, GEO, Problems, columns_of, read_rows
from attribution.settings import IngestSettings
from attribution_models.mix.data import MixData
from attribution_models.mix.spec import MixSpec

Floats = NDArray[np.float64]


class Panelled(Protocol):
    """A model on its panel: a kept fit, or one that is yet to be made."""

    @property
    def spec(self) -> MixSpec:
        """The model."""

    @property
    def data(self) -> MixData:
        """The panel."""

    @property
    def calendar(self) -> Calendar:
        """Of the panel's window."""


@dataclass(frozen=True, slots=True, eq=False)
class PlanCube:
    """What a plan gives, by geo and period of the window and after it.

    Attributes
    ----------
    name : str
        Of the files.
    columns : dict of str to array (G, T + F)
        NaN where the plan says nothing; a column that no file has is not there.
    calendar : Calendar
        Of the window and the F periods after it.
    first, last : int
        The first and the last period that the plan has a row for.
    findings : tuple of Finding
    """

    name: str
    columns: dict[str, Floats]
    calendar: Calendar
    first: int
    last: int
    findings: tuple[Finding, ...]


def read_plan(arguments: Sequence[str], stored: Panelled, settings: IngestSettings | None = None) -> PlanCube:
    """Read a plan: rows of periods after a fit's window, or inside it.

    Raises
    ------
    AttributionError
        Dates off the fit's calendar or before its window, geos that it does not have, dates that occur twice.
    """
    spec, periods = stored.spec, len(stored.data.dates)
    rows = read_rows(arguments, spec, settings, whole=False)
    problems = Problems()
    frame = rows.frame
    if frame.empty:
        problems.add(f"{rows.name}: there is no row. A plan has a row for each period, with spend and controls.")
        problems.stop()
    at = _places(frame, stored, rows.name, problems)
    geo = _geos(frame, stored, rows.name, problems)
    problems.stop()
    calendar = ahead(stored.calendar, max(int(at.max()) + 1 - periods, 0))
    columns = {}
    for column in columns_of(spec):
        if column in frame.columns:
            columns[column] = np.full((len(stored.data.geos), len(calendar.dates)), np.nan)
            columns[column][geo, at] = frame[column].to_numpy(dtype=float)
    return PlanCube(rows.name, columns, calendar, int(at.min()), int(at.max()), rows.findings)


def ahead(calendar: Calendar, periods: int) -> Calendar:
    """Go on with a calendar for some periods."""
    dates = calendar.dates
    if calendar.monthly:
        offset = dates[0] - dates[0].astype("datetime64[M]").astype("datetime64[D]")
        months = dates[-1].astype("datetime64[M]") + np.arange(1, periods + 1)
        later = months.astype("datetime64[D]") + offset
    else:
        later = dates[-1] + np.arange(1, periods + 1) * calendar.days
    return Calendar(np.concatenate([dates, later]).astype("datetime64[D]"), calendar.days, calendar.monthly)


def _places(frame: pd.DataFrame, stored: Panelled, name: str, problems: Problems) -> NDArray[np.int64]:
    """Period of every row."""
    calendar, days = stored.calendar, frame[DATE].to_numpy().astype("datetime64[D]")
    at = calendar.place(days)
    unit, begin = calendar.unit, calendar.dates[0]
    off = np.zeros(len(days), bool) if calendar.monthly else (days - begin).astype(int) % calendar.days != 0
    if off.any():
        problems.add(
            f"{name}: {int(off.sum()):,} dates (the first is {days[off][0]}) begin no {unit} of the fit; its {unit}s "
            f"begin every {calendar.days} days, as {calendar.dates[-1]} does."
        )
    if (at < 0).any():
        problems.add(
            f"{name}: {int((at < 0).sum()):,} dates lie before the fit's window, which begins {begin} (the first is "
            f"{days[at < 0][0]}). Take them out: they would change nothing that was fitted."
        )
    twice = pd.DataFrame({"geo": frame[GEO].to_numpy(), "at": at}).duplicated().to_numpy()
    if twice.any():
        problems.add(f"{name}: {int(twice.sum()):,} rows are of a {unit} that has one already. Give each {unit} once.")
    return at


def _geos(frame: pd.DataFrame, stored: Panelled, name: str, problems: Problems) -> NDArray[np.int64]:
    known = {geo: g for g, geo in enumerate(stored.data.geos)}
    given = frame[GEO].astype(str)
    others = sorted(set(given) - set(known))
    if others:
        problems.add(f"{name}: the fit has no {listed(others, 5)}; its geos are {listed(known, 5)}.")
    return np.array([known.get(geo, 0) for geo in given], dtype=np.int64)
