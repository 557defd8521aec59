"""Stage a Parquet file, or a table or query of a DuckDB or SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from attribution.engine import connect, identifier, literal, read_parquet
from attribution.errors import AttributionError, UsageError, did_you_mean, listed
from attribution.ingest.refusals import Refusals
from attribution.ingest.sources import Source
from attribution.ingest.staged import Staged, TextRow, write_rows
from attribution.ingest.text import LINE, unique_names

# These speak of names and files; the others may quote a cell, which no message does.
OUTSPOKEN = (duckdb.CatalogException, duckdb.BinderException, duckdb.ParserException, duckdb.IOException)


def said(error: duckdb.Error) -> str:
    """Give what an error of the database says, where it cannot say a cell of the data."""
    first = str(error).splitlines()[0] if isinstance(error, OUTSPOKEN) else ""
    return first or type(error).__name__.removesuffix("Exception")


def stage_parquet(source: Source, read_as: str = "Parquet") -> Staged:
    """Read a Parquet file as a relation, where it lies."""
    if source.path.stat().st_size == 0:
        raise AttributionError(f'"{source.name}" is empty. Export it again.')
    inner = f"read_parquet({literal(source.path)}, file_row_number = true)"
    try:
        with connect() as connection:
            described = connection.execute(f"DESCRIBE SELECT * FROM {inner}").fetchall()
            rows = connection.execute(f"SELECT count(*) FROM {inner}").fetchone()[0]
    except duckdb.Error as error:
        msg = f'"{source.name}" is no readable Parquet file ({type(error).__name__}). Export it again.'
        raise AttributionError(msg) from None
    found = [(row[0], row[1]) for row in described if row[0] != "file_row_number"]
    names, renamed = unique_names(name for name, _ in found)
    cells = ", ".join(f"{identifier(old)} AS {identifier(new)}" for (old, _), new in zip(found, names, strict=True))
    relation = f"(SELECT {cells}, file_row_number + 1 AS {LINE} FROM {inner})"
    columns = {new: kind for (_, kind), new in zip(found, names, strict=True)}
    return Staged(source, relation, columns, rows, read_as=read_as, renamed=renamed)


def stage_database(source: Source, folder: Path) -> Staged:
    """Read a table or a query's result into a relation."""
    if not source.query:
        raise UsageError(f'"{source.name}" names no table or query. Write: {source.path}::TABLE')
    try:
        return _sqlite(source, folder) if source.format == "sqlite" else _duckdb(source, folder)
    except duckdb.Error as error:
        raise UsageError(f'"{source.name}" cannot be read: {said(error)}') from None
    except sqlite3.Error as error:
        raise UsageError(f'"{source.name}" cannot be read: {error}') from None


def _select(query: str, tables: list[str], source: Source) -> str:
    if query in tables:
        return f"SELECT * FROM {identifier(query)}"
    if query.lower().startswith(("select ", "select\n", "with ", "from ")):
        return query.rstrip("; \n")
    msg = f'No table "{query}" in {source.path}.{did_you_mean(query, tables)} Found: {listed(tables)}.'
    raise UsageError(msg)


def _duckdb(source: Source, folder: Path) -> Staged:
    target = folder / "rows.parquet"
    with duckdb.connect(str(source.path), read_only=True) as connection:
        tables = [row[0] for row in connection.execute("SHOW TABLES").fetchall()]
        query = _select(source.query, tables, source)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({query}) TO {literal(target)} (FORMAT parquet)")
    staged = stage_parquet(Source(source.name, target, "parquet"))
    return Staged(source, staged.relation, staged.columns, staged.rows, read_as="DuckDB", renamed=staged.renamed)


def _sqlite(source: Source, folder: Path) -> Staged:
    target = folder / "rows.parquet"
    refused = Refusals(folder / "refused.jsonl", source.name)
    connection = sqlite3.connect(f"{source.path.resolve().as_uri()}?mode=ro", uri=True)
    # The module's own error about text that is no UTF-8 quotes the cell; such a row is refused instead.
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        names = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
        tables = [row[0] for row in connection.execute(names)]
        cursor = connection.execute(_select(source.query, tables, source))
        header, renamed = unique_names(d[0] for d in cursor.description)
        total = write_rows(target, header, _sql_rows(cursor), refused)
    finally:
        connection.close()
    columns = dict.fromkeys(header, "VARCHAR")
    return Staged(source, read_parquet([target]), columns, total, refused, read_as="SQLite", renamed=renamed)


def _sql_rows(cursor: Any) -> Iterator[TextRow]:
    for number, row in enumerate(cursor, 1):
        yield [_sql_cell(value) for value in row], number


def _sql_cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bytes):
        return value.hex()
    return repr(value) if isinstance(value, float) else str(value)
