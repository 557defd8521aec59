"""Other digests of a raw value meet it."""

from __future__ import annotations

import hashlib

import duckdb
import pyarrow as pa
import pytest

from attribution.identity.digest_links import DIGEST_OF, digest_links
from attribution.identity.id_types import id_type
from attribution.identity.normalize import canonical

UUID = "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"


def digest(name, text):
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def connection():
    with duckdb.connect() as made:
        yield made


def linked(connection, sources, region=None, **options):
    """Sources by name, ``{"column": ("type", values)}`` each: the links found."""
    given = []
    for name, columns in sources.items():
        connection.register(name, pa.table({c: pa.array(v, pa.string()) for c, (_, v) in columns.items()}))
        given.append((name, {c: id_type(kind) for c, (kind, _) in columns.items()}))
    return {
        (ids["digest"].name, *row)
        for relation, ids in digest_links(connection, given, region, **options)
        for row in connection.execute(f"SELECT value, digest FROM {relation}").fetchall()
    }


@pytest.mark.parametrize("name", ["md5", "sha1"])
def test_published_digests_meet_the_address(connection, name):
    """LiveRamp's example: one address, three digests."""
    published = {"md5": "e496f5db75b278b8583e60cb834cfb11", "sha1": "529a123cb5d93641ffa999c0e9b06aa4c40c3677"}[name]
    found = linked(connection, {
        "crm": {"mail": ("email", ["MyName@liveramp.com ", "other@liveramp.com", None])},
        "partner": {"hashed": (f"email_{name}", [published.upper(), digest(name, "stranger@x.com")])},
    })  # fmt: skip
    sha256 = "ad474377422023fe13c6421afa7958559ee3ce1c5aa8395e92140cc09912c1be"
    assert found == {(f"email_{name}", sha256, published)}


def test_hashed_addresses_meet_no_other_digest(connection):
    sha256 = canonical("email", "jane@x.com")
    for text in (sha256, sha256.upper()):
        sources = {"crm": {"mail": ("email", [text])}, "partner": {"h": ("email_md5", [digest("md5", sha256)])}}
        assert linked(connection, sources) == set()


def test_addresses_that_sql_does_not_read(connection):
    sources = {
        "crm": {"m": ("email", ["MÜLLER＠x.com"])},
        "partner": {"h": ("email_md5", [digest("md5", "müller@x.com")])},
    }
    assert {row[1] for row in linked(connection, sources)} == {canonical("email", "müller@x.com")}


def test_gmail_is_looked_for_as_others_write_it(connection):
    sources = {
        "crm": {"m": ("email", ["Jane.Doe@gmail.com"])},
        "partner": {"h": ("email_md5", [digest("md5", "jane.doe@gmail.com")])},
    }
    assert {row[1] for row in linked(connection, sources, gmail=True)} == {canonical("email", "janedoe@gmail.com")}


@pytest.mark.parametrize("written", ["+493012345678", "493012345678"])
@pytest.mark.parametrize("raw", ["030 12345678", "+493012345678"])
def test_phones_with_and_without_plus(connection, written, raw):
    sources = {"crm": {"p": ("phone", [raw])}, "partner": {"h": ("phone_sha1", [digest("sha1", written)])}}
    assert {row[1] for row in linked(connection, sources, "DE")} == {canonical("phone", "+493012345678")}


def test_a_published_digest_of_a_device(connection):
    """TikTok's example of a hashed advertising id."""
    published = "83dc3f5f32b9472613b0f038d36f22585a609d018af6f6067f50da318bf354bd"
    sources = {"app": {"d": ("idfa", ["{" + UUID.upper() + "}"])}, "partner": {"h": ("maid_sha256", [published])}}
    assert linked(connection, sources) == {("maid_sha256", UUID, published)}
    upper = {"app": {"d": ("gaid", [UUID])}, "partner": {"h": ("maid_md5", [digest("md5", UUID.upper())])}}
    assert {row[1] for row in linked(connection, upper)} == {UUID}


def test_nothing_is_read_without_digests(connection):
    assert digest_links(connection, [("no_such_table", {"e": id_type("email")})]) == ()


def test_only_the_links_are_left(connection):
    sources = {
        "crm": {"m": ("email", ["jane@x.com", "jö@x.com"])},
        "partner": {"h": ("email_md5", [digest("md5", "jane@x.com")])},
    }
    assert len(linked(connection, sources)) == 1
    tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert [name.startswith("_digest_links_") for (name,) in tables] == [True]


def test_every_digest_is_of_a_kind():
    for name, (of, _) in DIGEST_OF.items():
        assert id_type(name).name == name
        assert id_type(of).level == id_type(name).level
