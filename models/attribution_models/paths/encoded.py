"""Encoded journeys: what every path model reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class PathBlock:
    """Journeys of one partition, columnar: journey j holds touches ``offsets[j]:offsets[j + 1]``.

    A journey from events has either one conversion or one null; a row of aggregated paths has any
    number of both.

    Attributes
    ----------
    offsets : int64[J + 1]
        Where each journey's touches begin and end. Equal neighbors: a journey without touches.
    channels : int32[T]
        Channel code of each touch, an index into ``Paths.channels``, in order of time.
    conversions, value, nulls : float64[J]
        Conversions of the journey, their value in currency units, and how often it did not convert.
    touched_at : int64[T] or None
        Time of each touch in microseconds since 1970 (UTC); None for aggregated paths.
    ended_at : int64[J] or None
        Time of the conversion, or of the end of a journey that never converts; None as above.
    customer : uint64[J] or None
        Key of the person (a hash of the customer id); None as above.
    """

    offsets: NDArray[np.int64]
    channels: NDArray[np.int32]
    conversions: NDArray[np.float64]
    value: NDArray[np.float64]
    nulls: NDArray[np.float64]
    touched_at: NDArray[np.int64] | None = None
    ended_at: NDArray[np.int64] | None = None
    customer: NDArray[np.uint64] | None = None


class Paths(Protocol):
    """A source of encoded journeys: channel names, and blocks in a fixed order."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Channel names, sorted; the position is the code."""

    @property
    def direct(self) -> NDArray[np.bool_]:
        """Which channels are direct traffic, bool[C]."""

    @property
    def block_count(self) -> int:
        """Number of blocks."""

    def block(self, index: int) -> PathBlock:
        """One block; the same index gives the same block every time."""


def take(block: PathBlock, rows: NDArray[np.int64]) -> PathBlock:
    """Journeys of a block by position, in the order given."""
    lengths = np.diff(block.offsets)[rows]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    touches = np.arange(offsets[-1]) + np.repeat(block.offsets[rows] - offsets[:-1], lengths)
    return PathBlock(
        offsets=offsets,
        channels=block.channels[touches],
        conversions=block.conversions[rows],
        value=block.value[rows],
        nulls=block.nulls[rows],
        touched_at=None if block.touched_at is None else block.touched_at[touches],
        ended_at=None if block.ended_at is None else block.ended_at[rows],
        customer=None if block.customer is None else block.customer[rows],
    )


def map_blocks(paths: Paths, kernel: Callable[[PathBlock], T], threads: int | None = None) -> Iterator[T]:
    """Apply a kernel to every block on all cores; results come in block order.

    The order of the results, and so every floating-point sum over them, does not depend on the number
    of threads. Kernels are compiled without the interpreter lock.
    """
    return map_numbered(paths, lambda _, block: kernel(block), threads)


def map_numbered(paths: Paths, kernel: Callable[[int, PathBlock], T], threads: int | None = None) -> Iterator[T]:
    """Apply a kernel to the number of every block and the block, as ``map_blocks`` does."""
    workers = min(threads or cpu_count() or 1, paths.block_count)
    if workers <= 1:
        yield from (kernel(i, paths.block(i)) for i in range(paths.block_count))
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(lambda i: kernel(i, paths.block(i)), range(paths.block_count))
