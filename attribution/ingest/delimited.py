"""Stage a text file: by the fast reader where it sees what the careful one sees, else by the careful one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np

from attribution.engine import connect, literal, read_parquet
from attribution.errors import AttributionError
from attribution.ingest.encodings import CHUNK, to_utf8
from attribution.ingest.refusals import Refusals, damaged
from attribution.ingest.rows import LONGEST_LINE, read_rows
from attribution.ingest.sources import Source
from attribution.ingest.staged import UNDECODED, Staged, TextRow, write_rows
from attribution.ingest.text import LINE, Shape, look
from attribution.settings import IngestSettings

LONGEST_READ = 64 << 20


def stage_text(source: Source, settings: IngestSettings, folder: Path) -> Staged:
    """Read delimited text into a relation."""
    shape = shape_of(source, settings, folder)
    shown = {"\t": "tab", "\x01": "Ctrl-A", " ": "space"}.get(shape.delimiter, shape.delimiter)
    read_as = f"text, {shape.encoding}, delimiter {shown}"
    columns = dict.fromkeys(shape.header, "VARCHAR")
    target = folder / "rows.parquet"
    refused = Refusals(folder / "refused.jsonl", source.name)
    rows = fast(shape, target) if fast_enough(shape) else None
    if rows is not None:
        relation = (
            f"(SELECT * EXCLUDE (file_row_number), file_row_number + {shape.first_line} AS {LINE} "
            f"FROM read_parquet({literal(target)}, file_row_number = true))"
        )
        return Staged(source, relation, columns, rows, refused, read_as=read_as, renamed=shape.renamed)
    repaired: dict[str, int] = {}
    written = write_rows(target, shape.header, _careful(shape, source.name, refused, repaired), refused)
    return Staged(source, read_parquet([target]), columns, written, refused, repaired, read_as, shape.renamed)


def shape_of(source: Source, settings: IngestSettings, folder: Path) -> Shape:
    """Look at a text source."""
    file = to_utf8(source.path, source.name, settings.encoding, folder)
    return look(file, source.name, settings.delimiter, settings.header)


def fast_enough(shape: Shape) -> bool:
    """Say whether the fast reader can be trusted with a file, as far as its characters tell.

    Every row must have the header's number of cells, since the fast reader drops empty ones at the end
    without a word, and no quote may stand within a cell or beside a blank, since readers disagree about those.
    """
    if not shape.plain or len(shape.header) == 1 or not shape.delimiter.isascii():
        return False
    if shape.quoted and _stray_quotes(shape):
        return False
    return _delimiters(shape) == (len(shape.header) - 1) * (shape.lines - shape.skipped)


def _stray_quotes(shape: Shape) -> bool:
    outside = rb'[^\r\n"' + re.escape(shape.delimiter.encode()) + rb"]"
    stray = re.compile(outside + rb'"' + outside)
    kept = b"\n"
    with shape.path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if stray.search(kept + chunk):
                return True
            kept = chunk[-2:]
    return False


def _delimiters(shape: Shape) -> int:
    """Count the delimiters outside quotes, below the header."""
    code, quote = ord(shape.delimiter), ord('"')
    found, inside = 0, 0
    with shape.path.open("rb") as file:
        for _ in range(shape.skipped):
            file.readline()
        while chunk := file.read(CHUNK):
            if not shape.quoted:
                found += chunk.count(shape.delimiter.encode())
                continue
            characters = np.frombuffer(chunk, np.uint8)
            within = np.bitwise_xor.accumulate((characters == quote).view(np.uint8)) ^ inside
            found += int(np.count_nonzero((characters == code) & (within == 0)))
            inside = int(within[-1])
    return found


def fast(shape: Shape, target: Path) -> int | None:
    """Let DuckDB read the file in parallel; None where it and the count of lines disagree.

    Every line being one row, line numbers follow from the order; a newline inside a quoted cell, a blank
    line or a row of another width makes the counts differ, and the careful reader takes over.
    """
    names = ", ".join(f"{literal(n)}: 'VARCHAR'" for n in shape.header)
    quote = literal('"' if shape.quoted else "")
    options = (
        f"auto_detect = false, header = false, skip = {shape.skipped}, delim = {literal(shape.delimiter)}, "
        f"quote = {quote}, escape = {quote}, strict_mode = true, null_padding = false, "
        f"max_line_size = {LONGEST_LINE}, columns = {{{names}}}"
    )
    query = f"SELECT * FROM read_csv({literal(shape.path)}, {options})"
    try:
        with connect(target.parent, ordered=True) as connection:
            found = connection.execute(
                f"COPY ({query}) TO {literal(target)} (FORMAT parquet, COMPRESSION lz4_raw)"
            ).fetchone()
    except duckdb.Error:
        found = None
    if found and int(found[0]) == shape.lines - shape.skipped:
        return int(found[0])
    target.unlink(missing_ok=True)
    return None


def _careful(shape: Shape, name: str, refused: Refusals, repaired: dict[str, int]) -> Iterator[TextRow]:
    lines = _lines(shape.path, name)
    for _ in range(shape.skipped):
        next(lines, None)
    for row in read_rows(lines, shape.delimiter, len(shape.header), shape.first_line):
        if row.cells is None:
            refused.add(row.line, row.reason, row.raw)
            continue
        if damaged(row.raw):
            refused.add(row.line, UNDECODED, row.raw)
            continue
        if row.reason:
            repaired[row.reason] = repaired.get(row.reason, 0) + 1
        yield [cell or None for cell in row.cells], row.line


def _lines(path: Path, name: str) -> Iterator[str]:
    """Yield physical lines with their ends: a newline, a lone return, or both."""
    # newline="" keeps the ends as they are; surrogates stand for bytes that are no UTF-8.
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        number = 0
        while line := file.readline(LONGEST_READ):
            number += 1
            if len(line) >= LONGEST_READ:
                long = f"longer than {LONGEST_READ >> 20} million characters"
                msg = f'"{name}": line {number:,} is {long}. Export it again.'
                raise AttributionError(msg)
            yield line
