"""A careful reader of delimited text: every physical line ends in exactly one row.

It is used where a fast reader could see something else than a person does: quotes, embedded newlines,
stray carriage returns, rows of the wrong width. RFC 4180 rules first; then, for a row that does not fit:

1. a quote that is never closed within fifty lines is text, and its line stands alone;
2. a row that fits once its quotes are taken as text is repaired;
3. a row too narrow that fits when joined to the lines after it was broken by an unquoted newline: joined
   (two neighbors that are short by the same number of cells are no such break);
4. a row too wide whose extra cells are empty loses them;
5. a row too narrow, of at least two cells, lacks empty cells at its end (exporters drop them): added;
6. any other row is quarantined, that line alone.

Repairs are counted. A row repaired wrongly has a time or an id that does not read, and the checks that
follow quarantine it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

LONGEST_SPAN = 50
LONGEST_LINE = 1 << 20
MOST_FRAGMENTS = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One logical row.

    Attributes
    ----------
    line : int
        Physical line on which it begins, from 1.
    span : int
        Physical lines it takes.
    cells : list of str or None
        None where the row is refused.
    raw : str
        The text, for the quarantine.
    reason : str
        Why it is refused, or how it was repaired; empty for a clean row.
    """

    line: int
    span: int
    cells: list[str] | None
    raw: str
    reason: str = ""


class _Lines:
    """Physical lines with a look ahead."""

    def __init__(self, lines: Iterable[str], first: int) -> None:
        self.source = iter(lines)
        self.buffer: list[str] = []
        self.number = first

    def peek(self, index: int) -> str | None:
        missing = index + 1 - len(self.buffer)
        if missing > 0:
            self.buffer.extend(islice(self.source, missing))
        return self.buffer[index] if index < len(self.buffer) else None

    def take(self, count: int) -> None:
        del self.buffer[:count]
        self.number += count


def read_rows(lines: Iterable[str], delimiter: str, width: int, first: int = 1) -> Iterator[Row]:
    """Yield logical rows of ``width`` cells from physical lines (with their line ends).

    Blank lines are passed over. The spans of the rows and the blank lines add up to the lines given.
    """
    queue = _Lines(lines, first)
    while (line := queue.peek(0)) is not None:
        if not line.strip("\r\n"):
            queue.take(1)
            continue
        row = _plain(queue.number, line, delimiter, width) or _next(queue, line, delimiter, width)
        yield row
        queue.take(row.span)


def _plain(number: int, line: str, delimiter: str, width: int) -> Row | None:
    """Give the row of a line without quotes and of the right width, which most lines are."""
    if line.count(delimiter) != width - 1 or '"' in line or "\0" in line or len(line) > LONGEST_LINE:
        return None
    return Row(number, 1, _split(line, delimiter), line)


def _next(queue: _Lines, line: str, delimiter: str, width: int) -> Row:
    number = queue.number
    if len(line) > LONGEST_LINE:
        return Row(number, 1, None, line, f"line longer than {LONGEST_LINE:,} characters")
    if "\0" in line:
        return Row(number, 1, None, line, "NUL character in the line")
    quoted = _quoted(queue, line, delimiter)
    if quoted is not None:
        cells, span, text = quoted
        if len(cells) == width:
            return Row(number, span, cells, text)
        if span == 1 and len(cells) > width and not any(c.strip() for c in cells[width:]):
            return Row(number, 1, cells[:width], text, "empty cells at the end removed")
    if '"' in line:
        plain = _split(line, delimiter)
        if len(plain) == width:
            return Row(number, 1, plain, line, "stray quotes taken as text")
    joined = _joined(queue, line, delimiter, width)
    if joined is not None:
        return Row(number, joined[1], joined[0], joined[2], "unquoted newline in a cell: lines rejoined")
    if quoted is None:
        return Row(number, 1, None, line, "a quote is opened and not closed")
    cells = quoted[0] if quoted[1] == 1 else _split(line, delimiter)
    if quoted[1] == 1 and 2 <= len(cells) < width:
        return Row(number, 1, cells + [""] * (width - len(cells)), line, "missing cells at the end taken as empty")
    return Row(number, 1, None, line, f"{len(cells)} cells where the header has {width}")


def _quoted(queue: _Lines, line: str, delimiter: str) -> tuple[list[str], int, str] | None:
    """The record that begins here by RFC 4180, or None where a quote stays open."""
    text, span = line, 1
    quotes = line.count('"')
    while quotes % 2:
        more = queue.peek(span)
        if more is None or span >= LONGEST_SPAN or "\0" in more or len(text) > LONGEST_LINE:
            return None
        text += more
        quotes += more.count('"')
        span += 1
    if quotes == 0:
        return _split(text, delimiter), 1, text
    body = text.rstrip("\r\n")
    try:
        rows = list(csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None if span > 1 else (_lenient(body, delimiter), 1, text)
    if len(rows) != 1:
        return None
    return rows[0], span, text


def _lenient(body: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([body], delimiter=delimiter), [])
    except csv.Error:
        return _split(body, delimiter)


def _split(line: str, delimiter: str) -> list[str]:
    return line.rstrip("\r\n").split(delimiter)


def _joined(queue: _Lines, line: str, delimiter: str, width: int) -> tuple[list[str], int, str] | None:
    cells = _split(line, delimiter)
    text = line
    for span in range(1, MOST_FRAGMENTS):
        if len(cells) >= width:
            return None
        more = queue.peek(span)
        if more is None or not more.strip("\r\n") or '"' in more or "\0" in more:
            return None
        fragment = _split(more, delimiter)
        if len(fragment) >= width or (span == 1 and len(fragment) == len(cells)):
            return None
        cells = [*cells[:-1], cells[-1] + "\n" + fragment[0], *fragment[1:]]
        text += more
        if len(cells) == width:
            return cells, span + 1, text
    return None
