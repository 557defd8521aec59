"""Noise that remembers the period before: log likelihood and derivatives, compiled.

With r_k the residuals of a geo's fitted rows in time, d_k periods apart, a = ρ^{d_k} and σ the standard deviation of
the noise (of the whole of it, not of what is new in a period):

    r_1 ~ N(0, σ²),   r_k | r_{k−1} ~ N(a r_{k−1}, σ² (1 − a²))

which is the exact density of a stationary AR(1) with rows missing in between.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import once

Floats = NDArray[np.float64]
LOG_2PI = math.log(2 * math.pi)


@once
def autoregressive(
    fitted: Floats, rho_at: int, rho: float, sigma: Floats, residual: Floats, by_sigma: Floats, by_p: Floats
) -> float:
    """Log likelihood of the residual, which becomes its derivative; adds those in σ (of its logarithm) and in ρ."""
    found = 0.0
    down = np.zeros(residual.shape[1])
    for g in range(residual.shape[0]):
        at = g if sigma.size > 1 else 0
        before = -1
        for s in range(residual.shape[1]):
            down[s] = 0.0
            if fitted[g, s] == 0.0:
                continue
            lag = s - before if before >= 0 else 0
            last = residual[g, before] if before >= 0 else 0.0
            a = rho**lag if lag > 0 else 0.0
            new = 1 - a * a
            u, variance = residual[g, s] - a * last, sigma[at] * sigma[at] * new
            found -= 0.5 * (LOG_2PI + math.log(variance) + u * u / variance)
            by_sigma[at] += u * u / variance - 1
            down[s] -= u / variance
            if lag > 0:
                down[before] += a * u / variance
                by_a = a / new + u * last / variance - u * u * a / (variance * new)
                by_p[rho_at] += by_a * lag * (rho ** (lag - 1) if lag > 1 else 1.0)
            before = s
        for s in range(residual.shape[1]):
            residual[g, s] = down[s]
    return found
