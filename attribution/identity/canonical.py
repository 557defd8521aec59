"""The canonical form of whole columns of ids, in DuckDB.

A column is read once to tell its values apart (`attribution.identity.simple_forms`). Where all are canonical, nothing
more is done. What one expression can do is done in the query that reads the column. The rest, as distinct values, goes
into a table: plain e-mails and international phones by SQL, one SHA-256 per distinct value, everything else by the
reference `attribution.identity.normalize`; the query joins that table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pyarrow as pa

from attribution.engine import identifier, literal, one_row
from attribution.identity.id_types import IdType, id_type
from attribution.identity.normalize import read
from attribution.identity.phones import checked_region
from attribution.identity.simple_forms import plain_contact, simple_form

# Distinct values that Python reads at a time.
BATCH = 50_000
_CANONICAL, _SIMPLE, _OTHER = 0, 1, 2
_numbers = count()


@dataclass(frozen=True, slots=True)
class Canonical:
    """A relation whose ids are in canonical form.

    Attributes
    ----------
    relation : str
        SQL relation: all columns of the given one, and the canonical ones.
    columns : mapping of str to str
        Given column to a SQL expression over ``relation``: its canonical text, NULL where there is none.
    placeholders : str
        SQL relation (``id_type``, ``canonical``): ids that patterns know as placeholders, beside those that
        `attribution.identity.placeholders.listed` names.
    unread : mapping of str to mapping of str to int
        Column to reason to rows: values that were there and have no canonical form. Blank values are not counted.
    tables : tuple of str
        Temporary tables that the two relations read.
    """

    relation: str
    columns: Mapping[str, str]
    placeholders: str
    unread: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    tables: tuple[str, ...] = ()

    def drop(self, connection: Any) -> None:
        """Drop the temporary tables; the relations cannot be read after that."""
        for table in self.tables:
            connection.execute(f"DROP TABLE IF EXISTS {table}")


def canonical_sql(kind: IdType | str, value: str, *, gmail: bool = False) -> str:
    """SQL for the canonical form of simple values, NULL for all others.

    Parameters
    ----------
    kind : IdType or str
    value : str
        SQL expression.
    gmail : bool
        As in `attribution.identity.normalize.canonical`.
    """
    form = id_type(kind).form
    simple, contact = simple_form(form, value), plain_contact(form, value, gmail=gmail)
    plain = f" WHEN {contact.plain} THEN {contact.digest}" if contact else ""
    return f"(CASE WHEN {simple.canonical} OR {simple.simple} THEN {simple.made}{plain} END)"


def canonical_columns(
    connection: Any,
    relation: str,
    columns: Mapping[str, IdType | str],
    region: str | None = None,
    *,
    gmail: bool = False,
    values: str | None = None,
) -> Canonical:
    """Bring columns of ids into canonical form.

    Parameters
    ----------
    connection : DuckDB connection
        Temporary tables are made in it.
    relation : str
        SQL relation.
    columns : mapping of str to IdType or str
        Its id columns (text) and what they hold.
    region : str or None
        Country of phone numbers without one; None leaves them out.
    gmail : bool
        Leave out dots and what follows a plus in Gmail addresses.
    values : str or None
        SQL relation with the same values in the same columns, where ``relation`` is costly (a grouping): it is read
        instead to tell values apart.

    Returns
    -------
    Canonical

    Raises
    ------
    UsageError
        No country has that region's code.
    """
    region = checked_region(region)
    selected, joined, made = [], [], {}
    flagged, unread, tables = ["SELECT NULL::VARCHAR AS id_type, NULL::VARCHAR AS canonical WHERE false"], {}, []
    for n, (column, named) in enumerate(columns.items()):
        kind = id_type(named)
        value, name = f"_rows.{identifier(column)}", identifier(f"canonical {n}")
        read_column = _Column(connection, values or relation, column, kind, region, gmail)
        simple = simple_form(kind.form, value).made if read_column.simple else value
        if read_column.table is not None:
            alias = f"_canonical_{n}"
            joined.append(f"LEFT JOIN {read_column.table} AS {alias} ON {value} = {alias}.raw")
            simple = f"CASE WHEN {alias}.raw IS NULL THEN {simple} ELSE {alias}.canonical END"
            flagged.append(f"SELECT {literal(kind.name)}, canonical FROM {read_column.table} WHERE placeholder")
            tables.append(read_column.table)
        if read_column.unread:
            unread[column] = dict(sorted(read_column.unread.items()))
        selected.append(f"{simple} AS {name}")
        made[column] = name
    query = f"(SELECT {', '.join(['_rows.*', *selected])} FROM {relation} AS _rows {' '.join(joined)})"
    return Canonical(query, made, f"({' UNION '.join(flagged)})", unread, tuple(tables))


class _Column:
    """One column, read once.

    ``simple`` says whether it has values that need the form's expression; ``table`` names the table of distinct values
    that need more (``raw``, ``canonical``, ``placeholder``, ``rows``), or is None.
    """

    def __init__(
        self, connection: Any, relation: str, column: str, kind: IdType, region: str | None, gmail: bool
    ) -> None:
        self.connection, self.kind, self.region, self.gmail = connection, kind, region, gmail
        self.unread: Counter[str] = Counter()
        self.table: str | None = f"_canonical_{next(_numbers)}"
        self._tell_apart(relation, identifier(column))
        self.simple = self._has(_SIMPLE)
        others = self._has(_OTHER)
        if others:
            self._by_sql()
            self._by_reference()
        connection.execute(f"DROP TABLE {self.table}_found")
        if not others:
            self.table = None

    def _tell_apart(self, relation: str, value: str) -> None:
        form = simple_form(self.kind.form, value)
        told = f"CASE WHEN {form.canonical} THEN {_CANONICAL} WHEN {form.simple} THEN {_SIMPLE} ELSE {_OTHER} END"
        self.connection.execute(
            f"CREATE TEMP TABLE {self.table}_found AS SELECT told, raw, count(*) AS rows FROM (SELECT told, "
            f"CASE WHEN told = {_OTHER} THEN raw END AS raw FROM (SELECT {value} AS raw, {told} AS told "
            f"FROM {relation} WHERE {value} IS NOT NULL)) GROUP BY told, raw"
        )

    def _has(self, told: int) -> bool:
        query = f"SELECT count(*) > 0 FROM (FROM {self.table}_found WHERE told = {told} LIMIT 1)"
        return bool(one_row(self.connection, query)[0])

    def _by_sql(self) -> None:
        """Give plain contacts their digests."""
        contact = plain_contact(self.kind.form, "raw", gmail=self.gmail)
        plain, digest, placeholder = (
            (contact.plain, contact.digest, contact.placeholder) if contact else ("false", "NULL::VARCHAR", "false")
        )
        others = f"FROM {self.table}_found WHERE told = {_OTHER}"
        self.connection.execute(
            f"CREATE TEMP TABLE {self.table} AS SELECT raw, {digest} AS canonical, {placeholder} AS placeholder "
            f"{others} AND {plain}"
        )
        self.connection.execute(f"CREATE TEMP TABLE {self.table}_rest AS SELECT raw, rows {others} AND NOT {plain}")

    def _by_reference(self) -> None:
        """Let the reference read what is left, a batch at a time."""
        (rest,) = one_row(self.connection, f"SELECT count(*) FROM {self.table}_rest")
        for start in range(0, rest, BATCH):
            found = self.connection.execute(
                f"SELECT raw, rows FROM {self.table}_rest WHERE rowid >= {start} AND rowid < {start + BATCH}"
            ).fetchall()
            readings = [read(self.kind, raw, self.region, gmail=self.gmail) for raw, _ in found]
            for reading, (_, rows) in zip(readings, found, strict=True):
                if reading.reason is not None:
                    self.unread[reading.reason] += rows
            read_values = pa.table(
                {
                    "raw": pa.array([raw for raw, _ in found], pa.string()),
                    "canonical": pa.array([r.canonical for r in readings], pa.string()),
                    "placeholder": pa.array([r.placeholder for r in readings], pa.bool_()),
                }
            )
            name = f"{self.table}_read"
            self.connection.register(name, read_values)
            self.connection.execute(f"INSERT INTO {self.table} SELECT raw, canonical, placeholder FROM {name}")
            self.connection.unregister(name)
        self.connection.execute(f"DROP TABLE {self.table}_rest")
