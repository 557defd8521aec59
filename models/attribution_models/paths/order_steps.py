"""Journeys as steps, for scores of next-step predictions at several orders."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled, read_only
from attribution_models.paths.encoded import PathBlock, take
from attribution_models.paths.resampling_chain import window_codes
from attribution_models.paths.resampling_units import Units
from attribution_models.paths.resampling_weights import seeded


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Every step of every journey; the last two of a journey are its conversion and its null.

    Attributes
    ----------
    context : int64[n]
        The last K touches before the step as digits in base C + 1, the newest last; 0 before START.
    symbol : int64[n]
        Next channel; C for the conversion, C + 1 for the null.
    weight : float64[n]
        How often the step was taken in one copy of its unit.
    unit : int64[n]
        Customer; for aggregated paths a row's journeys in one fold.
    unit_fold : int64[U]
        Fold of each unit.
    multiplicity : float64[U]
        How many equal units it stands for.
    journey_unit : tuple of int64[J]
        Per block of the units' paths, one unit of each journey, to carry weights over. For aggregated
        paths, where a row has a unit in every fold, int64[folds, J].
    ends : int64[m]
        Where the conversions stand; the nulls follow.
    """

    context: NDArray[np.int64]
    symbol: NDArray[np.int64]
    weight: NDArray[np.float64]
    unit: NDArray[np.int64]
    unit_fold: NDArray[np.int64]
    multiplicity: NDArray[np.float64]
    journey_unit: tuple[NDArray[np.int64], ...]
    ends: NDArray[np.int64]


def steps_of(units: Units, order: int, folds: int, seed: int) -> Steps:
    """Steps of all journeys with contexts of up to ``order`` touches, and folds of their customers.

    A customer's fold is a hash of the seed and the key. The journeys of an aggregated row fall into
    folds multinomially.
    """
    base = len(units.paths.channels) + 1
    if base**order * (base + 1) >= 2**62:
        raise ValueError(f"Order {order} over {base - 1} channels is out of reach; compare lower orders.")
    blocks = [units.paths.block(i) for i in range(units.paths.block_count)]
    if units.aggregated:
        blocks, journey_unit, unit_fold, multiplicity = _by_fold(units, blocks, folds, seed)
        each = [np.arange(block.conversions.size) for block in blocks]
        first = np.cumsum([0, *(rows.size for rows in each)])
        of_step = [rows + start for rows, start in zip(each, first, strict=False)]
    else:
        keys = np.concatenate([np.empty(0, np.uint64), *units.keys])
        people, inverse = np.unique(keys, return_inverse=True)
        of_step = np.split(inverse, np.cumsum([part.size for part in units.keys])[:-1]) if units.keys else []
        journey_unit = tuple(of_step)
        unit_fold = (seeded(read_only(people), seed) % np.uint64(folds)).astype(np.int64)
        multiplicity = np.ones(people.size)
    found = [_block_steps(block, of, order, base) for block, of in zip(blocks, of_step, strict=True)]
    context, symbol, weight, unit = (
        np.concatenate([np.empty(0, kind), *(part[i] for part in found)])
        for i, kind in enumerate((np.int64, np.int64, np.float64, np.int64))
    )
    ends = np.flatnonzero(symbol == base - 1)
    return Steps(context, symbol, weight, unit, unit_fold, multiplicity, journey_unit, ends)


def _by_fold(
    units: Units, blocks: list[PathBlock], folds: int, seed: int
) -> tuple[list[PathBlock], tuple[NDArray[np.int64], ...], NDArray[np.int64], NDArray[np.float64]]:
    """Copy every row into every fold, with its share of the row's journeys as multiplicity."""
    keys = np.concatenate([np.empty(0, np.uint64), *units.keys])
    counts = np.concatenate([np.empty(0), *units.counts])
    order = np.argsort(keys, kind="stable")  # content decides, not the order of rows
    generator = np.random.Generator(np.random.Philox(seed))
    whole = np.floor(counts)
    parts = np.zeros((counts.size, folds))
    parts[order] = generator.multinomial(whole[order].astype(np.int64), np.full(folds, 1 / folds))
    parts[np.arange(counts.size), (keys % np.uint64(folds)).astype(np.int64)] += counts - whole
    copies, place, multiplicity, fold, first = [], [], [], [], 0
    for block, rows in zip(
        blocks, np.split(np.arange(counts.size), np.cumsum([c.size for c in units.counts])[:-1]), strict=True
    ):
        J = rows.size
        copy = take(block, np.tile(np.arange(J), folds))
        copies.append(replace(copy, conversions=np.sign(copy.conversions), nulls=np.sign(copy.nulls)))
        multiplicity.append(parts[rows].T.ravel())
        fold.append(np.repeat(np.arange(folds), J))
        place.append(first + np.arange(folds * J).reshape(folds, J))
        first += folds * J
    return copies, tuple(place), np.concatenate(fold), np.concatenate(multiplicity)


def _block_steps(
    block: PathBlock, unit: NDArray[np.int64], order: int, base: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    offsets, channels = read_only(block.offsets), read_only(block.channels)
    codes = window_codes(offsets, channels, order, base)
    amounts = read_only(block.conversions), read_only(block.nulls)
    return _steps(offsets, channels, *amounts, read_only(unit), codes, base)


@compiled
def _steps(
    offsets: NDArray[np.int64],
    channels: NDArray[np.int32],
    conversions: NDArray[np.float64],
    nulls: NDArray[np.float64],
    unit: NDArray[np.int64],
    codes: NDArray[np.int64],
    base: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    room = channels.size + 2 * (offsets.size - 1)
    context = np.zeros(room, dtype=np.int64)
    symbol = np.empty(room, dtype=np.int64)
    weight = np.empty(room)
    owner = np.empty(room, dtype=np.int64)
    n = 0
    for j in range(offsets.size - 1):
        lo, hi = offsets[j], offsets[j + 1]
        w = conversions[j] + nulls[j]
        if lo == hi or w <= 0.0:
            continue
        for i in range(lo, hi):
            context[n] = codes[i - 1] if i > lo else 0
            symbol[n], weight[n], owner[n] = channels[i], w, unit[j]
            n += 1
        for end in range(2):
            context[n] = codes[hi - 1]
            symbol[n], weight[n], owner[n] = base - 1 + end, conversions[j] if end == 0 else nulls[j], unit[j]
            n += 1
    return context[:n].copy(), symbol[:n].copy(), weight[:n].copy(), owner[:n].copy()
