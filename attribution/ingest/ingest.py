"""Ingest: sources into the workspace's tables, every row accounted for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from attribution.engine import connect, identifier, literal, read_parquet
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.ingest.check import Checked, check, refused, selections
from attribution.ingest.layouts import Layout, recognise
from attribution.ingest.sources import Source, find_sources
from attribution.ingest.stage import Staged, stage
from attribution.ingest.timestamps import check_zone
from attribution.settings import IngestSettings
from attribution.tables import TABLES
from attribution.workspace import PRIVATE, Workspace, digest_of, digest_of_file

# Rows of these tables are added up, so equal rows are two rows.
SUMMED = frozenset({"paths"})


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What became of a source's rows: ``read = kept + duplicates + quarantined + outside``.

    ``repaired`` rows are among the others. ``conversions_merged`` counts conversions whose
    ``conversion_id`` was there already; their rows are among ``duplicates`` unless they hold a touch too.
    """

    read: int = 0
    kept: int = 0
    duplicates: int = 0
    quarantined: int = 0
    outside: int = 0
    repaired: int = 0
    conversions_merged: int = 0


@dataclass(frozen=True, slots=True)
class FileReport:
    """One source: what it was recognised as, how its columns were read, what became of its rows."""

    name: str
    layout: str
    read_as: str
    tables: dict[str, dict[str, str]]
    read: dict[str, str]
    rows: RowCounts
    reasons: dict[str, int] = field(default_factory=dict)
    quarantine: str | None = None
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class IngestReport:
    """All sources of one ingest, and what was noticed."""

    files: tuple[FileReport, ...]
    findings: tuple[Finding, ...]


def ingest(
    workspace: Workspace,
    inputs: Mapping[str | None, Sequence[str]],
    settings: IngestSettings | None = None,
) -> IngestReport:
    """Read files into the workspace.

    Parameters
    ----------
    workspace : Workspace
    inputs : mapping
        Table name (None: find it by the headers) to file arguments, as `find_sources` reads them.
    settings : IngestSettings, optional

    Returns
    -------
    IngestReport

    Raises
    ------
    UsageError
        A file is missing or not recognised; the workspace stays as it was.
    AttributionError
        A file cannot be read; the workspace stays as it was.
    """
    settings = settings or IngestSettings()
    unknown = set(inputs) - {None, *TABLES}
    if unknown:
        raise UsageError(f"No such table: {unknown.pop()}.")
    if not any(inputs.values()):
        raise UsageError("Nothing to ingest. Name files: attribution ingest --touchpoints FILE --conversions FILE.")
    if settings.timezone is not None:
        check_zone(settings.timezone)
    with workspace.write() as manifest:
        reports = []
        findings: list[Finding] = []
        changed: set[str] = set()
        unused = set(settings.columns)
        for table, arguments in inputs.items():
            for argument in arguments:
                for source in find_sources(argument, workspace.scratch()):
                    report, tables, used = _one(workspace, manifest, source, table, settings)
                    reports.append(report)
                    changed |= tables
                    unused -= used
        if unused:
            first = sorted(unused)[0]
            msg = f'--column {first}={settings.columns[first]}: no file has that column. Look at its header row.'
            raise UsageError(msg)
        for name in sorted(changed):
            _settle(workspace, manifest, name, reports)
        for report in reports:
            findings += _findings(report, settings)
        _record(manifest, reports)
    return IngestReport(tuple(reports), tuple(findings))


def _one(
    workspace: Workspace, manifest: dict[str, Any], source: Source, table: str | None, settings: IngestSettings
) -> tuple[FileReport, set[str], set[str]]:
    """Stage, recognise, check and write one source."""
    scratch = workspace.scratch()
    digest = digest_of(digest_of_file(source.path), source.query)
    choice = digest_of(table, settings.as_dict())
    held = next((i for i in manifest["inputs"] if i["digest"] == digest), None)
    staged = stage(source, settings, scratch)
    overrides = {k: h for k, h in settings.columns.items() if h in staged.columns}
    if held is not None and held["choice"] == choice:
        return _report(held, unchanged=True), set(), set(overrides)
    layout = recognise(tuple(staged.columns), table, overrides, source.name)
    if held is not None:
        _forget(manifest, held)
    with connect(scratch) as connection:
        checked = check(connection, staged, layout, settings)
        files: dict[str, list[str]] = {}
        kept = _write(connection, workspace, staged, checked, f"{digest}-{choice[:6]}", files)
        reasons, outside = ({}, 0) if kept == staged.rows else _reasons(connection, staged, checked)
        quarantine = _quarantine(connection, workspace, staged, checked, f"{digest}-{choice[:6]}", bool(reasons))
    for item in staged.refused:
        reasons[item.reason] = reasons.get(item.reason, 0) + 1
    rows = RowCounts(
        read=staged.rows + len(staged.refused),
        kept=staged.rows - outside - sum(reasons.values()) + len(staged.refused),
        quarantined=sum(reasons.values()),
        outside=outside,
        repaired=sum(staged.repaired.values()),
    )
    manifest["inputs"].append(
        {
            "name": source.name,
            "digest": digest,
            "choice": choice,
            "settings": settings.as_dict(),
            "layout": layout.name,
            "read_as": staged.read_as,
            "columns": layout.tables,
            "wide": list(layout.wide),
            "read": checked.read,
            "rows": msgspec.to_builtins(rows),
            "reasons": dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
            "repaired": staged.repaired,
            "renamed": list(staged.renamed),
            "quarantine": quarantine,
            "files": files,
        }
    )
    for name, written in files.items():
        manifest["tables"].setdefault(name, []).extend(written)
    return _report(manifest["inputs"][-1]), set(layout.tables), set(overrides)


def _write(
    connection: Any, workspace: Workspace, staged: Staged, checked: Checked, name: str, files: dict[str, list[str]]
) -> int:
    """Write the rows that passed; give how many rows the first table took."""
    first = 0
    for number, (table, query) in enumerate(selections(staged, checked)):
        folder = workspace.path / "tables" / table
        folder.mkdir(exist_ok=True, mode=0o700)
        target = folder / f"{name}.parquet"
        written = copy_private(connection, query, target)
        if number == 0:
            first = written
        files[table] = [str(target.relative_to(workspace.path))]
    return first


def copy_private(connection: Any, query: str, target: Path) -> int:
    """Copy a query's rows into a Parquet file that only its owner can read; give the number of rows."""
    target.touch(mode=PRIVATE)
    found = connection.execute(f"COPY ({query}) TO {literal(target)} (FORMAT parquet, COMPRESSION snappy)").fetchone()
    target.chmod(PRIVATE)
    return int(found[0])


def _reasons(connection: Any, staged: Staged, checked: Checked) -> tuple[dict[str, int], int]:
    outside = checked.outside or "false"
    rows = connection.execute(
        f"SELECT {checked.reason} AS reason, ({outside}) AS outside, count(*) FROM {staged.relation} GROUP BY ALL"
    ).fetchall()
    reasons: dict[str, int] = {}
    for reason, _, count in rows:
        if reason is not None:
            reasons[reason] = reasons.get(reason, 0) + count
    return reasons, sum(count for reason, out, count in rows if reason is None and out)


def _quarantine(
    connection: Any, workspace: Workspace, staged: Staged, checked: Checked, name: str, failed: bool
) -> str | None:
    """Write file, line, reason and the row itself, one JSON object a line, readable by the owner only."""
    if not failed and not staged.refused:
        return None
    target = workspace.path / "quarantine" / f"{name}.jsonl"
    encoder = msgspec.json.Encoder()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        for item in staged.refused:
            entry = {"file": staged.source.name, "line": item.line, "reason": item.reason, "text": item.raw}
            file.write(encoder.encode(entry) + b"\n")
        if failed:
            cursor = connection.execute(refused(staged, checked) + " ORDER BY 1")
            while rows := cursor.fetchmany(10_000):
                for line, reason, *cells in rows:
                    row = dict(zip(staged.columns, cells, strict=True))
                    entry = {"file": staged.source.name, "line": line, "reason": reason, "row": row}
                    file.write(encoder.encode(entry) + b"\n")
    return str(target.relative_to(workspace.path))


def _forget(manifest: dict[str, Any], held: dict[str, Any]) -> None:
    """The same file read in another way takes the place of the earlier reading."""
    manifest["inputs"].remove(held)
    for table, files in held["files"].items():
        left = [f for f in manifest["tables"].get(table, []) if f not in files]
        if left:
            manifest["tables"][table] = left
        else:
            manifest["tables"].pop(table, None)


def _settle(workspace: Workspace, manifest: dict[str, Any], table: str, reports: list[FileReport]) -> None:
    """Drop rows that are there already, in the new files only; keep counts in the reports."""
    if table in SUMMED:
        return
    new = [i for i in manifest["inputs"] if table in i["files"] and not i.get("settled", {}).get(table)]
    with connect(workspace.scratch()) as connection:
        for item in new:
            before = [workspace.path / f for f in manifest["tables"][table] if f not in item["files"][table]]
            before = [b for b in before if not _later(manifest, table, b, workspace, item)]
            dropped = _drop_duplicates(connection, workspace, manifest, table, item["files"][table], before)
            item.setdefault("settled", {})[table] = True
            first = next(iter(item["files"]))
            if table == first and dropped:
                item["rows"]["duplicates"] += dropped
                item["rows"]["kept"] -= dropped
        merged = _merge_conversion_ids(connection, workspace, manifest) if table == "conversions" else 0
    if merged and new:
        item = new[-1]
        item["rows"]["conversions_merged"] = merged
        if next(iter(item["files"])) == "conversions":
            taken = min(merged, item["rows"]["kept"])
            item["rows"]["duplicates"] += taken
            item["rows"]["kept"] -= taken
    for place, report in enumerate(reports):
        item = next((i for i in manifest["inputs"] if i["name"] == report.name and table in i["files"]), None)
        if item is not None and not report.unchanged:
            reports[place] = _report(item)


def _later(manifest: dict[str, Any], table: str, file: Path, workspace: Workspace, item: dict[str, Any]) -> bool:
    """Whether a file belongs to an input that is settled after ``item``."""
    order = [i["digest"] + i["choice"] for i in manifest["inputs"]]
    owner = next(
        (i for i in manifest["inputs"] if str(file.relative_to(workspace.path)) in i["files"].get(table, [])), None
    )
    return owner is not None and order.index(owner["digest"] + owner["choice"]) > order.index(
        item["digest"] + item["choice"]
    )


def _drop_duplicates(
    connection: Any, workspace: Workspace, manifest: dict[str, Any], table: str, files: list[str], before: list[Path]
) -> int:
    """Rewrite new files without rows that equal an earlier row in every source column."""
    new = [workspace.path / f for f in files]
    relation = read_parquet(new)
    columns = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
    if "_row" not in columns:
        return 0
    total, distinct = connection.execute(
        f"SELECT count(*), count(DISTINCT _row) FROM {read_parquet([*new, *before])}"
    ).fetchone()
    if total == distinct:
        return 0
    # Equal rows have equal hashes; id and time are compared as well, so that equal hashes alone drop nothing.
    same = [c for c in ("_row", "unified_id", "timestamp", "date", "id_a", "id_b") if c in columns]
    keys = ", ".join(identifier(c) for c in same)
    earlier = ""
    if before:
        match = " AND ".join(f"e.{identifier(c)} IS NOT DISTINCT FROM n.{identifier(c)}" for c in same)
        held = _select_all(connection, before, same)
        earlier = f" WHERE NOT EXISTS (SELECT 1 FROM ({held}) e WHERE {match})"
    target = _next_name(new[0])
    query = (
        f"SELECT n.* EXCLUDE (_copy) FROM (SELECT *, row_number() OVER (PARTITION BY {keys}) AS _copy "
        f"FROM {relation}) n{earlier}{' AND' if earlier else ' WHERE'} n._copy = 1"
    )
    given = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()[0]
    kept = copy_private(connection, query, target)
    _rename(workspace, manifest, table, new[0], target)
    return int(given) - kept


def _select_all(connection: Any, files: list[Path], columns: list[str]) -> str:
    """The columns of earlier files; one they lack is NULL."""
    relation = read_parquet(files)
    found = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}
    listed = ", ".join(identifier(c) if c in found else f"NULL AS {identifier(c)}" for c in columns)
    return f"SELECT {listed} FROM {relation}"


def _merge_conversion_ids(connection: Any, workspace: Workspace, manifest: dict[str, Any]) -> int:
    """Keep one row per conversion_id, the earliest by (timestamp, content), whatever came first."""
    files = [workspace.path / f for f in manifest["tables"]["conversions"]]
    relation = read_parquet(files)
    columns = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
    if "conversion_id" not in columns:
        return 0
    order = ", ".join(identifier(c) for c in ["timestamp", *sorted(set(columns) - {"timestamp"})])
    merged = 0
    for file in files:
        doomed = (
            f"SELECT _row FROM (SELECT _row, filename, row_number() OVER (PARTITION BY conversion_id ORDER BY {order}) AS n "
            f"FROM read_parquet([{', '.join(literal(f) for f in files)}], union_by_name = true, filename = true) "
            f"WHERE conversion_id IS NOT NULL) WHERE n > 1 AND filename = {literal(file)}"
        )
        count = connection.execute(f"SELECT count(*) FROM ({doomed})").fetchone()[0]
        if not count:
            continue
        target = _next_name(file)
        copy_private(connection, f"SELECT * FROM {read_parquet([file])} WHERE _row NOT IN ({doomed})", target)
        _rename(workspace, manifest, "conversions", file, target)
        merged += int(count)
    return merged


def _next_name(file: Path) -> Path:
    """A new name for a rewritten table file: what the last good manifest names is never altered."""
    stem, _, number = file.stem.partition(".")
    return file.with_name(f"{stem}.{int(number or 0) + 1}.parquet")


def _rename(workspace: Workspace, manifest: dict[str, Any], table: str, old: Path, new: Path) -> None:
    """Let the manifest name the new file instead of the old one."""
    before, after = (str(p.relative_to(workspace.path)) for p in (old, new))
    manifest["tables"][table] = [after if f == before else f for f in manifest["tables"][table]]
    for item in manifest["inputs"]:
        if before in item["files"].get(table, []):
            item["files"][table] = [after if f == before else f for f in item["files"][table]]


def _report(item: dict[str, Any], unchanged: bool = False) -> FileReport:
    return FileReport(
        name=item["name"],
        layout=item["layout"],
        read_as=item["read_as"],
        tables=item["columns"],
        read=item["read"],
        rows=RowCounts(**item["rows"]),
        reasons=item["reasons"],
        quarantine=item["quarantine"],
        unchanged=unchanged,
    )


def _findings(report: FileReport, settings: IngestSettings) -> list[Finding]:
    rows, found = report.rows, []
    if report.unchanged:
        return [Finding("info", "unchanged", f"{report.name} was ingested before, in the same way; nothing changed.")]
    if rows.quarantined:
        why = "; ".join(f"{count:,} × {reason}" for reason, count in list(report.reasons.items())[:3])
        everything = rows.kept == 0
        found.append(
            Finding(
                "error" if everything else "warning",
                "quarantined",
                f"{report.name}: {rows.quarantined:,} of {rows.read:,} rows quarantined ({why}).",
                f"See {report.quarantine}"
                + ("; the columns may be read wrongly: set --column, --timestamp-format." if everything else "."),
                rows.quarantined,
            )
        )
    if rows.read == 0:
        found.append(Finding("warning", "no-rows", f"{report.name} has a header and no rows.", "Export it again."))
    if rows.repaired:
        found.append(Finding("info", "repaired", f"{report.name}: {rows.repaired:,} rows repaired.", "", rows.repaired))
    if rows.duplicates:
        message = f"{report.name}: {rows.duplicates:,} rows were there already and are counted once."
        found.append(Finding("info", "duplicates", message, "", rows.duplicates))
    zoneless = sorted(h for h, how in report.read.items() if how.endswith(", UTC"))
    if zoneless and settings.timezone is None:
        message = f'{report.name}: times in "{zoneless[0]}" state no zone; read as UTC.'
        found.append(Finding("info", "timezone", message, "Set --timezone Europe/Berlin where they are local."))
    return found


def _record(manifest: dict[str, Any], reports: list[FileReport]) -> None:
    manifest["steps"] = [*manifest["steps"], {"step": "ingest", "files": [r.name for r in reports]}][-100:]


__all__ = ["FileReport", "IngestReport", "Layout", "RowCounts", "ingest"]
