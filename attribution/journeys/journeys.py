"""Journeys: the encoded, immutable result that every path model reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.findings import Finding
from attribution.settings import JourneySettings
from attribution_models.paths.encoded import PathBlock


@dataclass(frozen=True, slots=True, eq=False)
class JourneyPart:
    """The journeys of one part of the customers, columnar; ``at`` and ``ended_at`` in microseconds (UTC).

    Attributes
    ----------
    customer, ended_at, conversions, value, nulls, kind, geo, existing
        One entry per journey. ``kind`` and ``geo`` are codes, -1 for none; ``existing`` says whether the
        person was a customer already when the journey ended.
    offsets : int64[J + 1]
    units, at
        One entry per touch. ``at`` and ``ended_at`` are None for aggregated paths.
    """

    customer: NDArray[np.uint64] | None
    ended_at: NDArray[np.int64] | None
    conversions: NDArray[np.float64]
    value: NDArray[np.float64]
    nulls: NDArray[np.float64]
    kind: NDArray[np.int32]
    geo: NDArray[np.int32]
    existing: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    units: NDArray[np.int32]
    at: NDArray[np.int64] | None


@dataclass(frozen=True, slots=True)
class Unit:
    """What is told apart below the channel: a touch carries the code of its unit."""

    code: int
    channel: str
    campaign: str | None = None
    interaction: str | None = None
    geo: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Journeys:
    """Encoded journeys with the names of their codes; a `Paths` over channels.

    Attributes
    ----------
    settings : JourneySettings
        The rules they were cut by.
    units : tuple of Unit
        Sorted by code.
    kinds, geos : tuple of str
        Names behind the codes in `JourneyPart`.
    counts : dict
        Touches and journeys by what became of them; touches add up to the table's.
    findings : tuple of Finding
    parts : sequence of JourneyPart or Path
        In memory, or one memory-mapped file each.
    timed : bool
        Whether touches carry times (aggregated paths do not).
    digest : str
        Names the tables, identity and settings that these journeys come from; empty in memory.
    """

    settings: JourneySettings
    units: tuple[Unit, ...]
    kinds: tuple[str, ...]
    geos: tuple[str, ...]
    counts: dict[str, Any]
    findings: tuple[Finding, ...]
    parts: Sequence[JourneyPart | Path]
    timed: bool = True
    digest: str = ""
    channels: tuple[str, ...] = field(init=False)
    direct: NDArray[np.bool_] = field(init=False)
    channel_of: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        channels = tuple(sorted({u.channel for u in self.units}))
        code = {name: i for i, name in enumerate(channels)}
        names = {n.casefold() for n in self.settings.direct_names}
        object.__setattr__(self, "channels", channels)
        object.__setattr__(self, "direct", np.array([c.casefold() in names for c in channels], np.bool_))
        object.__setattr__(self, "channel_of", np.array([code[u.channel] for u in self.units], np.int32))

    @property
    def block_count(self) -> int:
        """Number of parts."""
        return len(self.parts)

    def part(self, index: int) -> JourneyPart:
        """One part; memory-mapped where journeys are stored."""
        part = self.parts[index]
        if isinstance(part, JourneyPart):
            return part
        from attribution.journeys.store import read_part  # noqa: PLC0415  (store imports this module)

        return read_part(part)

    def positions(self, units: NDArray[np.int32]) -> NDArray[np.int32]:
        """Positions in ``self.units`` of unit codes."""
        if self.units and self.units[-1].code == len(self.units) - 1:
            return units
        codes = np.array([u.code for u in self.units], np.int32)
        return np.searchsorted(codes, units).astype(np.int32)

    def block(self, index: int) -> PathBlock:
        """One part as a path model reads it, touches coded by channel."""
        return self.encode(self.part(index), self.channel_of)

    def encode(self, part: JourneyPart, code_of: NDArray[np.int32]) -> PathBlock:
        """A part whose touches are coded by ``code_of[unit]``."""
        positions = self.positions(part.units)
        same = code_of.size == len(self.units) and np.array_equal(code_of, np.arange(code_of.size))
        return PathBlock(
            offsets=part.offsets,
            channels=positions if same else code_of[positions],
            conversions=part.conversions,
            value=part.value,
            nulls=part.nulls,
            touched_at=part.at,
            ended_at=part.ended_at,
            customer=part.customer,
        )
