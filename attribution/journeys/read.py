"""What the build reads beside the touches themselves: units, conversions, known customers. DuckDB does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.engine import identifier, literal, one_row
from attribution.errors import UsageError
from attribution.journeys.cut import Conversions, Known
from attribution.journeys.journeys import Unit

# Told apart below the channel, where the columns are there.
FINER = ("campaign", "interaction", "geo")


@dataclass(frozen=True, slots=True)
class JourneyTables:
    """Where the rows are: SQL relations with contract columns; None for a table that is not there."""

    touchpoints: str | None = None
    conversions: str | None = None
    customers: str | None = None
    paths: str | None = None


@dataclass(frozen=True, slots=True)
class Units:
    """Every distinct (channel, campaign, interaction, geo), in order of content.

    Attributes
    ----------
    units : tuple of Unit
    hashes : uint64[units]
    expression : str
        SQL that gives a touch's hash.
    touches : int
        Rows that the units were found in.
    """

    units: tuple[Unit, ...]
    hashes: NDArray[np.uint64]
    expression: str
    touches: int


def columns_of(connection: Any, relation: str | None) -> tuple[str, ...]:
    """Column names of a relation; none for None."""
    if relation is None:
        return ()
    return tuple(row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall())


def until(as_of: int | None) -> str:
    """Leave out what is later than a moment: a WHERE clause, or nothing."""
    return "" if as_of is None else f" WHERE epoch_us(timestamp) <= {as_of}"


def read_units(connection: Any, touchpoints: str | None, as_of: int | None) -> Units:
    """Find the units of the touches."""
    if touchpoints is None:
        return Units((), np.zeros(0, np.uint64), "", 0)
    finer = [n for n in FINER if n in columns_of(connection, touchpoints)]
    names = ", ".join(["channel", *finer])
    rows = connection.execute(
        f"SELECT hash({names}), count(*), {names} FROM {touchpoints}{until(as_of)} GROUP BY ALL"
    ).fetchall()
    rows.sort(key=lambda row: tuple((v is not None, v or "") for v in row[2:]))
    hashes = np.array([row[0] for row in rows], np.uint64)
    if np.unique(hashes).size != hashes.size:  # two contents under one 64-bit hash: not seen in practice
        raise UsageError("Two campaigns share one hash. Rename one of them and ingest again.")
    units = tuple(Unit(i, row[2], **dict(zip(finer, row[3:], strict=True))) for i, row in enumerate(rows))
    return Units(units, hashes, f"hash({names})", sum(row[1] for row in rows))


def read_conversions(
    connection: Any, relation: str | None, as_of: int | None
) -> tuple[Conversions, tuple[str, ...], tuple[str, ...]]:
    """Read conversions in the order (customer, time, value, kind, geo), with the names of kinds and geos."""
    if relation is None:
        floats, ints = np.zeros(0), np.zeros(0, np.int64)
        return Conversions(np.zeros(0, np.uint64), ints, floats, *(ints.astype(np.int32),) * 2), (), ()
    columns = columns_of(connection, relation)
    kind = "kind" if "kind" in columns else "NULL::VARCHAR"
    geo = "geo" if "geo" in columns else "NULL::VARCHAR"
    value = "coalesce(value, 0)" if "value" in columns else "0"
    source = f"(SELECT * FROM {relation}{until(as_of)})"
    kinds, geos = (_names(connection, f"SELECT DISTINCT {e} FROM {source}") for e in (kind, geo))
    # Every column takes part in the order, so that ties are settled by content.
    ties = ", ".join(identifier(c) for c in sorted(columns))
    rows = connection.execute(
        f"""SELECT hash(unified_id) AS customer, epoch_us(timestamp) AS at, ({value})::DOUBLE AS value,
            coalesce(list_position({_strings(kinds)}, {kind}) - 1, -1)::INTEGER AS kind,
            coalesce(list_position({_strings(geos)}, {geo}) - 1, -1)::INTEGER AS geo
        FROM {source} ORDER BY 1, 2, 3, 4, 5, {ties}"""
    ).fetchnumpy()
    found = Conversions(*(np.ascontiguousarray(rows[name]) for name in Conversions._fields))
    return found, kinds, geos


def read_known(connection: Any, tables: JourneyTables) -> Known:
    """Read since when a person is a customer, by the customers table.

    CRM exports date a customer by the day of the first purchase. Where that is the very day of the first
    conversion in the data, the conversion itself tells the moment, and the day is left out.
    """
    columns = columns_of(connection, tables.customers)
    if not {"unified_id", "customer_since"} <= set(columns):
        return Known(np.zeros(0, np.uint64), np.zeros(0, np.int64))
    first = "SELECT NULL::UBIGINT AS k, NULL::TIMESTAMP AS at WHERE false"
    if tables.conversions is not None:
        first = f"SELECT hash(unified_id) AS k, min(timestamp) AS at FROM {tables.conversions} GROUP BY 1"
    rows = connection.execute(
        f"""SELECT c.k AS k, epoch_us(c.since) AS since
        FROM (SELECT hash(unified_id) AS k, min(customer_since) AS since FROM {tables.customers}
              WHERE unified_id IS NOT NULL AND customer_since IS NOT NULL GROUP BY 1) c
        LEFT JOIN ({first}) f ON f.k = c.k
        WHERE f.at IS NULL OR c.since::DATE < f.at::DATE ORDER BY 1"""
    ).fetchnumpy()
    return Known(np.ascontiguousarray(rows["k"]), np.ascontiguousarray(rows["since"]))


def data_end(connection: Any, tables: JourneyTables, as_of: int | None) -> int:
    """Find the latest moment in the data, or take ``as_of``, in microseconds."""
    if as_of is not None:
        return as_of
    relations = [r for r in (tables.touchpoints, tables.conversions) if r is not None]
    latest = [one_row(connection, f"SELECT epoch_us(max(timestamp)) FROM {r}")[0] for r in relations]
    return max((at for at in latest if at is not None), default=0)


def _names(connection: Any, query: str) -> tuple[str, ...]:
    return tuple(sorted(row[0] for row in connection.execute(query).fetchall() if row[0] is not None))


def _strings(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(literal(n) for n in names) + "]::VARCHAR[]"
