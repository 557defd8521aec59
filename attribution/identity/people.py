"""Which customer a source's own keys mean: maps from texts, as they stand in the tables, to ``customer_id``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from attribution.engine import identifier
from attribution.identity.canonical import canonical_columns
from attribution.identity.headers import UNIFIED, columns_of
from attribution.identity.id_types import IdType
from attribution.identity.keys import keys_of
from attribution.identity.registry import Registry
from attribution.identity.sources import LinkSource
from attribution.settings import IdentitySettings
from attribution.workspace import PRIVATE

BATCH = 245_760


def write_unified(
    connection: Any, tables: Mapping[str, str], unified: IdType, registry: Registry, settings: IdentitySettings,
    target: Path,
) -> int:  # fmt: skip
    """Write (unified_id, customer_id, status, stitched) for every unified id of the tables; give their number.

    ``stitched``: the customer has more than one unified id.
    """
    held = [t for t in UNIFIED if t in tables and "unified_id" in columns_of(connection, tables[t])]
    if not held:
        return 0
    every = " UNION ".join(f"SELECT unified_id FROM {tables[t]} WHERE unified_id IS NOT NULL" for t in held)
    table, customers = _customers(connection, f"({every})", "unified_id", unified, registry, settings)
    several = np.bincount(customers) > 1
    table = table.append_column("stitched", pa.array(several[customers]))
    return _write(table.rename_columns(["unified_id", *table.column_names[1:]]), target, ["unified_id"])


def write_records(
    connection: Any, source: LinkSource | None, registry: Registry, settings: IdentitySettings, target: Path
) -> int:
    """Write (header, id, customer_id, status) for a customers file's ids beside ``unified_id``; give their number."""
    if source is None:
        return 0
    parts = []
    for column in (c for c in source.ids if c != "unified_id"):
        raw = f"(SELECT DISTINCT {identifier(column)} FROM {source.relation} WHERE {identifier(column)} IS NOT NULL)"
        table, _ = _customers(connection, raw, column, source.ids[column], registry, settings)
        parts.append(table.add_column(0, "header", pa.array([column] * table.num_rows, pa.string())))
    return _write(pa.concat_tables(parts), target, ["header", "id"]) if parts else 0


def _customers(
    connection: Any, relation: str, column: str, of: IdType, registry: Registry, settings: IdentitySettings
) -> tuple[pa.Table, NDArray[np.int32]]:
    """Look up a column's distinct values: (id, customer_id, status), and customers' numbers."""
    made = canonical_columns(connection, relation, {column: of}, settings.region, gmail=settings.gmail)
    ids, places = [], []
    query = f"SELECT {identifier(column)}, {made.columns[column]} FROM {made.relation}"
    for batch in connection.sql(query).to_arrow_reader(BATCH):
        keys = keys_of(of.name, batch.column(1))
        place = np.searchsorted(registry.keys, keys)
        place[place == registry.keys.size] = 0
        there = registry.keys[place] == keys if registry.keys.size else np.zeros(keys.size, np.bool_)
        ids.append(batch.column(0).filter(pa.array(there)))
        places.append(place[there])
    made.drop(connection)
    place = np.concatenate([*places, np.zeros(0, np.int64)])
    customers = registry.customer[place]
    names = pc.binary_join_element_wise(
        "c", pc.utf8_lpad(pc.cast(pa.array(customers), pa.string()), width=10, padding="0"), ""
    )
    columns = [pa.chunked_array(ids, pa.string()), names, pa.array(registry.status[place])]
    return pa.table(columns, names=["id", "customer_id", "status"]), customers


def _write(table: pa.Table, target: Path, order: list[str]) -> int:
    """Write a map in order of its ids, whatever the order they were read in; readable by its owner only."""
    target.touch(mode=PRIVATE)
    pq.write_table(table.sort_by([(name, "ascending") for name in order]), target, compression="lz4")
    target.chmod(PRIVATE)
    return int(table.num_rows)
