"""Draws in a few numbers: mean, median, and an interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """What draws say, each an array of one shape.

    Attributes
    ----------
    mean, median : array
        Means add up, as draws do; medians do not.
    lower, upper : array
        Ends of the central interval: (1 − level) / 2 of the draws lie below, as many above.
    deviation : array
        Standard deviation.
    """

    mean: Floats
    median: Floats
    lower: Floats
    upper: Floats
    deviation: Floats

    @classmethod
    def of(cls, draws: Floats, level: float) -> Summary:
        """Summarise along the last axis."""
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1; got {level}.")
        tail = (1 - level) / 2
        mean, ordered = draws.mean(axis=-1), np.sort(draws, axis=-1)
        # Sorting is several times faster than `np.quantile` here; where a draw is NaN there are no quantiles.
        shares = (tail, 0.5, 1 - tail)
        lower, median, upper = (np.where(np.isnan(mean), np.nan, found) for found in _quantiles(ordered, shares))
        return cls(mean, median, lower, upper, draws.std(axis=-1))

    @classmethod
    def joined(cls, parts: Iterable[Summary], axis: int) -> Summary:
        """Put summaries of neighbouring blocks together."""
        parts = list(parts)
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts], axis=axis) for f in fields(cls)))

    def each(self, change: Callable[[Floats], Floats]) -> Summary:
        """Apply to every array what keeps an order and has no offset: an index, or division by a positive constant."""
        return Summary(*(change(getattr(self, f.name)) for f in fields(self)))


def _quantiles(ordered: Floats, shares: tuple[float, ...]) -> Iterator[Floats]:
    """Quantiles of ordered draws, with linear interpolation (definition 7 of Hyndman and Fan 1996)."""
    for share in shares:
        place = share * (ordered.shape[-1] - 1)
        low = int(place)
        high = min(low + 1, ordered.shape[-1] - 1)
        yield ordered[..., low] + (place - low) * (ordered[..., high] - ordered[..., low])
