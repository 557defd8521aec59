"""How the kernels of the mix density are compiled: quickly, once, and kept on disk.

The compiler is called when a kernel first runs on a machine, and its work grows with every layer of calls, since each
layer is optimised together with all that it calls. So what is called from one place is inlined there, and only what is
called from several is a function of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import carray, njit, types
from numba.core import cgutils, sigutils
from numba.core.ccallback import CFunc
from numba.extending import intrinsic

from attribution_models.kernel_cache import keep_on_disk

F = TypeVar("F", bound=Callable[..., Any])

# Sums may be reordered, so that they run on vector units; infinities and NaN keep their meaning.
FLAGS = {"nogil": True, "error_model": "numpy", "fastmath": {"reassoc", "contract", "nsz"}}


def kernel(function: F) -> F:
    """Compile a function that Python calls; cached on disk."""
    return cast("F", keep_on_disk(njit(no_cfunc_wrapper=True, **FLAGS)(function), function))


def inner(function: F) -> F:
    """Compile a function that several kernels call; Python cannot (but its ``py_func``), so no way in is compiled."""
    alone = njit(no_cfunc_wrapper=True, no_cpython_wrapper=True, **FLAGS)(function)
    return cast("F", keep_on_disk(alone, function))


def once(function: F) -> F:
    """Inline a function at its one call."""
    return cast("F", njit(inline="always", **FLAGS)(function))


def callback(signature: Any, function: Callable[..., Any]) -> Any:
    """Compile a function that other compiled code calls by its address; cached on disk."""
    options = {name: value for name, value in FLAGS.items() if name != "nogil"}
    compiled = keep_on_disk(CFunc(function, sigutils.normalize_signature(signature), {}, options), function)
    compiled.compile()
    return compiled


@intrinsic  # type: ignore[untyped-decorator]
def pointer(_: Any, address: Any) -> Any:
    """Turn an address into a pointer."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


__all__ = ["callback", "carray", "inner", "kernel", "once", "pointer"]
