"""What a user is told while waiting."""

from __future__ import annotations


def kernels_compiled() -> bool:
    """Whether the compiled kernels lie in the cache already; the first run ever compiles them, once."""
    from attribution.journeys.cut import _segments  # noqa: PLC0415  (numba is imported only where it is used)
    from attribution_models.kernel_cache import is_kept  # noqa: PLC0415

    return is_kept(_segments)
