"""How converting journeys flow from touch to touch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution.journeys.journeys import Journeys
from attribution_models.paths.compiled import compiled, read_only
from attribution_models.paths.encoded import PathBlock, map_blocks


def flow(journeys: Journeys, steps: int) -> NDArray[np.float64]:
    """Conversions by where their journey goes from each of its first touches.

    Parameters
    ----------
    journeys : Journeys
    steps : int
        S, touches that are told apart.

    Returns
    -------
    float64[S, C, C + 1]
        ``[s, a, b]``: conversions whose touch s is of channel a and whose touch s + 1 is of channel b; b = C: touch s
        is the last, the conversion follows. Journeys without touches are not in it, so that for every a and s below
        S - 1: Σ_b [s, b, a] = Σ_b [s + 1, a, b].
    """
    size = len(journeys.channels)
    table = np.zeros((steps, size, size + 1))

    def kernel(block: PathBlock) -> NDArray[np.float64]:
        return _moves(read_only(block.offsets), read_only(block.channels), read_only(block.conversions), size, steps)

    for part in map_blocks(journeys, kernel):
        table += part
    return table


@compiled
def _moves(
    offsets: NDArray[np.int64], channels: NDArray[np.int32], conversions: NDArray[np.float64], size: int, steps: int
) -> NDArray[np.float64]:
    table = np.zeros((steps, size, size + 1))
    for j in range(conversions.size):
        c = conversions[j]
        if not c > 0.0:
            continue
        lo, hi = offsets[j], offsets[j + 1]
        for i in range(lo, min(hi, lo + steps)):
            following = size if i + 1 == hi else channels[i + 1]
            table[i - lo, channels[i], following] += c
    return table
