"""Stage a source: any format becomes Parquet with a ``_line`` column, structure checked, nothing lost."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from attribution.engine import connect, identifier, literal, read_parquet
from attribution.errors import AttributionError, UsageError, did_you_mean, listed
from attribution.ingest.rows import LONGEST_LINE, read_rows
from attribution.ingest.sources import Source
from attribution.ingest.text import Shape, look, to_utf8
from attribution.settings import IngestSettings

CHUNK_ROWS = 100_000
LINE = "_line"
TEXT = pa.string()


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that could not be split into cells."""

    line: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Staged:
    """A source as a relation.

    Attributes
    ----------
    source : Source
    relation : str
        SQL relation; ``_line`` is the line (text), element (JSON) or row (tables) from 1.
    columns : dict of str to str
        Header to DuckDB type, without ``_line``.
    rows : int
        Rows in the relation.
    refused : list of Refused
    repaired : dict of str to int
        How many rows were repaired, by what was done.
    read_as : str
        One line for the user: format, encoding, delimiter.
    renamed : tuple of str
    """

    source: Source
    relation: str
    columns: dict[str, str]
    rows: int
    refused: list[Refused] = field(default_factory=list)
    repaired: dict[str, int] = field(default_factory=dict)
    read_as: str = ""
    renamed: tuple[str, ...] = ()


def stage(source: Source, settings: IngestSettings, scratch: Path) -> Staged:
    """Read one source into a relation; ``scratch`` takes the temporary Parquet files."""
    folder = scratch / f"staged-{len(list(scratch.glob('staged-*')))}"
    folder.mkdir(mode=0o700)
    if source.format == "text":
        return _text(source, settings, folder)
    if source.format == "json":
        return _json(source, settings, folder)
    if source.format == "parquet":
        return _parquet(source)
    return _database(source, folder)


def _text(source: Source, settings: IngestSettings, folder: Path) -> Staged:
    path, encoding = to_utf8(source.path, source.name, settings.encoding, folder)
    shape = look(path, source.name, encoding, settings.delimiter, settings.header)
    shown = {"\t": "tab", "\x01": "Ctrl-A"}.get(shape.delimiter, shape.delimiter)
    read_as = f"text, {shape.encoding}, delimiter {shown}"
    target = folder / "rows.parquet"
    rows = _fast(shape, target) if shape.plain and len(shape.header) > 1 else None
    if rows is not None:
        relation = (
            f"(SELECT * EXCLUDE (file_row_number), file_row_number + {shape.first_line} AS {LINE} "
            f"FROM read_parquet({literal(target)}, file_row_number = true))"
        )
        columns = dict.fromkeys(shape.header, "VARCHAR")
        return Staged(source, relation, columns, rows, read_as=read_as, renamed=shape.renamed)
    target.unlink(missing_ok=True)
    refused: list[Refused] = []
    repaired: dict[str, int] = {}
    written = _write(target, shape.header, _careful(shape, refused, repaired))
    columns = dict.fromkeys(shape.header, "VARCHAR")
    return Staged(source, read_parquet([target]), columns, written, refused, repaired, read_as, shape.renamed)


def _fast(shape: Shape, target: Path) -> int | None:
    """DuckDB reads a file without quotes in parallel; None where it and the line count disagree."""
    names = ", ".join(f"{literal(n)}: 'VARCHAR'" for n in shape.header)
    options = (
        f"auto_detect = false, header = false, skip = {shape.skipped}, delim = {literal(shape.delimiter)}, "
        f"quote = '', escape = '', strict_mode = true, null_padding = false, max_line_size = {LONGEST_LINE}, "
        f"columns = {{{names}}}"
    )
    query = f"SELECT * FROM read_csv({literal(shape.path)}, {options})"
    expected = shape.newlines + (0 if shape.ends_with_newline else 1) - shape.skipped
    try:
        with connect(target.parent, ordered=True) as connection:
            found = connection.execute(
                f"COPY ({query}) TO {literal(target)} (FORMAT parquet, COMPRESSION snappy)"
            ).fetchone()
    except duckdb.Error:
        return None
    return int(found[0]) if found and int(found[0]) == expected else None


def _careful(shape: Shape, refused: list[Refused], repaired: dict[str, int]) -> Iterator[tuple[list[str | None], int]]:
    # newline="": a line ends at \n, \r\n or a lone \r, and keeps its end.
    with shape.path.open(encoding="utf-8", errors="replace", newline="") as file:
        lines = iter(file)
        for _ in range(shape.skipped):
            next(lines, None)
        for row in read_rows(lines, shape.delimiter, len(shape.header), shape.first_line):
            if row.cells is None:
                refused.append(Refused(row.line, row.reason, row.raw))
                continue
            if row.reason:
                repaired[row.reason] = repaired.get(row.reason, 0) + 1
            yield [cell or None for cell in row.cells], row.line


def _write(target: Path, header: tuple[str, ...], rows: Iterable[tuple[list[str | None], int]]) -> int:
    """Write rows of text with their line numbers in chunks; give their number."""
    schema = pa.schema([*((name, TEXT) for name in header), (LINE, pa.int64())])
    total = 0
    with pq.ParquetWriter(target, schema) as writer:
        cells: list[list[str | None]] = []
        lines: list[int] = []

        def flush() -> None:
            columns: list[Any] = list(zip(*cells, strict=True)) if cells else [[] for _ in header]
            arrays = [pa.array(c, TEXT) for c in columns]
            writer.write_table(pa.Table.from_arrays([*arrays, pa.array(lines, pa.int64())], schema=schema))
            cells.clear()
            lines.clear()

        for row, line in rows:
            cells.append(row)
            lines.append(line)
            total += 1
            if len(cells) >= CHUNK_ROWS:
                flush()
        flush()
    return total


def _json(source: Source, settings: IngestSettings, folder: Path) -> Staged:
    path, encoding = to_utf8(source.path, source.name, settings.encoding, folder)
    refused: list[Refused] = []
    files: list[Path] = []
    header: dict[str, None] = {}
    total = 0
    for chunk in _chunks(_objects(path, source.name, refused)):
        names = tuple(dict.fromkeys(name for record, _ in chunk for name in record))
        header |= dict.fromkeys(names)
        target = folder / f"rows-{len(files):05d}.parquet"
        total += _write(target, names, (([r.get(n) for n in names], line) for r, line in chunk))
        files.append(target)
    if not files:
        if not refused:
            raise AttributionError(f'"{source.name}" is empty. Export it again.')
        raise AttributionError(
            f'"{source.name}" holds no JSON objects: {refused[0].reason} (line {refused[0].line}). '
            "One object per line, or one array of objects, is read."
        )
    columns = dict.fromkeys(header, "VARCHAR")
    return Staged(source, read_parquet(files), columns, total, refused, read_as=f"JSON, {encoding}")


def _chunks(records: Iterable[tuple[dict[str, str | None], int]]) -> Iterator[list[tuple[dict[str, str | None], int]]]:
    chunk: list[tuple[dict[str, str | None], int]] = []
    for record in records:
        chunk.append(record)
        if len(chunk) >= CHUNK_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _objects(path: Path, name: str, refused: list[Refused]) -> Iterator[tuple[dict[str, str | None], int]]:
    with path.open("rb") as file:
        first = file.read(4096).lstrip()[:1]
        file.seek(0)
        if first == b"[":
            try:
                elements = msgspec.json.decode(file.read())
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise AttributionError(f'"{name}" is not valid JSON: {error}. Export it again.') from None
            for number, element in enumerate(elements, 1):
                yield from _object(element, number, json.dumps(element), refused)
            return
        decoder = msgspec.json.Decoder()
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                element = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                refused.append(Refused(number, "not valid JSON", line.decode("utf-8", "replace")))
                continue
            yield from _object(element, number, line.decode("utf-8", "replace"), refused)


def _object(element: Any, line: int, raw: str, refused: list[Refused]) -> Iterator[tuple[dict[str, str | None], int]]:
    if not isinstance(element, dict):
        refused.append(Refused(line, "not a JSON object", raw))
        return
    record: dict[str, str | None] = {}
    for key, value in element.items():
        if isinstance(value, dict):
            record |= {f"{key}.{inner}": _cell(v) for inner, v in value.items()}
        else:
            record[key] = _cell(value)
    if not record:
        refused.append(Refused(line, "a JSON object without fields", raw))
        return
    record.pop(LINE, None)
    yield record, line


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def _parquet(source: Source) -> Staged:
    inner = f"read_parquet({literal(source.path)}, file_row_number = true)"
    try:
        with connect() as connection:
            described = connection.execute(f"DESCRIBE SELECT * FROM {inner}").fetchall()
            rows = connection.execute(f"SELECT count(*) FROM {inner}").fetchone()[0]
    except duckdb.Error as error:
        text = str(error).splitlines()[0]
        raise AttributionError(f'"{source.name}" is no readable Parquet file: {text}. Export it again.') from None
    columns = {row[0]: row[1] for row in described if row[0] != "file_row_number"}
    relation = f"(SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS {LINE} FROM {inner})"
    return Staged(source, relation, columns, rows, read_as="Parquet")


def _database(source: Source, folder: Path) -> Staged:
    if not source.query:
        raise UsageError(f'"{source.name}" names no table or query. Write: {source.path}::TABLE')
    return _sqlite(source, folder) if source.format == "sqlite" else _duckdb(source, folder)


def _select(query: str, tables: list[str], source: Source) -> str:
    if query.lower().startswith(("select", "with", "from")):
        return query
    if query not in tables:
        msg = f'No table "{query}" in {source.path}.{did_you_mean(query, tables)} Found: {listed(tables)}.'
        raise UsageError(msg)
    return f"SELECT * FROM {identifier(query)}"


def _duckdb(source: Source, folder: Path) -> Staged:
    target = folder / "rows.parquet"
    try:
        with duckdb.connect(str(source.path), read_only=True) as connection:
            tables = [row[0] for row in connection.execute("SHOW TABLES").fetchall()]
            query = _select(source.query, tables, source)
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"COPY ({query}) TO {literal(target)} (FORMAT parquet)")
    except duckdb.Error as error:
        raise UsageError(f'"{source.name}" cannot be read: {str(error).splitlines()[0]}') from None
    staged = _parquet(Source(source.name, target, "parquet"))
    return Staged(source, staged.relation, staged.columns, staged.rows, read_as="DuckDB")


def _sqlite(source: Source, folder: Path) -> Staged:
    target = folder / "rows.parquet"
    try:
        connection = sqlite3.connect(f"{source.path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            names = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
            tables = [row[0] for row in connection.execute(names)]
            cursor = connection.execute(_select(source.query, tables, source))
            header = tuple(d[0] for d in cursor.description)
            rows = (([_sql_cell(v) for v in row], i) for i, row in enumerate(cursor, 1))
            total = _write(target, header, rows)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise UsageError(f'"{source.name}" cannot be read: {error}') from None
    return Staged(source, read_parquet([target]), dict.fromkeys(header, "VARCHAR"), total, read_as="SQLite")


def _sql_cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bytes):
        return value.hex()
    return repr(value) if isinstance(value, float) else str(value)


def header_of(source: Source, settings: IngestSettings, scratch: Path) -> tuple[str, ...]:
    """Column names of a source without reading its rows (of JSON: of its first thousand objects)."""
    if source.format == "text":
        path, encoding = to_utf8(source.path, source.name, settings.encoding, scratch)
        return look(path, source.name, encoding, settings.delimiter, settings.header).header
    if source.format == "json":
        path, _ = to_utf8(source.path, source.name, settings.encoding, scratch)
        refused: list[Refused] = []
        header: dict[str, None] = {}
        for record, _ in islice(_objects(path, source.name, refused), 1000):
            header |= dict.fromkeys(record)
        return tuple(header)
    return tuple(stage(source, settings, scratch).columns)
