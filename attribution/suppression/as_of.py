"""What was known at an earlier moment: a list can be told as it would have been then."""

from __future__ import annotations

from typing import Any

from attribution.identity.headers import columns_of

Relations = tuple[str | None, str | None, str | None]


def known_by(connection: Any, relations: Relations, moment: str) -> Relations:
    """Touchpoints, conversions and customers as they were before a moment.

    A customers file says what is now. Records of who became a customer later are left out, and later purchases;
    status and consent are those of today.

    Parameters
    ----------
    connection : DuckDB connection
    relations : tuple
        SQL relations.
    moment : str
        SQL expression of a time.
    """
    touchpoints, conversions, customers = relations
    events = [
        None if r is None else f"(SELECT * FROM {r} WHERE timestamp < {moment})" for r in (touchpoints, conversions)
    ]
    return events[0], events[1], None if customers is None else _records(connection, customers, moment)


def _records(connection: Any, customers: str, moment: str) -> str:
    """Records of a customers file that were there already."""
    columns = columns_of(connection, customers)
    shape, there = "*", "true"
    if "last_purchase_at" in columns:
        shape = f"* REPLACE (CASE WHEN last_purchase_at < {moment} THEN last_purchase_at END AS last_purchase_at)"
    if "customer_since" in columns:
        there = f"(customer_since IS NULL OR customer_since < {moment})"
    return f"(SELECT {shape} FROM {customers} WHERE {there})"
