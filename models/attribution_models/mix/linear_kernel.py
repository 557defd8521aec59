"""Linear columns, and the exact integral over their normal coefficients: compiled."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.columns import DENSE, TIME
from attribution_models.mix.compiling import inner, kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CONSTANT, SPREAD, EXPQUAD, MATERN52 = range(4)


# Columns of a layout, array (k, 6), and of its numbers, array (k, 2).
KIND, PLACE, OFFSET, MULTIPLIER, HYPER, LENGTH = range(6)
SCALE, FREQUENCY = range(2)


@inner
def multipliers(layout: Ints, numbers: Floats, p: Floats, out: Floats) -> None:
    """Write the standard deviation of every coefficient; `Spread` has the formulas.

    Parameters
    ----------
    layout : array (k, 6)
        Kind, geo and offset of a column; what multiplies its standard coefficient (``CONSTANT``, ``SPREAD``,
        ``EXPQUAD`` or ``MATERN52``) and which sampled parameters that reads.
    numbers : array (k, 2)
        Fixed factor (a prior's standard deviation, or 1), and the frequency of a Gaussian process' basis function.
    p : array
        Sampled parameters.
    """
    for j in range(out.size):
        kind = layout[j, MULTIPLIER]
        if kind == CONSTANT:
            out[j] = numbers[j, SCALE]
        elif kind == SPREAD:
            out[j] = numbers[j, SCALE] * p[layout[j, HYPER]]
        else:
            eta, ell, w = p[layout[j, HYPER]], p[layout[j, LENGTH]], numbers[j, FREQUENCY]
            if kind == EXPQUAD:
                out[j] = eta * math.sqrt(math.sqrt(2 * math.pi) * ell) * math.exp(-0.25 * (ell * w) ** 2)
            else:
                density = 16 / 3 * 5**2.5 / ell**5 / (5 / ell**2 + w * w) ** 3
                out[j] = eta * math.sqrt(density)


@kernel
def multipliers_of(layout: Ints, numbers: Floats, p: Floats, out: Floats) -> None:
    """Write the standard deviations of every draw, array (D, k), given parameters, array (D, n)."""
    for d in range(out.shape[0]):
        multipliers(layout, numbers, p[d], out[d])


@inner
def pull_multipliers(layout: Ints, numbers: Floats, p: Floats, by_log: Floats, by_p: Floats) -> None:
    """Add derivatives in the sampled parameters, given those in the logarithm of every multiplier."""
    for j in range(by_log.size):
        kind = layout[j, MULTIPLIER]
        if kind == CONSTANT:
            continue
        by_p[layout[j, HYPER]] += by_log[j] / p[layout[j, HYPER]]
        if kind == SPREAD:
            continue
        ell, w = p[layout[j, LENGTH]], numbers[j, FREQUENCY]
        if kind == EXPQUAD:
            by_p[layout[j, LENGTH]] += by_log[j] * (0.5 / ell - 0.5 * ell * w * w)
        else:
            by_p[layout[j, LENGTH]] += by_log[j] * (-2.5 / ell + 15 / ell**3 / (5 / ell**2 + w * w))


@inner
def add_columns(layout: Ints, values: Floats, b: Floats, mean: Floats) -> None:
    """Add X b to the mean, array (G, T)."""
    geos, periods = mean.shape
    common = np.zeros(periods)
    shared = False
    for j in range(b.size):
        at, kind, weight = layout[j, OFFSET], layout[j, KIND], b[j]
        column = values[at:]
        if kind == TIME:
            shared = True
            for t in range(periods):
                common[t] += weight * column[t]
            continue
        first, last = (0, geos) if kind == DENSE else (layout[j, PLACE], layout[j, PLACE] + 1)
        for g in range(first, last):
            row, part = mean[g], column[(g - first) * periods :]
            for t in range(periods):
                row[t] += weight * part[t]
    if shared:
        for g in range(geos):
            row = mean[g]
            for t in range(periods):
                row[t] += common[t]


@inner
def times_columns(layout: Ints, values: Floats, r: Floats, out: Floats) -> None:
    """Write X′ r for r of shape (G, T)."""
    geos, periods = r.shape
    total = np.zeros(periods)
    for g in range(geos):
        row = r[g]
        for t in range(periods):
            total[t] += row[t]
    for j in range(out.size):
        at, kind, found = layout[j, OFFSET], layout[j, KIND], 0.0
        column = values[at:]
        if kind == TIME:
            for t in range(periods):
                found += total[t] * column[t]
        else:
            first, last = (0, geos) if kind == DENSE else (layout[j, PLACE], layout[j, PLACE] + 1)
            for g in range(first, last):
                row, part = r[g], column[(g - first) * periods :]
                for t in range(periods):
                    found += row[t] * part[t]
        out[j] = found


@inner
def factorise(m: Floats) -> None:
    """Replace a symmetric positive definite matrix by its lower Cholesky factor, row by row."""
    n = m.shape[0]
    for i in range(n):
        row = m[i]
        for j in range(i + 1):
            other, total = m[j], row[j]
            for k in range(j):
                total -= row[k] * other[k]
            row[j] = math.sqrt(total) if i == j else total / other[j]


@inner
def invert(lower: Floats) -> Floats:
    """Inverse of a lower triangular matrix."""
    n = lower.shape[0]
    inverse = np.zeros((n, n))
    for i in range(n):
        row = inverse[i]
        for j in range(i):
            factor, above = lower[i, j], inverse[j]
            for k in range(j + 1):
                row[k] -= factor * above[k]
        for k in range(i):
            row[k] /= lower[i, i]
        row[i] = 1 / lower[i, i]
    return inverse


@inner
def times(matrix: Floats, vector: Floats, out: Floats) -> None:
    """Write matrix · vector."""
    for i in range(out.size):
        row, total = matrix[i], 0.0
        for j in range(vector.size):
            total += row[j] * vector[j]
        out[i] = total


@inner
def times_transposed(matrix: Floats, vector: Floats, out: Floats) -> None:
    """Write matrixᵀ · vector."""
    for j in range(out.size):
        out[j] = 0.0
    for i in range(vector.size):
        row, factor = matrix[i], vector[i]
        for j in range(out.size):
            out[j] += factor * row[j]
