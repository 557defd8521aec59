"""How the kernels of the mix density are compiled: quickly, once, and kept on disk.

The compiler is called when a kernel first runs on a machine, and its work grows with every layer of calls, since each
layer is optimised together with all that it calls. So what is called from one place is inlined there, and only what is
called from several is a function of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import carray, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

# Sums may be reordered, so that they run on vector units; infinities and NaN keep their meaning.
FLAGS = {"nogil": True, "error_model": "numpy", "fastmath": {"reassoc", "contract", "nsz"}}


def kernel(function: F) -> F:
    """Compile a function that Python calls; cached on disk."""
    return cast("F", njit(cache=True, **FLAGS)(function))


def inner(function: F) -> F:
    """Compile a function that several kernels call."""
    return cast("F", njit(no_cfunc_wrapper=True, cache=True, **FLAGS)(function))


def once(function: F) -> F:
    """Inline a function at its one call."""
    return cast("F", njit(inline="always", **FLAGS)(function))


@intrinsic  # type: ignore[untyped-decorator]
def pointer(_: Any, address: Any) -> Any:
    """Turn an address into a pointer."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


__all__ = ["carray", "inner", "kernel", "once", "pointer"]
