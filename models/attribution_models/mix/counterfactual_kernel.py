"""What the outcome would have been with other spend in a window, draw by draw: compiled."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import kernel, once
from attribution_models.mix.contribution_kernel import all_weights, linear_means, longest_lag
from attribution_models.mix.media_kernel import carry, respond, saturate_all
from attribution_models.mix.tables import CURVE, FIRST, FREQUENCY, LATE, LENGTH, SECOND

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Rows of the arrays of one channel and geo: what is carried over from outside and from inside the window, the response,
# the rest of the mean (log link), and what is yet to saturate.
OUTSIDE, INSIDE, RESPONSE, REST, RAW = range(5)


@kernel
def counterfactual(
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
    vary : array (D, T + L − 1) or (1, T + L − 1)
        `effects.Effects.multiplier`.
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
    series, rows = np.empty((3, window + 2 * lags)), np.empty((5, window + lags))
    none = np.empty((weights.shape[0], 2))
    for d in range(first, last):
        p, v = parameters[d], vary[min(d, vary.shape[0] - 1)]
        all_weights(channel, p, w)
        if log:
            linear_means(layout, values, edges, shift, coefficients[d], linear)
            _total(p, beta[d], channel, w, media, reach, v, linear, mid, total)
        for c in range(channels):
            f = channel[c]
            n, late, curve, one, two = f[LENGTH], f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]]
            often = f[FREQUENCY] == 1
            size, low, high = window + n - 1, max(before + start - n + 1, 0), before + end + n
            pre = before + start - low
            for g in range(geos):
                if group[g] < 0:
                    continue
                x, r = media[c, g, low:high], reach[c, g, low:high]
                b = beta[d, c, g]
                _split(late, curve, one, two, w[c, :n], x, r, pre, window, series, rows)
                # First the exposure as it was (log link), then none of it: what the multiples are set beside.
                for i in range(-2 if log else -1, multipliers.size):
                    multiplier = multipliers[i] if i >= 0 else -1.0 - i
                    _at(multiplier, late, often, curve, one, two, w[c, :n], x, pre, window, size, series, rows)
                    effect, drift = rows[RESPONSE, :size], v[start:]
                    for t in range(size):
                        effect[t] *= drift[t]
                    if log:
                        _multiply(b, total[g, start : start + size], i == -2, effect, rows[REST, :size])
                    for k in range(weights.shape[0]):
                        inside, after = _sums(weights[k, g, start : start + size], effect, window)
                        scale = 1.0 if log else b
                        if i == -1:
                            none[k, 0], none[k, 1] = scale * inside, scale * after
                            carried[c, group[g], k, d] += none[k, 0]
                        elif i >= 0:
                            gain[c, group[g], k, i, 0, d] += scale * inside - none[k, 0]
                            gain[c, group[g], k, i, 1, d] += scale * after - none[k, 1]


@once
def _total(
    p: Floats, beta: Floats, channel: Ints, w: Floats, media: Floats, reach: Floats, vary: Floats, linear: Floats,
    mid: Floats, total: Floats,
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
                total[g, t] += beta[c, g] * vary[t] * h[t]


@once
def _split(
    late: bool, curve: int, one: float, two: float, w: Floats, x: Floats, reach: Floats, pre: int, window: int,
    series: Floats, rows: Floats,
) -> None:  # fmt: skip
    """Carry over what lies outside the window and what lies inside, apart."""
    n, size = x.size, x.size - pre
    acting, outside, inside = series[0, :n], series[1, :n], series[2, :n]
    if late:
        for u in range(n):
            acting[u] = x[u]
    else:
        saturate_all(curve, one, two, x, acting)
        for u in range(n):
            acting[u] *= reach[u]
    for u in range(n):
        within = pre <= u < pre + window
        inside[u] = acting[u] if within else 0.0
        outside[u] = 0.0 if within else acting[u]
    carry(w, outside, pre, rows[OUTSIDE, :size])
    carry(w, inside, pre, rows[INSIDE, :size])


@once
def _at(
    multiplier: float, late: bool, frequency: bool, curve: int, one: float, two: float, w: Floats, x: Floats, pre: int,
    window: int, size: int, series: Floats, rows: Floats,
) -> None:  # fmt: skip
    """Write the response with exposure in the window multiplied; reach is multiplied, not frequency."""
    outside, inside, h = rows[OUTSIDE, :size], rows[INSIDE, :size], rows[RESPONSE, :size]
    if not late and not frequency and multiplier not in (0.0, 1.0):
        scaled, curved = series[0, : x.size], series[1, : x.size]
        for u in range(x.size):
            scaled[u] = multiplier * x[u] if pre <= u < pre + window else 0.0
        saturate_all(curve, one, two, scaled, curved)
        carry(w, curved, pre, h)
        for t in range(size):
            h[t] += outside[t]
    else:
        # Adstock is linear: both parts were carried over once.
        into = rows[RAW, :size] if late else h
        for t in range(size):
            into[t] = outside[t] + multiplier * inside[t]
        if late:
            saturate_all(curve, one, two, into, h)


@once
def _multiply(b: float, total: Floats, actual: bool, h: Floats, rest: Floats) -> None:
    """Turn a response into what it multiplies the rest of the mean by; the actual one first says what the rest is."""
    if actual:
        for t in range(h.size):
            rest[t] = math.exp(total[t] - b * h[t])
    else:
        for t in range(h.size):
            h[t] = rest[t] * math.expm1(b * h[t])


@once
def _sums(weight: Floats, effect: Floats, window: int) -> tuple[float, float]:
    """Weighted sums in the window and after it."""
    inside, after = 0.0, 0.0
    for t in range(window):
        inside += weight[t] * effect[t]
    for t in range(window, effect.size):
        after += weight[t] * effect[t]
    return inside, after
