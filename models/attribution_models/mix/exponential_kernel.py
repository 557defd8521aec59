"""e^x of a whole series at once: compiled into vector instructions, which a call of the library's exp never is."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import inner

Floats = NDArray[np.float64]
LOG2_E: Final = 1.4426950408889634
# ln 2 in two parts: whole multiples of the first are exact.
LN2_HIGH: Final = 6.93145751953125e-1
LN2_LOW: Final = 1.42860682030941723212e-6
LOWEST: Final = -708.0  # e^x below it is 3e-308, next to nothing


@inner
def decays(rate: float, x: Floats, out: Floats) -> None:
    r"""Write e^(−rate · max(x, 0)): to 1e-15 of itself where it is above 1e-20, to 3e-14 below.

    With k the whole number nearest to y / ln 2, e^y = 2^k e^r for r = y − k ln 2, |r| ≤ ln 2 / 2: e^r is its Taylor
    polynomial of degree 13, whose remainder is 4e-18, and 2^k is written as the bits of a number. Loops without calls
    and branches run on vector units.

    Parameters
    ----------
    rate : float
        Above 0.
    x, out : float64[n]
        Below −708 e^y counts as e^−708.

    References
    ----------
    J.-M. Muller, "Elementary Functions: Algorithms and Implementation", 3rd ed. 2016, 11.1 (range reduction).
    """
    power = np.empty(x.size, np.int64)
    scale = power.view(np.float64)
    for t in range(x.size):
        y = max(-rate * max(x[t], 0.0), LOWEST)
        k = math.floor(y * LOG2_E + 0.5)
        r = (y - k * LN2_HIGH) - k * LN2_LOW
        power[t] = (np.int64(k) + 1023) << 52
        e = 1 / 6227020800.0
        e = e * r + 1 / 479001600.0
        e = e * r + 1 / 39916800.0
        e = e * r + 1 / 3628800.0
        e = e * r + 1 / 362880.0
        e = e * r + 1 / 40320.0
        e = e * r + 1 / 5040.0
        e = e * r + 1 / 720.0
        e = e * r + 1 / 120.0
        e = e * r + 1 / 24.0
        e = e * r + 1 / 6.0
        e = e * r + 0.5
        e = e * r + 1.0
        out[t] = e * r + 1.0
    for t in range(x.size):
        out[t] *= scale[t]
