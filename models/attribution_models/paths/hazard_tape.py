"""Events of people as one merged tape per chunk: periods, kinds and strengths in order of effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from os import cpu_count, getpid
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled
from attribution_models.paths.events import NEVER, EventBlock
from attribution_models.paths.hazard_grid import FAR_PAST, Grid

S = TypeVar("S")
T = TypeVar("T")

CONVERSION: Final = -1  # an outcome, in the place of a kind
PAST: Final = -2  # a conversion before the entry: history
_CHUNK: Final = 8192  # people; fixed, so that sums do not depend on the number of threads


class Tape(NamedTuple):
    """Up to 8192 people. ``offsets[i]:offsets[i + 1]`` are the events of person i, by period, touches first.

    Attributes
    ----------
    offsets : int64[N + 1]
    period : int32[E]
        Period from which a touch acts, or in which a conversion falls.
    kind : int32[E]
        Kind of the touch, `CONVERSION` or `PAST`.
    strength : float64[E]
        Diminishing returns s of the touch; value of the conversion in currency.
    first, last : int32[N]
        First and last period at risk.
    first_part, last_part : float64[N]
        Share of those periods that is at risk; the whole share stands in ``first_part`` where both are one.
    before : int32[N]
        Period of the last conversion before all events, or far in the past.
    stratum : int32[N]
    weight : float64[N]
        How many people the row stands for (1, or the count of an aggregate row).
    frailty : float64[N]
        Factor on the person's expected conversions, 1 except in the frailty check.
    person : uint64[N]
    """

    offsets: NDArray[np.int64]
    period: NDArray[np.int32]
    kind: NDArray[np.int32]
    strength: NDArray[np.float64]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    first_part: NDArray[np.float64]
    last_part: NDArray[np.float64]
    before: NDArray[np.int32]
    stratum: NDArray[np.int32]
    weight: NDArray[np.float64]
    frailty: NDArray[np.float64]
    person: NDArray[np.uint64]


def over(tapes: Sequence[S], kernel: Callable[[S], T], threads: int | None = None) -> Iterator[T]:
    """Apply a kernel to every tape (or what was made of it) on all cores; results come in order."""
    workers = min(threads or cpu_count() or 1, len(tapes))
    if workers <= 1:
        yield from map(kernel, tapes)
        return
    yield from _pool(workers, getpid()).map(kernel, tapes)


@cache
def _pool(workers: int, process: int) -> ThreadPoolExecutor:  # noqa: ARG001 - a fork has no threads of its parent's
    """Threads that wait for the next call: a fit makes hundreds of calls."""
    return ThreadPoolExecutor(workers)


def make_tapes(block: EventBlock, grid: Grid, lag: int = 0) -> list[Tape]:
    """Merge the events of a block, and cut it into tapes; strengths of touches are still 1."""
    tapes = [
        _make_tape(block, grid, i, min(i + _CHUNK, block.enter.size), lag) for i in range(0, block.enter.size, _CHUNK)
    ]
    if block.idle_count.size:
        tapes.append(_idle_tape(block, grid))
    return tapes


def _make_tape(block: EventBlock, grid: Grid, begin: int, end: int, lag: int) -> Tape:
    t, v = block.touch_offsets[begin : end + 1], block.conversion_offsets[begin : end + 1]
    enter, leave = block.enter[begin:end], block.exit[begin:end]
    offsets, period, kind, strength = _merge(
        t - t[0],
        np.ascontiguousarray(block.touched_at[t[0] : t[-1]]),
        np.ascontiguousarray(block.kinds[t[0] : t[-1]]),
        v - v[0],
        np.ascontiguousarray(block.converted_at[v[0] : v[-1]]),
        np.ascontiguousarray(block.value[v[0] : v[-1]]),
        np.ascontiguousarray(enter),
        np.ascontiguousarray(leave),
        grid.origin,
        grid.grain,
        lag,
    )
    before = np.full(end - begin, FAR_PAST, dtype=np.int32)
    if block.converted_before is not None:
        at = block.converted_before[begin:end]
        known = at != NEVER
        before[known] = (at[known] - grid.origin) // grid.grain
    stratum = np.zeros(end - begin, np.int32) if block.stratum is None else block.stratum[begin:end].astype(np.int32)
    ones = np.ones(end - begin)
    return Tape(
        offsets, period, kind, strength, *_at_risk(enter, leave, grid), before, stratum, ones, ones.copy(),
        block.person[begin:end].copy(),
    )  # fmt: skip


def _idle_tape(block: EventBlock, grid: Grid) -> Tape:
    rows = block.idle_count.size
    stratum = np.zeros(rows, np.int32) if block.idle_stratum is None else block.idle_stratum.astype(np.int32)
    return Tape(
        np.zeros(rows + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0),
        *_at_risk(block.idle_enter, block.idle_exit, grid), np.full(rows, FAR_PAST, np.int32), stratum,
        block.idle_count.astype(np.float64), np.ones(rows), np.arange(rows, dtype=np.uint64),
    )  # fmt: skip


def _at_risk(
    enter: NDArray[np.int64], leave: NDArray[np.int64], grid: Grid
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    first, last = (enter - grid.origin) // grid.grain, (leave - 1 - grid.origin) // grid.grain
    missed = (enter - grid.origin - first * grid.grain) / grid.grain
    last_part = (leave - grid.origin - last * grid.grain) / grid.grain
    one = first == last
    first_part = np.where(one, last_part - missed, 1.0 - missed)
    return first.astype(np.int32), last.astype(np.int32), first_part, np.where(one, 1.0, last_part)


@compiled
def _merge(
    touch_offsets: NDArray[np.int64],
    touched_at: NDArray[np.int64],
    kinds: NDArray[np.int32],
    conversion_offsets: NDArray[np.int64],
    converted_at: NDArray[np.int64],
    value: NDArray[np.float64],
    enter: NDArray[np.int64],
    leave: NDArray[np.int64],
    origin: int,
    grain: int,
    lag: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    people = enter.size
    offsets = np.zeros(people + 1, dtype=np.int64)
    period = np.empty(touched_at.size + converted_at.size, dtype=np.int32)
    kind = np.empty(period.size, dtype=np.int32)
    strength = np.empty(period.size)
    n = 0
    for i in range(people):
        last = (leave[i] - 1 - origin) // grain
        t, t_end = touch_offsets[i], touch_offsets[i + 1]
        v, v_end = conversion_offsets[i], conversion_offsets[i + 1]
        earliest = v  # first conversion that is not in an earlier period than the touch
        while t < t_end or v < v_end:
            acts = 2**40
            if t < t_end:
                acts = (touched_at[t] - origin) // grain
                late = False
                while earliest < v_end and (converted_at[earliest] - origin) // grain < acts:
                    earliest += 1
                # What follows a conversion cannot have caused it: it acts from the next period.
                if earliest < v_end and (converted_at[earliest] - origin) // grain == acts:
                    late = converted_at[earliest] < touched_at[t]
                acts += max(lag, int(late))
            falls = 2**40
            if v < v_end:
                falls = (converted_at[v] - origin) // grain
                if converted_at[v] == leave[i]:
                    falls = last
            if acts <= falls:
                if acts <= last:
                    period[n], kind[n], strength[n] = acts, kinds[t], 1.0
                    n += 1
                t += 1
            else:
                if converted_at[v] <= leave[i]:
                    period[n], strength[n] = falls, value[v]
                    kind[n] = CONVERSION if converted_at[v] >= enter[i] else PAST
                    n += 1
                v += 1
        offsets[i + 1] = n
    return offsets, period[:n].copy(), kind[:n].copy(), strength[:n].copy()


@compiled
def diminish(
    tape: Tape, kind_channel: NDArray[np.int32], tired_after: float, memory: float, channels: int
) -> NDArray[np.float64]:
    """Strengths with diminishing returns: s = 1 / (1 + n / c).

    n are the person's remembered earlier touches of the channel, each fading by half in `memory` periods; c is
    `tired_after`, the number of remembered touches after which one more adds half of the first. Kinds without a
    channel (−1) keep their strength.
    """
    strength = tape.strength.copy()
    remembered = np.zeros(channels)
    at = np.zeros(channels)
    for i in range(tape.offsets.size - 1):
        for e in range(tape.offsets[i], tape.offsets[i + 1]):
            if tape.kind[e] >= 0 and kind_channel[tape.kind[e]] >= 0:
                remembered[kind_channel[tape.kind[e]]] = 0.0
        for e in range(tape.offsets[i], tape.offsets[i + 1]):
            if tape.kind[e] < 0 or kind_channel[tape.kind[e]] < 0:
                continue
            c = kind_channel[tape.kind[e]]
            if remembered[c] > 0.0:
                remembered[c] *= 0.5 ** ((tape.period[e] - at[c]) / memory)
            strength[e] = 1.0 / (1.0 + remembered[c] / tired_after)
            remembered[c] += 1.0
            at[c] = tape.period[e]
    return strength
