"""The paths of most conversions, counted by hashing, so that millions of journeys take no longer than a scan."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.journeys.journeys import Journeys
from attribution_models.paths.compiled import compiled, read_only
from attribution_models.paths.encoded import PathBlock, map_blocks

# How many paths are shown, and how many touches of a path.
TOP = 20
# Odd numbers with mixed bits: base of the rolling hash, and Fibonacci hashing (Knuth, TAOCP 6.4).
BASE, GOLDEN = 0x2545F4914F6CDD1D, -7046029254386353131

Counted = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]


def top_paths(journeys: Journeys, most: int = TOP) -> pd.DataFrame:
    """The paths of most conversions: conversions, value and their share of all conversions.

    Paths are told apart up to twenty touches; a longer one is shown by its last twenty. Of paths with equal
    conversions, the one whose channels come first by name is first.
    """
    offsets, channels, amounts = count_tails(journeys, TOP)
    total = float(amounts[:, 0].sum())
    names, shown = journeys.channels, _best(offsets, channels, amounts[:, 0], most)
    paths = [channels[offsets[i] : offsets[i + 1]].tolist() for i in shown.tolist()]
    return pd.DataFrame(
        {
            "path": [" > ".join(names[c] for c in path) or "(no touch)" for path in paths],
            "conversions": amounts[shown, 0],
            "value": amounts[shown, 1],
            "share": amounts[shown, 0] / total if total else np.full(shown.size, np.nan),
        }
    )


def count_tails(journeys: Journeys, touches: int) -> Counted:
    """Conversions and value of every distinct path of converting journeys, told apart by its last touches.

    Returns
    -------
    tuple of (offsets int64[N + 1], channels int32[T], amounts float64[N, 2])
        Path n holds ``channels[offsets[n]:offsets[n + 1]]``; sums run in the order of blocks, whatever the threads.
    """

    def kernel(block: PathBlock) -> Counted:
        amounts = np.stack([block.conversions, block.value], axis=1)
        return _counted(block.offsets, block.channels, amounts, touches)

    parts = list(map_blocks(journeys, kernel))
    if not parts:
        return np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros((0, 2))
    lengths = np.concatenate([np.diff(offsets) for offsets, _, _ in parts])
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    channels, amounts = (np.concatenate([part[i] for part in parts]) for i in (1, 2))
    return _counted(offsets, channels.astype(np.int32), amounts.astype(np.float64), touches)


def _counted(
    offsets: NDArray[np.int64], channels: NDArray[np.int32], amounts: NDArray[np.float64], touches: int
) -> Counted:
    places, sums = _distinct(read_only(offsets), read_only(channels), read_only(amounts), touches)
    lengths = places[:, 1] - places[:, 0]
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    kept = np.arange(ends[-1]) + np.repeat(places[:, 0] - ends[:-1], lengths)
    return ends, np.asarray(channels)[kept], sums


@compiled
def _distinct(
    offsets: NDArray[np.int64], channels: NDArray[np.int32], amounts: NDArray[np.float64], touches: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Begin and end of one journey of each distinct path, and what all journeys of the path add up to.

    Open addressing; paths of equal hashes are compared, so that no collision is ever believed.
    """
    rows = 0
    for j in range(offsets.size - 1):
        rows += amounts[j, 0] > 0.0
    size = 1024
    while size < 2 * rows:
        size *= 2
    slots = np.zeros(size, np.int64)  # 0 is empty, otherwise path + 1
    places = np.empty((rows, 2), np.int64)
    hashes = np.empty(rows, np.int64)
    sums = np.zeros((rows, 2))
    found = 0
    for j in range(offsets.size - 1):
        if not amounts[j, 0] > 0.0:
            continue
        hi = offsets[j + 1]
        lo = max(offsets[j], hi - touches)
        code = np.int64(hi - lo)
        for i in range(lo, hi):
            code = code * np.int64(BASE) + channels[i] + 1
        slot = ((code * np.int64(GOLDEN)) >> 29) & (size - 1)
        path = -1
        while slots[slot] > 0:
            known = slots[slot] - 1
            if hashes[known] == code and places[known, 1] - places[known, 0] == hi - lo:
                same = True
                for i in range(hi - lo):
                    same = same and channels[places[known, 0] + i] == channels[lo + i]
                if same:
                    path = known
                    break
            slot = (slot + 1) & (size - 1)
        if path < 0:
            path = found
            found += 1
            slots[slot] = found
            hashes[path] = code
            places[path, 0], places[path, 1] = lo, hi
        sums[path, 0] += amounts[j, 0]
        sums[path, 1] += amounts[j, 1]
    return places[:found].copy(), sums[:found].copy()


def _best(
    offsets: NDArray[np.int64], channels: NDArray[np.int32], conversions: NDArray[np.float64], most: int
) -> NDArray[np.int64]:
    """The paths of most conversions; equal ones by their channels, a path before those that it begins."""
    if conversions.size > most > 0:
        rest = conversions.size - most
        near = np.flatnonzero(conversions >= np.partition(conversions, rest)[rest])
    else:
        near = np.arange(conversions.size)
    starts, lengths = offsets[near], np.diff(offsets)[near]
    width = int(lengths.max(initial=0))
    codes = np.full((near.size, width), -1, np.int32)
    for place in range(width):
        there = lengths > place
        codes[there, place] = channels[starts[there] + place]
    ranked = np.lexsort((*codes.T[::-1], -conversions[near]))
    return near[ranked[:most]].astype(np.int64)
