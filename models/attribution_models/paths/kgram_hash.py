"""Compiled counting of windows in open-addressing hash tables."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled
from attribution_models.paths.kgram_dense import CONVERSIONS, NULLS, START, VALUE

# Fibonacci hashing (Knuth, TAOCP 6.4): 2^64 / golden ratio, as a signed number.
GOLDEN: Final = -7046029254386353131


@compiled
def _slots(entries: int) -> NDArray[np.int32]:
    """Make an empty table for that many entries; 0 is empty, otherwise entry + 1."""
    size = 1024
    while size < 2 * entries:
        size *= 2
    return np.zeros(size, dtype=np.int32)


@compiled
def _same(channels: NDArray[np.int32], a: int, b: int, touches: int) -> bool:
    for i in range(touches):  # noqa: SIM110 - a compiled loop, not a generator
        if channels[a + i] != channels[b + i]:
            return False
    return True


@compiled
def _state(
    slots: NDArray[np.int32],
    code: int,
    begin: int,
    touches: int,
    channels: NDArray[np.int32],
    exact: bool,
    codes: NDArray[np.int64],
    places: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> int:
    """Find the state of the window ``channels[begin : begin + touches]``, or add it."""
    mask = slots.size - 1
    slot = ((code * GOLDEN) >> 29) & mask
    while slots[slot] > 0:
        state = slots[slot] - 1
        if codes[state] == code and (
            exact or (places[1, state] == touches and _same(channels, places[0, state], begin, touches))
        ):
            return int(state)
        slot = (slot + 1) & mask
    state = counts[0]
    counts[0] += 1
    slots[slot] = counts[0]
    codes[state] = code
    places[0, state] = begin
    places[1, state] = touches
    return int(state)


@compiled
def _step(slots: NDArray[np.int32], key: int, keys: NDArray[np.int64], counts: NDArray[np.int64]) -> int:
    """Find the step with that key, or add it."""
    mask = slots.size - 1
    slot = ((key * GOLDEN) >> 29) & mask
    while slots[slot] > 0:
        if keys[slots[slot] - 1] == key:
            return int(slots[slot] - 1)
        slot = (slot + 1) & mask
    step = counts[1]
    counts[1] += 1
    slots[slot] = counts[1]
    keys[step] = key
    return int(step)


@compiled
def count_hashed(
    offsets: NDArray[np.int64],
    channels: NDArray[np.int32],
    conversions: NDArray[np.float64],
    value: NDArray[np.float64],
    nulls: NDArray[np.float64],
    use_nulls: bool,
    order: int,
    base: int,
    exact: bool,
    bound: int,
) -> tuple[
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.float64],
    NDArray[np.int64],
    NDArray[np.float64],
    NDArray[np.float64],
]:
    """Count a block by hashing: states in order of first sight, and the steps between them.

    ``exact`` says that codes tell windows apart; if not, windows with equal codes are compared.
    ``bound`` is a bound on the number of states. Tables have room for every touch to be new: pages
    that are never written cost nothing.

    Returns codes[S], first touch and length of each window [2, S], ends[S, 4], steps[2, E], weight[E],
    and totals as ``count_dense``.
    """
    totals = np.zeros(3)
    counts = np.zeros(2, dtype=np.int64)
    room = min(channels.size, bound) + 1
    state_slots = _slots(room)
    codes = np.empty(room, dtype=np.int64)
    places = np.empty((2, room), dtype=np.int64)
    ends = np.zeros((room, 4))
    step_slots = _slots(channels.size)
    keys = np.empty(channels.size, dtype=np.int64)
    steps = np.empty((2, channels.size), dtype=np.int64)
    weight = np.zeros(channels.size)
    top = 1
    for _ in range(order - 1):
        top *= base
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
        touches = min(hi - lo, order)
        code = 0
        for i in range(lo, lo + touches):
            code = code * base + channels[i] + 1
        state = _state(state_slots, code, lo, touches, channels, exact, codes, places, counts)
        ends[state, START] += w
        for i in range(lo + touches, hi):
            code = (code - (channels[i - order] + 1) * top) * base + channels[i] + 1
            known = counts[1]
            step = _step(step_slots, (state << 32) | channels[i], keys, counts)
            weight[step] += w
            if step == known:
                steps[0, step] = state
                steps[1, step] = _state(state_slots, code, i - order + 1, order, channels, exact, codes, places, counts)
            # A known step names its target: one look-up per touch in the common case.
            state = steps[1, step]
        ends[state, CONVERSIONS] += c
        ends[state, NULLS] += n
        ends[state, VALUE] += v
    S, E = counts
    return (
        codes[:S].copy(),
        places[:, :S].copy(),
        ends[:S].copy(),
        steps[:, :E].copy(),
        weight[:E].copy(),
        totals,
    )


@compiled
def gather_windows(channels: NDArray[np.int32], places: NDArray[np.int64], order: int) -> NDArray[np.int32]:
    """Windows as rows of channel codes, padded on the left with -1."""
    windows = np.full((places.shape[1], order), -1, dtype=np.int32)
    for s in range(places.shape[1]):
        begin, touches = places[0, s], places[1, s]
        for i in range(touches):
            windows[s, order - touches + i] = channels[begin + i]
    return windows
