"""Where a plan leaves the range of the data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.effects import Effects
from attribution_models.plan.flight import Flight, acting

Floats = NDArray[np.float64]
# Beyond by less than this is rounding.
SLACK = 1e-6
ABOVE, INSIDE, BELOW = 1, 0, -1


def outside(effects: Effects, flight: Flight, z: Floats) -> NDArray[np.int8]:
    """Which cells lie above the most, or below the least, that acted in one period of the same geo; (P, G, W).

    Parameters
    ----------
    effects : Effects
        Of the fit, without periods after the panel.
    """
    s = effects.structure
    known = acting(s)[flight.channels][..., s.data.before :]
    most, least = known.max(axis=2, keepdims=True), known.min(axis=2, keepdims=True)
    cells = flight.media(z)
    found = np.where(cells > most * (1 + SLACK), ABOVE, np.where(cells < least * (1 - SLACK), BELOW, INSIDE))
    return found.astype(np.int8)


def outside_share(flight: Flight, z: Floats, cells: NDArray[np.int8]) -> Floats:
    """Share of each channel's money, and of all, that is spent in cells outside; (P + 1,), 0 where nothing is spent."""
    spend = flight.spend(z)
    parts, whole = np.where(cells != INSIDE, spend, 0.0).sum(axis=(1, 2)), spend.sum(axis=(1, 2))
    parts, whole = np.append(parts, parts.sum()), np.append(whole, whole.sum())
    return np.asarray(parts / np.where(whole > 0, whole, 1.0))
