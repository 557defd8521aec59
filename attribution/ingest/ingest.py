"""Ingest: sources into the workspace's tables, every row accounted for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from attribution.engine import connect
from attribution.errors import AttributionError, UsageError, did_you_mean
from attribution.ingest.check import Checked, check, refused, selections
from attribution.ingest.database import said
from attribution.ingest.erased import leave_out_erased
from attribution.ingest.layouts import Layout, check_columns, found, named_columns, recognise
from attribution.ingest.refusals import ENCODER
from attribution.ingest.report import FileReport, IngestReport, RowCounts, findings_of, report_of, skipped_files
from attribution.ingest.settle import copy_private, forget, settle
from attribution.ingest.sources import Source, find_sources
from attribution.ingest.stage import Staged, stage
from attribution.ingest.timestamps import check_format, check_zone
from attribution.progress import Told, silent
from attribution.settings import IngestSettings, moment
from attribution.tables import TABLES
from attribution.workspace import PRIVATE, Workspace, digest_of, digest_of_file


def ingest(
    workspace: Workspace,
    inputs: Mapping[str | None, Sequence[str]],
    settings: IngestSettings | None = None,
    told: Told = silent,
) -> IngestReport:
    """Read files into the workspace.

    Parameters
    ----------
    workspace : Workspace
    inputs : mapping
        Table name (None: find it by the headers) to file arguments, as `find_sources` reads them.
    settings : IngestSettings, optional
    told : Told
        Called with the file that is read.

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
    _check(inputs, settings)
    with workspace.write() as manifest:
        run = _Run(workspace, manifest, settings, told)
        for table, arguments in inputs.items():
            for argument in arguments:
                for source in find_sources(argument, workspace.scratch(), run.skipped):
                    with _reading(source.name):
                        run.take(source, table)
        return run.done()


def _check(inputs: Mapping[str | None, Sequence[str]], settings: IngestSettings) -> None:
    """Refuse what no file can mend, before any is read."""
    for table in inputs:
        if table is not None and table not in TABLES:
            raise UsageError(f"No such table: {table}.{did_you_mean(table, TABLES)}")
    if not any(inputs.values()):
        raise UsageError("Nothing to ingest. Name files: attribution ingest --touchpoints FILE --conversions FILE.")
    check_columns(settings.columns)
    if settings.timezone is not None:
        check_zone(settings.timezone)
    if settings.timestamp_format is not None:
        check_format(settings.timestamp_format)
    if settings.as_of is not None:
        moment(settings.as_of)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Turn what libraries raise into an error that names the file, and no cell of it."""
    try:
        yield
    except duckdb.Error as error:
        msg = f'"{name}" cannot be read ({said(error)}). It may be damaged: export it again.'
        raise AttributionError(msg) from None
    except pa.ArrowException as error:
        msg = f'"{name}" cannot be read ({type(error).__name__}). It may be damaged: export it again.'
        raise AttributionError(msg) from None
    except OSError as error:
        raise AttributionError(f'"{name}" cannot be read or written: {error.strerror}.') from None


class _Run:
    """One ingest: the manifest it changes, and what it has seen so far."""

    def __init__(self, workspace: Workspace, manifest: dict[str, Any], settings: IngestSettings, told: Told) -> None:
        self.workspace, self.manifest, self.settings, self.told = workspace, manifest, settings, told
        self.skipped: list[str] = []
        self.items: list[tuple[dict[str, Any], bool]] = []
        self.changed: set[str] = set()
        self.unused = dict(settings.columns)
        self.headers: dict[str, None] = {}

    def take(self, source: Source, table: str | None) -> None:
        """Read one source, unless it was read in the same way before."""
        self.told(f"reading {source.name}", 0, 0)
        digest = digest_of(digest_of_file(source.path), source.query)
        choice = digest_of(table, self.settings.as_dict())
        held = [i for i in self.manifest["inputs"] if i["digest"] == digest]
        same = next((i for i in held if i["choice"] == choice), None)
        if same is not None:
            self.columns_of(same["headers"])
            self.items.append((same, True))
            return
        staged = stage(source, self.settings, self.workspace.scratch())
        layout = self.recognised(staged, table)
        for other in held:
            if set(other["files"]) & set(layout.tables):
                self.replace(other, source)
        item = _stored(self.workspace, staged, layout, self.settings, f"{digest}-{choice[:12]}")
        item |= {"digest": digest, "choice": choice, "headers": list(staged.columns)}
        leave_out_erased(self.workspace, self.manifest, item)
        self.manifest["inputs"].append(item)
        for name, file in item["files"].items():
            self.manifest["tables"].setdefault(name, []).append(file)
        self.changed |= set(item["files"])
        self.items.append((item, False))
        for folder in self.workspace.scratch().glob("staged-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def recognised(self, staged: Staged, table: str | None) -> Layout:
        """Find the layout; where that fails and ``--column`` names a header the file lacks, that is the reason."""
        headers, name = tuple(staged.columns), staged.source.name
        named = self.columns_of(list(headers))
        try:
            return recognise(headers, table, named, name)
        except UsageError:
            for target, header in self.settings.columns.items():
                if target not in named:
                    raise UsageError(_no_header(target, header, headers, name)) from None
            raise

    def columns_of(self, headers: list[str]) -> dict[str, str]:
        """Find the headers that ``--column`` names in one file, without regard to case where that is needed."""
        named = named_columns(self.settings.columns, headers)
        for target in named:
            self.unused.pop(target, None)
        self.headers |= dict.fromkeys(headers)
        return named

    def replace(self, other: dict[str, Any], source: Source) -> None:
        """Let the same content, read in another way, take the place of the earlier reading."""
        if any(other is item for item, _ in self.items):
            both = ", ".join(sorted(other["files"]))
            msg = f'"{source.name}" is given twice in ways that fill the same table ({both}). Give it once.'
            raise UsageError(msg)
        self.changed |= set(other["files"])
        forget(self.workspace, self.manifest, other)

    def done(self) -> IngestReport:
        """Settle duplicates and report."""
        for target, header in self.unused.items():
            raise UsageError(_no_header(target, header, tuple(self.headers), "any file"))
        for table in sorted(self.changed):
            self.told(f"settling {table}", 0, 0)
            with _reading(f"table {table}"):
                settle(self.workspace, self.manifest, table)
        reports = tuple(report_of(item, unchanged=unchanged) for item, unchanged in self.items)
        findings = [f for r in reports for f in findings_of(r, zone_given=self.settings.timezone is not None)]
        step = {"step": "ingest", "files": [r.name for r in reports]}
        self.manifest["steps"] = [*self.manifest["steps"], step][-100:]
        return IngestReport(reports, (*findings, *skipped_files(self.skipped)))


def _no_header(target: str, header: str, headers: tuple[str, ...], name: str) -> str:
    near = did_you_mean(header, headers)
    return f'--column {target}={header}: column "{header}" not found in {name}.{near} Found: {found(headers)}.'


def _stored(
    workspace: Workspace, staged: Staged, layout: Layout, settings: IngestSettings, name: str
) -> dict[str, Any]:
    """Check one staged source, write its rows, and tell the manifest's entry for it."""
    with connect(workspace.scratch()) as connection:
        checked = check(connection, staged, layout, settings)
        files, written = _write(connection, workspace, staged, checked, name)
        clean = written == staged.rows and not checked.noted
        counts = _Counts(written, {}, 0, {}) if clean else _count(connection, staged, checked)
        quarantine = _quarantine(connection, workspace, staged, checked, name, failed=bool(counts.reasons))
    reasons = dict(counts.reasons)
    refusals = {} if staged.refused is None else staged.refused.reasons
    for reason, number in refusals.items():
        reasons[reason] = reasons.get(reason, 0) + number
    quarantined = sum(reasons.values())
    rows = RowCounts(
        read=staged.rows + sum(refusals.values()), kept=counts.passed, quarantined=quarantined, outside=counts.outside,
        repaired=sum(staged.repaired.values()),
    )  # fmt: skip
    return {
        "name": staged.source.name,
        "settings": settings.as_dict(),
        "layout": layout.name,
        "read_as": staged.read_as,
        "table": next(iter(layout.tables)),
        "columns": layout.tables,
        "wide": list(layout.wide),
        "read": checked.read,
        "rows": msgspec.to_builtins(rows),
        "reasons": dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
        "repaired": staged.repaired,
        "noted": counts.noted,
        "renamed": list(staged.renamed),
        "quarantine": quarantine,
        "files": files,
        "aside": {},
        "settled": [],
        "dropped": {},
        "merged": 0,
    }


@dataclass(frozen=True, slots=True)
class _Counts:
    """How many staged rows passed, failed by reason, lie outside the window, or are remarkable.

    The first table of a layout takes every row that passed, so a file of which it took all needs no count.
    """

    passed: int
    reasons: dict[str, int]
    outside: int
    noted: dict[str, int]


def _count(connection: Any, staged: Staged, checked: Checked) -> _Counts:
    """Look at every row once."""
    flags = "".join(f", coalesce({condition}, false)" for condition in checked.noted.values())
    marks = "".join(f", count(*) FILTER (m.noted_{i})" for i in range(len(checked.noted)))
    names = "".join(f", noted_{i}" for i in range(len(checked.noted)))
    counted = connection.execute(
        f"SELECT reason, outside, count(*){marks} FROM (SELECT {checked.reason}, ({checked.outside}){flags} "
        f"FROM {staged.relation}) m(reason, outside{names}) GROUP BY 1, 2"
    ).fetchall()
    reasons: dict[str, int] = {}
    outside = passed = 0
    noted = dict.fromkeys(checked.noted, 0)
    for reason, out, count, *remarks in counted:
        if reason is not None:
            reasons[reason] = reasons.get(reason, 0) + count
        elif out:
            outside += count
        else:
            passed += count
            noted = dict(zip(noted, remarks, strict=True))
    return _Counts(passed, reasons, outside, {what: count for what, count in noted.items() if count})


def _write(
    connection: Any, workspace: Workspace, staged: Staged, checked: Checked, name: str
) -> tuple[dict[str, str], int]:
    """Write the rows that passed; give the file of each table, and how many rows the first one took."""
    files, written = {}, []
    for table, query in selections(staged, checked):
        folder = workspace.path / "tables" / table
        folder.mkdir(exist_ok=True, mode=0o700)
        target = folder / f"{name}.parquet"
        written.append(copy_private(connection, query, target))
        files[table] = str(target.relative_to(workspace.path))
    return files, written[0]


def _quarantine(
    connection: Any, workspace: Workspace, staged: Staged, checked: Checked, name: str, *, failed: bool
) -> str | None:
    """Write file, line, reason and the row itself, one JSON object a line, readable by the owner only."""
    if not failed and not staged.refused:
        return None
    target = workspace.path / "quarantine" / f"{name}.jsonl"
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        if staged.refused:
            with staged.refused.path.open("rb") as lines:
                shutil.copyfileobj(lines, file)
        if failed:
            cursor = connection.execute(refused(staged, checked) + " ORDER BY 1")
            while rows := cursor.fetchmany(10_000):
                for line, reason, *cells in rows:
                    row = dict(zip(staged.columns, cells, strict=True))
                    entry = {"file": staged.source.name, "line": line, "reason": reason, "row": row}
                    file.write(ENCODER.encode(entry) + b"\n")
    return str(target.relative_to(workspace.path))


__all__ = ["FileReport", "IngestReport", "Layout", "RowCounts", "ingest"]
