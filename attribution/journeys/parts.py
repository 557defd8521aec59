"""Read touches in parts: ranges of the customers' hash, as many at once as memory allows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from attribution.engine import threads
from attribution.journeys.cut import Touches
from attribution.journeys.read import Units, until
from attribution.journeys.sort import hash_table, scatter

T = TypeVar("T")

PART_TOUCHES = 500_000
# Two of DuckDB's row groups: small enough to stay in cache between reading and scattering.
BATCH = 245_760
# Bytes of one touch while a pass is held in memory: hash, time, unit.
TOUCH_BYTES = 20
NO_TOUCHES = Touches(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int32))

# Starts of the parts, then customer, time and unit in order of part.
Batch = tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64], NDArray[np.int32]]


def default_budget() -> int:
    """Bytes of touches held at once: 2.2 GB, or a third of the machine's memory where that is less."""
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1_000_000_000
    return int(min(2_200_000_000, physical / 3))


def bits_for(touches: int) -> int:
    """Leading bits of the hash that split the touches into parts of about half a million, whatever the machine."""
    return max(0, (max(0, touches - 1) // PART_TOUCHES).bit_length())


def range_of(keys: NDArray[np.uint64], index: int, bits: int) -> slice:
    """Find where the sorted ``keys`` of a part begin and end."""
    if bits == 0:
        return slice(0, keys.size)
    start = np.searchsorted(keys, np.uint64(index << (64 - bits)))
    last = index + 1 == 1 << bits
    stop = keys.size if last else np.searchsorted(keys, np.uint64((index + 1) << (64 - bits)))
    return slice(int(start), int(stop))


def each_part(
    connection: Any,
    touchpoints: str | None,
    units: Units,
    as_of: int | None,
    memory: int,
    work: Callable[[int, Touches], T],
) -> Iterator[T]:
    """Read touches in passes over ranges of the hash, and work on the parts of a pass on all cores.

    Results come in order of part.
    """
    bits = bits_for(units.touches)
    count = 1 << bits
    most = max(1, units.touches // count) + 1
    at_once = max(1, min(count, memory // (TOUCH_BYTES * most)))
    with ThreadPoolExecutor(threads()) as pool:
        for start in range(0, count, at_once):
            stop = min(start + at_once, count)
            batches: list[Batch] = []
            if touchpoints is not None:
                batches = _batches(connection, touchpoints, units, as_of, bits, start, stop)
            jobs = [pool.submit(_work_on, work, index, batches) for index in range(start, stop)]
            for job in jobs:
                yield job.result()


def _batches(
    connection: Any, touchpoints: str, units: Units, as_of: int | None, bits: int, start: int, stop: int
) -> list[Batch]:
    """Batches of touches, each ordered by part, of the parts ``start`` to ``stop``."""
    where = until(as_of)
    if stop - start < 1 << bits:
        within = f"hash(unified_id) >> {64 - bits} BETWEEN {start} AND {stop - 1}"
        where += f" AND {within}" if where else f" WHERE {within}"
    query = (
        f"SELECT hash(unified_id) AS customer, epoch_us(timestamp) AS at, {units.expression} AS unit "
        f"FROM {touchpoints}{where}"
    )
    table = hash_table(units.hashes)
    batches = []
    for batch in connection.sql(query).to_arrow_reader(BATCH):
        customer, at, unit_hash = (batch.column(i).to_numpy() for i in range(3))
        batches.append(scatter(customer, at, unit_hash, *table, bits))
    return batches


def _work_on(work: Callable[[int, Touches], T], index: int, batches: list[Batch]) -> T:
    """Gather one part's slices from all batches and work on them."""
    if not batches:
        return work(index, NO_TOUCHES)
    slices = [slice(int(b[0][index]), int(b[0][index + 1])) for b in batches]
    return work(
        index,
        Touches(
            np.concatenate([b[1][s] for b, s in zip(batches, slices, strict=True)]),
            np.concatenate([b[2][s] for b, s in zip(batches, slices, strict=True)]),
            np.concatenate([b[3][s] for b, s in zip(batches, slices, strict=True)]),
        ),
    )
