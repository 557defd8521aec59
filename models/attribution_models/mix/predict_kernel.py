"""What media add to the mean of one geo, draw by draw: compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import kernel
from attribution_models.mix.contribution_kernel import all_weights, longest_lag
from attribution_models.mix.media_kernel import respond
from attribution_models.mix.tables import CURVE, FIRST, LATE, LENGTH, SECOND

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel
def add_media(
    parameters: Floats, beta: Floats, channel: Ints, media: Floats, reach: Floats, vary: Floats, first: int, last: int,
    out: Floats,
) -> None:  # fmt: skip
    """Add v_t Σ_c β_c h_c(x_c)_t for draws `first` … `last` − 1.

    Parameters
    ----------
    parameters : array (D, n + constants)
    beta : array (D, C)
        Of this geo.
    channel : array (C, 16)
        `tables.Tables.channel`.
    media, reach : array (C, P + T)
        Of this geo.
    vary : array (D, T) or (1, T)
        What multiplies every effect.
    out : array (D, T)
        Added to.
    """
    channels, width = media.shape
    periods = out.shape[1]
    w, mid, h = np.empty((channels, longest_lag(channel))), np.empty(width), np.empty(periods)
    for d in range(first, last):
        p, row, v = parameters[d], out[d], vary[min(d, vary.shape[0] - 1)]
        all_weights(channel, p, w)
        for c in range(channels):
            f, b = channel[c], beta[d, c]
            respond(
                f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]], w[c, : f[LENGTH]], media[c], reach[c], mid, h
            )  # fmt: skip
            for t in range(periods):
                row[t] += b * v[t] * h[t]
