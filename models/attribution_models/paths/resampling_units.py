"""What is resampled: customers; where there are none, the single journeys behind aggregated paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import read_only
from attribution_models.paths.encoded import PathBlock, Paths, take
from attribution_models.paths.resampling_weights import row_keys


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The paths of a bootstrap, with the key of every journey's resampling unit.

    A row of aggregated paths is first split into its converting and its null journeys, so that every
    journey here has one weight per replicate.

    Attributes
    ----------
    paths : Paths
        The journeys; split where they were aggregated.
    keys : tuple of uint64[J]
        Per block, the key of each journey's unit. Journeys with equal keys share their weights.
    counts : tuple of float64[J]
        Per block, how many units stand behind a journey: 1 for a customer's journey.
    sizes : tuple of float64[J]
        Per block, units counted once: 1 on one journey of each customer; ``counts`` if aggregated.
    total : float
        n, the number of units.
    aggregated : bool
        Whether there were no customers.
    """

    paths: Paths
    keys: tuple[NDArray[np.uint64], ...]
    counts: tuple[NDArray[np.float64], ...]
    sizes: tuple[NDArray[np.float64], ...]
    total: float
    aggregated: bool


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """``Paths`` over blocks in memory."""

    channels: tuple[str, ...]
    direct: NDArray[np.bool_]
    blocks: tuple[PathBlock, ...]

    @property
    def block_count(self) -> int:
        """Number of blocks."""
        return len(self.blocks)

    def block(self, index: int) -> PathBlock:
        """One block."""
        return self.blocks[index]


def units_of(paths: Paths) -> Units:
    """Find the resampling units of journeys: customers, else journeys behind aggregated rows."""
    customers = [paths.block(i).customer for i in range(paths.block_count)]
    known = [keys for keys in customers if keys is not None]
    if len(known) < len(customers):
        return _aggregated(paths)
    firsts = _first_of_customer(known)
    sizes = tuple(first.astype(np.float64) for first in firsts)
    counts = tuple(np.ones(keys.size) for keys in known)
    return Units(paths, tuple(known), counts, sizes, float(sum(size.sum() for size in sizes)), aggregated=False)


def _first_of_customer(blocks: Sequence[NDArray[np.uint64]]) -> list[NDArray[np.bool_]]:
    """Flag one journey of every customer; customers may come in any order, in several blocks."""
    flags = [_first_in_block(keys) for keys in blocks]
    seen = [keys[flag] for keys, flag in zip(blocks, flags, strict=True)]
    if len(seen) < 2:
        return flags
    every = np.sort(np.concatenate(seen))
    if (every[1:] != every[:-1]).all():
        return flags
    before = seen[0]
    for keys, flag in zip(blocks[1:], flags[1:], strict=True):
        flag[np.isin(keys, before)] = False
        before = np.concatenate([before, keys[flag]])
    return flags


def _first_in_block(keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    if keys.size and (keys[1:] >= keys[:-1]).all():
        return np.concatenate([[True], keys[1:] != keys[:-1]])
    flags = np.zeros(keys.size, dtype=np.bool_)
    flags[np.unique(keys, return_index=True)[1]] = True
    return flags


def _aggregated(paths: Paths) -> Units:
    blocks, counts, keys = [], [], []
    for index in range(paths.block_count):
        block, count = split_outcomes(paths.block(index))
        numbers = np.stack([block.conversions, block.value, block.nulls], axis=1).view(np.uint64)
        blocks.append(block)
        counts.append(count)
        keys.append(row_keys(read_only(block.offsets), read_only(block.channels), read_only(numbers)))
    total = float(sum(count.sum() for count in counts))
    whole = Blocks(paths.channels, paths.direct, tuple(blocks))
    return Units(whole, tuple(_told_apart(keys)), tuple(counts), tuple(counts), total, aggregated=True)


def split_outcomes(block: PathBlock) -> tuple[PathBlock, NDArray[np.float64]]:
    """Split rows into converting and null journeys; give with them how many journeys each one stands for.

    Value stays with the conversions; a row that has value and no conversion keeps it with its nulls.
    """
    converting = np.flatnonzero(block.conversions != 0)
    others = np.flatnonzero((block.nulls != 0) | (block.conversions == 0))
    rows = np.concatenate([converting, others])
    null = np.arange(rows.size) >= converting.size
    conversions = np.where(null, 0.0, block.conversions[rows])
    nulls = np.where(null, block.nulls[rows], 0.0)
    value = np.where(null & (block.conversions[rows] != 0), 0.0, block.value[rows])
    count = np.abs(conversions + nulls)
    taken = take(block, rows)
    split = PathBlock(taken.offsets, taken.channels, conversions, value, nulls)
    return split, np.where(count > 0, count, 1.0)


def _told_apart(keys: Sequence[NDArray[np.uint64]]) -> list[NDArray[np.uint64]]:
    """Give equal rows keys of their own: the second, third, … of a kind is another unit."""
    if not keys:
        return []
    whole = np.concatenate(keys)
    order = np.argsort(whole, kind="stable")
    runs = np.flatnonzero(np.concatenate([[True], whole[order][1:] != whole[order][:-1]])) if whole.size else order
    number = np.empty(whole.size, dtype=np.uint64)
    number[order] = np.arange(whole.size) - np.repeat(runs, np.diff(np.append(runs, whole.size)))
    apart = whole ^ (number * np.uint64(0xD6E8FEB86659FD93))
    return np.split(apart, np.cumsum([part.size for part in keys])[:-1])
