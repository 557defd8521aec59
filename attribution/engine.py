"""The one place that opens DuckDB, and the way SQL text quotes names and values."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

# Journeys of 100 M touches must fit beside DuckDB's own buffers in 4 GB.
MEMORY_LIMIT = "1500MB"


def identifier(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """A text as a quoted SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def threads() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def connect(scratch: Path | None = None, *, ordered: bool = False) -> Iterator[Any]:
    """Open an in-memory DuckDB that spills to ``scratch`` and never looks outside.

    Parameters
    ----------
    scratch : Path or None
        Folder for spilled data; None keeps everything in memory.
    ordered : bool
        Keep the order of rows when a file is copied (line numbers depend on it); slower.
    """
    options: dict[str, Any] = {
        "threads": threads(),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": ordered,
    }
    if scratch is not None:
        options |= {"memory_limit": MEMORY_LIMIT, "temp_directory": str(scratch)}
    connection = duckdb.connect(config=options)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


def one_row(connection: Any, query: str) -> tuple[Any, ...]:
    """The only row of a query; read to its end, so that the connection is free for other work."""
    (row,) = connection.execute(query).fetchall()
    return tuple(row)


def read_parquet(paths: list[Path]) -> str:
    """SQL that reads Parquet files as one relation, columns matched by name."""
    return f"read_parquet([{', '.join(literal(p) for p in paths)}], union_by_name = true)"
