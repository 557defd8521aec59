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
from attribution_models.mix.compiling import inner, once
from attribution_models.mix.inverse_kernel import inverse_diagonal
from attribution_models.mix.linear_kernel import add_columns, multipliers, times, times_columns, times_transposed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LOG_2PI = math.log(2 * math.pi)


@inner
def integral(
    layout: Ints,
    numbers: Floats,
    values: Floats,
    p: Floats,
    r: Floats,
    fitted: Floats,
    sigma: Floats,
    rows: Floats,
    shared: Ints,
    owned: Ints,
    border: Floats,
    cross: Floats,
    block: Floats,
    basis: Floats,
    eigen: Floats,
    by_log: Floats,
    by_sigma: Floats,
    v: Floats,
) -> float:
    """Evaluate log p(r); r becomes ∂ log p / ∂r.

    Parameters
    ----------
    p : array
        Sampled parameters.
    r, fitted : array (G, T)
        Residual, zero where not fitted; 1 where fitted, else 0.
    sigma, rows : array (1,) or (G,)
        Noise, and the fitted rows under each.
    shared, owned : array (e,), array (G, m)
        Which columns all geos share, and which are those of one geo; −1: none.
    border, cross, block : array (len(sigma), e, e), array (G, m, e), array (G, m, m)
        X′X, as `arrow_kernel.factorise_arrow` takes them.
    basis, eigen : array (k, k), array (k,)
        Eigenvectors (as columns) and eigenvalues of D X′X D where D and the one σ are all there is; empty otherwise.
    by_log, by_sigma, v : arrays
        Written: ∂/∂log s, ∂/∂log σ, and v.

    Returns
    -------
    float
    """
    k = v.size
    s, b = np.empty(k), np.empty(k)
    multipliers(layout, numbers, p, s)
    total, square = _noise(r, sigma, rows, by_sigma)
    times_columns(layout, values, r, b)  # r is W r by now
    for j in range(k):
        b[j] *= s[j]
    if eigen.size == k:
        log_det, trace = _by_eigen(basis, eigen, sigma[0], b, v)
        by_sigma[0] += k - trace
    else:
        log_det = _by_arrow(shared, owned, border, cross, block, s, sigma, b, v, by_log, by_sigma)
    explained = 0.0
    for j in range(k):
        explained += b[j] * v[j]
        by_log[j] += v[j] * v[j]
        b[j] = s[j] * v[j]
    _finish(layout, values, b, r, fitted, sigma, by_sigma)
    return total - 0.5 * (log_det + square - explained)


@once
def _noise(r: Floats, sigma: Floats, rows: Floats, by_sigma: Floats) -> tuple[float, float]:
    """Scale r by the precision; give the constant part and r′Wr."""
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
    return total, square


@once
def _by_eigen(basis: Floats, eigen: Floats, sigma: float, c: Floats, v: Floats) -> tuple[float, float]:
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
def _by_arrow(
    shared: Ints, owned: Ints, border: Floats, cross: Floats, block: Floats, s: Floats, sigma: Floats, c: Floats,
    v: Floats, by_log: Floats, by_sigma: Floats,
) -> float:  # fmt: skip
    """Solve M v = c by a factorisation made anew; log |M|; what M⁻¹ adds to the derivatives."""
    geos, m = owned.shape
    e, each = shared.size, sigma.size > 1
    s_border, s_own, z_border, z_own = np.empty(e), np.empty((geos, m)), np.zeros(e), np.zeros((geos, m))
    c_border, c_own = np.empty(e), np.empty((geos, m))
    gather(shared, s, s_border)
    gather(shared, c, c_border)
    for g in range(geos):
        gather(owned[g], s, s_own[g])
        gather(owned[g], c, c_own[g])
    own, w = np.empty((geos, m, m)), np.empty((geos, m, e))
    inverse, log_det = factorise_arrow(border, cross, block, s_border, s_own, sigma, own, w)
    solve_arrow(inverse, own, w, c_border, c_own, z_border, z_own)
    for j in range(e):
        v[shared[j]] = z_border[j]
        by_log[shared[j]] -= 1
        for h in range(j + 1):
            by_log[shared[h]] += inverse[j, h] * inverse[j, h]
    diagonal = inverse_diagonal(inverse, own, w, border, cross, block, s_border, s_own, sigma, by_sigma)
    for g in range(geos):
        for a in range(m):
            j = owned[g, a]
            if j >= 0:
                v[j] = z_own[g, a]
                by_log[j] += diagonal[g, a] - 1
    if not each:
        for j in range(s.size):
            by_sigma[0] -= by_log[j]
    return log_det


@once
def _finish(
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
