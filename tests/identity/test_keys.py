"""Keys of ids: published digests of XXH64, and what must not change between versions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.identity.hashing import hash_texts
from attribution.identity.keys import among, key_of, keys_of

# From xxHash's own tests and documentation.
PUBLISHED = {
    "": 0xEF46DB3751D8E999,
    "a": 0xD24EC4F1A98C6E5B,
    "abc": 0x44BC2CF5AD770999,
    "Nobody inspects the spammish repetition": 0xFBCEA83C8A378BF1,
}


@pytest.mark.parametrize("text", PUBLISHED)
def test_published_digests(text: str) -> None:
    assert hash_texts(pa.array([text]), 0).tolist() == [PUBLISHED[text]]


def test_a_key_never_changes() -> None:
    """Registries hold keys: another key for the same id would make everybody a new customer."""
    assert key_of("cookie", "ck-1") == KEY
    assert key_of("device", "ck-1") != KEY


KEY = 0x9C0E34AC09432B7B


@given(st.lists(st.none() | st.text(max_size=80), max_size=20), st.integers(0, 5), st.integers(0, 5))
def test_columns_are_read_value_by_value(texts: list[str | None], start: int, length: int) -> None:
    column = pa.array(texts, pa.string())
    keys = keys_of("cookie", column)
    assert keys.tolist() == [0 if t is None else key_of("cookie", t) for t in texts]
    part = column.slice(start, length)
    assert keys_of("cookie", part).tolist() == keys[start : start + length].tolist()


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.lists(st.integers(0, 2**64 - 1), max_size=10))
def test_membership(keys: list[int], asked: list[int]) -> None:
    chosen = np.unique(np.array(asked + keys[::2], np.uint64))
    assert among(np.array(keys, np.uint64), chosen).tolist() == [k in set(chosen.tolist()) for k in keys]
