"""From events to tapes and shape: everything of a hazard fit that is not estimated by climbing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.events import Events
from attribution_models.paths.hazard_grid import DAY, FAR_PAST, Grid, make_grid
from attribution_models.paths.hazard_intensity import Shape
from attribution_models.paths.hazard_tape import CONVERSION, Tape, diminish, make_tapes, over

Floats = NDArray[np.float64]

AGE_DAYS: Final = (7.0, 14.0, 28.0, 56.0, 112.0, 224.0)
RECENCY_DAYS: Final = (7.0, 14.0, 28.0, 56.0, 112.0, 224.0)


@dataclass(frozen=True, slots=True)
class Tuning:
    """What is chosen by profile likelihood: half-life of effects (days), c of 1 / (1 + n / c), share kept."""

    half_life: float
    tired_after: float
    kept: float


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """Tapes of all people, and the names behind the numbers.

    `observed` and `placed` are conversions and value, all and those at risk; `rate` is conversions at risk per day at
    risk; `span` is the number of periods between the first event and the end.
    """

    grid: Grid
    tapes: Sequence[Tape]
    kind_channel: NDArray[np.int32]
    signals: NDArray[np.bool_]
    channels: int
    span: int
    observed: Floats
    placed: Floats
    rate: float


def set_up(events: Events, grain_days: float, calendar_days: float, lag: int = 0) -> Setup:
    """Encode the event streams; memory is proportional to the events.

    Raises
    ------
    ValueError
        There are no people, or a conversion lies beyond every time at risk so that none is left.
    """
    blocks = [events.block(i) for i in range(events.block_count)]
    enters = np.concatenate([np.concatenate([b.enter, b.idle_enter]) for b in blocks] or [np.empty(0, np.int64)])
    if not enters.size:
        raise ValueError("The hazard model needs people with time at risk; the events hold none.")
    exits = np.concatenate([np.concatenate([b.exit, b.idle_exit]) for b in blocks])
    strata = 1 + max(
        (int(s.max()) for b in blocks for s in (b.stratum, b.idle_stratum) if s is not None and s.size), default=0
    )
    grid = make_grid(int(enters.min()), int(exits.max()), grain_days, calendar_days, AGE_DAYS, RECENCY_DAYS, strata)
    tapes = [tape for block in blocks for tape in make_tapes(block, grid, lag)]
    earliest = min((int(t.period.min()) for t in tapes if t.period.size), default=0)
    placed = np.zeros(2)
    for tape in tapes:
        outcome = tape.kind == CONVERSION
        placed += outcome.sum(), tape.strength[outcome].sum()
    days = sum(float((b.exit - b.enter).sum() + b.idle_count @ (b.idle_exit - b.idle_enter)) for b in blocks) / DAY
    observed = np.array([sum(b.value.size for b in blocks), sum(float(b.value.sum()) for b in blocks)])
    return Setup(
        grid, tapes, np.asarray(events.kind_channel, np.int32), np.asarray(events.signals, np.bool_),
        len(events.channels), grid.calendar.size - min(earliest, 0) + 2, observed, placed, float(placed[0] / days),
    )  # fmt: skip


def strengthen(setup: Setup, tired_after: float, memory_days: float, threads: int | None = None) -> Setup:
    """Write the diminishing returns of repeats into the tapes; signals have none."""
    channel = np.where(setup.signals, -1, setup.kind_channel).astype(np.int32)
    memory = memory_days / setup.grid.days

    def one(tape: Tape) -> Tape:
        return tape._replace(strength=diminish(tape, channel, tired_after, memory, setup.channels))

    return replace(setup, tapes=list(over(setup.tapes, one, threads)))


def make_shape(setup: Setup, tuning: Tuning, signal_half_lives: Sequence[float], floor: float, least: float) -> Shape:
    """Lay out the columns: one per kind of media, one per half-life for a signal."""
    width = np.where(setup.signals, len(signal_half_lives), 1)
    columns = np.concatenate([[0], np.cumsum(width)]).astype(np.int64)
    is_effect = np.repeat(~setup.signals, width)
    table = np.zeros(is_effect.size, dtype=np.int64)
    for k in np.flatnonzero(setup.signals):
        table[columns[k] : columns[k + 1]] = 1 + np.arange(len(signal_half_lives))
    half_lives = np.array([tuning.half_life, *signal_half_lives]) / setup.grid.days
    power = 0.5 ** (np.arange(setup.span)[None, :] / half_lives[:, None])
    geometric = np.concatenate([np.zeros((half_lives.size, 1)), np.cumsum(power, axis=1)], axis=1)
    return Shape(columns, is_effect, table, power, geometric, tuning.kept, floor, least * setup.rate)


def keep_people(setup: Setup, keep: Sequence[NDArray[np.bool_]]) -> Setup:
    """Keep some people of each tape."""
    return replace(setup, tapes=[_subset(t, k) for t, k in zip(setup.tapes, keep, strict=True)])


def folds(setup: Setup, share: float, salt: int) -> list[NDArray[np.bool_]]:
    """Choose about a share of the people by a hash of their key: the same people whatever else is there."""
    limit = np.uint64(min(share, 1.0) * (2**32 - 1))
    return [(_mix(tape.person + np.uint64(salt)) >> np.uint64(32)) <= limit for tape in setup.tapes]


def split_idle(setup: Setup, chosen: Sequence[NDArray[np.bool_]], share: float) -> tuple[Setup, Setup]:
    """Split people into chosen and others; an aggregate row divides its count by `share`."""
    return _part(setup, chosen, share), _part(setup, [~c for c in chosen], 1.0 - share)


def _part(setup: Setup, keep: Sequence[NDArray[np.bool_]], share: float) -> Setup:
    tapes = []
    for tape, some in zip(setup.tapes, keep, strict=True):
        idle = _is_idle(tape)
        tapes.append(tape._replace(weight=tape.weight * share) if idle else _subset(tape, some))
    return replace(setup, tapes=tapes)


def _is_idle(tape: Tape) -> bool:
    return not tape.period.size and bool((tape.before == FAR_PAST).all())


def _subset(tape: Tape, keep: NDArray[np.bool_]) -> Tape:
    counts = np.diff(tape.offsets)
    events = np.repeat(keep, counts)
    offsets = np.concatenate([[0], np.cumsum(counts[keep])]).astype(np.int64)
    return Tape(
        offsets, tape.period[events], tape.kind[events], tape.strength[events],
        *(getattr(tape, name)[keep] for name in Tape._fields[4:]),
    )  # fmt: skip


def _mix(key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64."""
    z = key + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
