"""A small shop: tables written as CSV, ingested, identified, asked whose an id is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from attribution.engine import connect
from attribution.identity.lookup import find_person
from attribution.ingest.ingest import IngestReport, ingest
from attribution.settings import IdentitySettings, IngestSettings
from attribution.steps.identify import IdentityReport, identify_step
from attribution.workspace import Workspace

LINKS = "id_type_a,id_a,id_type_b,id_b,seen_at"
# Files of a run that hold nothing of when and where it was made.
STABLE = ("registry.arrow", "ledger.parquet", "aliases.parquet", "audit.parquet", "unified.parquet", "records.parquet")


class Shop:
    """One workspace and its exports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = Workspace(folder / "ws")

    def add(self, table: str, header: str, *rows: str, name: str | None = None) -> IngestReport:
        """Write rows to a file and ingest it."""
        file = self.write(table, header, *rows, name=name)
        return ingest(self.workspace, {table: [str(file)]}, IngestSettings(timezone="UTC"))

    def write(self, table: str, header: str, *rows: str, name: str | None = None) -> Path:
        """Write rows to a file."""
        self.folder.mkdir(exist_ok=True)
        file = self.folder / f"{name or table}.csv"
        file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return file

    def links(self, *rows: str, name: str | None = None) -> IngestReport:
        """Ingest links written ``"cookie=ck1 email=ada@shop.de"``, with a date where one follows."""
        split = [row.split() for row in rows]
        made = [",".join([*a.split("=", 1), *b.split("=", 1), *(rest or [""])]) for a, b, *rest in split]
        return self.add("identities", LINKS, *made, name=name)

    def identify(self, **settings: Any) -> IdentityReport:
        """Join ids; no settings: those of the last run."""
        return identify_step(self.workspace, IdentitySettings(**settings) if settings else None)

    def customer(self, text: str) -> str:
        """Whose an id is."""
        with connect() as connection:
            return find_person(connection, self.workspace, self.workspace.manifest(), text).customer_id

    def groups(self, *texts: str) -> list[list[str]]:
        """Ids that share a customer."""
        of: dict[str, list[str]] = {}
        for text in texts:
            of.setdefault(self.customer(text), []).append(text)
        return list(of.values())

    def customers(self, *texts: str) -> dict[str, str]:
        """Whose each id is."""
        return {text: self.customer(text) for text in texts}

    def unified(self, report: IdentityReport) -> dict[str, str]:
        """Whose touches and conversions are, by their unified id."""
        rows = pq.read_table(report.folder / "unified.parquet").to_pylist()
        return {row["unified_id"]: row["customer_id"] for row in rows}


def audited(report: IdentityReport) -> list[tuple[str, str]]:
    """Guard and id of each row of the audit table."""
    rows = pq.read_table(report.folder / "audit.parquet").to_pylist()
    return [(row["guard"], row["id"]) for row in rows]


def bytes_of(report: IdentityReport) -> dict[str, bytes]:
    """The files that a run wrote, but what tells of the machine."""
    return {name: (report.folder / name).read_bytes() for name in STABLE if (report.folder / name).exists()}
