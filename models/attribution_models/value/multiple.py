"""Holm's adjustment: many questions to one experiment, one error rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """p-values adjusted by Holm's step-down method.

    The i-th smallest of m becomes max_{j ≤ i} min(1, (m − j + 1) p_(j)). Rejecting those below α keeps the chance of
    any false rejection at α, however the tests hang together.

    References
    ----------
    .. [1] Holm (1979), A simple sequentially rejective multiple test procedure. Scand. J. Statistics 6.
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values)
    steps = np.minimum(1.0, values[order] * (values.size - np.arange(values.size)))
    adjusted = np.empty(values.size)
    adjusted[order] = np.maximum.accumulate(steps) if values.size else steps
    return adjusted
