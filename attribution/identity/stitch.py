"""Tables of a workspace under the customers that identity made; as they are where it made none."""

from __future__ import annotations

from typing import Any

from attribution.engine import identifier, literal, read_parquet
from attribution.identity.headers import CUSTOMER_IDS, columns_of
from attribution.identity.status import Status
from attribution.identity.uses import Use, identity_of
from attribution.workspace import Workspace

STITCHED = ("touchpoints", "conversions", "customers", "observations", "assignments")


def people_table(
    workspace: Workspace, connection: Any, name: str, manifest: dict[str, Any], use: Use = "journeys"
) -> str | None:
    """SQL relation of a table whose ``unified_id`` is the customer's id.

    Parameters
    ----------
    workspace : Workspace
    connection : DuckDB connection
    name : str
        Name of the table.
    manifest : dict
    use : {"journeys", "suppression"}
        Whose tier's customers. Without an identity the table is as it was ingested.
    """
    relation = workspace.table(name, manifest)
    entry = identity_of(manifest, use)
    if relation is None or entry is None or name not in STITCHED:
        return relation
    folder = workspace.path / entry["path"]
    unified, records = (
        read_parquet([folder / f"{map_}.parquet"]) if entry["maps"].get(map_) else None
        for map_ in ("unified", "records")
    )
    return stitched(connection, name, relation, unified, records)


def oversized_customers(workspace: Workspace, connection: Any, manifest: dict[str, Any]) -> frozenset[str]:
    """Customers of ids in clusters of implausibly many ids: nobody knows who they are, so they are not suppressed."""
    entry = identity_of(manifest, "suppression")
    if entry is None:
        return frozenset()
    files = [workspace.path / entry["path"] / f"{n}.parquet" for n in ("unified", "records") if entry["maps"].get(n)]
    query = " UNION ".join(
        f"SELECT customer_id FROM {read_parquet([file])} WHERE status = {int(Status.OVERSIZED)}" for file in files
    )
    return frozenset(row[0] for row in connection.execute(query).fetchall()) if files else frozenset()


def stitched(connection: Any, table: str, relation: str, unified: str | None, records: str | None) -> str:
    """SQL relation of a table whose ``unified_id`` is the customer's id.

    Parameters
    ----------
    connection : DuckDB connection
    table : str
        Its name in the contract.
    relation : str
        The table as it was ingested.
    unified, records : str or None
        Relations that `write_unified` and `write_records` wrote.
    """
    columns = columns_of(connection, relation)
    keyed = "unified_id" in columns
    if table != "customers" or records is None:
        if unified is None or not keyed:
            return relation
        return _of_events(table, relation, unified)
    joins, found = [], []
    if keyed and unified is not None:
        joins.append(f"LEFT JOIN {unified} p ON p.unified_id = t.unified_id")
        found.append(("p", "t.unified_id"))
    for number, column in enumerate(c for c in columns if c.startswith("id:") or c in CUSTOMER_IDS):
        joins.append(
            f"LEFT JOIN (SELECT id, customer_id, status FROM {records} WHERE header = {literal(column)}) r{number} "
            f"ON r{number}.id = t.{identifier(column)}"
        )
        found.append((f"r{number}", f"t.{identifier(column)}"))
    # An id that joins nobody says less about a record than one that does.
    joining = [f"CASE WHEN {a}.status = {int(Status.JOINS)} THEN {a}.customer_id END" for a, _ in found]
    alone = [f"{a}.customer_id" for a, _ in found]
    own = ["t.unified_id"] if keyed else []
    chosen = f"coalesce({', '.join([*joining, *alone, *own, 'NULL'])})"
    shape = f"* REPLACE ({chosen} AS unified_id)" if keyed else f"*, {chosen} AS unified_id"
    shape = shape.replace("*", "t.*", 1)
    return f"(SELECT {shape} FROM {relation} t {' '.join(joins)})"


def _of_events(table: str, relation: str, unified: str) -> str:
    """Touches, conversions, time at risk and assignments under their customers."""
    joined = f"{relation} t LEFT JOIN {unified} p ON p.unified_id = t.unified_id"
    own = "t.* REPLACE (coalesce(p.customer_id, t.unified_id) AS unified_id)"
    rows = f"SELECT {own} FROM {joined}"
    if table == "assignments":
        # A person is in an experiment once: with the arm that any of the ids was assigned to first.
        rows += (
            " QUALIFY row_number() OVER (PARTITION BY t.experiment, t.channel, coalesce(p.customer_id, t.unified_id) "
            "ORDER BY t.assigned_at, t.arm) = 1"
        )
    if table == "observations":
        # Windows of several ids of one person overlap: from the first moment to the last they count once.
        apart = f"SELECT {own} FROM {joined} WHERE NOT coalesce(p.stitched, false)"
        whole = "p.customer_id AS unified_id, min(t.enter) AS enter, max(t.exit) AS exit"
        rows = f"{apart} UNION ALL BY NAME SELECT {whole} FROM {joined} WHERE p.stitched GROUP BY p.customer_id"
    return f"({rows})"
