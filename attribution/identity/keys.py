"""An id's key: 64 bits for its type and canonical form, the same in every version and on every machine.

The key is XXH64 of the canonical text, seeded by the type: the first 64 bits of SHA-256 of the type's name. Among ten
million ids two share a key with a probability of 3·10⁻⁶; such a pair would be read as one id.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from attribution.identity.hashing import hash_texts
from attribution.identity.placeholders import listed
from attribution_models.paths.compiled import compiled

# Bits of a key that say at once, for most keys, that it is not among those that are looked for.
SIEVE = 20


@lru_cache(maxsize=1024)
def _seed(type_name: str) -> int:
    return int.from_bytes(sha256(type_name.encode()).digest()[:8], "big")


def keys_of(type_name: str, texts: Any) -> NDArray[np.uint64]:
    """Keys of a column of canonical texts; 0 where there is none.

    Parameters
    ----------
    type_name : str
    texts : pyarrow.Array of string
    """
    return hash_texts(texts, _seed(type_name))


def key_of(type_name: str, canonical: str) -> int:
    """The key of one id."""
    return int(keys_of(type_name, pa.array([canonical], pa.string()))[0])


def placeholder_keys(type_names: Iterable[str]) -> NDArray[np.uint64]:
    """Keys of everything that is listed as no id of these types."""
    keys = [keys_of(name, pa.array(listed(name), pa.string())) for name in type_names]
    return np.unique(np.concatenate([*keys, np.zeros(0, np.uint64)]))


def among(keys: NDArray[np.uint64], asked: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether each key is among those that are asked for (ascending)."""
    sieve = np.zeros(1 << SIEVE, np.bool_)
    sieve[(asked >> np.uint64(64 - SIEVE)).astype(np.int64)] = True
    found = np.zeros(keys.size, np.bool_)
    _among(keys, np.ascontiguousarray(asked), sieve, found)
    return found


@compiled
def _among(
    keys: NDArray[np.uint64], asked: NDArray[np.uint64], sieve: NDArray[np.bool_], found: NDArray[np.bool_]
) -> None:
    for i in range(keys.size):
        if not sieve[np.int64(keys[i] >> np.uint64(44))]:
            continue
        lo, hi = 0, asked.size
        while lo < hi:
            mid = (lo + hi) // 2
            if asked[mid] < keys[i]:
                lo = mid + 1
            else:
                hi = mid
        found[i] = lo < asked.size and asked[lo] == keys[i]
