"""Duplicates across all files of a table: equal rows once, conversions with one ``conversion_id`` once.

Of each input a table has one file with the rows that count and, where there are duplicates, one with those
set aside. Nothing is thrown away, so when an input is read anew in another way, what it had displaced in
others comes back; the rows that count never depend on the order in which files came.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attribution.engine import connect, identifier, literal, read_parquet
from attribution.ingest.check import ROW
from attribution.workspace import PRIVATE, Workspace

# Rows of these tables are added up, so equal rows are two rows.
SUMMED = frozenset({"paths"})
# Equal rows have equal hashes; these are compared as well, so that equal hashes alone drop nothing.
COMPARED = (ROW, "unified_id", "timestamp", "date", "id_a", "id_b", "experiment")


def copy_private(connection: Any, query: str, target: Path) -> int:
    """Copy a query's rows into a Parquet file that only its owner can read; give the number of rows."""
    target.touch(mode=PRIVATE)
    found = connection.execute(f"COPY ({query}) TO {literal(target)} (FORMAT parquet, COMPRESSION lz4_raw)").fetchone()
    target.chmod(PRIVATE)
    return int(found[0])


def forget(workspace: Workspace, manifest: dict[str, Any], held: dict[str, Any]) -> None:
    """Take an input out; rows of others that it had displaced count again until they are settled anew."""
    manifest["inputs"].remove(held)
    for table, file in held["files"].items():
        manifest["tables"][table].remove(file)
        with connect(workspace.scratch()) as connection:
            for item in manifest["inputs"]:
                if table in item["aside"]:
                    _restore(connection, workspace, manifest, item, table)
        if not manifest["tables"][table]:
            del manifest["tables"][table]


def _restore(connection: Any, workspace: Workspace, manifest: dict[str, Any], item: dict[str, Any], table: str) -> None:
    files = [workspace.path / item["files"][table], workspace.path / item["aside"].pop(table)]
    item["settled"].remove(table)
    item["dropped"].pop(table)
    item["merged"] = 0 if table == "conversions" else item["merged"]
    target = _next_name(files[0])
    copy_private(connection, f"SELECT * FROM {read_parquet(files)}", target)
    _rename(workspace, manifest, item, table, target)
    count_rows(item)


def settle(workspace: Workspace, manifest: dict[str, Any], table: str) -> None:
    """Set aside rows that are there already, and conversions whose ``conversion_id`` is."""
    new = [i for i in manifest["inputs"] if table in i["files"] and table not in i["settled"]]
    if not new:
        return
    with connect(workspace.scratch()) as connection:
        for item in new:
            if table not in SUMMED:
                before = [i for i in manifest["inputs"] if table in i["settled"]]
                _set_duplicates_aside(connection, workspace, manifest, table, item, before)
            item["settled"].append(table)
        if table == "conversions":
            _merge_conversion_ids(connection, workspace, manifest)
    for item in manifest["inputs"]:
        count_rows(item)


def count_rows(item: dict[str, Any]) -> None:
    """Bring an input's counts in line with the rows that were set aside."""
    rows = item["rows"]
    rows["duplicates"] = item["dropped"].get(item["table"], 0)
    rows["kept"] = rows["read"] - rows["quarantined"] - rows["outside"] - rows["duplicates"]
    rows["kept"] -= rows.setdefault("forgotten", 0)
    rows["conversions_merged"] = item["merged"]


def _set_duplicates_aside(
    connection: Any,
    workspace: Workspace,
    manifest: dict[str, Any],
    table: str,
    item: dict[str, Any],
    before: list[dict[str, Any]],
) -> None:
    """Divide an input's rows into those that count and those equal to an earlier row in every source column."""
    relation = read_parquet([workspace.path / item["files"][table]])
    earlier = read_parquet([workspace.path / i["files"][table] for i in before]) if before else None
    twice = f"SELECT {ROW} FROM {relation} GROUP BY {ROW} HAVING count(*) > 1"
    if earlier is not None:
        twice += f" UNION SELECT {ROW} FROM {relation} WHERE {ROW} IN (SELECT {ROW} FROM {earlier})"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE twice AS {twice}")
    if not connection.execute("SELECT count(*) FROM twice").fetchone()[0]:
        return
    columns = _columns(connection, relation)
    same = [c for c in COMPARED if c in columns]
    keys = ", ".join(identifier(c) for c in same)
    there = "false"
    if earlier is not None:
        held = set(_columns(connection, earlier))
        taken = ", ".join(identifier(c) if c in held else f"NULL AS {identifier(c)}" for c in same)
        match = " AND ".join(f"e.{identifier(c)} IS NOT DISTINCT FROM n.{identifier(c)}" for c in same)
        narrowed = f"SELECT {taken} FROM {earlier} WHERE {ROW} IN (SELECT {ROW} FROM twice)"
        there = f"EXISTS (SELECT 1 FROM ({narrowed}) e WHERE {match})"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE candidates AS SELECT n.*, n._copy > 1 OR {there} AS _aside FROM (SELECT *, "
        f"row_number() OVER (PARTITION BY {keys}) AS _copy FROM {relation} WHERE {ROW} IN (SELECT {ROW} FROM twice)) n"
    )
    listed = ", ".join(identifier(c) for c in columns)
    rest = f"SELECT {listed} FROM {relation} WHERE {ROW} NOT IN (SELECT {ROW} FROM twice)"
    kept = f"{rest} UNION ALL SELECT {listed} FROM candidates WHERE NOT _aside"
    _divide(connection, workspace, manifest, item, table, kept, f"SELECT {listed} FROM candidates WHERE _aside")
    connection.execute("DROP TABLE candidates")


def _divide(
    connection: Any,
    workspace: Workspace,
    manifest: dict[str, Any],
    item: dict[str, Any],
    table: str,
    kept: str,
    aside: str,
) -> None:
    """Write the rows that count and those that do not into new files; rows set aside before stay there."""
    if not connection.execute(f"SELECT count(*) FROM ({aside})").fetchone()[0]:
        return
    target = _next_name(workspace.path / item["files"][table])
    place = target.with_name(f"{target.stem}.aside.parquet")
    if table in item["aside"]:
        aside += f" UNION ALL BY NAME SELECT * FROM {read_parquet([workspace.path / item['aside'][table]])}"
    item["dropped"][table] = copy_private(connection, aside, place)
    item["aside"][table] = str(place.relative_to(workspace.path))
    copy_private(connection, kept, target)
    _rename(workspace, manifest, item, table, target)


def _merge_conversion_ids(connection: Any, workspace: Workspace, manifest: dict[str, Any]) -> None:
    """Keep one row per ``conversion_id``, the earliest by time, then by content, whatever file came first."""
    inputs = [i for i in manifest["inputs"] if "conversions" in i["files"]]
    files = [workspace.path / i["files"]["conversions"] for i in inputs]
    columns = _columns(connection, read_parquet(files))
    if "conversion_id" not in columns:
        return
    order = ", ".join(identifier(c) for c in ["timestamp", *sorted(set(columns) - {"timestamp"})])
    rows = f"read_parquet([{', '.join(literal(f) for f in files)}], union_by_name = true, filename = true)"
    # A conversion_id with several rows is rare, and only those rows are put in order.
    several = f"SELECT conversion_id FROM {rows} WHERE conversion_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
    ranked = (
        f"SELECT filename, {ROW}, row_number() OVER (PARTITION BY conversion_id ORDER BY {order}) AS n FROM {rows} "
        f"WHERE conversion_id IN ({several})"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE doomed AS SELECT filename, {ROW} FROM ({ranked}) WHERE n > 1")
    counts = dict(connection.execute("SELECT filename, count(*) FROM doomed GROUP BY 1").fetchall())
    for item, file in zip(inputs, files, strict=True):
        if str(file) not in counts:
            continue
        relation = read_parquet([file])
        these = f"(SELECT {ROW} FROM doomed WHERE filename = {literal(file)})"
        kept, aside = (f"SELECT * FROM {relation} WHERE {ROW} {test} {these}" for test in ("NOT IN", "IN"))
        _divide(connection, workspace, manifest, item, "conversions", kept, aside)
        item["merged"] += counts[str(file)]


def _columns(connection: Any, relation: str) -> list[str]:
    return [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]


def _next_name(file: Path) -> Path:
    """Give a new name for a rewritten table file: what the last good manifest names is never altered."""
    stem, _, number = file.stem.partition(".")
    return file.with_name(f"{stem}.{int(number or 0) + 1}.parquet")


def _rename(workspace: Workspace, manifest: dict[str, Any], item: dict[str, Any], table: str, new: Path) -> None:
    """Let the manifest name the new file instead of the old one."""
    before, after = item["files"][table], str(new.relative_to(workspace.path))
    manifest["tables"][table] = [after if f == before else f for f in manifest["tables"][table]]
    item["files"][table] = after
