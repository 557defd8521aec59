"""Groups of a panel's cells, and windows of its periods: what effects are summed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.data import MixData

Ints = NDArray[np.int64]
Grain = Literal["period", "week", "month", "geo"]
TIMES = ("period", "week", "month")


@dataclass(frozen=True, slots=True)
class Window:
    """Periods `start` … `end`, counted from 0, the end included."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"A window needs a start at 0 or later and an end not before it; got {self}.")

    @classmethod
    def whole(cls, data: MixData) -> Window:
        """All periods of a panel."""
        return cls(0, len(data.dates) - 1)

    @classmethod
    def between(cls, data: MixData, first: str, last: str) -> Window:
        """Periods that begin from one day to another (ISO dates, both included).

        Raises
        ------
        ValueError
            Where no period of the panel does.
        """
        inside = np.flatnonzero((data.dates >= np.datetime64(first, "D")) & (data.dates <= np.datetime64(last, "D")))
        if not inside.size:
            msg = f"No period begins between {first} and {last}; the panel has {data.dates[0]} to {data.dates[-1]}."
            raise ValueError(msg)
        return cls(int(inside[0]), int(inside[-1]))

    @property
    def size(self) -> int:
        """Number of periods."""
        return self.end - self.start + 1


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Groups of cells.

    Attributes
    ----------
    by : tuple of str
    names : tuple of tuple of str
        Of each group, its value of every grain of `by`.
    of : array (G, T)
        Which group a cell belongs to; −1: none.
    """

    by: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    of: Ints

    def some(self, first: int, last: int) -> Cells:
        """Groups `first` … `last` − 1 only."""
        inside = (self.of >= first) & (self.of < last)
        return Cells(self.by, self.names[first:last], np.where(inside, self.of - first, -1))

    def runs(self) -> Ints:
        """Cells that follow each other in time and belong to one group: geo, first and last period, group; (n, 4)."""
        found = []
        for g, row in enumerate(self.of):
            edges = np.flatnonzero(np.diff(row)) + 1
            starts, ends = [0, *edges], [*(edges - 1), len(row) - 1]
            found += [(g, start, end, row[start]) for start, end in zip(starts, ends, strict=True) if row[start] >= 0]
        return np.array(found, dtype=np.int64).reshape(-1, 4)


def cells(data: MixData, counted: NDArray[np.bool_], by: Sequence[Grain] = (), window: Window | None = None) -> Cells:
    """Group the cells of a panel.

    Parameters
    ----------
    counted : array (G, T) of bool
        Cells that belong to a group at all; `Structure.fitted` leaves out what was not observed or is masked.
    by : sequence of str
        ``period``, ``week`` or ``month`` of a period's first day, ``geo``; nothing: one group of all.
    window : Window, optional
        Cells outside belong to no group.
    """
    times = [grain for grain in by if grain in TIMES]
    if len(times) > 1 or len(by) > len(times) + ("geo" in by):
        raise ValueError(f"Group by one of {', '.join(TIMES)}, by geo, or by both; got {', '.join(by)}.")
    window = window or Window.whole(data)
    labels = period_names(data.dates, times[0]) if times else ("",) * len(data.dates)
    kept = labels[window.start : window.end + 1]
    known, place = list(dict.fromkeys(kept)), np.full(len(labels), -1)
    place[window.start : window.end + 1] = [known.index(label) for label in kept]
    geos = data.geos if "geo" in by else ("",)
    rows = np.arange(len(data.geos)) if "geo" in by else np.zeros(len(data.geos), dtype=int)
    inside = counted & (place >= 0)[None, :]
    of = np.where(inside, rows[:, None] * len(known) + place[None, :], -1).astype(np.int64)
    names = [{"geo": geo, **dict.fromkeys(times, label)} for geo in geos for label in known]
    return Cells(tuple(by), tuple(tuple(name[grain] for grain in by) for name in names), of)


def period_names(dates: NDArray[np.datetime64], grain: str) -> tuple[str, ...]:
    """Name the month, the week (by its Monday) or the day that each period begins in."""
    if grain == "month":
        return tuple(str(d) for d in dates.astype("datetime64[M]"))
    if grain == "week":
        days = dates.astype("datetime64[D]").astype(np.int64)
        return tuple(str(np.datetime64(int(d), "D")) for d in days - (days + 3) % 7)  # 1970-01-01 was a Thursday
    return tuple(str(d) for d in dates.astype("datetime64[D]"))


def windows(data: MixData, grain: str, window: Window | None = None) -> dict[str, Window]:
    """Cut a window into its periods, weeks or months."""
    window = window or Window.whole(data)
    found: dict[str, Window] = {}
    for t, name in enumerate(period_names(data.dates, grain)[window.start : window.end + 1], window.start):
        found[name] = Window(found[name].start if name in found else t, t)
    return found
