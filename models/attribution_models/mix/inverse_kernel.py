"""What derivatives need of M⁻¹, where M is an arrow: its diagonal, and traces by geo; compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import inner, once

Floats = NDArray[np.float64]


@inner
def inverse_diagonal(
    inverse: Floats, own: Floats, w: Floats, border: Floats, cross: Floats, block: Floats, s_border: Floats,
    s_own: Floats, sigma: Floats, by_sigma: Floats,
) -> Floats:  # fmt: skip
    """Diagonal of M⁻¹ at each geo's own columns, array (G, m); `arrow_kernel` has the symbols.

    With a sigma for each geo, tr(M⁻¹ D A_g D) / σ²_g is added to `by_sigma`, where A_g is X′X of that geo's rows.
    """
    geos, m = s_own.shape
    e = s_border.size
    found, u, r, line = np.zeros((geos, m)), np.empty(e), np.empty((m, e)), np.empty(e)
    both = np.zeros((e, e))
    if sigma.size > 1:
        _product(inverse, both)
    for g in range(geos):
        for a in range(m):
            # u = row a of L_g⁻ᵀ W_g, r = u L⁻ᵀ.
            for h in range(e):
                u[h] = 0.0
            for b in range(a, m):
                factor, row = own[g, b, a], w[g, b]
                found[g, a] += factor * factor
                for h in range(e):
                    u[h] += factor * row[h]
            for i in range(e):
                row, total = inverse[i], 0.0
                for h in range(i + 1):
                    total += row[h] * u[h]
                r[a, i] = total
                found[g, a] += total * total
        if sigma.size > 1:
            by_sigma[g] += _trace(g, inverse, both, own, r, border, cross, block, s_border, s_own, line) / sigma[g] ** 2
    return found


@once
def _product(inverse: Floats, both: Floats) -> None:
    """Write L⁻ᵀ L⁻¹."""
    for i in range(inverse.shape[0]):
        row = inverse[i]
        for j in range(i + 1):
            factor, out = row[j], both[j]
            for h in range(i + 1):
                out[h] += factor * row[h]


@once
def _trace(
    g: int, inverse: Floats, both: Floats, own: Floats, r: Floats, border: Floats, cross: Floats, block: Floats,
    s_border: Floats, s_own: Floats, line: Floats,
) -> float:  # fmt: skip
    """Evaluate tr(M⁻¹ D A_g D), over shared columns and those of geo g."""
    m, e = r.shape
    found = 0.0
    for j in range(e):
        row, gram, total = both[j], border[g, j], 0.0
        for h in range(e):
            total += row[h] * s_border[h] * gram[h]
        found += s_border[j] * total
    for a in range(m):
        for b in range(m):
            total = 0.0
            for i in range(max(a, b), m):
                total += own[g, i, a] * own[g, i, b]
            for h in range(e):
                total += r[a, h] * r[b, h]
            found += total * s_own[g, a] * s_own[g, b] * block[g, a, b]
        for h in range(e):
            line[h] = 0.0
        for i in range(e):
            factor, row = r[a, i], inverse[i]
            for h in range(i + 1):
                line[h] += factor * row[h]
        total, gram = 0.0, cross[g, a]
        for h in range(e):
            total += line[h] * s_border[h] * gram[h]
        found -= 2 * s_own[g, a] * total
    return found
