"""Rows of ids to edges: every two ids of a row belong together; each pair counts once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled


@dataclass(frozen=True, slots=True)
class Edges:
    """Distinct pairs of ids, and each id's partners.

    Attributes
    ----------
    pairs : uint64[e]
        Smaller code in the upper 32 bits, larger code in the lower; ascending, each pair once.
    times : int32[e]
        In how many rows the pair was seen.
    offsets : int64[n + 1]
        Partners of id ``v`` are ``partners[offsets[v]:offsets[v + 1]]``.
    partners : int32[2e]
        Each id's partners in ascending order.
    """

    pairs: NDArray[np.uint64]
    times: NDArray[np.int32]
    offsets: NDArray[np.int64]
    partners: NDArray[np.int32]


def edges_of(codes: NDArray[np.int32], ends: NDArray[np.int64], ids: int) -> Edges:
    """Find the distinct pairs of rows of ids.

    Parameters
    ----------
    codes : int32[k]
        Ids of all rows, one row after the other.
    ends : int64[rows]
        Where each row ends in ``codes``.
    ids : int
        Number of distinct ids.
    """
    packed = np.empty(_count(codes, ends), np.uint64)
    _pairs(codes, ends, packed)
    packed.sort()
    pairs, times = _runs(packed)
    del packed
    return edges_from(pairs, times, ids)


def edges_from(pairs: NDArray[np.uint64], times: NDArray[np.int32], ids: int) -> Edges:
    """Partners of each id from distinct pairs in ascending order."""
    offsets = _offsets(pairs, ids)
    partners = np.empty(2 * pairs.size, np.int32)
    _partners(pairs, offsets, partners)
    return Edges(pairs, times, offsets, partners)


@compiled
def _count(codes: NDArray[np.int32], ends: NDArray[np.int64]) -> int:
    total = 0
    start = np.int64(0)
    for end in ends:
        for i in range(start, end):
            for j in range(i + 1, end):
                total += codes[i] != codes[j]
        start = end
    return total


@compiled
def _pairs(codes: NDArray[np.int32], ends: NDArray[np.int64], out: NDArray[np.uint64]) -> None:
    n = 0
    start = np.int64(0)
    for end in ends:
        for i in range(start, end):
            for j in range(i + 1, end):
                a, b = codes[i], codes[j]
                if a == b:
                    continue
                out[n] = np.uint64(min(a, b)) << np.uint64(32) | np.uint64(max(a, b))
                n += 1
        start = end


@compiled
def _runs(ordered: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    n = 0
    for i in range(ordered.size):
        n += i == 0 or ordered[i] != ordered[i - 1]
    pairs, times = np.empty(n, np.uint64), np.zeros(n, np.int32)
    n = 0
    for i in range(ordered.size):
        if i > 0 and ordered[i] == ordered[i - 1]:
            times[n - 1] += 1
        else:
            pairs[n] = ordered[i]
            times[n] = 1
            n += 1
    return pairs, times


@compiled
def _offsets(pairs: NDArray[np.uint64], ids: int) -> NDArray[np.int64]:
    offsets = np.zeros(ids + 1, np.int64)
    low = np.uint64(0xFFFFFFFF)
    for pair in pairs:
        offsets[np.int64(pair >> np.uint64(32)) + 1] += 1
        offsets[np.int64(pair & low) + 1] += 1
    for v in range(ids):
        offsets[v + 1] += offsets[v]
    return offsets


@compiled
def _partners(pairs: NDArray[np.uint64], offsets: NDArray[np.int64], out: NDArray[np.int32]) -> None:
    # Pairs ascend, so an id's smaller partners are met before its larger ones, each in order.
    place = offsets[:-1].copy()
    low = np.uint64(0xFFFFFFFF)
    for pair in pairs:
        b = np.int64(pair & low)
        out[place[b]] = np.int32(pair >> np.uint64(32))
        place[b] += 1
    for pair in pairs:
        a = np.int64(pair >> np.uint64(32))
        out[place[a]] = np.int32(pair & low)
        place[a] += 1
