"""A source as a relation, and the Parquet file that rows of text become."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from attribution.ingest.refusals import Refusals, damaged
from attribution.ingest.sources import Source
from attribution.ingest.text import LINE

CHUNK_ROWS = 100_000
TEXT = pa.string()
UNDECODED = "characters that cannot be decoded"
TextRow = tuple[list[str | None], int]


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
    refused : Refusals or None
        Rows that are not in the relation, since they could not be split into cells.
    repaired : dict of str to int
        How many rows were repaired, by what was done.
    read_as : str
        One line for the user: format, encoding, delimiter.
    renamed : tuple of str
        Columns that had no name, or one that was taken.
    """

    source: Source
    relation: str
    columns: dict[str, str]
    rows: int
    refused: Refusals | None = None
    repaired: dict[str, int] = field(default_factory=dict)
    read_as: str = ""
    renamed: tuple[str, ...] = ()


def write_rows(target: Path, header: tuple[str, ...], rows: Iterable[TextRow], refused: Refusals) -> int:
    """Write rows of text with their line numbers in chunks; give how many were written.

    A row with characters that cannot be encoded is refused.
    """
    schema = pa.schema([*((name, TEXT) for name in header), (LINE, pa.int64())])
    total = 0
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        chunk: list[TextRow] = []
        for row in rows:
            chunk.append(row)
            if len(chunk) >= CHUNK_ROWS:
                total += _flush(writer, schema, chunk, refused)
                chunk = []
        total += _flush(writer, schema, chunk, refused)
    return total


def _flush(writer: Any, schema: Any, chunk: list[TextRow], refused: Refusals) -> int:
    try:
        writer.write_table(_table(schema, chunk))
    except UnicodeEncodeError:
        whole = []
        for cells, line in chunk:
            if any(damaged(c) for c in cells):
                refused.add(line, UNDECODED, " | ".join(c or "" for c in cells))
            else:
                whole.append((cells, line))
        writer.write_table(_table(schema, whole))
        return len(whole)
    return len(chunk)


def _table(schema: Any, chunk: list[TextRow]) -> Any:
    columns = zip(*(cells for cells, _ in chunk), strict=True) if chunk else [[] for _ in schema.names[:-1]]
    arrays = [pa.array(c, TEXT) for c in columns]
    return pa.Table.from_arrays([*arrays, pa.array([line for _, line in chunk], pa.int64())], schema=schema)
