"""Phone numbers that are not in E.164 yet: each distinct one is read once, for all platforms."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from attribution.identity.phones import normal_phone

BATCH = 50_000


def read_phones(connection: Any, tokens: str, table: str) -> None:
    """Write a table raw, region, e164 (NULL where it is no number), rows: how often each was given."""
    connection.execute(f"CREATE TEMP TABLE {table} (raw VARCHAR, region VARCHAR, e164 VARCHAR, rows BIGINT)")
    query = f"""
        SELECT token[2:] AS raw, coalesce(region, '') AS region, count(*) AS rows
        FROM (SELECT unnest(phone) AS token, region FROM {tokens}) WHERE token[1] = '?' GROUP BY ALL ORDER BY ALL
    """
    made = connection.sql(query).to_arrow_table()
    for start in range(0, made.num_rows, BATCH):
        part = made.slice(start, BATCH)
        pairs = zip(part["raw"].to_pylist(), part["region"].to_pylist(), strict=True)
        read = pa.array([normal_phone(raw, region or None) for raw, region in pairs], pa.string())
        chunk = pa.table({"raw": part["raw"], "region": part["region"], "e164": read, "rows": part["rows"]})
        connection.register(f"{table}_chunk", chunk)
        connection.execute(f"INSERT INTO {table} SELECT raw, region, e164, rows FROM {table}_chunk")
        connection.unregister(f"{table}_chunk")
