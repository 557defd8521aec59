"""Compiled scan of the rules: the weight of each touch of one journey, and sums over a block."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled

FIRST: Final = 0
LAST: Final = 1
LAST_NON_DIRECT: Final = 2
LINEAR: Final = 3
POSITION: Final = 4
TIME_DECAY: Final = 5


@compiled
def _position(first: float, last: float, weights: NDArray[np.float64]) -> None:
    touches = weights.size
    if touches == 1:
        weights[0] = 1.0
    elif touches == 2:
        weights[0] = first / (first + last)
        weights[1] = last / (first + last)
    else:
        weights[:] = max(0.0, 1.0 - first - last) / (touches - 2)
        weights[0] = first
        weights[-1] = last


@compiled
def _time_decay(half_life: float, times: NDArray[np.int64], weights: NDArray[np.float64]) -> None:
    # Ages count from the last touch, not from the conversion: the common factor cancels in the
    # normalization, and a journey that converts long after its last touch cannot underflow to 0 / 0.
    whole = 0.0
    for i in range(weights.size):
        weights[i] = 2.0 ** (-(times[-1] - times[i]) / half_life)
        whole += weights[i]
    weights /= whole


@compiled
def _weigh(
    kind: int,
    a: float,
    b: float,
    channels: NDArray[np.int32],
    times: NDArray[np.int64],
    direct: NDArray[np.bool_],
    weights: NDArray[np.float64],
) -> None:
    """Write one journey's weights (they sum to 1) of the rule ``kind`` with settings a and b."""
    touches = channels.size
    weights[:] = 0.0
    if kind == FIRST:
        weights[0] = 1.0
    elif kind == LAST:
        weights[touches - 1] = 1.0
    elif kind == LAST_NON_DIRECT:
        at = touches - 1
        while at >= 0 and direct[channels[at]]:
            at -= 1
        weights[at if at >= 0 else touches - 1] = 1.0
    elif kind == LINEAR:
        weights[:] = 1.0 / touches
    elif kind == POSITION:
        _position(a, b, weights)
    else:
        _time_decay(a, times, weights)


@compiled
def credit_rules(
    offsets: NDArray[np.int64],
    channels: NDArray[np.int32],
    conversions: NDArray[np.float64],
    value: NDArray[np.float64],
    touched_at: NDArray[np.int64],
    direct: NDArray[np.bool_],
    kinds: NDArray[np.int64],
    settings: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Credit of all rules over one block: float64[R, 2, C], and totals.

    Totals are unattributed conversions and value, observed conversions and value.
    """
    credit = np.zeros((kinds.size, 2, direct.size))
    totals = np.zeros(4)
    buffer = np.empty(64)
    for j in range(offsets.size - 1):
        c = conversions[j]
        v = value[j]
        if c == 0.0 and v == 0.0:
            continue
        totals[2] += c
        totals[3] += v
        lo = offsets[j]
        hi = offsets[j + 1]
        if lo == hi:
            totals[0] += c
            totals[1] += v
            continue
        if hi - lo > buffer.size:
            buffer = np.empty(2 * (hi - lo))
        weights = buffer[: hi - lo]
        for r in range(kinds.size):
            _weigh(kinds[r], settings[r, 0], settings[r, 1], channels[lo:hi], touched_at[lo:hi], direct, weights)
            for i in range(hi - lo):
                channel = channels[lo + i]
                credit[r, 0, channel] += c * weights[i]
                credit[r, 1, channel] += v * weights[i]
    return credit, totals


@compiled
def credit_touches(
    offsets: NDArray[np.int64],
    channels: NDArray[np.int32],
    conversions: NDArray[np.float64],
    value: NDArray[np.float64],
    touched_at: NDArray[np.int64],
    direct: NDArray[np.bool_],
    kind: int,
    a: float,
    b: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Credit of every touch under one rule: conversions and value, float64[T] each."""
    by_conversion = np.zeros(channels.size)
    by_value = np.zeros(channels.size)
    for j in range(offsets.size - 1):
        lo = offsets[j]
        hi = offsets[j + 1]
        if lo == hi or (conversions[j] == 0.0 and value[j] == 0.0):
            continue
        weights = by_conversion[lo:hi]
        _weigh(kind, a, b, channels[lo:hi], touched_at[lo:hi], direct, weights)
        for i in range(lo, hi):
            by_value[i] = value[j] * by_conversion[i]
            by_conversion[i] *= conversions[j]
    return by_conversion, by_value
