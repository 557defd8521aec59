"""Uniform draws by address: every purpose has its own, so that no switch shifts any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from attribution_models.kernel_cache import keep_on_disk

F = TypeVar("F", bound=Callable[..., Any])

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_30: Final = np.uint64(30)
_27: Final = np.uint64(27)
_31: Final = np.uint64(31)
_11: Final = np.uint64(11)


def plain(function: F) -> F:
    """Compile a kernel that allocates nothing.

    Numba's run time (`_nrt`) counts references to each array of a named tuple at each call; without it the
    lives are lived six times as fast.
    """
    return cast("F", keep_on_disk(njit(nogil=True, _nrt=False)(function), function))


@plain
def uniform(key: np.uint64, draw: int) -> float:
    """Draw number `draw` of the stream `key`, on [0, 1): SplitMix64 (Steele, Lea and Flood, 2014), 53 bits."""
    z = key + np.uint64(draw + 1) * _GOLDEN
    z = (z ^ (z >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    z ^= z >> _31
    return float(z >> _11) / 9007199254740992.0


def streams(seed: int, run: int, people: int) -> NDArray[np.uint64]:
    """Keys of the people of one run: person i has the same one however many there are."""
    start = np.random.SeedSequence([seed, run]).generate_state(1, np.uint64)
    return mixed(start + np.arange(1, people + 1, dtype=np.uint64) * _GOLDEN)


def mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble codes one to one, by SplitMix64's last step."""
    z = (z ^ (z >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    return z ^ (z >> _31)


def uniforms(keys: NDArray[np.uint64], draw: int) -> NDArray[np.float64]:
    """`uniform` of many streams at once."""
    # One number in an array wraps around silently, as it should.
    step = np.array([draw + 1], dtype=np.uint64) * _GOLDEN
    return (mixed(keys + step) >> _11).astype(np.float64) / 9007199254740992.0
