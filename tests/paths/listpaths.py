"""Journeys from Python lists: the test double of the engine's encoded journeys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from attribution_models.paths.encoded import PathBlock

DAY = 86_400_000_000


@dataclass(frozen=True)
class Journey:
    path: tuple[str, ...]
    conversions: float = 0.0
    value: float = 0.0
    nulls: float = 0.0
    days_before: tuple[float, ...] | None = None  # age of each touch at the end of the journey


class ListPaths:
    """The ``Paths`` protocol over a list of journeys, cut into consecutive blocks."""

    def __init__(
        self,
        journeys: Sequence[Journey],
        *,
        channels: Sequence[str] | None = None,
        direct: Sequence[str] = (),
        blocks: int = 1,
    ) -> None:
        self.journeys = list(journeys)
        names = {name for journey in journeys for name in journey.path}
        self.channels = tuple(sorted(names if channels is None else channels))
        self.direct = np.array([name in direct for name in self.channels], dtype=np.bool_)
        self.block_count = blocks
        codes = {name: code for code, name in enumerate(self.channels)}
        cuts = np.linspace(0, len(self.journeys), blocks + 1).astype(int)
        self._blocks = [_block(self.journeys[lo:hi], codes) for lo, hi in pairwise(cuts)]

    def block(self, index: int) -> PathBlock:
        return self._blocks[index]

    def with_blocks(self, blocks: int) -> ListPaths:
        direct = [name for name, flag in zip(self.channels, self.direct, strict=True) if flag]
        return ListPaths(self.journeys, channels=self.channels, direct=direct, blocks=blocks)


def _block(journeys: Sequence[Journey], codes: dict[str, int]) -> PathBlock:
    timed = all(journey.days_before is not None for journey in journeys)
    ages = [age for journey in journeys for age in journey.days_before or ()]
    ended = 1000 * DAY
    return PathBlock(
        offsets=np.cumsum([0, *(len(journey.path) for journey in journeys)], dtype=np.int64),
        channels=np.array([codes[name] for journey in journeys for name in journey.path], dtype=np.int32),
        conversions=np.array([journey.conversions for journey in journeys], dtype=np.float64),
        value=np.array([journey.value for journey in journeys], dtype=np.float64),
        nulls=np.array([journey.nulls for journey in journeys], dtype=np.float64),
        touched_at=np.array([ended - round(age * DAY) for age in ages], dtype=np.int64) if timed else None,
        ended_at=np.full(len(journeys), ended, dtype=np.int64) if timed else None,
    )


def rows(*rows: tuple[str, float, float, float] | tuple[str, float, float], **options: object) -> ListPaths:
    """Paths from rows of (path with ">" between touches, conversions, nulls, [value])."""
    journeys = [
        Journey(
            tuple(name.strip() for name in row[0].split(">") if name.strip()),
            conversions=row[1],
            nulls=row[2],
            value=row[3] if len(row) == 4 else row[1],
        )
        for row in rows
    ]
    return ListPaths(journeys, **options)  # type: ignore[arg-type]
