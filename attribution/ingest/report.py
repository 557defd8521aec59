"""What became of the files of an ingest, and what was noticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from attribution.findings import Finding


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What became of a source's rows: ``read = kept + duplicates + quarantined + outside + forgotten``.

    ``forgotten`` rows name a person who was erased. ``repaired`` rows are among the others.
    ``conversions_merged`` counts conversions whose ``conversion_id`` another row has too; in files of
    conversions those rows are among ``duplicates``, in event files the row is kept for its touch.
    """

    read: int = 0
    kept: int = 0
    duplicates: int = 0
    quarantined: int = 0
    outside: int = 0
    repaired: int = 0
    forgotten: int = 0
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
    repaired: dict[str, int] = field(default_factory=dict)
    noted: dict[str, int] = field(default_factory=dict)
    renamed: tuple[str, ...] = ()
    quarantine: str | None = None
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class IngestReport:
    """All sources of one ingest, and what was noticed."""

    files: tuple[FileReport, ...]
    findings: tuple[Finding, ...]


def report_of(item: dict[str, Any], *, unchanged: bool = False) -> FileReport:
    """Tell what the manifest holds about one input."""
    return FileReport(
        name=item["name"],
        layout=item["layout"],
        read_as=item["read_as"],
        tables=item["columns"],
        read=item["read"],
        rows=RowCounts(**item["rows"]),
        reasons=item["reasons"],
        repaired=item["repaired"],
        noted=item["noted"],
        renamed=tuple(item["renamed"]),
        quarantine=item["quarantine"],
        unchanged=unchanged,
    )


def skipped_files(names: list[str]) -> Iterator[Finding]:
    """Say which files of a folder or an archive were passed over."""
    if names:
        more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        message = f"{names[0]}{more}: of no kind that is read, passed over."
        yield Finding("info", "skipped", message, "Name a file to read it whatever its name ends in.", len(names))


def findings_of(report: FileReport, *, zone_given: bool) -> Iterator[Finding]:
    """Say what is remarkable about one file; names and counts only, never a cell."""
    name, rows = report.name, report.rows
    if report.unchanged:
        yield Finding("note", "unchanged", f"{name} was ingested before, in the same way; nothing changed.")
        return
    if rows.read == 0:
        yield Finding("warning", "no-rows", f"{name} has a header and no rows.", "Export it again.")
    if rows.quarantined:
        yield _quarantined(report)
    if rows.outside:
        message = f"{name}: {rows.outside:,} rows are later than the moment stated with --as-of; left out."
        yield Finding("note", "outside", message, "", rows.outside)
    if rows.forgotten:
        message = f"{name}: {rows.forgotten:,} rows name people who were erased; left out."
        yield Finding("note", "forgotten", message, "", rows.forgotten)
    if rows.repaired:
        message = f"{name}: {rows.repaired:,} rows repaired ({_counted(report.repaired)})."
        yield Finding("info", "repaired", message, "", rows.repaired)
    if rows.duplicates:
        message = f"{name}: {rows.duplicates:,} rows were there already and are counted once."
        yield Finding("info", "duplicates", message, "", rows.duplicates)
    if rows.conversions_merged:
        message = f"{name}: {rows.conversions_merged:,} conversions share their conversion_id with an earlier one."
        yield Finding("info", "conversions-merged", message, "The earliest of each is kept.", rows.conversions_merged)
    for what, count in report.noted.items():
        yield Finding("info", "noted", f"{name}: {count:,} {what}.", "", count)
    if report.renamed:
        message = f"{name}: {len(report.renamed):,} columns have no name or one that is taken; called by number."
        yield Finding("info", "renamed", message, "", len(report.renamed))
    zoneless = sorted(h for h, how in report.read.items() if how.endswith(", UTC"))
    if zoneless and not zone_given:
        message = f'{name}: times in "{zoneless[0]}" state no zone; read as UTC.'
        yield Finding("info", "timezone", message, "Set --timezone Europe/Berlin where they are local.")


def _quarantined(report: FileReport) -> Finding:
    rows = report.rows
    message = f"{report.name}: {rows.quarantined:,} of {rows.read:,} rows quarantined ({_counted(report.reasons)})."
    if rows.quarantined < rows.read:
        return Finding("warning", "quarantined", message, f"See {report.quarantine}.", rows.quarantined)
    remedy = f"See {report.quarantine}; the columns may be read wrongly: set --column, --timestamp-format."
    return Finding("error", "quarantined", message, remedy, rows.quarantined)


def _counted(reasons: dict[str, int]) -> str:
    return "; ".join(f"{count:,} × {reason}" for reason, count in list(reasons.items())[:3])
