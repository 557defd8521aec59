"""Compiled path transforms, in place on one journey (the seven of Google's fractribution, by their meaning).

On D > A > B > B > C > D > C > C: ``exposure`` gives D > A > B > C > D > C, ``first`` gives D > A > B > C,
``frequency`` gives D(2) > A(1) > B(2) > C(3). On A > B > A > A: ``remove-if-not-all:A`` gives B,
``remove-if-last-and-not-all:A`` gives A > B.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled

EXPOSURE, FIRST, FREQUENCY, REMOVE_IF_NOT_ALL, REMOVE_IF_LAST = 1, 2, 3, 4, 5


@compiled
def transform(
    op: int, target: int, lo: int, hi: int, channel_of: NDArray[np.int32], unit: NDArray[np.int32],
    at: NDArray[np.int64], repeat: NDArray[np.int32],
) -> int:  # fmt: skip
    """Apply one transform to the touches ``lo`` to ``hi``; give the new end."""
    if op in (REMOVE_IF_NOT_ALL, REMOVE_IF_LAST) and _all(target, lo, hi, channel_of, unit):
        return hi
    if op == REMOVE_IF_LAST:
        while channel_of[unit[hi - 1]] == target:
            hi -= 1
        return hi
    w = lo
    for i in range(lo, hi):
        channel = channel_of[unit[i]]
        if op == REMOVE_IF_NOT_ALL:
            keep = channel != target
        elif op == EXPOSURE:
            keep = w == lo or channel_of[unit[w - 1]] != channel
        else:
            seen = _seen(channel, lo, w, channel_of, unit)
            keep = seen < 0
            if op == FREQUENCY and not keep:
                repeat[seen] += repeat[i]
        if keep:
            unit[w], at[w], repeat[w] = unit[i], at[i], repeat[i]
            w += 1
    return w


@compiled
def _all(target: int, lo: int, hi: int, channel_of: NDArray[np.int32], unit: NDArray[np.int32]) -> bool:
    for i in range(lo, hi):  # noqa: SIM110  (a generator does not compile)
        if channel_of[unit[i]] != target:
            return False
    return True


@compiled
def _seen(channel: int, lo: int, hi: int, channel_of: NDArray[np.int32], unit: NDArray[np.int32]) -> int:
    for i in range(lo, hi):
        if channel_of[unit[i]] == channel:
            return i
    return -1
