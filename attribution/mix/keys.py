"""What tells the rows of a panel apart: its column of dates, and that of geos."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import AttributionError, listed
from attribution.mix import names
from attribution.mix.calendar import Calendar, find_calendar
from attribution.mix.sheet import Columns


def split(sheet: Columns) -> tuple[dict[str, NDArray[np.float64]], list[str]]:
    """Columns of numbers, and the others."""
    numbers, texts = {}, []
    for header in sheet.headers:
        cells = sheet.numbers(header)
        filled = int(np.isfinite(cells.values).sum())
        if filled and len(cells.unread) <= 0.02 * filled:
            numbers[header] = cells.values
        else:
            texts.append(header)
    return numbers, texts


def find_date(
    sheet: Columns, numbers: dict[str, NDArray[np.float64]], texts: list[str]
) -> tuple[str, NDArray[np.datetime64], Calendar]:
    """The first column that reads as the dates of a panel, those named like one before the others."""
    named = [t for t in texts if names.DATE.search(names.plain(t))]
    plain = [n for n in numbers if names.plain(n) in ("date", "day", "week", "month", "ds", "time")]
    refused = ""
    for header in [*named, *plain, *(t for t in texts if t not in named)]:
        try:
            cells = sheet.days(header)
            known = cells.values[~np.isnat(cells.values)]
            if len(known) < 0.9 * len(cells.values):
                continue
            return header, cells.values, find_calendar(known, sheet.name)
        except AttributionError as error:
            refused = refused or (str(error) if header in named else "")
    raise AttributionError(
        refused
        or f"{sheet.name}: no column reads as dates. Found: {listed(sheet.headers)}. A panel has a row for each "
        "period, with its first day (2024-01-01), month (2024-01) or ISO week (2024-W01)."
    )


def find_geo(
    sheet: Columns, texts: list[str], numbers: dict[str, NDArray[np.float64]], days: NDArray[np.datetime64]
) -> tuple[str | None, NDArray[np.object_], str]:
    """The column that tells rows of one date apart."""
    none = np.full(len(days), "national", dtype=object)
    if len(np.unique(days)) == len(days):
        return None, none, "every date occurs once: a national panel"
    fallback = [n for n in numbers if names.GEO.match(names.plain(n))]
    candidates = sorted([*texts, *fallback], key=lambda t: not names.GEO.match(names.plain(t)))
    for header in candidates:
        found = sheet.names(header)
        if not pd.DataFrame({"d": days, "g": found}).duplicated().any() and len(set(found)) < len(found):
            return header, found, f"dates repeat, and {len(set(found))} values of this column tell them apart"
    again = pd.Series(days).duplicated().to_numpy()
    day, line = str(days[again][0]), int(sheet.lines[again][0])
    msg = (
        f"{sheet.name}: dates repeat ({int(again.sum()):,} rows; the first: {day}, line {line:,}) and no column tells "
        f"the rows of a date apart. Found: {listed(sheet.headers)}. Keep one row for each date, or add a column geo."
    )
    raise AttributionError(msg)
