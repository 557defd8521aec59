"""Which customer a source's own keys mean: maps from texts, as they stand in the tables, to ``customer_id``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from attribution.engine import identifier, literal
from attribution.identity.canonical import canonical_columns
from attribution.identity.headers import UNIFIED, columns_of
from attribution.identity.id_types import IdType
from attribution.identity.keys import key_sql
from attribution.identity.links import LinkSource
from attribution.identity.registry import Registry
from attribution.ingest.settle import copy_private

CUSTOMER = "'c' || lpad(r.customer::VARCHAR, 10, '0')"


def register_ids(connection: Any, registry: Registry) -> None:
    """Make the registry known to SQL as ``registry(key, customer, status)``."""
    columns = {"key": registry.keys, "customer": registry.customer, "status": registry.status}
    connection.register("registry", pa.table({name: pa.array(array) for name, array in columns.items()}))


def write_unified(connection: Any, tables: Mapping[str, str], unified: IdType, region: str | None, target: Path) -> int:
    """Write (unified_id, customer_id, status, stitched) for every unified id of the tables; give their number.

    ``stitched``: the customer has more than one unified id. Ids whose customer's number is to be read as the id itself
    do not occur: every id of the tables is in the registry.
    """
    held = [t for t in UNIFIED if t in tables and "unified_id" in columns_of(connection, tables[t])]
    if not held:
        return 0
    every = " UNION ".join(f"SELECT unified_id FROM {tables[t]} WHERE unified_id IS NOT NULL" for t in held)
    made = canonical_columns(connection, f"({every})", {"unified_id": unified}, region)
    keyed = f"SELECT unified_id, {key_sql(unified.name, made.columns['unified_id'])} AS key FROM {made.relation}"
    return copy_private(
        connection,
        f"""SELECT k.unified_id, {CUSTOMER} AS customer_id, r.status AS status,
            count(*) OVER (PARTITION BY r.customer) > 1 AS stitched
        FROM ({keyed}) k JOIN registry r ON r.key = k.key ORDER BY k.unified_id""",
        target,
    )


def write_records(connection: Any, source: LinkSource | None, region: str | None, target: Path) -> int:
    """Write (header, id, customer_id, status) for a customers file's ids beside ``unified_id``; give their number."""
    if source is None:
        return 0
    columns = [c for c in source.ids if c != "unified_id"]
    parts = []
    for column in columns:
        of = source.ids[column]
        raw = f"(SELECT DISTINCT {identifier(column)} FROM {source.relation} WHERE {identifier(column)} IS NOT NULL)"
        made = canonical_columns(connection, raw, {column: of}, region)
        keyed = (
            f"SELECT {identifier(column)} AS id, {key_sql(of.name, made.columns[column])} AS key FROM {made.relation}"
        )
        parts.append(
            f"SELECT {literal(column)} AS header, k.id AS id, {CUSTOMER} AS customer_id, r.status AS status "
            f"FROM ({keyed}) k JOIN registry r ON r.key = k.key"
        )
    if not parts:
        return 0
    return copy_private(connection, f"SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY ALL", target)
