"""What a user is told while waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

# Called with the stage of the work, how much of it is done, and how much there is; 0 of 0 where that is not known.
Told: TypeAlias = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def counted(told: Told, stage: str, total: int) -> Callable[[int], None]:
    """What a loop calls with how much of a total is done, for those who know no stages."""
    return lambda done: told(stage, done, total)


def kernels_compiled() -> bool:
    """Whether the compiled kernels lie in the cache already; the first run ever compiles them, once."""
    from attribution.journeys.cut import _segments  # noqa: PLC0415  (numba is imported only where it is used)
    from attribution_models.kernel_cache import is_kept  # noqa: PLC0415

    return is_kept(_segments)
