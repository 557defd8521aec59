"""How kernels over journeys are compiled, and how arrays are handed to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from attribution_models.kernel_cache import keep_on_disk

F = TypeVar("F", bound=Callable[..., Any])
S = TypeVar("S", bound=np.generic)


def compiled(function: F) -> F:
    """Compile a kernel: without the interpreter lock, cached on disk, IEEE arithmetic (no fastmath)."""
    return cast("F", keep_on_disk(njit(nogil=True)(function), function))


def read_only(array: NDArray[S]) -> NDArray[S]:
    """Return a read-only view.

    Numba compiles a kernel again when an argument is writable in one call and memory-mapped
    (read-only) in another; handing every input over as read-only pays the compile once.
    """
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
