"""CRM records as a linker compares them: an id that names each, and texts made comparable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attribution.engine import identifier, literal, one_row
from attribution.errors import UsageError, listed
from attribution.identity.id_types import id_type

RECORDS = "linkage_records"
NAMES = "linkage_names"
# A column with fewer filled cells or values says too little about who is who.
LEAST_FILLED, LEAST_VALUES = 0.05, 2
LEAST_RECORDS = 50
# Ids that name a record, the first that it has. Ids of contact and of devices are evidence, not names.
_NAMING = ("unified_id", "id:crm_id", "id:loyalty")
_WORDS = "regexp_replace(strip_accents(lower({0})), '[^\\p{{L}}\\p{{N}}]+', ' ', 'g')"
_LETTERS = "regexp_replace(strip_accents(lower({0})), '[^\\p{{L}}\\p{{N}}]', '', 'g')"
_DIGITS = "regexp_replace({0}, '\\D', '', 'g')"
# How each column of a customers file is made comparable.
COMPARABLE = {
    "first_name": _WORDS, "last_name": _WORDS, "birth_date": _DIGITS, "email": "lower({0})", "phone": _DIGITS,
    "street": _WORDS, "zip": _LETTERS, "city": _WORDS, "country": _LETTERS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LinkageRecords:
    """What there is to compare.

    Attributes
    ----------
    count : int
        Records with an id, once where they repeat.
    without_id : int
        Records that nothing could name in a link.
    columns : tuple of str
        Columns that hold enough to compare.
    """

    count: int
    without_id: int
    columns: tuple[str, ...]


def linkage_records(connection: Any, relation: str) -> LinkageRecords:
    """Make the tables `RECORDS` (unique_id and comparable columns) and `NAMES` (unique_id, id_type, id).

    Texts are compared without case, accents, punctuation and surplus blanks, phones and dates of birth by their digits.
    Records are numbered in order of their content, so that no order of rows changes anything.

    Parameters
    ----------
    connection : DuckDB connection
    relation : str
        The customers table.

    Raises
    ------
    UsageError
        Where no column names a record, fewer than `LEAST_RECORDS` records have an id, or fewer than two columns say
        who somebody is.
    """
    held = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
    naming = _naming(held)
    fields = [c for c in COMPARABLE if c in held]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {RECORDS}_all AS {_comparable(relation, naming, fields)}")
    without, count = one_row(connection, f"SELECT count(*) FILTER (id IS NULL), count(id) FROM {RECORDS}_all")
    columns = tuple(c for c in fields if _says_something(connection, c, count))
    if count < LEAST_RECORDS:
        msg = (
            f"{count} records with an id are too few to learn how records of one person differ: {LEAST_RECORDS} or "
            "more are needed. Link so few by hand, in an identities file with id_a, id_b and score."
        )
        raise UsageError(msg)
    if len(columns) < 2 or not {"first_name", "last_name", "email"} & set(columns):
        msg = (
            f"Too little says who somebody is. Filled columns: {listed(columns) or 'none'}. Two or more are needed of "
            f"{listed(COMPARABLE)}, a name or an e-mail among them; at ingest: --column customers.FIELD=HEADER."
        )
        raise UsageError(msg)
    order = ", ".join(["id_type", "id", *(identifier(c) for c in fields)])
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {RECORDS}_all AS SELECT row_number() OVER (ORDER BY {order}) AS unique_id, * "
        f"FROM {RECORDS}_all WHERE id IS NOT NULL"
    )
    kept = ", ".join(identifier(c) for c in columns)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {RECORDS} AS SELECT unique_id, {kept} FROM {RECORDS}_all")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {NAMES} AS SELECT unique_id, id_type, id FROM {RECORDS}_all")
    connection.execute(f"DROP TABLE {RECORDS}_all")
    return LinkageRecords(count, without, columns)


def _naming(held: list[str]) -> list[str]:
    """Columns whose id names a record, in order of preference."""
    others = [c for c in held if c.startswith("id:") and c not in _NAMING and _names_a_record(c)]
    naming = [c for c in _NAMING if c in held] + others
    if not naming:
        shown = listed(c for c in held if not c.startswith("_"))
        msg = (
            "Records to link need an id that names each: unified_id, id:crm_id or another number of a record. "
            f"Columns: {shown}. Name it at ingest: --column customers.unified_id=HEADER."
        )
        raise UsageError(msg)
    return naming


def _names_a_record(column: str) -> bool:
    kind = id_type(column)
    return kind.level == "person" and kind.form in {"number", "text"}


def _comparable(relation: str, naming: list[str], fields: list[str]) -> str:
    ids = [f"nullif(trim({identifier(c)}), '')" for c in naming]
    kinds = (f"WHEN {i} IS NOT NULL THEN {literal(c.removeprefix('id:'))}" for c, i in zip(naming, ids, strict=True))
    made = [f"nullif(trim({COMPARABLE[c].format(identifier(c))}), '') AS {identifier(c)}" for c in fields]
    columns = [f"CASE {' '.join(kinds)} END AS id_type", f"coalesce({', '.join([*ids, 'NULL'])}) AS id", *made]
    return f"SELECT DISTINCT {', '.join(columns)} FROM {relation}"


def _says_something(connection: Any, column: str, records: int) -> bool:
    name = identifier(column)
    query = f"SELECT count({name}), count(DISTINCT {name}) FROM {RECORDS}_all WHERE id IS NOT NULL"
    filled, values = one_row(connection, query)
    return bool(filled >= LEAST_FILLED * records and values >= LEAST_VALUES)
