"""Outcome of a plan and its derivatives in what acts in each cell, draw by draw: compiled."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix import saturation
from attribution_models.mix.compiling import inner, kernel, once
from attribution_models.mix.contribution_kernel import all_weights, linear_means, longest_lag
from attribution_models.mix.media_kernel import pull_all, respond, saturate_all
from attribution_models.mix.tables import CURVE, FIRST, FREQUENCY, LATE, LENGTH, SECOND

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel
def outcomes(
    parameters: Floats,
    beta: Floats,
    lags: Floats,
    channel: Ints,
    media: Floats,
    reach: Floats,
    vary: Floats,
    weights: Floats,
    rest: Floats,
    log: bool,
    share: Floats,
    values: Floats,
    slopes: Floats,
    first: int,
    last: int,
) -> None:
    """Write Σ weight · μ of draws `first` … `last` − 1, and add the derivatives of Σ_d share_d · that.

    Parameters
    ----------
    parameters : array (D, n + constants)
    beta : array (D, P, G)
    lags : array (D, P, L)
        Weights of carry-over.
    channel : array (P, 16)
        Rows of `tables.Tables.channel`.
    media, reach : array (P, G, before + A)
        A: periods of the window and of its carry-over.
    vary : array (D, A) or (1, A)
        What multiplies every effect.
    weights : array (G, A)
        What a unit of scaled mean (of its exponential under a log link) counts as.
    rest : array (D, G, A)
        Logarithm of the mean without these channels; not read under the identity link.
    share : array (D,)
        Weight of each draw in the derivatives; 0: none are worked out.
    values : array (D,)
        Written.
    slopes : array (P, G, W)
        Zeros, added to.
    """
    count, geos, width = media.shape
    ahead = weights.shape[1]
    mid, h = np.empty((count, width)), np.empty((count, ahead))
    total, back = np.empty(ahead), np.empty(ahead)
    lines = np.empty((3, width))
    for d in range(first, last):
        p, v, found = parameters[d], vary[min(d, vary.shape[0] - 1)], 0.0
        for g in range(geos):
            _mean(p, beta[d], lags[d], channel, media, reach, v, g, mid, h, total)
            for t in range(ahead):
                value = math.exp(total[t] + rest[d, g, t]) if log else total[t]
                found += weights[g, t] * value
                total[t] = share[d] * weights[g, t] * (value if log else 1.0)
            if share[d] != 0.0:
                for i in range(count):
                    for t in range(ahead):
                        back[t] = total[t] * beta[d, i, g] * v[t]
                    f = channel[i]
                    _pull(f, p, lags[d, i, : f[LENGTH]], media[i, g], reach[i, g], mid[i], h[i], back, lines)
                    start = width - ahead
                    for t in range(slopes.shape[2]):
                        slopes[i, g, t] += lines[2, start + t]
        values[d] = found


@once
def _mean(
    p: Floats, beta: Floats, lags: Floats, channel: Ints, media: Floats, reach: Floats, vary: Floats, g: int,
    mid: Floats, h: Floats, total: Floats,
) -> None:  # fmt: skip
    """Write Σ β h v of one geo, and what is between."""
    for t in range(total.size):
        total[t] = 0.0
    for i in range(channel.shape[0]):
        f, b = channel[i], beta[i, g]
        respond(
            f[LATE] == 1, curve_of(f, p), p[f[FIRST]], p[f[SECOND]], lags[i, : f[LENGTH]], media[i, g], reach[i, g],
            mid[i], h[i],
        )  # fmt: skip
        for t in range(total.size):
            total[t] += b * vary[t] * h[i, t]


@once
def _pull(
    f: Ints, p: Floats, w: Floats, x: Floats, reach: Floats, mid: Floats, h: Floats, back: Floats, lines: Floats
) -> None:
    """Write derivatives of Σ_t back_t h_t in what acts to ``lines[2]``."""
    before = x.size - back.size
    kind, one, two = curve_of(f, p), p[f[FIRST]], p[f[SECOND]]
    down, wide, raw = lines[2], lines[0], lines[1]
    if f[LATE] == 1:
        part = raw[: back.size]
        pull_all(kind, one, two, mid[: back.size], h, back, part)
        carry_back(w, part, before, down)
        return
    carry_back(w, back, before, wide)
    saturate_all(kind, one, two, x, raw)
    if f[FREQUENCY] == 1:
        for u in range(x.size):
            down[u] = wide[u] * raw[u]
        return
    for u in range(x.size):
        wide[u] *= reach[u]
    pull_all(kind, one, two, x, raw, wide, down)


@inner
def curve_of(f: Ints, p: Floats) -> int:
    """The code of a channel's curve; Hill's with slope 1 is that of Michaelis and Menten, which needs no logarithm."""
    if f[CURVE] == saturation.HILL and p[f[SECOND]] == 1.0:
        return saturation.MICHAELIS_MENTEN
    return int(f[CURVE])


@inner
def carry_back(w: Floats, after: Floats, before: int, out: Floats) -> None:
    """Write Σ_l w_l after_{u − before + l}: the transpose of `media_kernel.carry`."""
    for u in range(out.size):
        out[u] = 0.0
    for j in range(w.size):
        start = max(j - before, 0)
        late, early = after[start:], out[before + start - j :]
        share = w[j]
        for t in range(late.size):
            early[t] += share * late[t]


@kernel
def rest_of_mean(
    parameters: Floats,
    beta: Floats,
    coefficients: Floats,
    channel: Ints,
    media: Floats,
    reach: Floats,
    vary: Floats,
    layout: Ints,
    values: Floats,
    edges: Ints,
    shift: float,
    planned: Ints,
    start: int,
    periods: int,
    out: Floats,
    first: int,
    last: int,
) -> None:
    """Write the logarithm of the mean without planned channels, (D, G, A), from period `start` on.

    Parameters
    ----------
    media, reach : array (C, G, before + T + L − 1)
        With zeros after the data's end; there the baseline stays what it was in the last period, T − 1.
    vary : array (D, T + L − 1) or (1, T + L − 1)
        `effects.Effects.multiplier`.
    planned : array (C,) of int
        1: leave it out.
    """
    channels, geos, width = media.shape
    ahead = out.shape[2]
    w, mid = np.empty((channels, longest_lag(channel))), np.empty(width)
    h, linear = np.empty(periods + longest_lag(channel) - 1), np.empty((edges.size - 1, geos, periods))
    for d in range(first, last):
        p, v = parameters[d], vary[min(d, vary.shape[0] - 1)]
        all_weights(channel, p, w)
        linear_means(layout, values, edges, shift, coefficients[d], linear)
        for g in range(geos):
            for t in range(ahead):
                out[d, g, t] = 0.0
                for i in range(linear.shape[0]):
                    out[d, g, t] += linear[i, g, min(start + t, periods - 1)]
            for c in range(channels):
                if planned[c] == 1:
                    continue
                f = channel[c]
                respond(
                    f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]], w[c, : f[LENGTH]], media[c, g], reach[c, g],
                    mid, h,
                )  # fmt: skip
                for t in range(ahead):
                    out[d, g, t] += beta[d, c, g] * v[start + t] * h[start + t]
