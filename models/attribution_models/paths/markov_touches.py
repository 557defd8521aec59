"""Scans of journeys that follow a Markov fit: presence of channels, credit of single touches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled, read_only
from attribution_models.paths.credit import PathCredit
from attribution_models.paths.encoded import PathBlock, Paths, map_blocks

_Columns: TypeAlias = tuple[
    NDArray[np.int64], NDArray[np.int32], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]
]


def presence_effects(
    paths: Paths, nulls: bool, threads: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of conversions, and of value, whose journey contains each channel: float64[C] each.

    Reads the journeys of the chain: those with touches and weight.
    """
    size = len(paths.channels)
    seen, totals = np.zeros((2, size)), np.zeros(2)
    for block_seen, block_totals in map_blocks(paths, lambda block: _presence(*_columns(block, nulls), size), threads):
        seen += block_seen
        totals += block_totals
    shares = np.divide(seen, totals[:, None], out=np.zeros_like(seen), where=totals[:, None] > 0)
    return shares[0], shares[1]


def spread_credit(
    paths: Paths, credit: PathCredit, nulls: bool, threads: int | None = None
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Spread the channels' credit over touches, block by block; see ``MarkovFit.touch_credits``."""
    assert credit.removal_effect is not None
    assert credit.value_removal_effect is not None
    effects = read_only(np.stack([credit.removal_effect, credit.value_removal_effect]))
    totals = np.zeros((3, len(paths.channels)))
    for part in map_blocks(paths, lambda block: _totals(*_columns(block, nulls), effects), threads):
        totals += part
    credited = np.stack([credit.conversions, credit.value])
    placed = totals[:2] > 0
    rates = np.divide(credited, totals[:2], out=np.zeros_like(credited), where=placed)
    rest = np.divide(credited, totals[2], out=np.zeros_like(credited), where=~placed & (totals[2] > 0))

    def kernel(block: PathBlock) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return _spread(*_columns(block, nulls), effects, rates, rest)

    return map_blocks(paths, kernel, threads)


def _columns(block: PathBlock, nulls: bool) -> _Columns:
    return (
        read_only(block.offsets),
        read_only(block.channels),
        read_only(block.conversions),
        read_only(block.value),
        read_only(block.nulls if nulls else np.zeros_like(block.nulls)),
    )


@compiled
def _presence(
    offsets: NDArray[np.int64],
    channels: NDArray[np.int32],
    conversions: NDArray[np.float64],
    value: NDArray[np.float64],
    nulls: NDArray[np.float64],
    size: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    seen = np.zeros((2, size))
    totals = np.zeros(2)
    stamp = np.full(size, -1, dtype=np.int64)
    for j in range(offsets.size - 1):
        c = conversions[j]
        v = value[j]
        if (c == 0.0 and v == 0.0) or c + nulls[j] <= 0.0 or offsets[j] == offsets[j + 1]:
            continue
        totals[0] += c
        totals[1] += v
        for i in range(offsets[j], offsets[j + 1]):
            channel = channels[i]
            if stamp[channel] != j:
                stamp[channel] = j
                seen[0, channel] += c
                seen[1, channel] += v
    return seen, totals


@compiled
def _per_effect(
    conversions: float, value: float, channels: NDArray[np.int32], effects: NDArray[np.float64]
) -> tuple[float, float]:
    """Conversions and value of a journey per unit of removal effect among its touches."""
    total = 0.0
    value_total = 0.0
    for channel in channels:
        total += effects[0, channel]
        value_total += effects[1, channel]
    return (
        conversions / total if total > 0.0 else 0.0,
        value / value_total if value_total > 0.0 else 0.0,
    )


@compiled
def _totals(
    offsets: NDArray[np.int64],
    channels: NDArray[np.int32],
    conversions: NDArray[np.float64],
    value: NDArray[np.float64],
    nulls: NDArray[np.float64],
    effects: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Per channel: what its touches weigh in conversions and in value, and their journeys' weight."""
    totals = np.zeros((3, effects.shape[1]))
    for j in range(offsets.size - 1):
        w = conversions[j] + nulls[j]
        if w <= 0.0:
            continue
        touches = channels[offsets[j] : offsets[j + 1]]
        c, v = _per_effect(conversions[j], value[j], touches, effects)
        for channel in touches:
            totals[0, channel] += c * effects[0, channel]
            totals[1, channel] += v * effects[1, channel]
            totals[2, channel] += w
    return totals


@compiled
def _spread(
    offsets: NDArray[np.int64],
    channels: NDArray[np.int32],
    conversions: NDArray[np.float64],
    value: NDArray[np.float64],
    nulls: NDArray[np.float64],
    effects: NDArray[np.float64],
    rates: NDArray[np.float64],
    rest: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    by_conversion = np.zeros(channels.size)
    by_value = np.zeros(channels.size)
    for j in range(offsets.size - 1):
        w = conversions[j] + nulls[j]
        if w <= 0.0:
            continue
        lo = offsets[j]
        hi = offsets[j + 1]
        c, v = _per_effect(conversions[j], value[j], channels[lo:hi], effects)
        for i in range(lo, hi):
            channel = channels[i]
            by_conversion[i] = c * effects[0, channel] * rates[0, channel] + w * rest[0, channel]
            by_value[i] = v * effects[1, channel] * rates[1, channel] + w * rest[1, channel]
    return by_conversion, by_value
