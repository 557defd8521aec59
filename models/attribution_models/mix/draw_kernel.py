"""From sampled points to values: parameters, effects, and integrated coefficients drawn back: compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.arrow_kernel import factorise_arrow, gather, solve_arrow
from attribution_models.mix.compiling import kernel, once
from attribution_models.mix.linear_kernel import add_columns, multipliers, times_columns
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
    scale, c_vector = np.empty(k), np.empty(k)
    multipliers(t.integrated, t.integrated_numbers, p, scale)
    times_columns(t.integrated, t.integrated_values, r, c_vector)
    for j in range(k):
        c_vector[j] *= scale[j]
    _draw(t, p, scale, c_vector, noise, out)
    for j in range(k):
        out[j] *= scale[j]


@once
def _draw(t: Tables, p: Floats, scale: Floats, c: Floats, noise: Floats, out: Floats) -> None:
    """Write M⁻¹ c + M^{−½} noise."""
    geos, m = t.owned.shape
    e = t.shared.size
    sigma = np.empty(t.sigma.size)
    for i in range(sigma.size):
        sigma[i] = p[t.sigma[i]]
    s_border, c_border, v_border = np.empty(e), np.empty(e), np.empty(e)
    s_own, c_own, v_own = np.empty((geos, m)), np.empty((geos, m)), np.empty((geos, m))
    gather(t.shared, scale, s_border)
    gather(t.shared, c, c_border)
    gather(t.shared, noise, v_border)
    for g in range(geos):
        gather(t.owned[g], scale, s_own[g])
        gather(t.owned[g], c, c_own[g])
        gather(t.owned[g], noise, v_own[g])
    own, w = np.empty((geos, m, m)), np.empty((geos, m, e))
    inverse, _ = factorise_arrow(t.border, t.cross, t.block, s_border, s_own, sigma, own, w)
    solve_arrow(inverse, own, w, c_border, c_own, v_border, v_own)
    for j in range(e):
        out[t.shared[j]] = v_border[j]
    for g in range(geos):
        for a in range(m):
            if t.owned[g, a] >= 0:
                out[t.owned[g, a]] = v_own[g, a]
