"""Student-t noise: log likelihood and derivatives, compiled."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import inner, once

Floats = NDArray[np.float64]


@once
def student(
    fitted: Floats, nu_at: int, nu: float, sigma: Floats, residual: Floats, by_sigma: Floats, by_p: Floats
) -> float:
    """Log likelihood of the residual, which becomes its derivative; adds those in σ (of its logarithm) and in ν."""
    norm = math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(nu * math.pi)
    by_norm = 0.5 * (digamma((nu + 1) / 2) - digamma(nu / 2) - 1 / nu)
    found = 0.0
    for g in range(residual.shape[0]):
        at = g if sigma.size > 1 else 0
        for s in range(residual.shape[1]):
            if fitted[g, s] > 0:
                z = residual[g, s] / sigma[at]
                z2 = z * z
                found += norm - math.log(sigma[at]) - (nu + 1) / 2 * math.log1p(z2 / nu)
                by_sigma[at] += (nu + 1) * z2 / (nu + z2) - 1
                by_p[nu_at] += by_norm - 0.5 * math.log1p(z2 / nu) + 0.5 * (nu + 1) / nu * z2 / (nu + z2)
                residual[g, s] = -(nu + 1) * z / (nu + z2) / sigma[at]
    return found


@inner
def digamma(x: float) -> float:
    """Derivative of log Γ: recurrence to x ≥ 8, then the asymptotic series (Abramowitz and Stegun 6.3.18)."""
    found = 0.0
    while x < 8:
        found -= 1 / x
        x += 1
    y = 1 / (x * x)
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * 691 / 32760)))))
    return found + math.log(x) - 0.5 / x - series
