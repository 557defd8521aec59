"""What the outcome would have been with other spend in a window, draw by draw: compiled."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import inner, kernel, once
from attribution_models.mix.contribution_kernel import all_weights, linear_means, longest_lag
from attribution_models.mix.media_kernel import carry, respond, saturate_all
from attribution_models.mix.tables import CURVE, FIRST, FREQUENCY, LATE, LENGTH, SECOND

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel
def counterfactual(
    parameters: Floats,
    beta: Floats,
    coefficients: Floats,
    channel: Ints,
    media: Floats,
    reach: Floats,
    layout: Ints,
    values: Floats,
    edges: Ints,
    shift: float,
    weights: Floats,
    group: Ints,
    before: int,
    start: int,
    end: int,
    multipliers: Floats,
    log: bool,
    gain: Floats,
    carried: Floats,
    first: int,
    last: int,
) -> None:
    """Write effects of draws `first` … `last` − 1 of every channel's exposure in one window.

    Parameters
    ----------
    parameters, beta, coefficients, channel, layout, values, edges, shift
        As `effects.Effects` has them.
    media, reach : array (C, G, P + T + L − 1)
        With zeros after the data's end.
    weights : array (K, G, T + L − 1)
        What a unit of scaled mean (of its exponential under a log link) counts as.
    group : array (G,)
        Which group a geo is summed in; below 0: none.
    before, start, end : int
        P, and the window, its end included.
    multipliers : array (m,)
        What exposure in the window is multiplied by.
    gain : array (C, groups, K, m, 2, D)
        Zeros, added to: μ(multiplied) − μ(none in the window), in the window and after it.
    carried : array (C, groups, K, D)
        Zeros, added to: μ(none in the window) − μ(none at all), in the window.
    """
    channels, geos, width = media.shape
    lags, ahead, window = longest_lag(channel), width - before, end - start + 1
    w, mid = np.empty((channels, lags)), np.empty(width)
    total, linear = np.empty((geos, ahead)), np.empty((edges.size - 1, geos, ahead - lags + 1))
    series, long = np.empty((3, window + 2 * lags)), np.empty((6, window + lags))
    for d in range(first, last):
        p = parameters[d]
        all_weights(channel, p, w)
        if log:
            linear_means(layout, values, edges, shift, coefficients[d], linear)
            _total(p, beta[d], channel, w, media, reach, linear, mid, total)
        for c in range(channels):
            f = channel[c]
            n, late, curve, one, two = f[LENGTH], f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]]
            size, low, high = window + n - 1, max(before + start - n + 1, 0), before + end + n
            pre = before + start - low
            rows = long[:, :size]
            for g in range(geos):
                if group[g] < 0:
                    continue
                x, r, aside = media[c, g, low:high], reach[c, g, low:high], series[:, : high - low]
                _split(late, curve, one, two, w[c, :n], x, r, pre, window, aside, rows)
                _at(1.0, late, f[FREQUENCY] == 1, curve, one, two, w[c, :n], x, pre, window, aside, rows)
                b, rest, none, effect = beta[d, c, g], rows[3], rows[4], rows[5]
                if log:
                    for t in range(size):
                        rest[t] = math.exp(total[g, start + t] - b * rows[2, t])
                _at(0.0, late, f[FREQUENCY] == 1, curve, one, two, w[c, :n], x, pre, window, aside, rows)
                _effect(log, b, rows[2], rest, none)
                for k in range(weights.shape[0]):
                    weight = weights[k, g, start : start + size]
                    carried[c, group[g], k, d] += _product(weight, none, 0, window)
                for i in range(multipliers.size):
                    _at(multipliers[i], late, f[FREQUENCY] == 1, curve, one, two, w[c, :n], x, pre, window, aside, rows)
                    _effect(log, b, rows[2], rest, effect)
                    for t in range(size):
                        effect[t] -= none[t]
                    for k in range(weights.shape[0]):
                        weight = weights[k, g, start : start + size]
                        gain[c, group[g], k, i, 0, d] += _product(weight, effect, 0, window)
                        gain[c, group[g], k, i, 1, d] += _product(weight, effect, window, size)


@once
def _total(
    p: Floats, beta: Floats, channel: Ints, w: Floats, media: Floats, reach: Floats, linear: Floats, mid: Floats,
    total: Floats,
) -> None:  # fmt: skip
    """Write the logarithm of the mean; after the data's end the baseline stays what it was in the last period."""
    geos, ahead = total.shape
    periods = linear.shape[2]
    h = np.empty(ahead)
    for g in range(geos):
        for t in range(ahead):
            total[g, t] = 0.0
            for i in range(linear.shape[0]):
                total[g, t] += linear[i, g, min(t, periods - 1)]
        for c in range(channel.shape[0]):
            f = channel[c]
            respond(
                f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]], w[c, : f[LENGTH]], media[c, g], reach[c, g], mid, h
            )
            for t in range(ahead):
                total[g, t] += beta[c, g] * h[t]


@inner
def _split(
    late: bool, curve: int, one: float, two: float, w: Floats, x: Floats, reach: Floats, pre: int, window: int,
    aside: Floats, rows: Floats,
) -> None:  # fmt: skip
    """Carry what lies outside the window into row 0, and what lies inside into row 1."""
    acting, outside, inside = aside[0], aside[1], aside[2]
    if late:
        for u in range(x.size):
            acting[u] = x[u]
    else:
        saturate_all(curve, one, two, x, acting)
        for u in range(x.size):
            acting[u] *= reach[u]
    for u in range(x.size):
        within = pre <= u < pre + window
        inside[u] = acting[u] if within else 0.0
        outside[u] = 0.0 if within else acting[u]
    carry(w, outside, pre, rows[0])
    carry(w, inside, pre, rows[1])


@inner
def _at(
    multiplier: float, late: bool, frequency: bool, curve: int, one: float, two: float, w: Floats, x: Floats, pre: int,
    window: int, aside: Floats, rows: Floats,
) -> None:  # fmt: skip
    """Write the response with exposure in the window multiplied into row 2; reach is multiplied, not frequency."""
    outside, h = rows[0], rows[2]
    if not late and not frequency and multiplier not in (0.0, 1.0):
        scaled, curved = aside[0], aside[1]
        for u in range(x.size):
            scaled[u] = multiplier * x[u] if pre <= u < pre + window else 0.0
        saturate_all(curve, one, two, scaled, curved)
        carry(w, curved, pre, h)
        for t in range(h.size):
            h[t] += outside[t]
        return
    # Adstock is linear: both parts were carried over once.
    into = rows[5] if late else h
    for t in range(h.size):
        into[t] = outside[t] + multiplier * rows[1, t]
    if late:
        saturate_all(curve, one, two, into, h)


@inner
def _effect(log: bool, b: float, h: Floats, rest: Floats, out: Floats) -> None:
    """Write what a response is worth: β h, or what it multiplies the rest by."""
    for t in range(h.size):
        out[t] = rest[t] * math.expm1(b * h[t]) if log else b * h[t]


@inner
def _product(one: Floats, other: Floats, first: int, last: int) -> float:
    """Sum of products of elements `first` … `last` − 1."""
    found = 0.0
    for t in range(first, last):
        found += one[t] * other[t]
    return found
