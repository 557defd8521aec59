"""What every channel, every treatment and the baseline contributed, draw by draw: compiled."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.adstock import lag_weights
from attribution_models.mix.compiling import inner, kernel, once
from attribution_models.mix.linear_kernel import add_columns
from attribution_models.mix.media_kernel import respond
from attribution_models.mix.tables import (
    ADSTOCK,
    ALPHA,
    CURVE,
    FIRST,
    LATE,
    LENGTH,
    NORMALIZE,
    SECOND,
    THETA,
)  # fmt: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel
def contribute(
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
    outcome: Floats,
    weights: Floats,
    runs: Ints,
    log: bool,
    out: Floats,
    first: int,
    last: int,
) -> None:
    """Write contributions of draws `first` … `last` − 1, summed over groups of cells.

    Parameters
    ----------
    parameters, beta, coefficients, channel, media, reach, layout, values, edges, shift
        As `effects.Effects` and `structure.Structure` have them.
    vary : array (D, T + L − 1) or (1, T + L − 1)
        `effects.Effects.multiplier`.
    outcome : array (G, T)
        Observed, divided by its worth.
    weights : array (K, G, T)
        What a unit counts as, by measure.
    runs : array (n, 4)
        Cells that follow each other in time and belong to one group: geo, first and last period, group; by geo. Cells
        in no run count nowhere.
    log : bool
        Effects multiply.
    out : array (rows, groups, K, D)
        Written. Rows: channels, treatments, baseline, (interaction where `log`), unattributed.
    """
    channels, geos, width = media.shape
    periods, lines = outcome.shape[1], edges.size - 1
    rows, groups, measures = out.shape[0], out.shape[1], out.shape[2]
    w = np.empty((channels, longest_lag(channel)))
    mid, cell = np.empty(width), np.empty((rows, periods))
    linear, held = np.empty((lines, geos, periods)), np.zeros((rows, groups, measures))
    for d in range(first, last):
        p, v = parameters[d], vary[min(d, vary.shape[0] - 1)]
        all_weights(channel, p, w)
        linear_means(layout, values, edges, shift, coefficients[d], linear)
        for j in range(runs.shape[0]):
            g = runs[j, 0]
            if j == 0 or g != runs[j - 1, 0]:
                _media(channel, p, beta[d], w, g, media, reach, v, mid, cell)
                if log:
                    _multiplicative(channels, g, linear, outcome[g], cell)
                else:
                    _additive(channels, g, linear, outcome[g], cell)
            _collect(cell, weights, runs[j], held)
        _move(held, d, out)


@once
def _media(
    channel: Ints, p: Floats, beta: Floats, w: Floats, g: int, media: Floats, reach: Floats, vary: Floats, mid: Floats,
    cell: Floats,
) -> None:  # fmt: skip
    """Write β h v of every channel in one geo."""
    for c in range(channel.shape[0]):
        f, row = channel[c], cell[c]
        respond(
            f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]], w[c, : f[LENGTH]], media[c, g], reach[c, g], mid, row
        )
        for t in range(row.size):
            row[t] *= beta[c, g] * vary[t]


@once
def _collect(cell: Floats, weights: Floats, run: Ints, held: Floats) -> None:
    """Add cells that follow each other to their group."""
    g, start, end, at = run[0], run[1], run[2] + 1, run[3]
    for k in range(weights.shape[0]):
        weight = weights[k, g, start:end]
        for r in range(cell.shape[0]):
            part, found = cell[r, start:end], 0.0
            for t in range(part.size):
                found += weight[t] * part[t]
            held[r, at, k] += found


@once
def _move(held: Floats, d: int, out: Floats) -> None:
    """Write the sums of one draw, and leave zeros."""
    for r in range(held.shape[0]):
        for i in range(held.shape[1]):
            for k in range(held.shape[2]):
                out[r, i, k, d] = held[r, i, k]
                held[r, i, k] = 0.0


@inner
def longest_lag(channel: Ints) -> int:
    """Periods of the longest carry-over."""
    found = 1
    for c in range(channel.shape[0]):
        found = max(found, channel[c, LENGTH])
    return found


@inner
def all_weights(channel: Ints, p: Floats, w: Floats) -> None:
    """Write every channel's lag weights, array (C, L)."""
    aside = np.empty((2, w.shape[1]))
    for c in range(channel.shape[0]):
        f = channel[c]
        n = f[LENGTH]
        lag_weights(
            f[ADSTOCK], f[NORMALIZE] == 1, p[f[ALPHA]], p[f[THETA]], w[c, :n], aside[0, :n], aside[1, :n]
        )  # fmt: skip


@inner
def linear_means(layout: Ints, values: Floats, edges: Ints, shift: float, b: Floats, linear: Floats) -> None:
    """Write the baseline and each treatment on the scaled mean, array (1 + treatments, G, T)."""
    for i in range(edges.size - 1):
        for g in range(linear.shape[1]):
            for t in range(linear.shape[2]):
                linear[i, g, t] = shift if i == 0 else 0.0
        add_columns(layout[edges[i] : edges[i + 1]], values, b[edges[i] : edges[i + 1]], linear[i])


@once
def _additive(channels: int, g: int, linear: Floats, y: Floats, cell: Floats) -> None:
    """Fill the rows below the channels: treatments, baseline, and what is left of the outcome."""
    lines, last = linear.shape[0], cell.shape[0] - 1
    rest = cell[last]
    for t in range(y.size):
        rest[t] = y[t]
    for i in range(lines):
        # The baseline is line 0 and stands after the treatments.
        row, line = cell[channels + (lines - 1 if i == 0 else i - 1)], linear[i, g]
        for t in range(y.size):
            row[t] = line[t]
    for r in range(last):
        row = cell[r]
        for t in range(y.size):
            rest[t] -= row[t]


@once
def _multiplicative(channels: int, g: int, linear: Floats, y: Floats, cell: Floats) -> None:
    """Replace effects on the logarithm by one-off effects μ − μ(without it), and fill the rows below."""
    lines, last = linear.shape[0], cell.shape[0] - 1
    for t in range(y.size):
        total = linear[0, g, t]
        for c in range(channels):
            total += cell[c, t]
        for i in range(1, lines):
            cell[channels + i - 1, t] = linear[i, g, t]
            total += linear[i, g, t]
        mean = math.exp(total)
        rest = mean
        for r in range(last - 2):
            cell[r, t] = -mean * math.expm1(-cell[r, t])
            rest -= cell[r, t]
        cell[last - 2, t] = math.exp(linear[0, g, t])
        cell[last - 1, t] = rest - cell[last - 2, t]
        cell[last, t] = y[t] - mean
