"""Rows of erased people in new files: left out and counted, never taken in again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attribution.engine import connect, literal, one_row
from attribution.identity.headers import id_columns, pair_columns
from attribution.identity.normalize import canonical
from attribution.identity.tombstones import erased_rows, key_of_workspace, read_tombstones, tombstone
from attribution.identity.unified import held_type
from attribution.ingest.settle import copy_private
from attribution.workspace import Workspace, write_atomically


def leave_out_erased(workspace: Workspace, manifest: dict[str, Any], item: dict[str, Any]) -> None:
    """Take rows of erased people out of the files of a new input, and count them as ``forgotten``.

    Parameters
    ----------
    workspace : Workspace
    manifest : dict
        As the change has it.
    item : dict
        The manifest's entry of the input.
    """
    if not manifest.get("identity", {}).get("tombstones"):
        return
    with connect(workspace.scratch()) as connection:
        for table, file in item["files"].items():
            removed = _filtered(connection, workspace, manifest, workspace.path / file, table)
            if table == item["table"]:
                item["rows"]["forgotten"] += removed
                item["rows"]["kept"] -= removed
    if item["quarantine"]:
        removed = _quarantine(workspace, manifest, workspace.path / item["quarantine"])
        item["rows"]["forgotten"] += removed
        item["rows"]["quarantined"] -= removed


def _filtered(connection: Any, workspace: Workspace, manifest: dict[str, Any], path: Path, table: str) -> int:
    rows = f"read_parquet({literal(path)}, file_row_number = true)"
    unified = held_type(manifest)
    selected, ids = pair_columns(connection, rows, unified)
    columns = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()]
    ids |= id_columns(table, columns, unified)
    relation = f"(SELECT {', '.join(['*', *selected])} FROM {rows})"
    gone = erased_rows(connection, workspace, manifest, relation, ids)
    if gone is None:
        return 0
    connection.execute(f"CREATE OR REPLACE TEMP TABLE gone AS {gone}")
    (number,) = one_row(connection, "SELECT count(*) FROM gone")
    if number:
        kept = f"SELECT * EXCLUDE (file_row_number) FROM {rows} WHERE file_row_number NOT IN (FROM gone)"
        target = path.with_name(f".{path.name}")
        copy_private(connection, kept, target)
        target.replace(path)
    return int(number)


def _quarantine(workspace: Workspace, manifest: dict[str, Any], path: Path) -> int:
    """Take lines out whose cells hold an erased id, of any type that was erased."""
    stones = set(read_tombstones(workspace, manifest))
    key = key_of_workspace(workspace, manifest)
    types = manifest["identity"]["erased_types"]

    def erased(text: str) -> bool:
        forms = ((kind, text if kind == "unified_id" else canonical(kind, text)) for kind in types)
        return any(form is not None and tombstone(key, kind, form) in stones for kind, form in forms)

    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if not any(erased(cell) for cell in cells_of(line))]
    if len(kept) < len(lines):
        write_atomically(path, b"".join(kept))
    return len(lines) - len(kept)


def cells_of(line: bytes) -> list[str]:
    """Cells of a quarantined row as text."""
    held = json.loads(line).get("row")
    cells = held.values() if isinstance(held, dict) else held if isinstance(held, list) else [held]
    return [str(cell) for cell in cells if cell is not None]
