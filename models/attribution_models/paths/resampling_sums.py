"""Weighted sums over journeys for all replicates of a bootstrap, in one scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled, read_only
from attribution_models.paths.encoded import PathBlock, map_numbered
from attribution_models.paths.resampling_units import Units
from attribution_models.paths.resampling_weights import draw_counts, draw_ones, seeded

# Sums of one block: more would crowd out memory, so replicates are scanned in batches.
BATCH_BYTES: Final = 64_000_000
# Sums of one pass over a block: they stay in the second-level cache.
CACHE_BYTES: Final = 1_000_000
Shape: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """What the journeys of a block add to sums: ``amount`` to the sum ``row`` per unit of weight.

    Attributes
    ----------
    journey, row : int32[n]
        Position of the journey in its block, and of the sum.
    amount : float64[n]
        What is added.
    """

    journey: NDArray[np.int32]
    row: NDArray[np.int32]
    amount: NDArray[np.float64]


Builder: TypeAlias = Callable[[int, PathBlock], Entries]
_Joined: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]


def entries(
    journey: NDArray[np.int64], row: NDArray[np.int64] | NDArray[np.int32], amount: NDArray[np.float64]
) -> Entries:
    """Entries from arrays of any integer width, without those that add nothing."""
    some = np.flatnonzero(amount)
    return Entries(journey[some].astype(np.int32), row[some].astype(np.int32), amount[some])


def shifted(build: Builder, start: int) -> Builder:
    """The same entries with sums numbered from ``start``."""

    def built(number: int, block: PathBlock) -> Entries:
        found = build(number, block)
        return Entries(found.journey, found.row + np.int32(start), found.amount)

    return built


def weighted_sums(
    units: Units,
    rows: int,
    builders: Sequence[Builder],
    replicates: int,
    seed: int,
    threads: int | None = None,
    *,
    wanted: NDArray[np.bool_] | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> Iterator[NDArray[np.float64]]:
    """Yield sums Σ_j amount_j W_jr in batches of replicates: float64[rows, batch].

    Parameters
    ----------
    units : Units
        Journeys and the keys of their weights.
    rows : int
        Number of sums.
    builders : sequence of callables
        Each gives entries of a block, from its number and itself.
    replicates, seed : int
        How many replicates, from which seed.
    threads : int, optional
        Threads to use; they never change a bit of the result.
    wanted : bool[R], optional
        Replicates to give; batches that hold none are not scanned.
    told : callable
        Called with the number of replicates that are done, parts of the journeys counted in.
    """
    batch = max(4, BATCH_BYTES // (8 * max(rows, 1)) // 4 * 4)
    for first in range(0, replicates, batch):
        sums = np.zeros((rows, min(batch, replicates - first)))
        asked = np.ones(sums.shape[1], np.bool_) if wanted is None else wanted[first : first + sums.shape[1]]
        if not asked.any():
            continue

        def kernel(number: int, block: PathBlock, first: int = first, shape: Shape = sums.shape) -> NDArray[np.float64]:
            found = _joined([build(number, block) for build in builders], block.conversions.size)
            return _block_sums(units, number, found, first, shape, seed)

        for scanned, part in enumerate(map_numbered(units.paths, kernel, threads), 1):
            sums += part
            told(first + sums.shape[1] * scanned // units.paths.block_count)
        yield sums if asked.all() else sums[:, asked]


def weights_of(units: Units, replicates: int, seed: int, first: int = 0) -> list[NDArray[np.float64]]:
    """Weights of all journeys, block by block, float64[J, replicates]: as ``weighted_sums`` draws them.

    The replicates begin with ``first``, a multiple of 4.
    """
    found = []
    for number, keys in enumerate(units.keys):
        J = keys.size
        each = Entries(np.arange(J, dtype=np.int32), np.arange(J, dtype=np.int32), np.ones(J))
        found.append(_block_sums(units, number, _joined([each], J), first, (J, replicates), seed))
    return found


def _block_sums(units: Units, number: int, joined: _Joined, first: int, shape: Shape, seed: int) -> NDArray[np.float64]:
    rows, size = shape
    keys = seeded(read_only(units.keys[number]), seed)
    counts = read_only(units.counts[number])
    sums = np.empty(shape)
    lanes = min(size, max(32, CACHE_BYTES // (8 * max(rows, 1)) // 8 * 8))
    for lane in range(0, size, lanes):
        some = np.zeros((rows, min(lanes, size - lane)))
        _accumulate(*joined, keys, counts, not units.aggregated, first + lane, some)
        sums[:, lane : lane + lanes] = some
    return sums


def _joined(parts: Sequence[Entries], journeys: int) -> _Joined:
    """Entries of several builders, journey by journey: bounds[J + 1], rows, amounts."""
    bounds = np.zeros(journeys + 1, dtype=np.int64)
    for part in parts:
        _count(part.journey, bounds)
    np.cumsum(bounds, out=bounds)
    place = bounds[:-1].copy()
    row = np.empty(bounds[-1], dtype=np.int32)
    amount = np.empty(bounds[-1])
    for part in parts:
        _fill(part.journey, part.row, part.amount, place, row, amount)
    return bounds, row, amount


@compiled
def _count(journey: NDArray[np.int32], bounds: NDArray[np.int64]) -> None:
    for j in journey:
        bounds[j + 1] += 1


@compiled
def _fill(
    journey: NDArray[np.int32],
    row: NDArray[np.int32],
    amount: NDArray[np.float64],
    place: NDArray[np.int64],
    rows: NDArray[np.int32],
    amounts: NDArray[np.float64],
) -> None:
    for i in range(journey.size):
        at = place[journey[i]]
        place[journey[i]] += 1
        rows[at] = row[i]
        amounts[at] = amount[i]


@compiled
def _accumulate(
    bounds: NDArray[np.int64],
    rows: NDArray[np.int32],
    amounts: NDArray[np.float64],
    keys: NDArray[np.uint64],
    counts: NDArray[np.float64],
    ones: bool,
    first: int,
    sums: NDArray[np.float64],
) -> None:
    """Add a block to sums; a journey's weights are drawn once, for all its entries."""
    size = sums.shape[1]
    weights = np.empty(size)
    quarters = np.empty((size + 3) // 4 * 4, dtype=np.uint16)
    drawn = np.empty(quarters.size, dtype=np.uint16)
    for j in range(keys.size):
        if bounds[j] == bounds[j + 1]:
            continue
        if ones:
            draw_ones(keys[j], first, quarters, drawn, weights)
        else:
            draw_counts(keys[j], first, counts[j], weights)
        for e in range(bounds[j], bounds[j + 1]):
            amount = amounts[e]
            into = sums[rows[e]]
            for r in range(size):
                into[r] += amount * weights[r]
