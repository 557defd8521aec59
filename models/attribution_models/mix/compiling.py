"""How the kernels of the mix density are compiled: quickly, once, and kept on disk.

The compiler is called when a kernel first runs on a machine, and its work grows with every layer of calls, since each
layer is optimised together with all that it calls, and with every array that a function is given. So a computation is a
row of stages that call each other by address and share working memory; within one, what is called from one place is
inlined there, and only what is called from several is a function of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar, cast

from numba import carray, njit, types
from numba.core import cgutils, sigutils
from numba.core.ccallback import CFunc
from numba.extending import intrinsic

from attribution_models.kernel_cache import is_kept, keep_on_disk

F = TypeVar("F", bound=Callable[..., Any])
STAGE = types.float64(types.int64, types.int64, types.int64, types.int64)

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


class Stage:
    """A step of a computation, compiled on first use as a C function that other compiled code calls by its address.

    What is called by address is compiled and kept by itself: a function that is called by name is optimised again
    in every function that calls it, directly or not.

    Attributes
    ----------
    function : callable
        Takes four addresses: of a table, of working memory, and of two arrays; returns a number.
    """

    def __init__(self, function: Callable[[int, int, int, int], float]) -> None:
        self.function = function

    @cached_property
    def address(self) -> int:
        """Where the compiled function is."""
        self.pending.compile()
        return int(self.pending.address)

    @property
    def kept(self) -> bool:
        """Whether it will be read from disk, and not compiled."""
        return is_kept(self.pending)

    @cached_property
    def pending(self) -> Any:
        """The C function, not yet compiled."""
        return _uncompiled(STAGE, self.function)


def callback(signature: Any, function: Callable[..., Any]) -> Any:
    """Compile a function that other compiled code calls by its address; cached on disk."""
    found = _uncompiled(signature, function)
    found.compile()
    return found


def _uncompiled(signature: Any, function: Callable[..., Any]) -> Any:
    options = {name: value for name, value in FLAGS.items() if name != "nogil"}
    return keep_on_disk(CFunc(function, sigutils.normalize_signature(signature), {}, options), function)


@intrinsic  # type: ignore[untyped-decorator]
def run(_: Any, stage: Any, table: Any, memory: Any, first: Any, second: Any) -> Any:  # noqa: ARG001
    """Call the stage at an address."""
    signature = types.float64(*(types.int64,) * 5)

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        word = cgutils.ir.IntType(64)
        kind = cgutils.ir.FunctionType(cgutils.ir.DoubleType(), [word] * 4)
        return builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])

    return signature, generate


@intrinsic  # type: ignore[untyped-decorator]
def ask(_: Any, density: Any, size: Any, point: Any, down: Any, value: Any, table: Any) -> Any:  # noqa: ARG001
    """Call the log density at an address; its status."""
    signature = types.int64(*(types.int64,) * 6)

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        word = cgutils.ir.IntType(64)
        kind = cgutils.ir.FunctionType(word, [word] * 5)
        return builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])

    return signature, generate


@intrinsic  # type: ignore[untyped-decorator]
def pointer(_: Any, address: Any) -> Any:
    """Turn an address into a pointer."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


__all__ = ["Stage", "ask", "callback", "carray", "inner", "kernel", "once", "pointer", "run"]
