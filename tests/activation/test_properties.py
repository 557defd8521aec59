"""Arbitrary Unicode names, addresses and numbers never break a file, and what is written is always clean."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.activation.lint import lint_file
from attribution.activation.people import read_people
from attribution.activation.spec import platform_spec, platforms
from attribution.activation.write import write_audience
from attribution.engine import connect
from tests.activation.writing import DAY, people_table

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ODD = st.sampled_from([
    "", " ", "\u200b", "\ufeff", "\x00", '"', "a,b", "=1+1", "null", "NaN", "1E+11", "#NAME?", "0" * 64, "e3b0c442" * 8,
    "d41d8cd98f00b204e9800998ecf8427e", "İ@İ.İ", "ΣΑΣ", "\u2028", "a\nb", "'", "\\", "{}", "ﬀ", "é", "é", "😀", "-", "--",
])  # fmt: skip
WORD = st.one_of(TEXT, ODD)
EMAIL = st.one_of(
    WORD,
    st.emails(),
    st.builds("{}@{}".format, WORD, st.sampled_from(["gmail.com", "googlemail.com", "test.com", "x.", ".x", "a.b"])),
    st.builds("{}@{}.{}".format, WORD, WORD, WORD),
    st.sampled_from(["t.e+s@test.com", "te_st@test.com", " test+x@TEST.com", "...@gmail.com", "a@b.c;d@e.f"]),
)
PHONE = st.one_of(
    WORD, st.from_regex(r"\+?[0-9 ()/.-]{0,18}", fullmatch=True), st.sampled_from(["+16577770000", "+0000000000"])
)
MAID = st.one_of(
    WORD, st.uuids().map(str), st.uuids().map(lambda u: str(u).upper()), st.just("00000000-0000-0000-0000-000000000000")
)
HASH = st.from_regex(r"[0-9a-fA-F]{64}", fullmatch=True)
PERSON = st.fixed_dictionaries({
    "customer_id": st.one_of(st.none(), st.sampled_from(["a", "b", "c", "d"])),
    "email": st.lists(st.one_of(EMAIL, HASH), max_size=5),
    "phone": st.lists(st.one_of(PHONE, HASH), max_size=5),
    "maid": st.lists(st.one_of(MAID, HASH), max_size=4),
    "first_name": st.lists(st.one_of(WORD, HASH), max_size=2),
    "last_name": st.lists(st.one_of(WORD, HASH), max_size=2),
    "country": st.lists(st.one_of(WORD, st.sampled_from(["US", "de", "Germany", "GBR"])), max_size=2),
    "zip": st.lists(st.one_of(WORD, st.sampled_from(["94035-1234", "2139", "SW1A 1AA", "0"])), max_size=2),
})  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("audience")


@settings(max_examples=8)
@given(people=st.lists(PERSON, min_size=1, max_size=5))
def test_what_is_written_is_always_clean(people, folder):
    for path in folder.iterdir():
        path.unlink()
    with connect() as connection, read_people(connection, people_table(people), "US") as ready:
        made = [write_audience(connection, ready, platform, folder, made_on=DAY) for platform in platforms()]
    for audience in made:
        for item in audience.lists:
            for file in item.files:
                report = lint_file(audience.platform, file.path, list_name=item.name, made_on=DAY, as_of=DAY)
                assert report.clean, (audience.platform, report.faults, file.path.read_bytes())
                _whole(audience.platform, item.name, file)


def _whole(platform, name, file):
    """The file holds together: every row has the header's cells, every request is JSON, and the count is right."""
    text = file.path.read_bytes().decode("utf-8")
    (item,) = (i for i in platform_spec(platform).lists if i.name == name)
    if item.form == "jsonl":
        assert all(json.loads(line) for line in text.splitlines())
        return
    rows = list(csv.reader(io.StringIO(text), strict=True))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == file.rows + bool(item.header) + len(item.preface)
    assert text.count("\n") == len(rows)
