"""What journeys add to the counts behind pairs of channels, and the statistics of such counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled, read_only
from attribution_models.paths.encoded import PathBlock, Paths
from attribution_models.paths.resampling_sums import Entries
from attribution_models.paths.resampling_weights import STEP, mix

# Journeys are compared within lengths: 1 to 8 one by one, then 9-12, 13-20, and longer.
LONG: Final = np.array([9, 13, 21])
STRATA: Final = 11
# Normal prior of the three slopes, standard deviation 10: it only keeps empty resamples finite.
RIDGE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Presence:
    """Counts by outcome, length, and what a journey holds: each pair, each channel, anything.

    Row (outcome · STRATA + stratum) · width + place; places are the P pairs, the C channels, all.
    """

    channels: int

    @property
    def pairs(self) -> int:
        """Number of pairs."""
        return self.channels * (self.channels - 1) // 2

    @property
    def width(self) -> int:
        """Places per outcome and stratum."""
        return self.pairs + self.channels + 1

    @property
    def rows(self) -> int:
        """Number of counts."""
        return 2 * STRATA * self.width

    def entries(self, number: int, block: PathBlock) -> Entries:  # noqa: ARG002 - a builder's signature
        """What the journeys of a block add."""
        stratum = length_strata(np.diff(block.offsets))
        return Entries(*_presence(*_columns(block), read_only(stratum), self.channels, self.width))

    def cells(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Counts [outcome, stratum, P, (neither, a, b, both), R] of sums [rows, R], by inclusion and exclusion."""
        counts = sums.reshape(2, STRATA, self.width, -1)
        first, second = np.triu_indices(self.channels, 1)
        both = counts[:, :, : self.pairs]
        single = counts[:, :, self.pairs : -1]
        only_a, only_b = single[:, :, first] - both, single[:, :, second] - both
        neither = counts[:, :, -1:] - only_a - only_b - both
        return np.maximum(np.stack([neither, only_a, only_b, both], axis=3), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """Counts of a before b against b before a, within strata of equal channel sets and lengths.

    Only strata that can tell are kept: both orders, conversions and nulls occur. Row 4 · stratum + cell;
    cells are a first and converted, a first and null, b first and converted, b first and null.

    Attributes
    ----------
    keys : uint64[K]
        Hash of set, length and pair, sorted.
    pair : int64[K]
        Which pair.
    channels : int
        C.
    """

    keys: NDArray[np.uint64]
    pair: NDArray[np.int64]
    channels: int

    @staticmethod
    def of(paths: Paths) -> Orders:
        """Find the strata that can tell."""
        channels = len(paths.channels)
        converting = [np.empty(0, np.uint64)]
        for i in range(paths.block_count):
            key, _, cell, _, _ = _orders(*_columns(paths.block(i)), channels)
            converting.append(np.unique(key[cell % 2 == 0]))
        keys = np.unique(np.concatenate(converting))
        pairs, counts = np.zeros(keys.size, dtype=np.int64), np.zeros((keys.size, 4))
        for i in range(paths.block_count):
            key, pair, cell, _, amount = _orders(*_columns(paths.block(i)), channels)
            at, known = _place(keys, key)
            pairs[at[known]] = pair[known]
            counts += np.bincount(4 * at[known] + cell[known], amount[known], 4 * keys.size).reshape(-1, 4)
        tells = (counts[:, 0] + counts[:, 2] > 0) & (counts[:, 1] + counts[:, 3] > 0)
        tells &= (counts[:, :2].sum(axis=1) > 0) & (counts[:, 2:].sum(axis=1) > 0)
        return Orders(keys[tells], pairs[tells], channels)

    @property
    def rows(self) -> int:
        """Number of counts."""
        return 4 * self.keys.size

    def entries(self, number: int, block: PathBlock) -> Entries:  # noqa: ARG002 - a builder's signature
        """What the journeys of a block add."""
        key, _, cell, journey, amount = _orders(*_columns(block), self.channels)
        at, known = _place(self.keys, key)
        return Entries(journey[known], (4 * at[known] + cell[known]).astype(np.int32), amount[known])

    def log_odds(self, sums: NDArray[np.float64], pairs: int) -> NDArray[np.float64]:
        """Mantel-Haenszel log odds ratios of conversion, a first against b first, [P, R]; nan where none tells."""
        counts = sums.reshape(-1, 4, sums.shape[1])
        n = np.maximum(counts.sum(axis=1), 1e-300)
        above, below = np.zeros((pairs, sums.shape[1])), np.zeros((pairs, sums.shape[1]))
        np.add.at(above, self.pair, counts[:, 0] * counts[:, 3] / n)
        np.add.at(below, self.pair, counts[:, 2] * counts[:, 1] / n)
        some = (above > 0) & (below > 0)
        return np.log(np.where(some, above, np.nan)) - np.log(np.where(some, below, np.nan))

    def conversions(self, sums: NDArray[np.float64], pairs: int) -> NDArray[np.float64]:
        """Conversions per pair with a first and with b first, [2, P], of sums [rows]."""
        counts = sums.reshape(-1, 4)
        return np.stack([np.bincount(self.pair, counts[:, cell], pairs) for cell in (0, 2)])


def _place(keys: NDArray[np.uint64], sought: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    if keys.size == 0:
        return np.zeros(sought.size, dtype=np.int64), np.zeros(sought.size, dtype=np.bool_)
    at = np.minimum(np.searchsorted(keys, sought), keys.size - 1)
    return at, keys[at] == sought


def length_strata(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Stratum of each length."""
    return np.where(lengths <= 8, np.maximum(lengths, 1) - 1, 7 + np.searchsorted(LONG, lengths, side="right"))


def _columns(
    block: PathBlock,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    return (
        read_only(block.offsets),
        read_only(block.channels),
        read_only(block.conversions),
        read_only(block.nulls),
    )


@compiled
def pair_number(a: int, b: int, channels: int) -> int:
    """Number of the pair a < b in the order of ``np.triu_indices``."""
    return a * (2 * channels - a - 1) // 2 + b - a - 1


@compiled
def _distinct(channels: NDArray[np.int32], j: int, stamp: NDArray[np.int64], found: NDArray[np.int64]) -> int:
    """Channels of a journey in order of their first touch; gives how many."""
    count = 0
    for channel in channels:
        if stamp[channel] != j:
            stamp[channel] = j
            found[count] = channel
            count += 1
    return count


@compiled
def _presence(
    offsets: NDArray[np.int64],
    channels: NDArray[np.int32],
    conversions: NDArray[np.float64],
    nulls: NDArray[np.float64],
    stratum: NDArray[np.int64],
    C: int,
    width: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    stamp = np.full(C, -1, dtype=np.int64)
    found = np.empty(C, dtype=np.int64)
    room = 0
    for j in range(offsets.size - 1):
        d = min(C, offsets[j + 1] - offsets[j])
        room += 2 * (d * (d + 1) // 2 + 1)
    journey = np.empty(room, dtype=np.int32)
    row = np.empty(room, dtype=np.int32)
    amount = np.empty(room)
    n = 0
    for j in range(offsets.size - 1):
        if offsets[j] == offsets[j + 1]:
            continue
        d = _distinct(channels[offsets[j] : offsets[j + 1]], j, stamp, found)
        for outcome in range(2):
            w = nulls[j] if outcome == 1 else conversions[j]
            if w == 0.0:
                continue
            base = (outcome * STRATA + stratum[j]) * width
            for x in range(d):
                for y in range(x):
                    low, high = min(found[x], found[y]), max(found[x], found[y])
                    journey[n], row[n], amount[n] = j, base + pair_number(low, high, C), w
                    n += 1
                journey[n], row[n], amount[n] = j, base + width - 1 - C + found[x], w
                n += 1
            journey[n], row[n], amount[n] = j, base + width - 1, w
            n += 1
    return journey[:n].copy(), row[:n].copy(), amount[:n].copy()


@compiled
def _orders(
    offsets: NDArray[np.int64],
    channels: NDArray[np.int32],
    conversions: NDArray[np.float64],
    nulls: NDArray[np.float64],
    C: int,
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """Per pair of each journey and outcome: key of its stratum, pair, cell, journey, amount."""
    stamp = np.full(C, -1, dtype=np.int64)
    found = np.empty(C, dtype=np.int64)
    room = 0
    for j in range(offsets.size - 1):
        d = min(C, offsets[j + 1] - offsets[j])
        room += d * (d - 1)
    key = np.empty(room, dtype=np.uint64)
    pair = np.empty(room, dtype=np.int64)
    cell = np.empty(room, dtype=np.int64)
    journey = np.empty(room, dtype=np.int32)
    amount = np.empty(room)
    n = 0
    for j in range(offsets.size - 1):
        d = _distinct(channels[offsets[j] : offsets[j + 1]], j, stamp, found)
        stratum = mix(np.uint64(offsets[j + 1] - offsets[j]))
        for x in range(d):
            stratum += mix(np.uint64(found[x] + 1) * STEP)  # a sum: the order does not matter
        for outcome in range(2):
            w = nulls[j] if outcome == 1 else conversions[j]
            if w == 0.0:
                continue
            for x in range(d):
                for y in range(x + 1, d):
                    low, high = min(found[x], found[y]), max(found[x], found[y])
                    pair[n] = pair_number(low, high, C)
                    key[n] = mix(stratum ^ mix(np.uint64(pair[n]) + STEP))
                    cell[n] = 2 * (found[x] > found[y]) + outcome
                    journey[n], amount[n] = j, w
                    n += 1
    return key[:n].copy(), pair[:n].copy(), cell[:n].copy(), journey[:n].copy(), amount[:n].copy()


@compiled
def interactions(converting: NDArray[np.float64], null: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds interaction of every table, float64[n], from counts [n, strata, 4].

    logit P(conversion) = α_stratum + β_a x_a + β_b x_b + γ x_a x_b by Newton's method; gives γ. Strata
    without conversions or without nulls say nothing about the slopes and are left out.
    """
    found = np.empty(converting.shape[0])
    for t in range(found.size):
        found[t] = _interaction(converting[t], null[t])
    return found


@compiled
def _interaction(converting: NDArray[np.float64], null: NDArray[np.float64]) -> float:
    strata = converting.shape[0]
    level = np.zeros(strata)
    slope = np.zeros(3)
    for s in range(strata):
        C, N = converting[s].sum(), null[s].sum()
        level[s] = np.log(C / N) if C > 0.0 and N > 0.0 else np.nan
    # Per stratum: score of its level, curvature, and curvature across with the three slopes.
    own = np.zeros((strata, 5))
    for _ in range(60):
        gradient = -RIDGE * slope
        hessian = RIDGE * np.eye(3)
        own[:] = 0.0
        for s in range(strata):
            if not np.isnan(level[s]):
                _add_stratum(converting[s], null[s], level[s], slope, gradient, hessian, own[s])
        step = np.clip(np.linalg.solve(hessian, gradient), -2.0, 2.0)
        slope += step
        furthest = np.abs(step).max()
        for s in range(strata):
            if own[s, 1] > 0.0:
                move = (own[s, 0] - (own[s, 2:] * step).sum()) / own[s, 1]
                level[s] += min(max(move, -2.0), 2.0)
                furthest = max(furthest, abs(move))
        if furthest < 1e-8:
            break
    return float(slope[2])


@compiled
def _add_stratum(
    converting: NDArray[np.float64],
    null: NDArray[np.float64],
    level: float,
    slope: NDArray[np.float64],
    gradient: NDArray[np.float64],
    hessian: NDArray[np.float64],
    own: NDArray[np.float64],
) -> None:
    """Add a stratum to the score and curvature of the slopes, its own level eliminated."""
    x = np.zeros(3)
    for cell in range(4):
        x[0], x[1] = cell % 2, cell // 2
        x[2] = x[0] * x[1]
        n = converting[cell] + null[cell]
        p = 1.0 / (1.0 + np.exp(-level - x[0] * slope[0] - x[1] * slope[1] - x[2] * slope[2]))
        off = converting[cell] - n * p
        w = n * p * (1.0 - p)
        own[0] += off
        own[1] += w
        for i in range(3):
            gradient[i] += off * x[i]
            own[2 + i] += w * x[i]
            for k in range(3):
                hessian[i, k] += w * x[i] * x[k]
    if own[1] > 0.0:
        for i in range(3):
            gradient[i] -= own[2 + i] * own[0] / own[1]
            for k in range(3):
                hessian[i, k] -= own[2 + i] * own[2 + k] / own[1]
