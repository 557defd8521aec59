"""The density as a C function: what a compiled sampler calls from its own threads, without the interpreter."""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import types
from numba.core.registry import cpu_target

from attribution_models.mix.bend_kernel import bent_density, straightened
from attribution_models.mix.compiling import callback
from attribution_models.mix.density_kernel import log_density

# Numba imports its own libraries when a function is first compiled or loaded. They are imported with this module: they
# are no part of a fit's time, as no other import is.
cpu_target.typing_context.refresh()
cpu_target.target_context.refresh()

# Dimension, and addresses of point, gradient (written), log density (written) and address table; returned is nutpie's.
LOG_DENSITY = types.int64(types.uint64, types.int64, types.int64, types.int64, types.int64)
EXPAND = types.int64(
    types.uint64, types.uint64, types.CPointer(types.double), types.CPointer(types.double), types.voidptr
)


@cache
def density_function() -> Any:
    """The C function of the log density, compiled on first use and kept on disk."""
    return callback(LOG_DENSITY, log_density)


@cache
def bent_function() -> Any:
    """The C function of the log density on the sampler's line; its table is a bend table."""
    return callback(LOG_DENSITY, bent_density)


@cache
def draw_function() -> Any:
    """The C function that keeps a draw, on the line of the density."""
    return callback(EXPAND, straightened)
