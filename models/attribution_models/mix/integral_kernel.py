"""The likelihood with normal coefficients integrated out, and its derivatives: compiled.

With residual r (fitted rows), noise precision W = diag(1/σ²_g), columns X, prior deviations D = diag(s), A = X′WX:

    M = I + D A D,   c = D X′ W r,   v = M⁻¹ c
    log p(r) = −½ [ Σ n_g log 2πσ²_g + log |M| + r′Wr − c′v ]

The coefficients given everything else are Normal(D v, D M⁻¹ D). Derivatives, with e = r − X D v:

    ∂/∂r = −W e,   ∂/∂log s_j = v_j² − 1 + (M⁻¹)_jj,   ∂/∂log σ_g = −n_g + e_g′e_g / σ²_g + tr(M⁻¹ D A_g D)

Woodbury's identity; the envelope theorem gives the simple forms.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.arrow_kernel import factorise_arrow, gather, solve_arrow
from attribution_models.mix.compiling import once
from attribution_models.mix.inverse_kernel import inverse_diagonal
from attribution_models.mix.linear_kernel import add_columns, multipliers, times, times_columns, times_transposed
from attribution_models.mix.views import Columns, Products, Rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LOG_2PI = math.log(2 * math.pi)


@once
def start(
    columns: Columns, p: Floats, r: Floats, t: Rows, sigma: Floats, by_sigma: Floats, s: Floats, c: Floats
) -> float:
    """Write D's diagonal and c, scale r by the noise's precision; give the part that does not depend on M.

    Parameters
    ----------
    p : array
        Values of parameters.
    r : array (G, T)
        Residual, zero where not fitted.
    sigma, by_sigma : array (1,) or (G,)
        Noise; written: ∂/∂log σ of that part.
    s, c : array (k,)
        Written.
    """
    multipliers(columns.layout, columns.numbers, p, s)
    found = _noise(r, sigma, t.rows, by_sigma)
    times_columns(columns.layout, columns.values, r, c)
    for j in range(c.size):
        c[j] *= s[j]
    return found


@once
def finish(
    columns: Columns,
    r: Floats,
    t: Rows,
    sigma: Floats,
    s: Floats,
    c: Floats,
    v: Floats,
    by_log: Floats,
    by_sigma: Floats,
) -> float:
    """Give c′v / 2; r becomes ∂ log p / ∂r, and what v adds to the other derivatives is added."""
    explained = 0.0
    for j in range(v.size):
        explained += c[j] * v[j]
        by_log[j] += v[j] * v[j]
        c[j] = s[j] * v[j]
    _pull_residual(columns.layout, columns.values, c, r, t.fitted, sigma, by_sigma)
    return 0.5 * explained


@once
def _noise(r: Floats, sigma: Floats, rows: Floats, by_sigma: Floats) -> float:
    """Scale r by the precision; give −½ (Σ n_g log 2πσ²_g + r′Wr)."""
    total, square = 0.0, 0.0
    many = sigma.size > 1
    for i in range(sigma.size):
        total -= rows[i] * (math.log(sigma[i]) + 0.5 * LOG_2PI)
        by_sigma[i] = -rows[i]
    for g in range(r.shape[0]):
        precision = 1 / sigma[g if many else 0] ** 2
        for t in range(r.shape[1]):
            square += r[g, t] * r[g, t] * precision
            r[g, t] *= precision
    return total - 0.5 * square


@once
def by_eigen(basis: Floats, eigen: Floats, sigma: float, c: Floats, v: Floats) -> tuple[float, float]:
    """Solve M v = c in the eigenbasis; log |M| and tr M⁻¹."""
    y = np.empty(c.size)
    times_transposed(basis, c, y)
    log_det, trace = 0.0, 0.0
    for j in range(y.size):
        d = 1 + eigen[j] / (sigma * sigma)
        y[j] /= d
        log_det += math.log(d)
        trace += 1 / d
    times(basis, y, v)
    return log_det, trace


@once
def by_arrow(t: Products, s: Floats, sigma: Floats, c: Floats, v: Floats, by_log: Floats, by_sigma: Floats) -> float:
    """Solve M v = c by a factorisation made anew; log |M|; what M⁻¹ adds to the derivatives."""
    geos, m = t.owned.shape
    e, each = t.shared.size, sigma.size > 1
    s_border, s_own, z_border, z_own = np.empty(e), np.empty((geos, m)), np.zeros(e), np.zeros((geos, m))
    c_border, c_own = np.empty(e), np.empty((geos, m))
    gather(t.shared, s, s_border)
    gather(t.shared, c, c_border)
    for g in range(geos):
        gather(t.owned[g], s, s_own[g])
        gather(t.owned[g], c, c_own[g])
    own, w = np.empty((geos, m, m)), np.empty((geos, m, e))
    inverse, log_det = factorise_arrow(t.border, t.cross, t.block, s_border, s_own, sigma, own, w)
    solve_arrow(inverse, own, w, c_border, c_own, z_border, z_own)
    for j in range(e):
        v[t.shared[j]] = z_border[j]
        by_log[t.shared[j]] -= 1
        for h in range(j + 1):
            by_log[t.shared[h]] += inverse[j, h] * inverse[j, h]
    diagonal = inverse_diagonal(inverse, own, w, t.border, t.cross, t.block, s_border, s_own, sigma, by_sigma)
    for g in range(geos):
        for a in range(m):
            j = t.owned[g, a]
            if j >= 0:
                v[j] = z_own[g, a]
                by_log[j] += diagonal[g, a] - 1
    if not each:
        for j in range(s.size):
            by_sigma[0] -= by_log[j]
    return log_det


@once
def _pull_residual(
    layout: Ints, values: Floats, b: Floats, r: Floats, fitted: Floats, sigma: Floats, by_sigma: Floats
) -> None:
    """Turn W r into −W (r − X b), and add e′We; rows that are not fitted stay zero."""
    geos, periods = r.shape
    fit = np.zeros((geos, periods))
    add_columns(layout, values, b, fit)
    many = sigma.size > 1
    for g in range(geos):
        at = g if many else 0
        variance = sigma[at] ** 2
        for t in range(periods):
            if fitted[g, t] > 0:
                e = r[g, t] * variance - fit[g, t]
                by_sigma[at] += e * e / variance
                r[g, t] = -e / variance
