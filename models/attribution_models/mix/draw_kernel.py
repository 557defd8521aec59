"""From sampled points to values: parameters, effects, and integrated coefficients drawn back: compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import kernel, once
from attribution_models.mix.linear_kernel import (
    add_columns,
    factorise,
    invert,
    multipliers,
    times,
    times_columns,
    times_transposed,
)
from attribution_models.mix.priors_kernel import constrain
from attribution_models.mix.response_kernel import responses
from attribution_models.mix.tables import GEOS, LAGS, LOWER, TRANSFORM, UPPER, Media, Tables, view

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel
def draw_values(
    points: Floats, noise: Floats, addresses: Ints, p: Floats, beta: Floats, coefficients: Floats, first: int, last: int
) -> None:
    """Write the values of draws `first` … `last` − 1.

    Parameters
    ----------
    points : array (draws, n)
    noise : array (draws, k)
        Standard normal numbers: coefficients ~ Normal(D v, D M⁻¹ D), `integral_kernel` has the symbols.
    p : array (draws, n + constants)
        Written: values of all parameters.
    beta : array (draws, C, G)
        Written: β_gc.
    coefficients : array (draws, k)
        Written: coefficients of the integrated columns, without their prior mean.
    """
    t = view(addresses)
    n, k, geos = points.shape[1], noise.shape[1], addresses[GEOS]
    for d in range(first, last):
        values = p[d]
        for i in range(n):
            values[i] = constrain(t.parameter[i, TRANSFORM], t.prior[i, LOWER], t.prior[i, UPPER], points[d, i])[0]
        for i in range(t.constants.size):
            values[n + i] = t.constants[i]
        m = responses(t, values, addresses[LAGS])
        for c in range(m.beta.size):
            for g in range(geos):
                beta[d, c, g] = m.beta[c] * m.factor[c, g]
        if k > 0:
            _coefficients(t, values, m, beta[d], noise[d], coefficients[d])


@once
def _coefficients(t: Tables, p: Floats, m: Media, beta: Floats, noise: Floats, out: Floats) -> None:
    """Draw the integrated coefficients of one draw."""
    geos, periods = t.outcome.shape
    k = noise.size
    r = np.zeros((geos, periods))
    own, s = np.empty(t.coefficient.size), np.empty(t.coefficient.size)
    multipliers(t.sampled, t.sampled_numbers, p, s)
    for j in range(own.size):
        own[j] = s[j] * p[t.coefficient[j]]
    add_columns(t.sampled, t.sampled_values, own, r)
    for g in range(geos):
        sigma = p[t.sigma[g if t.sigma.size > 1 else 0]]
        for u in range(periods):
            for c in range(m.beta.size):
                r[g, u] += beta[c, g] * m.h[c, g, u]
            r[g, u] = t.fitted[g, u] * (t.outcome[g, u] - r[g, u]) / (sigma * sigma)
    scale, c_vector, half = np.empty(k), np.empty(k), np.empty(k)
    multipliers(t.integrated, t.integrated_numbers, p, scale)
    times_columns(t.integrated, t.integrated_values, r, c_vector)
    matrix = np.zeros((k, k))
    for i in range(t.sigma.size):
        precision = 1 / p[t.sigma[i]] ** 2
        for j in range(k):
            for h in range(j + 1):
                matrix[j, h] += precision * scale[j] * scale[h] * t.grams[i, j, h]
    for j in range(k):
        matrix[j, j] += 1
        c_vector[j] *= scale[j]
    factorise(matrix)
    inverse = invert(matrix)
    # M⁻¹c + L⁻ᵀ noise = L⁻ᵀ (L⁻¹ c + noise)
    times(inverse, c_vector, half)
    for j in range(k):
        half[j] += noise[j]
    times_transposed(inverse, half, out)
    for j in range(k):
        out[j] *= scale[j]
