"""The observed chain of an order with other weights: counts of all replicates, and their removal effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.absorption import removal_effects
from attribution_models.paths.compiled import compiled, read_only
from attribution_models.paths.encoded import PathBlock, Paths
from attribution_models.paths.kgram_hash import gather_windows
from attribution_models.paths.kgrams import DENSE_CELLS, Chain, count_chain, rows_of

# Up to that many states of order 1, dense inverses of many replicates at once are quicker than sparse ones.
DENSE_STATES: Final = 256
DENSE_BYTES: Final = 32_000_000
_Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ChainCounts:
    """Where the journeys of a chain are counted: S starts, S conversions, S nulls, S values, E steps, 2 outside.

    Any resample of the journeys stays within the observed states and steps.

    Attributes
    ----------
    chain : Chain
        The observed chain.
    nulls : bool
        Whether null journeys have weight.
    codes : int64[S] or void[S]
        Windows as sorted numbers in base C + 1, or as bytes where 64 bits do not hold them.
    steps : int64[E]
        source · C + next channel of each step, sorted.
    channels : int
        C.
    """

    chain: Chain
    nulls: bool
    codes: NDArray[np.int64] | NDArray[np.void]
    steps: NDArray[np.int64]
    channels: int

    @staticmethod
    def of(paths: Paths, order: int, nulls: bool, threads: int | None = None) -> ChainCounts:
        """Count the chain once, to know its states and steps."""
        chain = count_chain(paths, order, nulls=nulls, threads=threads)
        channels = len(paths.channels)
        steps = chain.source * channels + chain.windows[chain.target, -1]
        return ChainCounts(chain, nulls, _codes(chain.windows, channels + 1), steps, channels)

    @property
    def rows(self) -> int:
        """Number of counts."""
        return 4 * self.chain.start.size + self.steps.size + 2

    def entries(self, block: PathBlock) -> tuple[NDArray[np.int32], NDArray[np.int32], _Array]:
        """What the journeys of a block add to the counts: journey, row, amount."""
        offsets, channels = read_only(block.offsets), read_only(block.channels)
        order = self.chain.windows.shape[1]
        states = _find(self.codes, _touch_codes(offsets, channels, order, self.channels + 1), self.channels + 1)
        return _entries(
            offsets,
            channels,
            read_only(block.conversions),
            read_only(block.value),
            read_only(block.nulls if self.nulls else np.zeros_like(block.nulls)),
            order,
            states,
            _step_table(self.steps, self.chain.start.size * self.channels),
            read_only(self.steps),
            self.chain.start.size,
            self.channels,
        )

    def split(self, sums: _Array) -> tuple[_Array, _Array, _Array, _Array, _Array, _Array]:
        """Starts, conversions, nulls, value [S, R], weight of steps [E, R], outside [2, R]."""
        S = self.chain.start.size
        start, conversions, nulls, value = (sums[i * S : (i + 1) * S] for i in range(4))
        return start, conversions, nulls, value, sums[4 * S : -2], sums[-2:]


def _codes(windows: NDArray[np.int32], base: int) -> NDArray[np.int64] | NDArray[np.void]:
    order = windows.shape[1]
    if base**order >= 2**63:
        return rows_of(windows)
    return (windows + 1).astype(np.int64) @ np.array([base ** (order - 1 - i) for i in range(order)], dtype=np.int64)


def _touch_codes(
    offsets: NDArray[np.int64], channels: NDArray[np.int32], order: int, base: int
) -> NDArray[np.int64] | NDArray[np.void]:
    """The window that ends at each touch."""
    if base**order < 2**63:
        return window_codes(offsets, channels, order, base)
    end = np.arange(channels.size)
    begin = np.maximum(end - order + 1, np.repeat(offsets[:-1], np.diff(offsets)))
    return rows_of(gather_windows(channels, np.stack([begin, end - begin + 1]), order))


def _find(
    codes: NDArray[np.int64] | NDArray[np.void], sought: NDArray[np.int64] | NDArray[np.void], base: int
) -> NDArray[np.int32]:
    """States of windows; any number for a window that is none."""
    if codes.dtype == np.int64 and codes.size and codes[-1] < max(DENSE_CELLS, base):
        table = np.zeros(int(codes[-1]) + 1, dtype=np.int32)
        table[codes] = np.arange(codes.size)
        found: NDArray[np.int32] = table[np.minimum(sought, codes[-1])]
        return found
    return np.minimum(np.searchsorted(codes, sought), max(codes.size - 1, 0)).astype(np.int32)


def _step_table(steps: NDArray[np.int64], cells: int) -> NDArray[np.int32]:
    """Table from source · C + channel to the step; empty where it would be too large."""
    table = np.zeros(cells if cells <= DENSE_CELLS else 0, dtype=np.int32)
    if table.size:
        table[steps] = np.arange(steps.size)
    return table


@compiled
def window_codes(offsets: NDArray[np.int64], channels: NDArray[np.int32], order: int, base: int) -> NDArray[np.int64]:
    """Number in base C + 1 of the last ``order`` touches at each touch, oldest first."""
    codes = np.empty(channels.size, dtype=np.int64)
    top = 1
    for _ in range(order - 1):
        top *= base
    for j in range(offsets.size - 1):
        code = 0
        for i in range(offsets[j], offsets[j + 1]):
            if i - order >= offsets[j]:
                code -= (channels[i - order] + 1) * top
            code = code * base + channels[i] + 1
            codes[i] = code
    return codes


@compiled
def _entries(
    offsets: NDArray[np.int64],
    channels: NDArray[np.int32],
    conversions: NDArray[np.float64],
    value: NDArray[np.float64],
    nulls: NDArray[np.float64],
    order: int,
    states: NDArray[np.int32],
    table: NDArray[np.int32],
    steps: NDArray[np.int64],
    S: int,
    C: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    room = channels.size + 4 * (offsets.size - 1)
    journey = np.empty(room, dtype=np.int32)
    row = np.empty(room, dtype=np.int32)
    amount = np.empty(room)
    n = 0
    outside = 4 * S + steps.size
    for j in range(offsets.size - 1):
        lo = offsets[j]
        hi = offsets[j + 1]
        c, v = conversions[j], value[j]
        w = c + nulls[j]
        begun = n
        if lo == hi or w <= 0.0:
            row[n], amount[n] = outside, c
            row[n + 1], amount[n + 1] = outside + 1, v
            n += 2
        else:
            head = min(hi, lo + order)
            row[n], amount[n] = states[head - 1], w
            n += 1
            for i in range(head, hi):
                step = states[i - 1] * C + channels[i]
                at = table[step] if table.size > 0 else np.searchsorted(steps, step)
                row[n], amount[n] = 4 * S + at, w
                n += 1
            last = states[hi - 1]
            row[n], amount[n] = S + last, c
            row[n + 1], amount[n + 1] = 2 * S + last, nulls[j]
            row[n + 2], amount[n + 2] = 3 * S + last, v
            n += 3
        kept = begun
        for i in range(begun, n):
            if amount[i] != 0.0:
                journey[kept], row[kept], amount[kept] = j, row[i], amount[i]
                kept += 1
        n = kept
    return journey[:n].copy(), row[:n].copy(), amount[:n].copy()


def effects_of_draws(
    chain: Chain, start: _Array, conversions: _Array, nulls: _Array, value: _Array, weight: _Array, channels: int
) -> _Array:
    """Removal effects of a chain under R sets of counts, float64[2, R, C]: on conversions, on value.

    The formulas of ``removal_effects``: at order 1 with the dense inverse (I - Q)^-1 of many
    replicates at once, at higher orders chain by chain.

    Parameters
    ----------
    chain : Chain
        States and steps.
    start, conversions, nulls, value : float64[S, R]
        Counts at the ends of journeys.
    weight : float64[E, R]
        Counts of steps.
    channels : int
        C.
    """
    R = start.shape[1]
    found = np.zeros((2, R, channels))
    if chain.windows.shape[1] == 1 and chain.start.size <= DENSE_STATES:
        S = max(chain.start.size, 1)
        batch = max(1, DENSE_BYTES // (8 * S * S))
        for r in range(0, R, batch):
            some = slice(r, r + batch)
            ends = start[:, some], conversions[:, some], nulls[:, some], value[:, some]
            found[:, some, chain.windows[:, 0]] = _dense_effects(chain, *ends, weight[:, some])
        return found
    for r in range(R):
        drawn = _thinned(chain, start[:, r], conversions[:, r], nulls[:, r], value[:, r], weight[:, r])
        found[:, r] = removal_effects(drawn, channels)
    return found


def _dense_effects(
    chain: Chain, start: _Array, conversions: _Array, nulls: _Array, value: _Array, weight: _Array
) -> _Array:
    """RE_a = N[START, a] h[a] / (N[a, a] h[START]), for every replicate: float64[2, R, S]."""
    S, R = start.shape
    Q = np.zeros((R, S, S))
    moves = chain.source != chain.target
    Q[:, chain.source[moves], chain.target[moves]] = weight[moves].T
    outflow = Q.sum(axis=2) + (conversions + nulls).T
    Q /= np.where(outflow > 0, outflow, 1)[:, :, None]
    rewards = np.stack([conversions.T, value.T], axis=2) / np.where(outflow > 0, outflow, 1)[:, :, None]
    N = np.linalg.inv(np.eye(S) - Q)
    visits = (start.T[:, None, :] @ N)[:, 0]
    h = N @ rewards
    gained = visits * np.einsum("rss->rs", N) ** -1
    expected = np.einsum("rs,rsk->kr", start.T, h)[:, :, None]
    found = np.moveaxis(h, 2, 0) * gained
    effects: _Array = np.divide(found, expected, out=np.zeros_like(found), where=expected > 0)
    return np.clip(effects, 0, 1)


def _thinned(chain: Chain, start: _Array, conversions: _Array, nulls: _Array, value: _Array, weight: _Array) -> Chain:
    """The chain without states and steps of weight zero."""
    steps = np.flatnonzero(weight)
    seen = start + conversions + nulls
    seen[chain.source[steps]] = 1
    seen[chain.target[steps]] = 1
    states = np.flatnonzero(seen)
    place = np.cumsum(seen > 0) - 1
    return Chain(
        windows=chain.windows[states],
        start=start[states],
        conversions=conversions[states],
        nulls=nulls[states],
        value=value[states],
        source=place[chain.source[steps]],
        target=place[chain.target[steps]],
        weight=weight[steps],
        unattributed_conversions=0.0,
        unattributed_value=0.0,
    )
