"""An id's key: 64 bits of a digest of its type and canonical form, the same in every version and on every machine."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from attribution.engine import literal
from attribution.identity.placeholders import listed


def key_sql(type_name: str, canonical: str) -> str:
    """SQL for the key of a canonical id: the first 64 bits of SHA-256 of ``type=canonical``; 0 where there is no id.

    Among ten million ids two share a key with a probability of 3·10⁻⁶; such a pair would be read as one id.
    """
    return f"coalesce(('0x' || left(sha256({literal(type_name + '=')} || {canonical}), 16))::UBIGINT, 0::UBIGINT)"


def key_of(type_name: str, canonical: str) -> int:
    """The same key in Python.

    >>> key_of("cookie", "ck-1") == int(sha256(b"cookie=ck-1").hexdigest()[:16], 16)
    True
    """
    return int(sha256(f"{type_name}={canonical}".encode()).hexdigest()[:16], 16)


def placeholder_keys(type_names: Iterable[str]) -> NDArray[np.uint64]:
    """Keys of everything that is listed as no id of these types."""
    return np.array([key_of(name, text) for name in type_names for text in listed(name)], np.uint64)
