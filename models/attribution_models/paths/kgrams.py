"""Counts of the order-k chain over windows of k channels.

A state is the window of the last k channels; a journey shorter than k is one state that holds all of its
touches. A journey with weight w = conversions + nulls adds w to START → first window, to every step from
window to window, and its conversions and nulls to the last window's way out.

Two kernels count the same thing. A window is a number in base C + 1, so a small chain is a dense table.
A large one goes through a hash table: of that number where it fits in 64 bits, otherwise of a rolling
hash with the windows themselves compared, so that no order is too high and no collision is ever believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import read_only
from attribution_models.paths.encoded import PathBlock, Paths, map_blocks
from attribution_models.paths.kgram_dense import count_dense, longest_journey
from attribution_models.paths.kgram_hash import count_hashed, gather_windows

# 4 M cells are 32 MB per block; beyond that a table of what occurs is smaller and quicker to add.
DENSE_CELLS: Final = 1 << 22
# Where windows do not fit in 64 bits, the base of the rolling hash: any odd number with mixed bits.
HASH_BASE: Final = 0x2545F4914F6CDD1D


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """A counted chain: S states, E observed steps between them.

    Attributes
    ----------
    windows : int32[S, k]
        Channel codes of each state, oldest first, padded on the left with -1; in lexicographic order.
    start, conversions, nulls, value : float64[S]
        Weight of journeys that start in the state; conversions, nulls and value of those that end in it.
    source, target : int64[E]
        States of each observed step.
    weight : float64[E]
        Weight of each step.
    unattributed_conversions, unattributed_value : float
        Journeys outside the chain: without touches, or (value only) without weight.
    """

    windows: NDArray[np.int32]
    start: NDArray[np.float64]
    conversions: NDArray[np.float64]
    nulls: NDArray[np.float64]
    value: NDArray[np.float64]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    weight: NDArray[np.float64]
    unattributed_conversions: float
    unattributed_value: float


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What the hash kernel finds in one block; keys are window codes or the windows' bytes."""

    keys: NDArray[Any]
    ends: NDArray[np.float64]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    weight: NDArray[np.float64]
    totals: NDArray[np.float64]


def count_chain(
    paths: Paths,
    order: int,
    *,
    nulls: bool = True,
    threads: int | None = None,
    dense_cells: int = DENSE_CELLS,
) -> Chain:
    """Count the chain of an order over all blocks.

    Parameters
    ----------
    paths : Paths
        Encoded journeys.
    order : int
        k, at least 1. An order beyond the longest journey gives the same states as that length.
    nulls : bool
        Whether journeys that did not convert have weight.
    threads : int, optional
        Threads to use; they never change a bit of the result.
    dense_cells : int
        Largest dense table, in cells.

    Raises
    ------
    ValueError
        For negative conversions, nulls or values.
    """
    base = len(paths.channels) + 1
    if base ** min(order, 64) * base > dense_cells:
        order = min(order, max(_longest(paths, threads), 1))
    if base**order * base <= dense_cells:
        return _dense(paths, order, nulls, threads)
    return _hashed(paths, order, nulls, threads)


def _longest(paths: Paths, threads: int | None) -> int:
    lengths = map_blocks(paths, lambda block: int(longest_journey(read_only(block.offsets))), threads)
    return max(lengths, default=0)


def _dense(paths: Paths, order: int, nulls: bool, threads: int | None) -> Chain:
    base = len(paths.channels) + 1
    states, size = base**order, base - 1

    def kernel(block: PathBlock) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        moves, ends = np.zeros(states * size), np.zeros((states, 4))
        totals = _checked(count_dense(*_columns(block), nulls, order, base, moves, ends))
        return moves, ends, totals

    moves, ends, totals = np.zeros(states * size), np.zeros((states, 4)), np.zeros(3)
    for part in map_blocks(paths, kernel, threads):
        moves += part[0]
        ends += part[1]
        totals += part[2]
    cells = np.flatnonzero(moves)
    source, channel = np.divmod(cells, max(size, 1))
    codes = np.flatnonzero(moves.reshape(states, size).sum(axis=1) + ends[:, 1] + ends[:, 2])
    target = source % base ** (order - 1) * base + channel + 1
    steps = np.searchsorted(codes, source), np.searchsorted(codes, target)
    return _chain(_digits(codes, base, order), ends[codes], steps, moves[cells], totals)


def _hashed(paths: Paths, order: int, nulls: bool, threads: int | None) -> Chain:
    base = len(paths.channels) + 1
    exact = base**order < 2**63
    bound = min(base**order, 2**62)

    def kernel(block: PathBlock) -> _Part:
        columns = _columns(block)
        codes, places, ends, steps, weight, totals = count_hashed(
            *columns, nulls, order, base if exact else HASH_BASE, exact, bound
        )
        _checked(totals)
        keys = codes if exact else rows_of(gather_windows(columns[1], places, order))
        return _Part(keys, ends, steps[0], steps[1], weight, totals)

    parts = list(map_blocks(paths, kernel, threads))
    keys, state = np.unique(np.concatenate([part.keys for part in parts]), return_inverse=True)
    first = np.cumsum([0, *(part.keys.size for part in parts)])
    source = np.concatenate([state[begin + part.source] for begin, part in zip(first, parts, strict=False)])
    target = np.concatenate([state[begin + part.target] for begin, part in zip(first, parts, strict=False)])
    steps, step = np.unique(source * keys.size + target, return_inverse=True)
    windows = _digits(keys, base, order) if exact else _windows(keys, order)
    ends = np.concatenate([part.ends for part in parts])
    ends = np.stack([_sums(state, column, keys.size) for column in ends.T], axis=1)
    weight = _sums(step, np.concatenate([part.weight for part in parts]), steps.size)
    totals = np.sum([part.totals for part in parts], axis=0)
    return _chain(windows, ends, np.divmod(steps, max(keys.size, 1)), weight, totals)


def _chain(
    windows: NDArray[np.int32],
    ends: NDArray[np.float64],
    steps: tuple[NDArray[np.int64], NDArray[np.int64]],
    weight: NDArray[np.float64],
    totals: NDArray[np.float64],
) -> Chain:
    start, conversions, nulls, value = np.ascontiguousarray(ends.T)
    return Chain(
        windows=windows,
        start=start,
        conversions=conversions,
        nulls=nulls,
        value=value,
        source=steps[0],
        target=steps[1],
        weight=weight,
        unattributed_conversions=float(totals[0]),
        unattributed_value=float(totals[1]),
    )


def _sums(groups: NDArray[np.int64], numbers: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Sum numbers by group, in their order, which is the order of blocks."""
    return np.bincount(groups, numbers, size).astype(np.float64, copy=False)


def _columns(
    block: PathBlock,
) -> tuple[
    NDArray[np.int64],
    NDArray[np.int32],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
]:
    return (
        read_only(block.offsets),
        read_only(block.channels),
        read_only(block.conversions),
        read_only(block.value),
        read_only(block.nulls),
    )


def _checked(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    if totals[2] > 0:
        raise ValueError(
            f"A Markov chain needs conversions, values and nulls of at least 0; {int(totals[2])} journeys "
            f"of a block have a negative one. Book refunds against the conversion they undo, or leave "
            f"these rows out."
        )
    return totals


def _digits(codes: NDArray[np.int64], base: int, order: int) -> NDArray[np.int32]:
    windows = np.empty((codes.size, order), dtype=np.int32)
    rest = codes.copy()
    for place in range(order - 1, -1, -1):
        rest, digit = np.divmod(rest, base)
        windows[:, place] = digit - 1
    return windows


def rows_of(windows: NDArray[np.int32]) -> NDArray[np.void]:
    """Windows [n, k] as bytes, one item each."""
    # Big-endian digits from 0: rows then sort by their bytes as the codes of the exact form do.
    digits = np.ascontiguousarray(windows + 1, dtype=">i4")
    return digits.view(np.dtype((np.void, digits.itemsize * digits.shape[1]))).ravel()


def _windows(rows: NDArray[np.void], order: int) -> NDArray[np.int32]:
    return rows.view(">i4").reshape(-1, order).astype(np.int32) - np.int32(1)
