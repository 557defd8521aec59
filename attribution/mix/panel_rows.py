"""The rows of a panel: the columns that the model file names, as numbers, one row per day and geo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from attribution.errors import AttributionError, UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.mix.sheet import Cells, Sheet, open_sheets
from attribution.mix.totals_rows import drop_totals
from attribution.settings import IngestSettings
from attribution_models.mix.spec import MixSpec

DATE, GEO = "_date", "_geo"
NATIONAL = "national"


@dataclass(frozen=True, slots=True, eq=False)
class PanelRows:
    """What the files hold.

    Attributes
    ----------
    name : str
        Of the files, for messages.
    frame : DataFrame
        ``_date``, ``_geo`` and the columns of the model as numbers; a pair of date and geo occurs once.
    findings : tuple of Finding
    """

    name: str
    frame: pd.DataFrame
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Problems:
    """What is wrong, collected, so that one run names all of it."""

    texts: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Note one problem."""
        self.texts.append(text)

    def stop(self) -> None:
        """Raise what was collected.

        Raises
        ------
        AttributionError
            One line per problem.
        """
        if self.texts:
            raise AttributionError("\n".join(self.texts))


def columns_of(spec: MixSpec) -> dict[str, str]:
    """The columns of numbers that a model reads, and for each what it is there."""
    found = {spec.outcome: "outcome"}
    if isinstance(spec.revenue_per_outcome, str):
        found[spec.revenue_per_outcome] = "revenue per outcome"
    if spec.population is not None:
        found[spec.population] = "population"
    for channel in spec.channels:
        found.setdefault(channel.exposure, f"exposure of {channel.name}")
        if channel.spend is not None:
            found.setdefault(channel.spend, f"spend of {channel.name}")
        if channel.frequency is not None:
            found.setdefault(channel.frequency, f"frequency of {channel.name}")
    for control in spec.controls:
        found.setdefault(control.column, "control")
    return found


def read_rows(
    arguments: Sequence[str], spec: MixSpec, settings: IngestSettings | None = None, *, whole: bool = True
) -> PanelRows:
    """Read the columns of a model from one or several files.

    Several files are put together by date and geo: they may follow each other in time, or hold different columns.

    Parameters
    ----------
    whole : bool
        Whether every column of the model must be there.

    Raises
    ------
    UsageError
        A column of the model file is in no file.
    AttributionError
        Cells that are no numbers or dates, rows without a date or geo, dates that occur twice.
    """
    with open_sheets(arguments, settings) as sheets:
        name = ", ".join(sheet.name for sheet in sheets)
        _check_headers(sheets, spec, whole=whole)
        problems, findings = Problems(), [f for sheet in sheets for f in sheet.findings]
        for sheet in sheets:
            findings += drop_totals(sheet, spec.date, sheet.days(spec.date))
        frames = [_frame(sheet, spec, problems, findings) for sheet in sheets]
        problems.stop()
        findings += _unused(sheets, spec)
    return PanelRows(name, _together(frames, name), tuple(findings))


def _check_headers(sheets: Sequence[Sheet], spec: MixSpec, *, whole: bool) -> None:
    keys = {spec.date: "date"} | ({spec.geo: "geo"} if spec.geo else {})
    for sheet in sheets:
        for column, role in keys.items():
            if column not in sheet.headers:
                raise UsageError(_not_found(column, role, sheet.headers, sheet.name))
    if not whole:
        return
    every = tuple(dict.fromkeys(h for sheet in sheets for h in sheet.headers))
    for column, role in columns_of(spec).items():
        if column not in every:
            raise UsageError(_not_found(column, role, every, ", ".join(s.name for s in sheets)))


def _not_found(column: str, role: str, headers: Iterable[str], name: str) -> str:
    near = did_you_mean(column, headers)
    return f'Column "{column}" ({role}) not found in {name}.{near} Found: {listed(headers)}. Name it in the model file.'


def _frame(sheet: Sheet, spec: MixSpec, problems: Problems, findings: list[Finding]) -> pd.DataFrame:
    wanted = [column for column in columns_of(spec) if column in sheet.headers]
    pointed: list[str] = []
    numbers = {column: _numbers(sheet, column, problems, pointed) for column in wanted}
    findings += [_thousands(sheet, pointed)] if pointed else []
    frame = pd.DataFrame(numbers, index=range(len(sheet.lines)))
    days = sheet.days(spec.date)
    frame[DATE] = pd.Series(days.values.astype("datetime64[s]"), index=frame.index)
    frame[GEO] = sheet.names(spec.geo) if spec.geo else NATIONAL
    frame["_line"] = sheet.lines
    # Exports end in rows without anything.
    filled = frame[wanted].notna().any(axis=1) | frame[DATE].notna()
    frame = frame[filled]
    _keys(frame, sheet, spec, days, problems)
    return frame


def _numbers(sheet: Sheet, column: str, problems: Problems, pointed: list[str]) -> np.ndarray:
    cells: Cells = sheet.numbers(column)
    if len(cells.unread):
        problems.add(
            f'{sheet.name}: column "{column}" holds no number in {cells.where()}. Empty the cell, or write a number.'
        )
    if cells.thousands:
        pointed.append(column)
    return cells.values


def _thousands(sheet: Sheet, columns: Sequence[str]) -> Finding:
    message = (
        f"{sheet.name}: every point in {listed(columns, 8)} stands before three digits; it is read as a decimal point "
        "(1.234 as less than two)."
    )
    remedy = "If it parts thousands, export numbers without it."
    return Finding("warning", "thousands-or-decimals", message, remedy, len(columns))


def _keys(frame: pd.DataFrame, sheet: Sheet, spec: MixSpec, days: Cells, problems: Problems) -> None:
    """Every row has a date and a geo, and no other row has the same."""
    if len(days.unread):
        problems.add(f'{sheet.name}: column "{spec.date}" does not read as dates in {days.where()}.')
    no_date = frame[frame[DATE].isna() & ~frame["_line"].isin(days.unread)]
    if len(no_date):
        problems.add(
            f"{sheet.name}: {len(no_date):,} rows have no date (the first on line {no_date['_line'].iloc[0]:,})."
        )
    no_geo = frame[frame[GEO].isna()]
    if len(no_geo):
        problems.add(f"{sheet.name}: {len(no_geo):,} rows have no geo (the first on line {no_geo['_line'].iloc[0]:,}).")
    known = frame[frame[DATE].notna()]
    again = known[known.duplicated([DATE, GEO])]
    if len(again):
        first = again.iloc[0]
        what = "dates occur more than once in a geo" if spec.geo else "dates occur more than once"
        remedy = "Keep one row each." if spec.geo else "Keep one row each, or name the column of regions: data.geo."
        problems.add(
            f"{sheet.name}: {len(again):,} {what} (the first: {first[DATE]:%Y-%m-%d}, "
            f"line {first['_line']:,}). {remedy}"
        )


def _together(frames: Sequence[pd.DataFrame], name: str) -> pd.DataFrame:
    """One row per date and geo; files may hold different columns of it, never the same cell twice."""
    if len(frames) == 1:
        return frames[0].drop(columns="_line")
    stacked = pd.concat([f.drop(columns="_line").dropna(axis=1, how="all") for f in frames], ignore_index=True)
    stacked = stacked.reindex(columns=list(dict.fromkeys(c for f in frames for c in f.columns if c != "_line")))
    groups = stacked.groupby([DATE, GEO], sort=False)
    twice = groups.count().max()
    doubled = [str(c) for c in twice.index if twice[c] > 1]
    if doubled:
        msg = (
            f"{name}: files give the same date"
            f" more than once for {listed(doubled, 5)}. Take the rows out of one of them; where each file is a region, "
            "give all of them a column of regions and name it in the model file: data.geo."
        )
        raise AttributionError(msg)
    return groups.first().reset_index()


def _unused(sheets: Sequence[Sheet], spec: MixSpec) -> list[Finding]:
    known = {spec.date, spec.geo, *columns_of(spec)}
    others = [h for h in dict.fromkeys(h for sheet in sheets for h in sheet.headers) if h not in known]
    if not others:
        return []
    return [
        Finding("note", "columns-unused", f"Columns that the model does not read: {listed(others)}.", "", len(others))
    ]
