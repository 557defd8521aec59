"""Rows of an export that are no period: blank lines, and the totals below a table."""

from __future__ import annotations

import re

import numpy as np

from attribution.findings import Finding
from attribution.mix.sheet import EMPTY, Cells, Columns

TOTALS = re.compile(
    r"(grand |sub)?(totals?|sums?|summe|gesamt\w*|insgesamt|zwischensumme|somme|totale|suma|average|avg|mean|"
    r"mittelwert|durchschnitt|moyenne|media)\b.*"
)
# A row without a date adds up the rows above it where most of its numbers are their sum, to rounding.
MOST, CLOSE = 0.5, 1e-3


def drop_totals(sheet: Columns, date: str, days: Cells) -> tuple[Finding, ...]:
    """Take rows out of a sheet that have no date and are blank, or add up the others.

    A row counts as one of totals where a cell of text says so, or most of its numbers are sums of their columns. Every
    other row without a date stays, for the reader to refuse.

    Parameters
    ----------
    date : str
        The column of dates.
    days : Cells
        What it reads as.
    """
    dateless = np.isnat(days.values)
    if not dateless.any() or dateless.all():
        return ()
    names = {header: sheet.names(header) for header in sheet.headers}
    numbers = {header: sheet.numbers(header).values for header in sheet.headers if header != date}
    blank, totals = [], []
    for row in np.flatnonzero(dateless):
        words = [str(column[row]).lower() for column in names.values() if column[row] is not None]
        filled = [word for word in words if word not in EMPTY]
        if not filled:
            blank.append(row)
        elif any(TOTALS.fullmatch(word) for word in filled) or (
            names[date][row] is None and _adds_up(numbers, dateless, int(row))
        ):
            totals.append(row)
    lines = sheet.lines[totals]
    sheet.drop(sheet.lines[[*blank, *totals]])
    if not totals:
        return ()
    which = (
        f"line {lines[0]:,} is a row" if len(totals) == 1 else f"{len(totals):,} rows (the first: line {lines[0]:,})"
    )
    return (Finding("info", "totals-left-out", f"{sheet.name}: {which} of totals; left out.", "", len(totals)),)


def _adds_up(numbers: dict[str, np.ndarray], dateless: np.ndarray, row: int) -> bool:
    above = ~dateless & (np.arange(len(dateless)) < row)
    same = []
    for values in numbers.values():
        total = float(np.nansum(values[above]))
        if np.isfinite(values[row]) and total:
            same.append(abs(values[row] - total) <= CLOSE * abs(total))
    return len(same) > 0 and sum(same) >= MOST * len(same)
