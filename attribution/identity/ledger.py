"""The ledger: which customers were merged, split, restored or erased in a run; and what earlier numbers mean now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from attribution.identity.registry import Registry

EVENTS = ("merged", "split", "restored", "erased")
LEDGER = pa.schema(
    [
        ("run", pa.int32()),
        ("event", pa.string()),
        ("customer_id", pa.string()),
        ("into", pa.string()),
        ("ids", pa.int64()),
    ]
)
ALIASES = pa.schema([("alias", pa.string()), ("customer_id", pa.string())])


def customer_id(number: int) -> str:
    """A customer's number as its id: ``c0000000042``. It tells nothing about the person."""
    return f"c{number:010d}"


def ledger(before: Registry, after: Registry, run: int) -> pa.Table:
    """Tell what became of the customers of the last run.

    ``merged``: all ids of a customer are another's now. ``split``: some ids of a customer are another's, and others
    are still theirs or a third's; ``into`` is where ``ids`` of them went. ``restored``: where they went is a customer
    who had been merged away before. ``erased``: ids of a customer are in the registry no more.
    """
    rows = sorted(_events(before, after))
    events, ids = [event for _, event, _, _ in rows], [number for *_, number in rows]
    return pa.table(
        [
            pa.array([run] * len(rows), pa.int32()), pa.array(events, pa.string()),
            pa.array([customer_id(c) for c, *_ in rows], pa.string()),
            pa.array([customer_id(c) if c else None for _, _, c, _ in rows], pa.string()), pa.array(ids, pa.int64()),
        ],
        schema=LEDGER,
    )  # fmt: skip


def _events(before: Registry, after: Registry) -> Iterator[tuple[int, str, int, int]]:
    place = np.searchsorted(after.keys, before.keys)
    there = place < after.keys.size
    there[there] = after.keys[place[there]] == before.keys[there]
    for customer, number in _counts(before.customer[~there & before.present]):
        yield customer, "erased", 0, number
    # Ids that went with their file tell nothing about customers: they wait for their return.
    old, new = before.customer[there], after.customer[place[there]]
    counted = after.present[place[there]]
    old, new = old[counted], new[counted]
    moved = old != new
    if not moved.any():
        return
    concerned = np.isin(old, np.unique(old[moved]))
    pairs, ids = np.unique(np.stack([old[concerned], new[concerned]], axis=1), axis=0, return_counts=True)
    targets: dict[int, int] = {}
    for customer, _ in pairs.tolist():
        targets[customer] = targets.get(customer, 0) + 1
    used_before = np.zeros(after.issued + 1, np.bool_)
    used_before[before.customer[before.present]] = True
    for (customer, into), count in zip(pairs.tolist(), ids.tolist(), strict=True):
        if customer == into:
            continue
        event = "merged" if targets[customer] == 1 else "split"
        if not used_before[into] and into <= before.issued:
            event = "restored"
        yield customer, event, into, count


def _counts(customers: NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    found, ids = np.unique(customers, return_counts=True)
    yield from zip(found.tolist(), ids.tolist(), strict=True)


def aliases(registry: Registry) -> pa.Table:
    """Numbers that are no customer's any more, and whose ids' customer they mean now.

    Where ids of one such number belong to several customers, it means the one with the oldest of them.
    """
    moved = np.flatnonzero(registry.born != registry.customer)
    order = moved[np.lexsort((moved, registry.first_seen[moved], registry.born[moved]))]
    numbers, first = np.unique(registry.born[order], return_index=True)
    held = np.zeros(registry.issued + 1, np.bool_)
    held[registry.customer] = True
    rows: list[tuple[int, Any]] = [
        (number, registry.customer[order[place]])
        for number, place in zip(numbers.tolist(), first.tolist(), strict=True)
        if not held[number]
    ]
    return pa.table(
        [
            pa.array([customer_id(a) for a, _ in rows], pa.string()),
            pa.array([customer_id(int(c)) for _, c in rows], pa.string()),
        ],
        schema=ALIASES,
    )
