"""Panels: files into `MixData` on a full calendar; what is missing is masked, declared or refused, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.errors import counted, listed
from attribution.findings import Finding
from attribution.mix.calendar import Calendar, find_calendar
from attribution.mix.panel_checks import check_values
from attribution.mix.panel_gaps import fill_control, fill_medium, fill_population, fill_worth, not_known
from attribution.mix.panel_rows import DATE, GEO, PanelRows, Problems, columns_of, read_rows
from attribution.settings import IngestSettings
from attribution_models.mix.data import MixData
from attribution_models.mix.spec import MixSpec

Floats = NDArray[np.float64]
# A model of fewer periods says nothing that its priors do not.
FEWEST = 10


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """What was read.

    Attributes
    ----------
    name : str
        Of the files.
    data : MixData
    calendar : Calendar
        Of the window: periods from the first to the last outcome.
    findings : tuple of Finding
    """

    name: str
    data: MixData
    calendar: Calendar
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """Columns as arrays (geos, periods) over the calendar of all rows.

    Attributes
    ----------
    columns : dict of str to array (G, N)
    geos : tuple of str
    calendar : Calendar
    first, last : int
        The window: periods of the first and the last outcome.
    before : int
        P: periods before the window whose media are known, as many as the longest carry-over needs.
    """

    columns: dict[str, Floats]
    geos: tuple[str, ...]
    calendar: Calendar
    first: int
    last: int
    before: int

    def window(self, column: str) -> Floats:
        """A column in the window."""
        return self.columns[column][:, self.first : self.last + 1]

    def media(self, column: str) -> Floats:
        """A column from the media history on."""
        return self.columns[column][:, self.first - self.before : self.last + 1]

    @property
    def window_calendar(self) -> Calendar:
        """The calendar of the window."""
        dates = self.calendar.dates[self.first : self.last + 1]
        return Calendar(dates, self.calendar.days, self.calendar.monthly)


def read_panel(arguments: Sequence[str], spec: MixSpec, settings: IngestSettings | None = None) -> Panel:
    """Read the panel of a model.

    Rows are put on the full calendar (days, weeks from any weekday, calendar months). Outcomes that are missing are
    NaN, which masks them. Rows with media before the first outcome become media history, as far as the carry-over
    reaches; rows after the last outcome are left out with a finding.

    Parameters
    ----------
    arguments : sequence of str
        Files of any kind that ``ingest`` reads, put together by date and geo; ``-`` is standard input.
    spec : MixSpec
    settings : IngestSettings, optional
        Delimiter, encoding, header or time format, where they are not to be found by looking.

    Raises
    ------
    UsageError
        A file or a column is missing.
    AttributionError
        The panel cannot be used as it is; the message has a line for each thing that is wrong.
    """
    rows = read_rows(arguments, spec, settings)
    cube, findings = cube_of(rows, spec)
    data, more = _data(cube, spec, rows.name)
    return Panel(rows.name, data, cube.window_calendar, (*rows.findings, *findings, *more))


def cube_of(rows: PanelRows, spec: MixSpec) -> tuple[Cube, list[Finding]]:
    """Put rows on the full calendar and find the window."""
    problems, findings = Problems(), []
    frame = rows.frame
    calendar = find_calendar(frame[DATE].to_numpy().astype("datetime64[D]"), rows.name)
    observed = frame.groupby(GEO)[spec.outcome].count()
    mute = sorted(observed.index[observed == 0])
    if len(mute) == len(observed):
        problems.add(f'{rows.name}: column "{spec.outcome}" (outcome) is empty in every row.')
        problems.stop()
    if mute:
        findings.append(_mute(mute))
        frame = frame[~frame[GEO].isin(mute)]
    geos = tuple(sorted(frame[GEO].unique()))
    g = np.searchsorted(np.array(geos, dtype=object), frame[GEO].to_numpy(dtype=object))
    n = calendar.place(frame[DATE].to_numpy().astype("datetime64[D]"))
    columns = {}
    for column in columns_of(spec):
        columns[column] = np.full((len(geos), len(calendar.dates)), np.nan)
        columns[column][g, n] = frame[column].to_numpy(dtype=float)
    seen = np.flatnonzero(np.isfinite(columns[spec.outcome]).any(axis=0))
    first, last = int(seen[0]), int(seen[-1])
    cube = Cube(columns, geos, calendar, first, last, _history(columns, spec, first))
    filled = np.zeros((len(geos), len(calendar.dates)), dtype=bool)
    filled[g, n] = True
    findings += _told(cube, filled, spec, rows.name)
    _long_enough(cube, spec, rows.name, problems)
    problems.stop()
    return cube, findings


def _mute(geos: list[str]) -> Finding:
    message = f"No outcome at all in {listed(geos, 5)}; left out, with the media there."
    return Finding(
        "warning", "geo-without-outcome", message, "Give the geo an outcome, or take its rows out.", len(geos)
    )


def _history(columns: dict[str, Floats], spec: MixSpec, first: int) -> int:
    """How many periods right before the window have known media, up to the longest carry-over less one."""
    reach = max(channel.adstock.length for channel in spec.channels) - 1
    media = [c.exposure for c in spec.channels if c.missing == "error"]
    media += [c.frequency for c in spec.channels if c.frequency and c.missing == "error"]
    known = np.ones(first, dtype=bool)
    for column in media or [spec.channels[0].exposure]:
        known &= np.isfinite(columns[column][:, :first]).all(axis=0)
    run = 0
    while run < min(reach, first) and known[first - 1 - run]:
        run += 1
    return run


def _told(cube: Cube, filled: NDArray[np.bool_], spec: MixSpec, name: str) -> list[Finding]:
    found = []
    unit, dates = cube.calendar.unit, cube.calendar.dates
    window = slice(cube.first, cube.last + 1)
    if cube.calendar.monthly:
        message = f"{name}: months are taken as periods of equal length; carry-over is counted in months."
        found.append(Finding("note", "monthly", message))
    empty = np.flatnonzero(~filled[:, window].any(axis=0))
    if len(empty):
        at = listed((str(dates[cube.first + e]) for e in empty), 3)
        message = (
            f"{name}: {len(empty)} of {cube.last - cube.first + 1} {unit}s have no row ({at}); their outcome is masked."
        )
        found.append(Finding("warning", "periods-missing", message, "Add the rows: media acted in them.", len(empty)))
    hidden = int((~np.isfinite(cube.window(spec.outcome)) & filled[:, window]).sum())
    ragged = int((~filled[:, window]).sum()) - len(empty) * len(cube.geos)
    if hidden or ragged:
        message = (
            f"{name}: outcome is not known in {hidden + ragged:,} of {cube.window(spec.outcome).size:,} cells; masked."
        )
        found.append(Finding("info", "outcome-masked", message, "", hidden + ragged))
    if cube.before:
        message = f"{name}: {cube.before} {unit}s of media before the first outcome are used as history."
        found.append(Finding("note", "media-history", message, "", cube.before))
    after = len(dates) - 1 - cube.last
    if after:
        message = f"{name}: {after} {unit}s after the last outcome ({dates[cube.last]}) are left out."
        found.append(Finding("info", "after-window", message, "Keep them for a prediction.", after))
    return found


def _long_enough(cube: Cube, spec: MixSpec, name: str, problems: Problems) -> None:
    reach = max(channel.adstock.length for channel in spec.channels) - 1
    masked = max(reach - cube.before, 0) if spec.history == "mask" else 0
    fitted = int(np.isfinite(cube.window(spec.outcome)[:, masked:]).any(axis=0).sum())
    if fitted >= FEWEST:
        return
    total = int(np.isfinite(cube.window(spec.outcome)).any(axis=0).sum())
    why = (
        f", and the first {masked} are not fitted, since media before them are unknown (model.history = "
        f'"mask", the longest l_max is {reach + 1})'
        if masked
        else ""
    )
    problems.add(
        f"{name}: the outcome is known in {counted(total, cube.calendar.unit)}{why}. A media-mix model needs "
        f"{FEWEST} at the very least, and two years to tell media from seasons. Give more periods, media before "
        "them, or a shorter l_max."
    )


def _data(cube: Cube, spec: MixSpec, name: str) -> tuple[MixData, list[Finding]]:
    problems = Problems()
    findings: list[Finding] = []
    at = not_known(cube.calendar, cube.first - cube.before)
    exposure, frequency, spend = [], [], []
    for i, channel in enumerate(spec.channels):
        role = f"channel[{i}] {channel.name}"
        exposure.append(
            fill_medium(cube.media(channel.exposure), channel, role, channel.exposure, at, problems, findings)
        )
        column = channel.frequency
        none = np.zeros_like(exposure[-1])
        frequency.append(
            fill_medium(cube.media(column), channel, role, column, at, problems, findings) if column else none
        )
        paid = channel.spend
        spend.append(_spend(cube, spec, i, role, exposure[-1], problems, findings) if paid else none[:, cube.before :])
    at = not_known(cube.calendar, cube.first)
    controls = [
        fill_control(cube.window(control.column), control, f"control[{k}]", at, problems, findings)
        for k, control in enumerate(spec.controls)
    ]
    population = fill_population(cube, spec, problems, findings)
    worth = fill_worth(cube, spec, problems, findings)
    problems.stop()
    shape = (0, len(cube.geos), cube.last - cube.first + 1)
    data = MixData(
        dates=cube.window_calendar.dates,
        geos=cube.geos,
        outcome=cube.window(spec.outcome).copy(),
        exposure=np.stack(exposure),
        spend=_shared_out(np.stack(spend), spec, population),
        controls=np.stack(controls) if controls else np.zeros(shape),
        population=population,
        revenue_per_outcome=worth,
        frequency=np.stack(frequency),
        history=cube.before,
    )
    findings += check_values(data, spec, name)
    return data, findings


def _spend(
    cube: Cube, spec: MixSpec, i: int, role: str, exposure: Floats, problems: Problems, findings: list[Finding]
) -> Floats:
    """Spend in the window; where it is what acts, it was filled already."""
    channel = spec.channels[i]
    assert channel.spend is not None
    if channel.spend == channel.exposure:
        return exposure[:, cube.before :].copy()
    at = not_known(cube.calendar, cube.first)
    return fill_medium(cube.window(channel.spend), channel, role, channel.spend, at, problems, findings)


def _shared_out(spend: Floats, spec: MixSpec, population: Floats) -> Floats:
    """A national channel's spend is repeated in every geo; its sum over geos must be spent once."""
    share = population / population.sum() if spec.scaling.per_capita else np.full(len(population), 1 / len(population))
    for c, channel in enumerate(spec.channels):
        if channel.national:
            spend[c] *= share[:, None]
    return spend
