"""One exposure series through carry-over and curve, and the derivatives back: compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix import saturation
from attribution_models.mix.compiling import inner
from attribution_models.mix.exponential_kernel import decays
from attribution_models.mix.saturation import saturate, slopes

Floats = NDArray[np.float64]


@inner
def saturate_all(kind: int, first: float, second: float, a: Floats, h: Floats) -> None:
    """Write h of every element; the common kinds in loops of their own, which vectorise."""
    if kind == saturation.MICHAELIS_MENTEN:
        for t in range(a.size):
            positive = max(a[t], 0.0)
            h[t] = positive / (first + positive)
    elif kind in (saturation.LOGISTIC, saturation.TANH):
        # tanh(y) = (1 − e^{−2y}) / (1 + e^{−2y}): one exponential.
        rate = first if kind == saturation.LOGISTIC else 2 / first
        decays(rate, a, h)
        for t in range(a.size):
            h[t] = (1 - h[t]) / (1 + h[t])
    else:
        for t in range(a.size):
            h[t] = saturate(kind, first, second, a[t])


@inner
def pull_all(
    kind: int, first: float, second: float, a: Floats, h: Floats, back: Floats, down: Floats
) -> tuple[float, float]:
    """Turn derivatives in h into derivatives in a (written to `down`) and in both parameters."""
    by_first, by_second = 0.0, 0.0
    if kind == saturation.MICHAELIS_MENTEN:
        for t in range(a.size):
            # h (1 − h) / a = first / (first + a)², which has no 0 / 0.
            below = first + max(a[t], 0.0)
            step = back[t] / (below * below)
            down[t] = step * first
            by_first -= step * max(a[t], 0.0)
    elif kind in (saturation.LOGISTIC, saturation.TANH):
        rate = first if kind == saturation.LOGISTIC else 2 / first
        for t in range(a.size):
            bend = 0.5 * (1 - h[t] * h[t]) * back[t]
            down[t] = bend * rate
            by_first += bend * max(a[t], 0.0)
        if kind == saturation.TANH:
            by_first *= -2 / (first * first)
    else:
        for t in range(a.size):
            in_a, in_first, in_second = slopes(kind, first, second, a[t], h[t])
            down[t] = back[t] * in_a
            by_first += back[t] * in_first
            by_second += back[t] * in_second
    return by_first, by_second


@inner
def respond(
    late: bool, kind: int, first: float, second: float, w: Floats, x: Floats, reach: Floats, mid: Floats, h: Floats
) -> None:
    """Evaluate h_t of one series.

    Parameters
    ----------
    late : bool
        Carry-over first, then the curve; else the curve first (times `reach`).
    w : array (L,)
    x, reach : array (P + T,)
    mid, h : array (P + T,), array (T,)
        Written: what is between both steps (the first T numbers where `late`), and the result.
    """
    periods = h.size
    before = x.size - periods
    if late:
        carry(w, x, before, mid[:periods])
        saturate_all(kind, first, second, mid[:periods], h)
        return
    saturate_all(kind, first, second, x, mid)
    for u in range(x.size):
        mid[u] *= reach[u]
    carry(w, mid, before, h)


@inner
def carry(w: Floats, x: Floats, before: int, out: Floats) -> None:
    """Write Σ_l w_l x_{before + t − l}; what lies before the first number counts as zero."""
    for t in range(out.size):
        out[t] = 0.0
    for j in range(w.size):
        start = max(j - before, 0)
        share = w[j]
        # Slices count from 0: an index that might be negative would keep the loop from vector units.
        after, early = out[start:], x[before + start - j :]
        for t in range(after.size):
            after[t] += share * early[t]


@inner
def pull(
    late: bool,
    kind: int,
    first: float,
    second: float,
    w: Floats,
    x: Floats,
    reach: Floats,
    mid: Floats,
    h: Floats,
    back: Floats,
    by_w: Floats,
) -> tuple[float, float]:
    """Derivatives of Σ_t back_t h_t: added to `by_w` for the weights, returned for both parameters of the curve."""
    periods = h.size
    before = x.size - periods
    if late:
        down = np.empty(periods)
        found = pull_all(kind, first, second, mid[:periods], h, back, down)
        pull_weights(x, before, down, by_w)
        return found
    pull_weights(mid, before, back, by_w)
    down, raw, wide = np.empty(x.size), np.empty(x.size), np.zeros(x.size)
    for j in range(w.size):
        share, start = w[j], max(j - before, 0)
        after, early = back[start:], wide[before + start - j :]
        for t in range(after.size):
            early[t] += share * after[t]
    for u in range(x.size):
        wide[u] *= reach[u]
    saturate_all(kind, first, second, x, raw)
    return pull_all(kind, first, second, x, raw, wide, down)


@inner
def pull_weights(x: Floats, before: int, back: Floats, by_w: Floats) -> None:
    """Add Σ_t back_t x_{before + t − l} to each weight's derivative."""
    for j in range(by_w.size):
        total, start = 0.0, max(j - before, 0)
        after, early = back[start:], x[before + start - j :]
        for t in range(after.size):
            total += after[t] * early[t]
        by_w[j] += total
