"""Ids to dense codes: 64-bit keys ranked among their distinct values.

Keys are digests, so their leading bits split them into ranges of equal size without looking at the data. A
range fits into the processor's cache, where a small hash table finds its distinct keys; ranges follow each
other in order of key, so a code is a rank among all keys and depends on nothing but the set of ids.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from attribution.engine import threads
from attribution_models.paths.compiled import compiled

# Keys of one range: its table of twice the size stays in a core's own cache.
RANGE = 32_768
MOST_BITS = 12


def rank(keys: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Rank keys among their distinct values.

    Parameters
    ----------
    keys : uint64[n]
        Digests, evenly spread; 0 stands for no id and may not occur.

    Returns
    -------
    distinct : uint64[m]
        In ascending order.
    codes : int32[n]
        ``distinct[codes] == keys``.
    """
    bits = min(MOST_BITS, max(0, (keys.size // RANGE).bit_length()))
    starts = _starts(keys, bits)
    ordered, places = np.empty(keys.size, np.uint64), np.empty(keys.size, np.int32)
    _scatter(keys, bits, starts[:-1].copy(), ordered, places)
    ranges = [slice(int(a), int(b)) for a, b in pairwise(starts)]
    codes = np.empty(keys.size, np.int32)
    with ThreadPoolExecutor(threads()) as pool:
        found = list(pool.map(lambda s: _distinct(ordered[s]), ranges))
        firsts = np.concatenate([[0], np.cumsum([d.size for d in found])])
        jobs = [
            pool.submit(_write, ordered[s], places[s], d, int(first), codes)
            for s, d, first in zip(ranges, found, firsts[:-1], strict=True)
        ]
        for job in jobs:
            job.result()
    return np.concatenate([*found, np.zeros(0, np.uint64)]), codes


@compiled
def _starts(keys: NDArray[np.uint64], bits: int) -> NDArray[np.int64]:
    starts = np.zeros((1 << bits) + 1, np.int64)
    if bits == 0:
        starts[1] = keys.size
        return starts
    shift = np.uint64(64 - bits)
    for key in keys:
        starts[np.int64(key >> shift) + 1] += 1
    for p in range(starts.size - 1):
        starts[p + 1] += starts[p]
    return starts


@compiled
def _scatter(
    keys: NDArray[np.uint64], bits: int, next_place: NDArray[np.int64], ordered: NDArray[np.uint64],
    places: NDArray[np.int32],
) -> None:  # fmt: skip
    shift = np.uint64(64 - bits)
    for i in range(keys.size):
        part = np.int64(0) if bits == 0 else np.int64(keys[i] >> shift)
        o = next_place[part]
        next_place[part] = o + 1
        ordered[o] = keys[i]
        places[o] = i


@compiled
def _table_size(n: int) -> int:
    size = 16
    while size < 2 * n:
        size *= 2
    return size


@compiled
def _distinct(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    size = _table_size(keys.size)
    mask = np.uint64(size - 1)
    table = np.zeros(size, np.uint64)
    found = np.empty(keys.size, np.uint64)
    n = 0
    for key in keys:
        slot = key & mask
        while table[slot] != 0 and table[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        if table[slot] == 0:
            table[slot] = key
            found[n] = key
            n += 1
    return np.sort(found[:n])


@compiled
def _write(
    keys: NDArray[np.uint64], places: NDArray[np.int32], distinct: NDArray[np.uint64], first: int,
    codes: NDArray[np.int32],
) -> None:  # fmt: skip
    size = _table_size(distinct.size)
    mask = np.uint64(size - 1)
    table = np.zeros(size, np.uint64)
    ranks = np.empty(size, np.int32)
    for r in range(distinct.size):
        slot = distinct[r] & mask
        while table[slot] != 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = distinct[r]
        ranks[slot] = first + r
    for i in range(keys.size):
        slot = keys[i] & mask
        while table[slot] != keys[i]:
            slot = (slot + np.uint64(1)) & mask
        codes[places[i]] = ranks[slot]
