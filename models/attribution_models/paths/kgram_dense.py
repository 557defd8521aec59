"""Compiled counting of windows in a dense table."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled

# Columns of the counts at the ends of journeys.
START: Final = 0
CONVERSIONS: Final = 1
NULLS: Final = 2
VALUE: Final = 3


@compiled
def longest_journey(offsets: NDArray[np.int64]) -> int:
    """Touches of the longest journey."""
    longest = 0
    for j in range(offsets.size - 1):
        longest = max(longest, offsets[j + 1] - offsets[j])
    return longest


@compiled
def count_dense(
    offsets: NDArray[np.int64],
    channels: NDArray[np.int32],
    conversions: NDArray[np.float64],
    value: NDArray[np.float64],
    nulls: NDArray[np.float64],
    use_nulls: bool,
    order: int,
    base: int,
    moves: NDArray[np.float64],
    ends: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Add a block to ``moves[state * (base - 1) + next channel]`` and ``ends[state, 4]``.

    Returns totals: unattributed conversions, unattributed value, journeys with a negative number.
    """
    totals = np.zeros(3)
    size = base - 1
    top = base ** (order - 1)
    for j in range(offsets.size - 1):
        lo = offsets[j]
        hi = offsets[j + 1]
        c, n, v = conversions[j], nulls[j], value[j]
        totals[2] += c < 0.0 or n < 0.0 or v < 0.0
        n = n if use_nulls else 0.0
        w = c + n
        if lo == hi or w <= 0.0:
            totals[0] += c
            totals[1] += v
            continue
        head = min(hi, lo + order)
        state = 0
        for i in range(lo, head):
            state = state * base + channels[i] + 1
        ends[state, START] += w
        for i in range(head, hi):
            channel = channels[i]
            moves[state * size + channel] += w
            # Drop the oldest digit and append the new one, without a slow integer division.
            state = (state - (channels[i - order] + 1) * top) * base + channel + 1
        ends[state, CONVERSIONS] += c
        ends[state, NULLS] += n
        ends[state, VALUE] += v
    return totals
