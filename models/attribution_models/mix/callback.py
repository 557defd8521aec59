"""The density as a C function: what a compiled sampler calls from its own threads, without the interpreter."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numba import carray, cfunc, types

from attribution_models.mix.compiling import FLAGS
from attribution_models.mix.density_kernel import log_density

# Dimension, point, gradient (written), log density (written), address table; what is returned is nutpie's: 0 is fine,
# a number above zero asks for another point.
LOG_DENSITY = types.int64(
    types.uint64, types.CPointer(types.double), types.CPointer(types.double), types.CPointer(types.double),
    types.CPointer(types.int64),
)  # fmt: skip
EXPAND = types.int64(
    types.uint64, types.uint64, types.CPointer(types.double), types.CPointer(types.double), types.voidptr
)
NOT_FINITE = 3


@cache
def density_function() -> Any:
    """The C function of the log density, compiled on first use and kept on disk."""

    def density(size, point, gradient, value, table):  # type: ignore[no-untyped-def]
        addresses = carray(table, (64,), np.int64)
        x = carray(point, (size,), np.float64)
        down = carray(gradient, (size,), np.float64)
        found = log_density(x, down, addresses)
        value[0] = found
        if not math.isfinite(found):
            return NOT_FINITE
        for i in range(down.size):
            if not math.isfinite(down[i]):
                return NOT_FINITE
        return 0

    return cfunc(LOG_DENSITY, cache=True, **{k: v for k, v in FLAGS.items() if k != "nogil"})(density)


@cache
def copy_function() -> Any:
    """The C function that keeps a draw as it is."""

    def copy(size, expanded, point, out, _):  # type: ignore[no-untyped-def] # noqa: ARG001
        for i in range(size):
            out[i] = point[i]
        return 0

    return cfunc(EXPAND, cache=True)(copy)
