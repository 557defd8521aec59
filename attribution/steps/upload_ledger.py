"""What the ledger of uploads needs of a workspace: who was merged into whom, and the records of those who left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from attribution.activation.changes import Changes, Upload, write_changes
from attribution.activation.ledger import DIFFERENCE, Mark
from attribution.activation.people import People
from attribution.activation.spec import PlatformSpec
from attribution.activation.taken import person_key_sql, who_sql
from attribution.activation.write import AudienceFiles
from attribution.engine import read_parquet
from attribution.identity.uses import identity_of, tier_of
from attribution.suppression.uploads import known_contacts
from attribution.workspace import Workspace

FOLDER = "lists/ledger"


@dataclass(frozen=True, slots=True)
class UploadLedger:
    """A workspace, as far as lists are compared in it.

    Attributes
    ----------
    workspace : Workspace
    connection : DuckDB connection
    manifest : dict
    key : bytes
        The workspace's, of which people's keys are made.
    records : str
        SQL of the customers file's rows with ``_id``, as `customer_records` gives.
    region : str or None
    made_on : date
    """

    workspace: Workspace
    connection: Any
    manifest: Mapping[str, Any]
    key: bytes
    records: str
    region: str | None
    made_on: date

    @property
    def ids(self) -> str | None:
        """Tier of the identity whose customers are listed; None: ids as they stand in the files."""
        return tier_of(dict(self.manifest), "suppression")

    def snapshot(self, platform: str, digest: str) -> str:
        """Where a platform's snapshot lies, relative to the workspace."""
        return f"{FOLDER}/{platform}-{digest[:8]}.parquet"

    def changes(self, people: People, platform: str, folder: Path, snapshot: str, mark: Mark) -> Changes:
        """Write a platform's add and remove files."""
        path = self.workspace.path
        upload = Upload(
            platform, folder, self.workspace.scratch(), path / snapshot, path / mark.snapshot, mark, self.ids,
            self._moved(), self._leaving, self.region, self.made_on,
        )  # fmt: skip
        return write_changes(people, upload)

    def _moved(self) -> str | None:
        """Customers who were merged into others: was, is_now."""
        entry = identity_of(dict(self.manifest), "suppression")
        if entry is None:
            return None
        aliases = read_parquet([self.workspace.path / entry["path"] / "aliases.parquet"])
        was, now = (who_sql(person_key_sql(self.key, name)) for name in ("alias", "customer_id"))
        self.connection.execute(
            f"CREATE TEMP TABLE IF NOT EXISTS moved_customers AS SELECT {was} AS was, {now} AS is_now FROM {aliases}"
        )
        return "moved_customers"

    def _leaving(self) -> str:
        """Records of those who were removed, under their keys."""
        key = person_key_sql(self.key, "_id")
        self.connection.execute(f"""
            CREATE TEMP TABLE IF NOT EXISTS keyed_customers AS SELECT _id, {key} AS customer_id
            FROM (SELECT DISTINCT _id FROM ({self.records}) WHERE _id IS NOT NULL)""")
        whom = f"SELECT who FROM {DIFFERENCE} WHERE change = 'removed'"
        ids = f"(SELECT * FROM keyed_customers WHERE {who_sql('customer_id')} IN ({whom}))"
        return known_contacts(self.connection, self.records, ids)


def file_rows(spec: PlatformSpec, whole: AudienceFiles, changes: Changes | None) -> list[dict[str, Any]]:
    """Every file of a platform as plain data: what it is for, what it holds, its digest."""
    made = list(_rows(whole, "replace" if spec.replaces else "add", "the whole list"))
    for action, files in changes.made if changes else ():
        made += _rows(files, action, "added and changed" if action == "add" else "removed")
    return made


def _rows(files: AudienceFiles, action: str, holds: str) -> Iterator[dict[str, Any]]:
    for item in files.lists:
        for file in item.files:
            named = {"name": file.path.name, "list": item.name, "action": action, "holds": holds}
            yield named | {"rows": file.rows, "bytes": file.bytes, "sha256": file.sha256}
