"""XXH64 of whole columns of text: the digest behind an id's key.

Yann Collet's xxHash, 64 bits, as its specification has it (github.com/Cyan4973/xxHash, doc/xxhash_spec.md): the same
number for the same text in every version and on every machine, at a few nanoseconds a text.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled

P1 = np.uint64(0x9E3779B185EBCA87)
P2 = np.uint64(0xC2B2AE3D27D4EB4F)
P3 = np.uint64(0x165667B19E3779F9)
P4 = np.uint64(0x85EBCA77C2B2AE63)
P5 = np.uint64(0x27D4EB2F165667C5)


def hash_texts(texts: Any, seed: int) -> NDArray[np.uint64]:
    """XXH64 of each text's UTF-8 bytes; 0 where there is none.

    Parameters
    ----------
    texts : pyarrow.Array of string or large_string
    seed : int

    Returns
    -------
    uint64[n]
    """
    texts = texts.cast(pa.large_string()) if texts.type != pa.large_string() else texts
    out = np.zeros(len(texts), np.uint64)
    if len(texts) == 0:
        return out
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    raw = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    there = np.ones(len(texts), np.bool_) if texts.null_count == 0 else texts.is_valid().to_numpy(zero_copy_only=False)
    _hash(raw, ends, there, np.uint64(seed), out)
    return out


@compiled
def _rotated(x: np.uint64, by: int) -> np.uint64:
    return (x << np.uint64(by)) | (x >> np.uint64(64 - by))


@compiled
def _word(data: NDArray[np.uint8], at: int) -> np.uint64:
    """Eight bytes, the lowest first."""
    word = np.uint64(0)
    for k in range(8):
        word |= np.uint64(data[at + k]) << np.uint64(8 * k)
    return word


@compiled
def _round(acc: np.uint64, lane: np.uint64) -> np.uint64:
    return _rotated(acc + lane * P2, 31) * P1


@compiled
def _merged(acc: np.uint64, lane: np.uint64) -> np.uint64:
    return (acc ^ _round(np.uint64(0), lane)) * P1 + P4


@compiled
def _hash(
    data: NDArray[np.uint8], ends: NDArray[np.int64], there: NDArray[np.bool_], seed: np.uint64, out: NDArray[np.uint64]
) -> None:
    for i in range(out.size):
        if not there[i]:
            continue
        at, end = ends[i], ends[i + 1]
        length = end - at
        if length >= 32:
            a, b, c, d = seed + P1 + P2, seed + P2, seed, seed - P1
            while end - at >= 32:
                a = _round(a, _word(data, at))
                b = _round(b, _word(data, at + 8))
                c = _round(c, _word(data, at + 16))
                d = _round(d, _word(data, at + 24))
                at += 32
            acc = _rotated(a, 1) + _rotated(b, 7) + _rotated(c, 12) + _rotated(d, 18)
            acc = _merged(_merged(_merged(_merged(acc, a), b), c), d)
        else:
            acc = seed + P5
        acc += np.uint64(length)
        while end - at >= 8:
            acc = _rotated(acc ^ _round(np.uint64(0), _word(data, at)), 27) * P1 + P4
            at += 8
        if end - at >= 4:
            word = np.uint64(0)
            for k in range(4):
                word |= np.uint64(data[at + k]) << np.uint64(8 * k)
            acc = _rotated(acc ^ (word * P1), 23) * P2 + P3
            at += 4
        while at < end:
            acc = _rotated(acc ^ (np.uint64(data[at]) * P5), 11) * P1
            at += 1
        acc ^= acc >> np.uint64(33)
        acc *= P2
        acc ^= acc >> np.uint64(29)
        acc *= P3
        acc ^= acc >> np.uint64(32)
        out[i] = acc
