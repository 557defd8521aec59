"""Keys stay the same in every version: a registry of last year is read with them."""

from __future__ import annotations

import duckdb
import pytest

from attribution.identity.keys import key_of, key_sql

# printf '%s' "TYPE=TEXT" | sha256sum | cut -c1-16
GOLDEN = [
    ("cookie", "ck-1", 0xA9EC3742DF849195),
    ("maid", "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25", 0xCBC0F9873B9BC766),
    ("email_sha256", "542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345", 0x04D6CBC699ABE37E),
    ("club_card", "café", 0x9FBF67019DE07791),
]


@pytest.mark.parametrize(("kind", "text", "key"), GOLDEN)
def test_golden_keys(kind, text, key):
    assert key_of(kind, text) == key
    assert duckdb.execute(f"SELECT {key_sql(kind, '?')}", [text]).fetchall() == [(key,)]


def test_no_id_has_no_key():
    assert duckdb.execute(f"SELECT {key_sql('cookie', 'NULL::VARCHAR')}").fetchall() == [(0,)]
