"""Solving M = I + D A D where columns of one geo never meet those of another: an arrow, not a full matrix; compiled.

With E the columns that all geos share (the border, e of them) and those of geo g (m of them), p_g = 1/σ²_g:

    M_gg = I + p_g D_g A_g D_g = L_g L_g′,   W_g = L_g⁻¹ M_gE,   S = M_EE − Σ_g W_g′ W_g = L L′

so that log |M| = Σ log |M_gg| + log |S|, and the work grows with the number of geos, not with its cube. The inverse has
S⁻¹ for the border and, with R_g = L_g⁻ᵀ W_g L⁻ᵀ,

    (M⁻¹)_gg = (L_g L_g′)⁻¹ + R_g R_g′,   (M⁻¹)_gE = −R_g L⁻¹.

Geos with fewer columns than others are filled up with columns of zeros, which are ones on the diagonal of M.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import inner, once
from attribution_models.mix.linear_kernel import factorise, invert, times, times_transposed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@inner
def gather(place: Ints, values: Floats, out: Floats) -> None:
    """Write the numbers at some places; zero where there is none."""
    for i in range(place.size):
        out[i] = values[place[i]] if place[i] >= 0 else 0.0


@inner
def factorise_arrow(
    border: Floats, cross: Floats, block: Floats, s_border: Floats, s_own: Floats, sigma: Floats, own: Floats, w: Floats
) -> tuple[Floats, float]:
    """Factorise M.

    Parameters
    ----------
    border : array (len(sigma), e, e)
        X′X of shared columns, over the rows under each sigma.
    cross, block : array (G, m, e), array (G, m, m)
        X′X of a geo's own columns with shared ones, and among themselves.
    s_border, s_own : array (e,), array (G, m)
        Diagonal of D.
    own, w : array (G, m, m), array (G, m, e)
        Written: L_g⁻¹ and W_g.

    Returns
    -------
    L⁻¹, array (e, e), and log |M|
    """
    geos, m = s_own.shape
    top, lower = _shared_part(border, s_border, sigma), np.empty((m, m))
    log_det = 0.0
    for g in range(geos if m > 0 else 0):
        at = sigma[g if sigma.size > 1 else 0]
        precision = 1 / (at * at)
        for a in range(m):
            for b in range(a + 1):
                lower[a, b] = precision * s_own[g, a] * s_own[g, b] * block[g, a, b]
            lower[a, a] += 1
        factorise(lower)
        inverse = invert(lower)
        for a in range(m):
            log_det += 2 * math.log(lower[a, a])
            _row(inverse[a], precision, s_own[g], s_border, cross[g], own[g, a], w[g, a], top, a)
    factorise(top)
    for j in range(s_border.size):
        log_det += 2 * math.log(top[j, j])
    return invert(top), log_det


@once
def _shared_part(border: Floats, s: Floats, sigma: Floats) -> Floats:
    """M_EE, its lower half."""
    top = np.zeros((s.size, s.size))
    for i in range(sigma.size):
        precision = 1 / (sigma[i] * sigma[i])
        for j in range(s.size):
            row, gram, factor = top[j], border[i, j], precision * s[j]
            for h in range(j + 1):
                row[h] += factor * s[h] * gram[h]
    for j in range(s.size):
        top[j, j] += 1
    return top


@once
def _row(
    inverse: Floats, precision: float, s: Floats, s_border: Floats, cross: Floats, own: Floats, w: Floats, top: Floats,
    a: int,
) -> None:  # fmt: skip
    """Write row a of L_g⁻¹ and of W_g, and take its part of W_g′ W_g from S."""
    e = w.size
    for h in range(e):
        w[h] = 0.0
    for b in range(own.size):
        own[b] = inverse[b]
    for b in range(a + 1):
        factor, gram = precision * inverse[b] * s[b], cross[b]
        for h in range(e):
            w[h] += factor * s_border[h] * gram[h]
    for j in range(e):
        factor, below = w[j], top[j]
        for h in range(j + 1):
            below[h] -= factor * w[h]


@inner
def solve_arrow(
    inverse: Floats, own: Floats, w: Floats, c_border: Floats, c_own: Floats, v_border: Floats, v_own: Floats
) -> None:
    """Write M⁻¹ c + M^{−½} z.

    Parameters
    ----------
    inverse, own, w
        From `factorise_arrow`.
    c_border, c_own : array (e,), array (G, m)
        c; used up.
    v_border, v_own : array (e,), array (G, m)
        z, standard normal draws or zeros; the solution is written over it.
    """
    geos, m = c_own.shape
    half = np.empty(m)
    for g in range(geos if m > 0 else 0):
        times(own[g], c_own[g], half)
        for a in range(m):
            factor, row = half[a], w[g, a]
            c_own[g, a] = factor
            for h in range(c_border.size):
                c_border[h] -= factor * row[h]
    first = np.empty(c_border.size)
    times(inverse, c_border, first)
    for h in range(first.size):
        first[h] += v_border[h]
    times_transposed(inverse, first, v_border)
    for g in range(geos if m > 0 else 0):
        for a in range(m):
            total, row = c_own[g, a] + v_own[g, a], w[g, a]
            for h in range(v_border.size):
                total -= row[h] * v_border[h]
            half[a] = total
        times_transposed(own[g], half, v_own[g])
