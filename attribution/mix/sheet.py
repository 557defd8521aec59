"""A file as a sheet: columns read as numbers, dates or names, each cell that cannot be read known by its line."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from attribution.engine import connect, identifier, literal
from attribution.errors import AttributionError, UsageError
from attribution.findings import Finding
from attribution.ingest.check import BLANKS
from attribution.ingest.database import said
from attribution.ingest.numbers import find_number
from attribution.ingest.sources import find_sources
from attribution.ingest.stage import stage
from attribution.ingest.staged import Staged
from attribution.ingest.text import LINE
from attribution.ingest.timestamps import WINDOW, TimeFormat, check_format, find_format
from attribution.settings import IngestSettings

# What exports write into a cell that has no number.
EMPTY = ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", ".", "missing")
THOUSANDS = "^\\D*[1-9][0-9]{0,2}[.][0-9]{3}\\D*$"
# What a column without a name is called.
NAMELESS = re.compile(r"column_\d+")


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """One column of a sheet.

    Attributes
    ----------
    values : array
        Numbers (NaN where empty) or days (NaT where empty).
    unread : array of int
        Lines of cells that hold something else; they are empty in `values`.
    thousands : bool
        Whether every point stands before three digits: 60.123 may be sixty or sixty thousand; it is read as sixty.
    """

    values: NDArray[Any]
    unread: NDArray[np.int64]
    thousands: bool = False

    def where(self) -> str:
        """How many cells cannot be read, and on which line the first stands."""
        if len(self.unread) == 1:
            return f"1 cell on line {self.unread[0]:,}"
        return f"{len(self.unread):,} cells (the first on line {self.unread[0]:,})"


class Columns(Protocol):
    """Rows with named columns that can be read in one way or another: a `Sheet`, or several as one (`joined`)."""

    name: str
    headers: tuple[str, ...]
    lines: NDArray[np.int64]

    def numbers(self, header: str) -> Cells:
        """Read a column as numbers."""

    def days(self, header: str) -> Cells:
        """Read a column as days."""

    def names(self, header: str) -> NDArray[np.object_]:
        """Read a column as text."""

    def drop(self, lines: NDArray[np.int64]) -> None:
        """Leave rows out."""


class Sheet:
    """One source, in order of its lines.

    Attributes
    ----------
    name : str
    headers : tuple of str
    lines : array of int
        Line (text) or row (tables) of each row.
    """

    def __init__(self, connection: Any, staged: Staged, settings: IngestSettings) -> None:
        self._connection, self._staged, self._settings = connection, staged, settings
        # Columns are read one by one; in memory that costs nothing.
        self._relation = f"sheet_{id(self)}"
        connection.execute(f"CREATE TEMP TABLE {self._relation} AS SELECT * FROM {staged.relation}")
        self._formats: dict[str, TimeFormat] = {}
        self.name = staged.source.name
        self.headers = tuple(staged.columns)
        self.lines = self._read(LINE)[0].astype(np.int64)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed while the file was split into cells."""
        found = []
        if self._staged.refused is not None and len(self._staged.refused):
            count = len(self._staged.refused)
            message = (
                f"{self.name}: {count:,} rows could not be split into as many cells as there are columns; left out."
            )
            found.append(Finding("warning", "rows-refused", message, "Mend them or export the file again.", count))
        repaired = sum(self._staged.repaired.values())
        if repaired:
            what = ", ".join(sorted(self._staged.repaired))
            found.append(
                Finding("info", "rows-repaired", f"{self.name}: {repaired:,} rows were repaired: {what}.", "", repaired)
            )
        return tuple(found)

    def numbers(self, header: str) -> Cells:
        """Read a column as numbers."""
        form = find_number(self._connection, self._relation, header, self._staged.columns[header])
        text = f"lower(trim({identifier(header)}::VARCHAR, {BLANKS}))"
        number = f"CASE {text} WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE {form.expression} END"
        values, empty = self._read(f"({number})::DOUBLE", self._empty(header))
        numbers = np.where(empty.astype(bool), np.nan, values.astype(float))
        unread = self.lines[~np.isfinite(numbers) & ~empty.astype(bool)]
        thousands = form.name == "number" and self._thousands(header)
        return Cells(np.where(np.isfinite(numbers), numbers, np.nan), unread, thousands)

    def days(self, header: str) -> Cells:
        """Read a column as days.

        Raises
        ------
        AttributionError
            Where most cells are no dates, or day and month cannot be told apart.
        """
        found = self._formats.get(header)
        if found is None:
            found = self._formats[header] = find_format(
                self._connection, self._relation, header, self._staged.columns[header], self.name,
                self._settings.timestamp_format, None,
            )  # fmt: skip
        value = f"CASE WHEN {found.expression} BETWEEN {WINDOW} THEN epoch_us({found.expression}) END"
        values, empty = self._read(f"({value})::DOUBLE", self._empty(header))
        nothing = np.isnan(values.astype(float))
        days = np.where(nothing, 0, np.nan_to_num(values.astype(float)) // 86_400_000_000).astype("datetime64[D]")
        days[nothing] = np.datetime64("NaT")
        return Cells(days, self.lines[nothing & ~empty.astype(bool)])

    def drop(self, lines: NDArray[np.int64]) -> None:
        """Leave rows out, by their lines."""
        if len(lines):
            which = ", ".join(str(int(line)) for line in lines)
            self._connection.execute(f"DELETE FROM {self._relation} WHERE {LINE} IN ({which})")
            self.lines = self._read(LINE)[0].astype(np.int64)

    def names(self, header: str) -> NDArray[np.object_]:
        """Read a column as text without blanks around it; None where empty."""
        text = f"nullif(trim({identifier(header)}::VARCHAR, {BLANKS}), '')"
        rows = self._connection.execute(f"SELECT {text} FROM {self._relation} ORDER BY {LINE}").fetchall()
        return np.array([*(row[0] for row in rows), None], dtype=object)[:-1]

    def _thousands(self, header: str) -> bool:
        """Whether at least three cells have a point, and each of them whole thousands before three digits."""
        if not self._staged.columns[header].startswith("VARCHAR"):
            return False
        pointed, grouped = self._connection.execute(
            f"SELECT count(*), count(*) FILTER (regexp_matches({identifier(header)}, '{THOUSANDS}')) "
            f"FROM {self._relation} WHERE contains({identifier(header)}, '.')"
        ).fetchone()
        return bool(pointed >= 3 and pointed == grouped)

    def _read(self, *expressions: str) -> tuple[NDArray[Any], ...]:
        listed = ", ".join(f"{e} AS c{i}" for i, e in enumerate(expressions))
        table = self._connection.execute(f"SELECT {listed} FROM {self._relation} ORDER BY {LINE}").fetchnumpy()
        return tuple(np.ma.filled(table[f"c{i}"], np.nan) for i in range(len(expressions)))

    def _empty(self, header: str) -> str:
        kind = self._staged.columns[header]
        if kind in {"FLOAT", "DOUBLE"}:
            return f"({identifier(header)} IS NULL OR isnan({identifier(header)}))"
        text = f"lower(trim({identifier(header)}::VARCHAR, {BLANKS}))"
        return f"(coalesce({text}, '') IN ({', '.join(literal(w) for w in EMPTY)}))"


def _check_header(sheet: Sheet) -> None:
    """Refuse a header that names hardly any column: title lines stand above the real one.

    Raises
    ------
    AttributionError
        Also where no row is below it.
    """
    nameless = sum(bool(NAMELESS.fullmatch(header)) for header in sheet.headers)
    if len(sheet.headers) > 2 and nameless >= len(sheet.headers) - 1:
        msg = (
            f"{sheet.name}: its first line names {len(sheet.headers) - nameless} of {len(sheet.headers)} columns. Do "
            "title lines stand above the header? Take them out, so that the file begins with the names of its columns."
        )
        raise AttributionError(msg)
    if not len(sheet.lines):
        raise AttributionError(f"{sheet.name}: there is no row below the header. Export it again.")


@contextmanager
def open_sheets(arguments: Sequence[str], settings: IngestSettings | None = None) -> Iterator[tuple[Sheet, ...]]:
    """Open every source that the arguments name: files of any kind that ``ingest`` reads, ``-`` for a pipe.

    Raises
    ------
    UsageError
        A file is missing or of no readable kind.
    AttributionError
        A file cannot be read.
    """
    settings = settings or IngestSettings()
    if settings.timestamp_format is not None:
        check_format(settings.timestamp_format)
    with tempfile.TemporaryDirectory(prefix="attribution-") as folder, connect() as connection:
        sources = [source for argument in arguments for source in find_sources(argument, Path(folder))]
        if not sources:
            raise UsageError("No file is named.")
        name = sources[0].name
        try:
            sheets = []
            for source in sources:
                name = source.name
                sheets.append(Sheet(connection, stage(source, settings, Path(folder)), settings))
                _check_header(sheets[-1])
            name = ", ".join(s.name for s in sheets)
            yield tuple(sheets)
        except (duckdb.Error, pa.ArrowException) as error:
            why = said(error) if isinstance(error, duckdb.Error) else type(error).__name__
            raise AttributionError(f'"{name}" cannot be read ({why}). It may be damaged: export it again.') from None
