"""Erase a person from a workspace, and remember not to take them in again."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from attribution.engine import connect, identifier, literal, one_row
from attribution.identity.canonical import Canonical, canonical_columns
from attribution.identity.headers import id_columns, pair_columns
from attribution.identity.id_types import IdType
from attribution.identity.keys import key_of
from attribution.identity.lookup import Person, find_person
from attribution.identity.run import tables_of
from attribution.identity.sources import prepared, sources
from attribution.identity.texts import texts_of
from attribution.identity.tombstones import add_tombstones
from attribution.identity.unified import unified_type
from attribution.identity.uses import identity_settings
from attribution.ingest.erased import cells_of
from attribution.ingest.settle import copy_private
from attribution.steps.forget_uploads import take_out
from attribution.steps.identify import resolve_tier
from attribution.workspace import Workspace, digest_of, write_atomically

# Shorter ids are compared with whole cells of the quarantine, not with parts of them.
LEAST = 6


@dataclass(frozen=True, slots=True)
class ForgetReport:
    """What an erasure took away.

    Attributes
    ----------
    customer_id : str
    rows : dict of str to int
        Rows removed, by table; ``quarantine`` too.
    ids : int
        Tombstones written.
    lists : int
        Rows removed from lists.
    uploaded : tuple of str
        Platforms that hold the person by a list that was marked as uploaded.
    """

    customer_id: str
    rows: dict[str, int]
    ids: int
    lists: int
    uploaded: tuple[str, ...] = ()


def forget_step(workspace: Workspace, text: str) -> ForgetReport:
    """Erase a person by any of their ids.

    Rows that name one of the person's ids are removed from every table, from rows set aside as duplicates and from the
    quarantine; the ids from the registry of every tier; the person from lists and from snapshots of uploaded ones.
    Journeys are cut anew when next needed.
    A keyed digest of each id stays, so that the next export does not bring the person back.

    Raises
    ------
    UsageError
        Where nobody has that id.
    """
    manifest = workspace.require()
    with connect(workspace.scratch()) as connection:
        person = find_person(connection, workspace, manifest, text)
    with workspace.write() as changed, connect(workspace.scratch()) as connection:
        erasure = _Erasure(workspace, connection, changed, person)
        rows = erasure.tables()
        rows["quarantine"] = erasure.quarantine()
        stones = add_tombstones(workspace, changed, sorted(erasure.ids))
        lists = erasure.lists()
        uploaded = take_out(workspace, connection, changed, person, erasure.names())
        changed["journeys"] = None
        for tier in list(changed.get("identity", {}).get("tiers", {})):
            resolve_tier(workspace, connection, changed, tier, person.keys)
    return ForgetReport(person.customer_id, {t: n for t, n in rows.items() if n}, stones, lists, uploaded)


class _Erasure:
    """One person's ids, and the files they are taken out of."""

    def __init__(self, workspace: Workspace, connection: Any, manifest: dict[str, Any], person: Person) -> None:
        self.workspace, self.connection, self.manifest, self.person = workspace, connection, manifest, person
        settings = self.settings = identity_settings(manifest)
        tables = tables_of(workspace, manifest)
        self.unified: IdType = unified_type(connection, tables, settings)[0]
        # Canonical ids for tombstones, and texts as they stand in files.
        self.ids = {("unified_id", u) for u in person.unified_ids} | self._canonical(tables)
        theirs = {"kind": pa.array([k for k, _ in self.ids]), "id": pa.array([i for _, i in self.ids])}
        connection.register("theirs", pa.table(theirs))
        self.texts: set[str] = set(person.unified_ids)

    def _canonical(self, tables: dict[str, str]) -> set[tuple[str, str]]:
        """Find the canonical texts of the person's ids in the tables."""
        keys = np.array(sorted(self.person.keys), np.uint64)
        found = prepared(self.connection, sources(self.connection, tables, self.unified), self.settings)
        texts = texts_of(self.connection, found, keys, set(self.person.types))
        kinds = {key: kind for kind in self.person.types for key in texts if key_of(kind, texts[key]) == key}
        return {(kinds[key], text) for key, text in texts.items()}

    def tables(self) -> dict[str, int]:
        """Take the person's rows out of every table file; give the number by table."""
        removed: dict[str, int] = {}
        for item in self.manifest["inputs"]:
            for table in list(item["files"]):
                removed[table] = removed.get(table, 0) + self._file(item, "files", table)
            for table in list(item["aside"]):
                removed[table] = removed.get(table, 0) + self._file(item, "aside", table)
        return removed

    def _file(self, item: dict[str, Any], where: str, table: str) -> int:
        path = self.workspace.path / item[where][table]
        relation, ids = self._rows_of(path, table)
        if not ids:
            return 0
        made = canonical_columns(self.connection, relation, ids, self.settings.region, gmail=self.settings.gmail)
        tests = {column: self._is_theirs(column, of, made.columns[column]) for column, of in ids.items()}
        self._note_ids(made, ids, tests)
        gone = f"SELECT file_row_number AS n FROM {made.relation} WHERE {' OR '.join(tests.values())}"
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE gone AS {gone}")
        made.drop(self.connection)
        (number,) = one_row(self.connection, "SELECT count(*) FROM gone")
        if number:
            target = path.with_name(f"{path.stem.partition('~')[0]}~{digest_of(path.name)[:8]}{path.suffix}")
            rest = "file_row_number NOT IN (SELECT n FROM gone)"
            source = f"read_parquet({literal(path)}, file_row_number = true)"
            copy_private(self.connection, f"SELECT * EXCLUDE (file_row_number) FROM {source} WHERE {rest}", target)
            name = str(target.relative_to(self.workspace.path))
            if where == "files":
                files = self.manifest["tables"][table]
                files[files.index(item["files"][table])] = name
            item[where][table] = name
            if table == item["table"]:
                item["rows"]["forgotten"] = item["rows"].get("forgotten", 0) + number
                item["rows"]["kept" if where == "files" else "duplicates"] -= number
            if where == "aside":
                item["dropped"][table] -= number
        return int(number)

    def _is_theirs(self, column: str, of: IdType, canonical: str) -> str:
        """SQL: whether a column's id is one of the person's."""
        same = f"{canonical} IN (SELECT id FROM theirs WHERE kind = {literal(of.name)})"
        if of.name not in {"unified_id", self.unified.name}:
            return f"({same})"
        return f"({same} OR {identifier(column)} IN (SELECT id FROM theirs WHERE kind = 'unified_id'))"

    def _note_ids(self, made: Canonical, ids: dict[str, IdType], tests: dict[str, str]) -> None:
        """Keep the person's ids, in canonical form and as they stand in the file."""
        for column, of in ids.items():
            both = f"{made.columns[column]}, {identifier(column)}"
            query = f"SELECT DISTINCT {both} FROM {made.relation} WHERE {tests[column]}"
            found = self.connection.execute(query).fetchall()
            self.ids |= {(of.name, form) for form, _ in found if form is not None}
            self.texts |= {raw for _, raw in found if raw is not None}

    def _rows_of(self, path: Path, table: str) -> tuple[str, dict[str, IdType]]:
        """A table file's rows with their number, and the columns that hold ids."""
        relation = f"read_parquet({literal(path)}, file_row_number = true)"
        columns = [row[0] for row in self.connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
        selected, ids = pair_columns(self.connection, relation, self.unified)
        ids |= id_columns(table, columns, self.unified)
        return f"(SELECT {', '.join(['*', *selected])} FROM {relation})", ids

    def names(self) -> set[str]:
        """What lists without an identity may call the person: an id as it stands in a file, with its type before it."""
        return {f"{kind}:{text}" for kind in self.person.types for text in self.texts} | self.texts

    def quarantine(self) -> int:
        """Take lines that hold one of the person's ids out of the quarantine."""
        removed = 0
        for item in self.manifest["inputs"]:
            if not item.get("quarantine"):
                continue
            path = self.workspace.path / item["quarantine"]
            lines = path.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if not self._names(line)]
            if len(kept) < len(lines):
                gone = len(lines) - len(kept)
                removed += gone
                item["rows"]["quarantined"] -= gone
                item["rows"]["forgotten"] = item["rows"].get("forgotten", 0) + gone
                target = path.with_name(f"{path.stem.partition('~')[0]}~{digest_of(path.name)[:8]}.jsonl")
                write_atomically(target, b"".join(kept))
                item["quarantine"] = str(target.relative_to(self.workspace.path))
        return removed

    def _names(self, line: bytes) -> bool:
        """Whether a quarantined line holds one of the person's ids in any cell."""
        words = cells_of(line)
        return any(word in self.texts or any(len(t) >= LEAST and t in word for t in self.texts) for word in words)

    def lists(self) -> int:
        """Take the person out of lists, which are written anew; give the number of rows."""
        removed = 0
        # Files for platforms hold digests under no id of ours: all of them go, and are made anew when next needed.
        held = self.manifest["lists"]
        self.manifest["lists"] = {name: entry for name, entry in held.items() if "platform" not in entry}
        for entry in self.manifest["lists"].values():
            most = 0  # a list lies there in several forms
            for index, name in enumerate(entry["files"]):
                path = self.workspace.path / name
                if path.suffix in {".csv", ".parquet"}:
                    gone, kept = self._list(path)
                    most = max(most, gone)
                    entry["files"][index] = str(kept.relative_to(self.workspace.path))
                    self._count(entry, path, kept)
            removed += most
        return removed

    def _list(self, path: Path) -> tuple[int, Path]:
        """Rows of the person in a list, and where it is without them: in a new file, where there were any."""
        table = pq.read_table(path) if path.suffix == ".parquet" else _csv(path)
        if "customer_id" not in table.column_names:
            return 0, path
        theirs = pc.is_in(table.column("customer_id"), value_set=pa.array([self.person.customer_id], pa.string()))
        number = int(pc.sum(theirs).as_py() or 0)
        if not number:
            return 0, path
        # The folder is new and the file keeps its name: a killed erasure leaves the list as it was.
        folder = path.parent.with_name(f"{path.parent.name.partition('~')[0]}~{digest_of(path.parent.name)[:8]}")
        folder.mkdir(exist_ok=True, mode=0o700)
        kept, buffer = table.filter(pc.invert(theirs)), io.BytesIO()
        if path.suffix == ".parquet":
            pq.write_table(kept, buffer)
        else:
            kept.to_pandas().to_csv(buffer, index=False, lineterminator="\n")
        write_atomically(folder / path.name, buffer.getvalue())
        return number, folder / path.name

    @staticmethod
    def _count(entry: dict[str, Any], path: Path, kept: Path) -> None:
        """Let the manifest count who is still on a list."""
        if kept == path or kept.suffix != ".parquet" or "people" not in entry:
            return
        table = pq.read_table(kept)
        entry["people"] = table.num_rows
        if "reasons" in entry and "reason" in table.column_names:
            counted = pc.value_counts(table.column("reason").cast(pa.string())).to_pylist()
            entry["reasons"] = {row["values"]: row["counts"] for row in counted}


def _csv(path: Path) -> pa.Table:
    """A list as text, cell by cell as it was written."""
    with path.open(encoding="utf-8") as file:
        header = file.readline().rstrip("\n").split(",")
    return pa_csv.read_csv(path, convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())))
