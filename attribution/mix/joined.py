"""Several files as one sheet: rows that follow each other, columns beside each other, or a file for each region."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import AttributionError, UsageError, listed
from attribution.mix.keys import find_date, find_geo, split
from attribution.mix.sheet import EMPTY, Cells, Columns
from attribution.mix.totals_rows import drop_totals

Rows = tuple[NDArray[np.int64], ...]


class Joined:
    """Sheets put together by date and geo, as a fit does it.

    Attributes
    ----------
    name : str
        Of all files.
    headers : tuple of str
    lines : array of int
        Numbers of the rows, from 1; they are lines of no file.
    """

    def __init__(self, sheets: Sequence[Columns], rows: Rows) -> None:
        self._sheets, self._rows = sheets, rows
        self.name = ", ".join(sheet.name for sheet in sheets)
        self.headers = tuple(dict.fromkeys(h for sheet in sheets for h in sheet.headers))
        self.lines = np.arange(1, max(int(r.max()) for r in rows) + 2)

    def numbers(self, header: str) -> Cells:
        """Read a column as numbers."""
        return self._cells(header, np.full(len(self.lines), np.nan), lambda sheet: sheet.numbers(header))

    def days(self, header: str) -> Cells:
        """Read a column as days."""
        nothing = np.full(len(self.lines), np.datetime64("NaT"), dtype="datetime64[D]")
        return self._cells(header, nothing, lambda sheet: sheet.days(header))

    def names(self, header: str) -> NDArray[np.object_]:
        """Read a column as text; None where empty."""
        found = np.full(len(self.lines), None, dtype=object)
        for sheet, rows in self._holding(header):
            cells = sheet.names(header)
            known = np.array([c is not None for c in cells], dtype=bool)
            found[rows[known]] = cells[known]
        return found

    def drop(self, lines: NDArray[np.int64]) -> None:
        """Leave rows out, by their numbers."""
        kept = ~np.isin(self.lines, lines)
        if not kept.all():
            raise AttributionError(f"{self.name}: rows without a date. Take them out of the files.")

    def _holding(self, header: str) -> list[tuple[Columns, NDArray[np.int64]]]:
        return [(s, r) for s, r in zip(self._sheets, self._rows, strict=True) if header in s.headers]

    def _cells(self, header: str, values: NDArray[np.generic], read: Callable[[Columns], Cells]) -> Cells:
        unread: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
        thousands = False
        for sheet, rows in self._holding(header):
            cells = read(sheet)
            known = ~pd.isna(cells.values)
            values[rows[known]] = cells.values[known]
            unread.append(rows[np.isin(sheet.lines, cells.unread)] + 1)
            thousands = thousands or cells.thousands
        return Cells(values, np.sort(np.concatenate(unread)), thousands)


def join(sheets: Sequence[Columns]) -> Columns:
    """Put sheets together; a single one is what it is.

    Raises
    ------
    UsageError
        Dates or geos stand in columns of different names.
    AttributionError
        A sheet has no dates, or two of them give the same cell.
    """
    if len(sheets) == 1:
        return sheets[0]
    date, days = _dates(sheets)
    geo = _geo(sheets, date, days)
    keys = [pd.DataFrame({"day": d, "geo": s.names(geo) if geo else "national"}).assign(sheet=i)
            for i, (s, d) in enumerate(zip(sheets, days, strict=True))]  # fmt: skip
    stacked = pd.concat(keys, ignore_index=True)
    number = stacked.groupby(["day", "geo"], sort=False, dropna=False).ngroup().to_numpy()
    rows = tuple(number[stacked["sheet"].to_numpy() == i] for i in range(len(sheets)))
    _once(sheets, rows, {date, geo})
    return Joined(sheets, rows)


def _dates(sheets: Sequence[Columns]) -> tuple[str, list[NDArray[np.datetime64]]]:
    """The column of dates, which has the same name in all; rows without one are left out where they are totals."""
    found: dict[str, str] = {}
    days = []
    for sheet in sheets:
        date, at, _ = find_date(sheet, *split(sheet))
        if drop_totals(sheet, date, sheet.days(date)) or len(sheet.lines) < len(at):
            date, at, _ = find_date(sheet, *split(sheet))
        found.setdefault(date, sheet.name)
        days.append(at)
    if len(found) > 1:
        raise UsageError(_different("dates", found))
    return next(iter(found)), days


def _different(what: str, found: dict[str, str]) -> str:
    where = listed(f'"{column}" in {name}' for column, name in found.items())
    return f"Files are put together by date and geo, but {what} stand in {where}. Give the column one name in all."


def _geo(sheets: Sequence[Columns], date: str, days: Sequence[NDArray[np.datetime64]]) -> str | None:
    """The column of geos: that of any sheet whose dates repeat; else one that parts sheets with the same columns."""
    found: dict[str, str] = {}
    for sheet, at in zip(sheets, days, strict=True):
        numbers, texts = split(sheet)
        geo = find_geo(sheet, [t for t in texts if t != date], {n: v for n, v in numbers.items() if n != date}, at)[0]
        if geo is not None:
            found.setdefault(geo, sheet.name)
    if len(found) > 1:
        raise UsageError(_different("geos", found))
    if found:
        geo = next(iter(found))
        without = [sheet.name for sheet in sheets if geo not in sheet.headers]
        if without:
            msg = f'{found[geo]} has a row for each "{geo}" of a date, and {listed(without)} has no such column. '
            raise UsageError(msg + "Repeat its rows for every geo, with that column.")
        return geo
    common = [t for t in split(sheets[0])[1] if t != date and all(t in sheet.headers for sheet in sheets)]
    each = [{t: {n for n in sheet.names(t) if n is not None} for t in common} for sheet in sheets]
    apart = (t for t in common if all(len(e[t]) == 1 for e in each) and len(set().union(*(e[t] for e in each))) > 1)
    return next(apart, None)


def _once(sheets: Sequence[Columns], rows: Rows, keys: set[str | None]) -> None:
    """Refuse two values of one cell.

    Raises
    ------
    AttributionError
    """
    seen: dict[str, list[NDArray[np.int64]]] = {}
    for sheet, at in zip(sheets, rows, strict=True):
        for header in sheet.headers:
            if header not in keys:
                cells = sheet.names(header)
                filled = np.array([c is not None and c.lower() not in EMPTY for c in cells], dtype=bool)
                seen.setdefault(header, []).append(at[filled])
    twice = [h for h, parts in seen.items() if len(np.unique(np.concatenate(parts))) < sum(map(len, parts))]
    if twice:
        names = ", ".join(sheet.name for sheet in sheets)
        msg = (
            f"{names}: files give the same date more than once for {listed(twice, 5)}. Take the rows out of one of "
            "them; where each file is a region, give all of them a column of regions."
        )
        raise AttributionError(msg)
