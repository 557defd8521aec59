"""Curves and lag weights, draw by draw: compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import kernel
from attribution_models.mix.contribution_kernel import all_weights
from attribution_models.mix.media_kernel import saturate_all
from attribution_models.mix.tables import CURVE, FIRST, SECOND

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel
def curve_values(parameters: Floats, channel: Ints, grid: Floats, out: Floats, first: int, last: int) -> None:
    """Write h at the points of `grid`, array (C, n), into `out`, array (C, n, D)."""
    channels, points = grid.shape
    h = np.empty(points)
    for d in range(first, last):
        p = parameters[d]
        for c in range(channels):
            f = channel[c]
            saturate_all(f[CURVE], p[f[FIRST]], p[f[SECOND]], grid[c], h)
            for i in range(points):
                out[c, i, d] = h[i]


@kernel
def weight_values(parameters: Floats, channel: Ints, out: Floats, first: int, last: int) -> None:
    """Write lag weights into `out`, array (C, L, D)."""
    channels, lags = out.shape[0], out.shape[1]
    w = np.zeros((channels, lags))
    for d in range(first, last):
        all_weights(channel, parameters[d], w)
        for c in range(channels):
            for j in range(lags):
                out[c, j, d] = w[c, j]
