"""What a workspace holds after an ingest, for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from attribution.ingest.ingest import ingest
from attribution.ingest.report import IngestReport
from attribution.settings import IngestSettings
from attribution.workspace import Workspace


def read_in(
    folder: Path, inputs: Mapping[str | None, Sequence[Path | str]], **settings: Any
) -> tuple[Workspace, IngestReport]:
    """Ingest into ``folder/ws`` and check that every row of every file is accounted for."""
    workspace = Workspace(folder / "ws")
    report = ingest(workspace, {t: [str(p) for p in paths] for t, paths in inputs.items()}, IngestSettings(**settings))
    for file in report.files:
        rows = file.rows
        assert rows.read == rows.kept + rows.duplicates + rows.quarantined + rows.outside, file.name
        assert min(rows.kept, rows.duplicates, rows.quarantined, rows.outside) >= 0
        assert rows.quarantined == sum(file.reasons.values()) == len(quarantined(workspace, file.quarantine))
    return workspace, report


def quarantined(workspace: Workspace, name: str | None) -> list[dict[str, Any]]:
    """The rows in a quarantine file."""
    if name is None:
        return []
    return [json.loads(line) for line in (workspace.path / name).read_bytes().splitlines()]


def stored(workspace: Workspace, table: str, columns: str = "COLUMNS(lambda c: c != '_row')") -> list[tuple[Any, ...]]:
    """The rows of a table, sorted."""
    relation = workspace.table(table)
    if relation is None:
        return []
    with duckdb.connect() as connection:
        rows: list[tuple[Any, ...]] = connection.execute(f"SELECT {columns} FROM {relation} ORDER BY ALL").fetchall()
    return rows


def relation_of(files: list[Path]) -> Any:
    """Parquet files as a DataFrame."""
    listed = ", ".join(f"'{f}'" for f in files)
    return duckdb.sql(f"SELECT * FROM read_parquet([{listed}], union_by_name = true)").df()
