"""Uncut event streams: what the time-to-event model reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

NEVER: Final = np.iinfo(np.int64).min
"""Time of a conversion that never was, in ``EventBlock.converted_before``."""


def _no_ints() -> NDArray[np.int64]:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class EventBlock:
    """People of one partition with all that is recorded of them, columnar and not cut into journeys.

    Person i is at risk of converting from ``enter[i]`` (delayed entry) to ``exit[i]`` (censoring), touched or
    not. Touches ``touch_offsets[i]:touch_offsets[i + 1]`` and conversions
    ``conversion_offsets[i]:conversion_offsets[i + 1]`` belong to person i, each sorted by time. Events before
    the entry are history: they count as covariates, and not as outcomes. Events after the exit are not read.

    All times are microseconds since 1970 (UTC).

    Attributes
    ----------
    person : uint64[N]
        Key of the person (a hash of the customer id); splits people into folds.
    enter, exit : int64[N]
        Begin and end of the time at risk, ``enter < exit``.
    touch_offsets : int64[N + 1]
    touched_at : int64[T]
    kinds : int32[T]
        Kind of each touch (channel × interaction), an index into ``Events.kinds``.
    conversion_offsets : int64[N + 1]
    converted_at : int64[V]
    value : float64[V]
        Value of each conversion, in currency units.
    converted_before : int64[N] or None
        Last conversion before all recorded ones (a customer table knows it), `NEVER` for none.
    stratum : int32[N] or None
        Group of the person by observed traits, from 0; None puts all into one.
    idle_enter, idle_exit : int64[U]
    idle_count : float64[U]
    idle_stratum : int32[U] or None
        Aggregate rows of people without any event: how many, at risk from when to when, of which group. People
        without events may also stand in the block as ordinary people; nobody may stand in both.
    """

    person: NDArray[np.uint64]
    enter: NDArray[np.int64]
    exit: NDArray[np.int64]
    touch_offsets: NDArray[np.int64]
    touched_at: NDArray[np.int64]
    kinds: NDArray[np.int32]
    conversion_offsets: NDArray[np.int64]
    converted_at: NDArray[np.int64]
    value: NDArray[np.float64]
    converted_before: NDArray[np.int64] | None = None
    stratum: NDArray[np.int32] | None = None
    idle_enter: NDArray[np.int64] = field(default_factory=_no_ints)
    idle_exit: NDArray[np.int64] = field(default_factory=_no_ints)
    idle_count: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    idle_stratum: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        if bool((self.enter >= self.exit).any()) or bool((self.idle_enter >= self.idle_exit).any()):
            wrong = int((self.enter >= self.exit).sum()) + int((self.idle_enter >= self.idle_exit).sum())
            raise ValueError(
                f"Time at risk needs enter < exit; {wrong} rows have none. Leave such people out, "
                "or give the observation windows of the data."
            )


class Events(Protocol):
    """A source of event streams: names, and blocks in a fixed order."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Channel names, sorted; the position is the code."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the kinds of touch."""

    @property
    def kind_channel(self) -> NDArray[np.int32]:
        """Channel code of each kind, int32[K]."""

    @property
    def signals(self) -> NDArray[np.bool_]:
        """Kinds that show demand and are not media (direct, organic), bool[K]: they move the baseline."""

    @property
    def block_count(self) -> int:
        """Number of blocks."""

    def block(self, index: int) -> EventBlock:
        """One block; the same index gives the same block every time."""


@dataclass(frozen=True, slots=True, eq=False)
class EventTable:
    """`Events` in memory."""

    channels: tuple[str, ...]
    kinds: tuple[str, ...]
    kind_channel: NDArray[np.int32]
    signals: NDArray[np.bool_]
    blocks: tuple[EventBlock, ...]

    @property
    def block_count(self) -> int:
        """Number of blocks."""
        return len(self.blocks)

    def block(self, index: int) -> EventBlock:
        """One block."""
        return self.blocks[index]
