"""What a user is told while waiting."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def kernels_compiled() -> bool:
    """Whether the compiled kernels lie in the cache already; the first run ever compiles them, once."""
    from attribution.journeys.cut import _segments  # noqa: PLC0415  (numba is imported only where it is used)

    kernel: Any = _segments  # numba's dispatcher; the type checker sees the function
    return any(Path(kernel.stats.cache_path).glob("cut._segments-*.nbi"))
