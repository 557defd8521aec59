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
    layout: Ints,
    values: Floats,
    edges: Ints,
    shift: float,
    outcome: Floats,
    weights: Floats,
    group: Ints,
    touched: Ints,
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
    outcome : array (G, T)
        Observed, divided by its worth.
    weights : array (K, G, T)
        What a unit counts as, by measure.
    group : array (G, T)
        Which group a cell belongs to; below 0: none.
    touched : array of int
        Geos that have a cell in a group; the others need no work.
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
    linear, held = np.empty((lines, geos, periods)), np.empty((rows, groups, measures))
    for d in range(first, last):
        p = parameters[d]
        all_weights(channel, p, w)
        linear_means(layout, values, edges, shift, coefficients[d], linear)
        for r in range(rows):
            for i in range(groups):
                for k in range(measures):
                    held[r, i, k] = 0.0
        for j in range(touched.size):
            g = touched[j]
            for c in range(channels):
                f = channel[c]
                respond(
                    f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]], w[c, : f[LENGTH]], media[c, g], reach[c, g],
                    mid, cell[c],
                )  # fmt: skip
                b = beta[d, c, g]
                for t in range(periods):
                    cell[c, t] *= b
            if log:
                _multiplicative(channels, linear[:, g], outcome[g], cell)
            else:
                _additive(channels, linear[:, g], outcome[g], cell)
            _collect(cell, weights[:, g], group[g], held)
        for r in range(rows):
            for i in range(groups):
                for k in range(measures):
                    out[r, i, k, d] = held[r, i, k]


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
def _additive(channels: int, linear: Floats, y: Floats, cell: Floats) -> None:
    """Fill the rows below the channels: treatments, baseline, and what is left of the outcome."""
    lines, last = linear.shape[0], cell.shape[0] - 1
    for i in range(lines):
        # The baseline is line 0 and stands after the treatments.
        at = channels + (lines - 1 if i == 0 else i - 1)
        for t in range(y.size):
            cell[at, t] = linear[i, t]
    for t in range(y.size):
        mean = 0.0
        for r in range(last):
            mean += cell[r, t]
        cell[last, t] = y[t] - mean


@once
def _multiplicative(channels: int, linear: Floats, y: Floats, cell: Floats) -> None:
    """Replace effects on the logarithm by one-off effects μ − μ(without it), and fill the rows below."""
    lines, last = linear.shape[0], cell.shape[0] - 1
    for t in range(y.size):
        total = linear[0, t]
        for c in range(channels):
            total += cell[c, t]
        for i in range(1, lines):
            cell[channels + i - 1, t] = linear[i, t]
            total += linear[i, t]
        mean = math.exp(total)
        rest = mean
        for r in range(last - 2):
            cell[r, t] = -mean * math.expm1(-cell[r, t])
            rest -= cell[r, t]
        cell[last - 2, t] = math.exp(linear[0, t])
        cell[last - 1, t] = rest - cell[last - 2, t]
        cell[last, t] = y[t] - mean


@once
def _collect(cell: Floats, weights: Floats, group: Ints, held: Floats) -> None:
    """Add cells to their groups."""
    for r in range(cell.shape[0]):
        for k in range(weights.shape[0]):
            for t in range(group.size):
                at = group[t]
                if at >= 0:
                    held[r, at, k] += weights[k, t] * cell[r, t]
