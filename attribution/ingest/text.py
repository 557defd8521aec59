"""What a delimited text file looks like: its delimiter, and where the header stands."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from attribution.errors import AttributionError, UsageError
from attribution.ingest.encodings import CHUNK, SAMPLE, Utf8
from attribution.ingest.layouts import known, numbered

# A cell may be as long as a line; the module's own limit would raise.
csv.field_size_limit(1 << 30)

DELIMITERS = (",", ";", "\t", "|", "\x01")
NAMED_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
LINE = "_line"
STATED = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
NUMBER = re.compile(r"[+-]?[\d.,]*\d[\d.,:/ T-]*")
# What no column is called: an e-mail address, a long number, a UUID or a digest, a date and time.
PERSONAL = re.compile(
    r"[^@\s]+@[^@\s]+\.\w+|\+?[\d ()-]{7,}|[0-9a-f-]{32,}|\d{4}-\d\d-\d\d[T ]\d\d?:\d\d.*|\w*\d{5,}\w*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How to read one text file, already in UTF-8.

    Attributes
    ----------
    path : Path
    encoding : str
        What the original was in.
    delimiter : str
    header : tuple of str
        Column names, made unique.
    skipped : int
        Physical lines before the first row: preamble, blank lines, header.
    plain : bool
        Whether a fast reader sees what the careful one sees: no NUL, no damaged bytes, one kind of line end.
    quoted : bool
        Whether there are quotes.
    lines : int
        Physical lines in the file, without blank ones at its end.
    renamed : tuple of str
        Header cells that were empty or repeated, as they are called now.
    """

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    skipped: int
    plain: bool
    quoted: bool
    lines: int
    renamed: tuple[str, ...] = ()

    @property
    def first_line(self) -> int:
        """Physical line (from 1) on which the first row after the header begins."""
        return self.skipped + 1


@dataclass(frozen=True, slots=True)
class _Characters:
    """Counts of the characters that matter to a reader."""

    size: int
    lines: int
    quotes: int
    plain: bool


def look(file: Utf8, name: str, delimiter: str | None, header: str | None) -> Shape:
    """Find the delimiter and the header of a text file.

    Raises
    ------
    AttributionError
        Where the file is empty, or has no header row and none was given.
    UsageError
        Where a given delimiter or header does not fit.
    """
    characters = _characters(file.path)
    if characters.size == 0:
        raise AttributionError(f'"{name}" is empty. Export it again.')
    lines = _sample(file.path, name)
    start = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if start is None:
        raise AttributionError(f'"{name}" holds no rows, only blank or comment lines. Export it again.')
    stated = STATED.fullmatch(lines[start])
    if stated and start + 1 < len(lines):
        start += 1
    found = _delimiter(lines[start : start + 60], delimiter or (stated[1] if stated else None))
    cells, taken = _record(lines, start, found)
    if header is not None:
        names, skipped = _given(header, len(cells), name), start
    else:
        _check_header(cells, lines[start + taken : start + taken + 60], found, name)
        names, skipped = [c.strip() for c in cells], start + taken
    unique, renamed = unique_names(names)
    plain = characters.plain and not file.damaged
    quoted = characters.quotes > 0
    return Shape(file.path, file.encoding, found, unique, skipped, plain, quoted, characters.lines, renamed)


def _given(header: str, width: int, name: str) -> list[str]:
    names = [h.strip() for h in header.split(",")]
    if len(names) != width:
        msg = f'"{name}" has {width} columns; --header names {len(names)}. Name each, separated by commas.'
        raise UsageError(msg)
    return names


def _sample(path: Path, name: str) -> list[str]:
    """Give the first lines; they end at a newline, a return or both, as the readers see them."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        sample = file.read(SAMPLE)
    lines = [line.rstrip("\r\n") for line in io.StringIO(sample, newline="")]
    if len(sample) < SAMPLE:
        return lines
    if len(lines) == 1:
        msg = f'"{name}" has no line end in its first {SAMPLE:,} characters: it is no table as text. Export it again.'
        raise AttributionError(msg)
    return lines[:-1]


def _characters(path: Path) -> _Characters:
    newlines = quotes = nuls = returns = pairs = size = 0
    blank_end, last = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            newlines += chunk.count(b"\n")
            quotes += chunk.count(b'"')
            nuls += chunk.count(b"\0")
            returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
            filled = chunk.rstrip(b"\r\n")
            blank_end = (0 if filled else blank_end) + chunk[len(filled) :].count(b"\n")
            last = chunk[-1:]
            size += len(chunk)
    plain = nuls == 0 and returns == pairs and pairs in {0, newlines}
    return _Characters(size, newlines - blank_end + 1, quotes, plain)


def _delimiter(lines: list[str], given: str | None) -> str:
    """Give the candidate that splits the most lines into the header's number of cells; ties: more cells."""
    if given is not None:
        found = NAMED_DELIMITERS.get(given.lower(), given)
        if len(found) != 1 or found in '"\r\n':
            raise UsageError(f'delimiter: "{given}" is not one character. Write , ; | or tab.')
        return found
    scores = []
    for candidate in DELIMITERS:
        widths = [len(row) for row in parsed(lines, candidate)]
        if widths and widths[0] > 1:
            scores.append((sum(w == widths[0] for w in widths) / len(widths), widths[0], candidate))
    # A header that splits into more cells wins over a slightly more regular one: "a;b" beside "1,5;2,5".
    scores.sort(key=lambda s: (round(s[0], 1), s[1]), reverse=True)
    return scores[0][2] if scores else ","


def parsed(lines: Iterable[str], delimiter: str) -> list[list[str]]:
    """Split lines as they stand; one that the csv module refuses is split at its delimiters."""
    rows = []
    reader = csv.reader((line for line in lines if line.strip()), delimiter=delimiter)
    while True:
        try:
            rows.append(next(reader))
        except StopIteration:
            return rows
        except csv.Error:
            continue


def _record(lines: list[str], start: int, delimiter: str) -> tuple[list[str], int]:
    """Give the cells of the record that begins on ``start``, and how many lines it takes."""
    text, taken = lines[start], 1
    while text.count('"') % 2 and start + taken < len(lines) and taken < 10:
        text += "\n" + lines[start + taken]
        taken += 1
    if text.count('"') % 2:
        text, taken = lines[start], 1
    rows = parsed(io.StringIO(text, newline=""), delimiter)
    return (rows[0] if len(rows) == 1 else text.split(delimiter)), taken


def _check_header(cells: list[str], following: list[str], delimiter: str, name: str) -> None:
    """Refuse a first row that looks like the rows below it; its cells are not shown, they may be personal."""
    same = [row for row in parsed(following, delimiter) if len(row) == len(cells) and row != cells]
    personal = any(PERSONAL.fullmatch(c.strip()) for c in cells)
    if personal or _like_numbers(cells, same) or _like_rows(cells, same):
        msg = (
            f'"{name}" has no header row: its first row looks like data ({len(cells)} columns). '
            "Name the columns in order: --header unified_id,timestamp,channel"
        )
        raise AttributionError(msg)


def _like_numbers(cells: list[str], rows: list[list[str]]) -> bool:
    """Say whether the first row has numbers just where the rows below have them.

    Years or ids as column names occur; a row with numbers is data when it looks like the rows below it.
    """
    if not any(NUMBER.fullmatch(c.strip()) for c in cells):
        return False
    return not rows or all(
        bool(NUMBER.fullmatch(c.strip())) == (2 * sum(bool(NUMBER.fullmatch(r[i].strip())) for r in rows) > len(rows))
        for i, c in enumerate(cells)
        if c.strip()
    )


def _like_rows(cells: list[str], rows: list[list[str]]) -> bool:
    """Say whether a cell is written as its column is below: ``u17`` above ``u18``, or the same text once more."""
    if any(known(c) for c in cells) or numbered(tuple(cells)):
        return False
    forms = Counter(_form(c) for c in cells)
    for i, cell in enumerate(cells):
        below = [row[i] for row in rows if row[i].strip()]
        form = _form(cell)
        digits = "9" in form and forms[form] == 1
        if digits and 2 * sum(_form(b) == form for b in below) > len(below):
            return True
        if cell.strip() and cell in below:
            return True
    return False


def _form(cell: str) -> str:
    return re.sub(r"\d+", "9", cell.strip().lower())


def unique_names(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Make names unique without regard to case; empty ones become ``column_3``.

    Returns
    -------
    tuple of (names, those that were changed)
    """
    names = list(names)
    taken = Counter(n.lower() for n in names)
    seen = {LINE}
    out, renamed = [], []
    for i, original in enumerate(names):
        base = original or f"column_{i + 1}"
        name, number = base, 1
        while name.lower() in seen or (name != original and name.lower() in taken):
            number += 1
            name = f"{base}_{number}"
        seen.add(name.lower())
        if name != original:
            renamed.append(name)
        out.append(name)
    return tuple(out), tuple(renamed)
