"""Which columns of which tables hold ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attribution.engine import identifier, literal
from attribution.identity.id_types import IdType, id_type

# Columns of a customers file that are ids, beside its ``id:`` columns.
CUSTOMER_IDS = {"email": "email", "phone": "phone", "maid": "maid"}
# Tables whose rows hold a unified id, and when the row happened.
UNIFIED = {
    "touchpoints": "timestamp", "conversions": "timestamp", "customers": "customer_since",
    "observations": "enter", "assignments": "assigned_at",
}  # fmt: skip


def id_columns(table: str, columns: Iterable[str], unified: IdType) -> dict[str, IdType]:
    """Columns of a table that hold ids, and what they hold; ``unified`` is what ``unified_id`` is."""
    there = list(columns)
    ids = {c: id_type(c[3:]) for c in there if c.startswith("id:")}
    if "unified_id" in there:
        ids["unified_id"] = unified
    if table == "customers":
        ids |= {c: id_type(t) for c, t in CUSTOMER_IDS.items() if c in there}
    return ids


def pair_columns(connection: Any, relation: str, unified: IdType) -> tuple[list[str], dict[str, IdType]]:
    """Give the ids of pairs, whose types are named in the row, a column for each type: SQL, and what it holds.

    Both are empty where the relation has no pairs. A pair whose row names no type is of unified ids.
    """
    columns = columns_of(connection, relation)
    selected: list[str] = []
    ids: dict[str, IdType] = {}
    if not {"id_a", "id_b"} <= set(columns):
        return selected, ids
    for end in ("a", "b"):
        kind = f"nullif(trim(id_type_{end}), '')" if f"id_type_{end}" in columns else "NULL::VARCHAR"
        names = connection.execute(f"SELECT DISTINCT {kind} FROM {relation} WHERE id_{end} IS NOT NULL").fetchall()
        for name in sorted((row[0] for row in names), key=lambda n: (n is not None, n)):
            column = f"{end}:{name or ''}"
            same = f"{kind} IS NULL" if name is None else f"{kind} = {literal(name)}"
            selected.append(f"CASE WHEN {same} THEN id_{end} END AS {identifier(column)}")
            ids[column] = unified if name is None or name == "unified_id" else id_type(name)
    return selected, ids


def columns_of(connection: Any, relation: str) -> list[str]:
    """Column names of a relation."""
    return [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
