"""Where the places of a chain's drawing stand: on an oval, channels that open at its left, that close at its right."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
START: Final = -1
CONVERSION: Final = -2
NULL: Final = -3
# Left and right ends of the row of channels; radius of the largest channel; room between labels; room above and below
# for a label of two lines.
LEFT, RIGHT, LARGEST, APART, EDGE = 170.0, 700.0, 20.0, 8.0, 64.0


@dataclass(frozen=True, slots=True)
class Place:
    """A circle and its label.

    Attributes
    ----------
    x, y, radius : float
    room : float
        Pixels that the label may take; it is centred on x.
    side : int
        -1 in the upper half, 1 in the lower half, 0 for an end.
    above : bool
        Whether its label stands above it.
    """

    x: float
    y: float
    radius: float
    room: float
    side: int
    above: bool

    def bend(self, other: Place) -> float:
        """How far the line to another place bends to its right, as a share of its length.

        Lines bend towards the middle, where no label is; those back to the left less, so that both can be told apart.
        """
        back = other.x < self.x
        if self.side and self.side == other.side:
            inwards = -self.side * (-1 if back else 1)
            return inwards * (0.12 if back else 0.3)
        return 0.14 if self.side and other.side else -0.08 * (self.side or other.side)


def places(start: Floats, conversions: Floats, visits: Floats, width: float, height: float) -> dict[int, Place]:
    """Where each channel and the three ends stand.

    Parameters
    ----------
    start, conversions, visits : float64[K]
        Weight of journeys that begin with, convert from, and reach each channel.
    width, height : float
        Of the drawing.
    """
    middle = height / 2
    found = {
        START: Place(44, middle, 11, 84, 0, False),
        CONVERSION: Place(width - 58, middle - 64, 15, 110, 0, True),
        NULL: Place(width - 58, middle + 64, 15, 110, 0, False),
    }
    order = _order(start, conversions)
    step = (RIGHT - LEFT) / max(len(order) - 1, 1)
    room = min(2 * step if len(order) > 2 else RIGHT - LEFT, 170.0) - APART
    largest = float(visits.max()) if len(order) and visits.max() > 0 else 1.0
    for rank, channel in enumerate(order.tolist()):
        x = LEFT + rank * step if len(order) > 1 else (LEFT + RIGHT) / 2
        side = -1 if rank % 2 == 0 else 1
        radius = 5 + (LARGEST - 5) * math.sqrt(float(visits[channel]) / largest)
        found[channel] = Place(x, middle + side * _oval(x, middle - EDGE), radius, room, side, side < 0)
    return found


def _oval(x: float, high: float) -> float:
    """How far from the middle line the oval is at x."""
    across = (x - (LEFT + RIGHT) / 2) / ((RIGHT - LEFT) / 2 * 1.12)
    return high * math.sqrt(max(1 - across * across, 0.0))


def _order(start: Floats, conversions: Floats) -> NDArray[np.int64]:
    """Channels by whether they convert more than they open, each as a share of all."""
    opens, closes = ((x / x.sum() if x.sum() > 0 else x) + 1e-4 for x in (start, conversions))
    return np.argsort(np.log(closes / opens), kind="stable")
