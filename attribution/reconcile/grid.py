"""Weeks or months of the overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.reconcile.mix_side import MixSide
from attribution.reconcile.overlap import Overlap

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Weeks or months of the overlap; one group of all without.

    Attributes
    ----------
    grain : str or None
    labels : tuple of str
    of : array (periods of the window,)
        Group of each period.
    """

    grain: str | None
    labels: tuple[str, ...]
    of: Ints

    @classmethod
    def of_overlap(cls, found: Overlap, side: MixSide, grain: str | None) -> Grid:
        """Of the overlap's periods by their first day."""
        if grain is None:
            return cls(None, ("",), np.zeros(len(found.counted), np.int64))
        names = found.labels(side.stored.calendar, grain)
        labels = tuple(dict.fromkeys(names))
        return cls(grain, labels, np.array([labels.index(name) for name in names], np.int64))

    def sums(self, by_period: Floats) -> Floats:
        """Sum over the periods of each group: (…, periods, N) to (…, groups, N)."""
        out = np.zeros((*by_period.shape[:-2], len(self.labels), by_period.shape[-1]))
        for period, group in enumerate(self.of):
            out[..., group, :] += by_period[..., period, :]
        return out

    def total(self, by_period: Floats) -> Floats:
        """Sum over the periods of each group: (periods,) to (groups,)."""
        return np.asarray(self.sums(by_period[:, None])[:, 0])
