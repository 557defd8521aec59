"""Whole columns in DuckDB give what the reference gives, value by value."""

from __future__ import annotations

from collections import Counter

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.errors import UsageError
from attribution.identity.canonical import canonical_columns, canonical_sql
from attribution.identity.id_types import KNOWN, id_type
from attribution.identity.normalize import canonical, read
from attribution.identity.placeholders import listed

FORMS = sorted({kind.form: kind.name for kind in KNOWN}.values())
WORDS = [text for kind in ("cookie", "crm_id", "maid", "unified_id") for text in listed(kind)[::7]]
UUID = "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"

VALUES = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=50),
    st.text("0123456789abcdefABCDEF-{}", max_size=66),
    st.from_regex(r"[0-9a-fA-F]{32}([0-9a-fA-F]{32})?", fullmatch=True),
    st.from_regex(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9A-F]{4}-[0-9a-f]{4}-[0-9a-f]{12}", fullmatch=True),
    st.from_regex(r"[ a-zA-Zİı.+]{1,6}[@＠][A-Za-zß.]{1,8}\.[a-z]{2}", fullmatch=True),
    st.from_regex(r"(test|no-reply|a\.b)@(gmail|x)\.com", fullmatch=True),
    st.from_regex(r"(\+|00|\+49)?[0-9 ()/.\-]{5,18}", fullmatch=True),
    st.sampled_from(["GA1.2.12.34", "GA1.1-2.1.2", "x.0", "1.0", "1 2", "1.2e+5", "{id}", "__ID__", "%%X%%", "[a]", "<x>", "'a'"]),
    st.sampled_from(WORDS),
)  # fmt: skip


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as made:
        yield made


def rows_of(connection, values, kind, region=None, **options):
    """Value and canonical form of every row, and what else is told."""
    connection.register("given_values", pa.table({"x": pa.array(values, pa.string())}))
    made = canonical_columns(connection, "given_values", {"x": kind}, region, **options)
    rows = connection.execute(f"SELECT x, {made.columns['x']} FROM {made.relation}").fetchall()
    placeholders = connection.execute(f"SELECT id_type, canonical FROM {made.placeholders}").fetchall()
    made.drop(connection)
    return rows, set(placeholders), made.unread.get("x", {})


@settings(max_examples=250)
@given(st.lists(VALUES, max_size=25), st.sampled_from(FORMS), st.sampled_from([None, "DE", "US", "AU"]), st.booleans())
def test_columns_are_read_as_values_are(connection, values, kind, region, gmail):
    rows, placeholders, unread = rows_of(connection, values, kind, region, gmail=gmail)
    readings = {v: read(kind, v, region, gmail=gmail) for v in values}
    assert Counter(v for v, _ in rows) == Counter(values)
    assert dict(rows) == {v: r.canonical for v, r in readings.items()}
    assert unread == Counter(r.reason for v in values if (r := readings[v]).reason is not None)
    # What is no id is either listed, or told with the column.
    told = {*listed(kind), *(text for _, text in placeholders)}
    assert all((r.canonical in told) == r.placeholder for r in readings.values() if r.canonical is not None)


@settings(max_examples=150)
@given(st.lists(VALUES, min_size=1, max_size=25), st.sampled_from(FORMS), st.booleans())
def test_sql_is_right_or_silent(connection, values, kind, gmail):
    connection.register("given_values", pa.table({"x": pa.array(values, pa.string())}))
    sql = canonical_sql(kind, "x", gmail=gmail)
    for value, found in connection.execute(f"SELECT x, {sql} FROM given_values").fetchall():
        assert found is None or found == canonical(kind, value, gmail=gmail)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("email", [canonical("email", "a@x.com"), canonical("email", "b@x.com")]),
        ("maid", [UUID]),
        ("device", [UUID, "Ab1", "0123456789abcdef" * 4]),
        ("cookie", ["1234567890.1600000000", "aZ_9=="]),
        ("crm_id", ["00123", "A-12"]),
        ("club card", ["A 12", "x@y"]),
    ],
)
def test_canonical_columns_pass_untouched(connection, kind, values):
    """Nothing is computed and nothing joined: the column itself is handed on."""
    connection.register("given_values", pa.table({"x": pa.array([*values, None], pa.string())}))
    made = canonical_columns(connection, "given_values", {"x": kind})
    assert made.tables == ()
    assert made.unread == {}
    plain = made.relation.removeprefix("(SELECT _rows.*, ").partition(" FROM ")[0]
    assert plain == f'_rows."x" AS {made.columns["x"]}'
    found = connection.execute(f"SELECT {made.columns['x']} FROM {made.relation}").fetchall()
    assert [f for (f,) in found] == [*values, None]


def test_hashes_and_addresses_meet(connection):
    digest = canonical("email", "jane@example.org")
    values = ["Jane@Example.org", digest, digest.upper(), " jane＠example.org", None, "", "quinn"]
    rows, _, unread = rows_of(connection, values, "email")
    assert [found for _, found in sorted(rows, key=lambda r: values.index(r[0]))] == [*[digest] * 4, None, None, None]
    assert unread == {"no e-mail address": 1}


def test_several_columns_keep_their_rows(connection):
    connection.execute('CREATE OR REPLACE TEMP TABLE wide ("id:e-mail" VARCHAR, p VARCHAR, c VARCHAR, seen INT)')
    connection.execute("INSERT INTO wide VALUES ('A@x.com', '0301234567', 'ck', 1), ('a@X.com', NULL, 'GA1.2.1.2', 2), "
                       "(NULL, 'n/a', NULL, 3), ('a@x.com', '0301234567', ' ck', 4)")  # fmt: skip
    made = canonical_columns(connection, "wide", {"id:e-mail": "email", "p": "phone", "c": "cookie"}, "DE")
    e, p, c = (made.columns[name] for name in ("id:e-mail", "p", "c"))
    rows = connection.execute(f'SELECT seen, "id:e-mail", {e}, {p}, {c} FROM {made.relation} ORDER BY 1').fetchall()
    email, phone = canonical("email", "a@x.com"), canonical("phone", "+49301234567")
    assert rows == [
        (1, "A@x.com", email, phone, "ck"), (2, "a@X.com", email, None, "1.2"),
        (3, None, None, None, None), (4, "a@x.com", email, phone, "ck"),
    ]  # fmt: skip
    assert made.unread == {"p": {"no telephone number": 1}}


def test_values_are_looked_for_where_it_is_cheap(connection):
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE touches AS SELECT 'X' || i % 3 || '@x.com' AS e FROM range(30) t(i)"
    )
    grouped = "(SELECT e, count(*) AS n FROM touches GROUP BY e)"
    made = canonical_columns(connection, grouped, {"e": "email"}, values="touches")
    found = connection.execute(f"SELECT {made.columns['e']}, n FROM {made.relation}").fetchall()
    assert sorted(found) == sorted((canonical("email", f"x{i}@x.com"), 10) for i in range(3))


def test_tables_are_dropped(connection):
    connection.register("given_values", pa.table({"x": ["a@x.com", "quinn"]}))
    before = connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    made = canonical_columns(connection, "given_values", {"x": "email"})
    assert len(made.tables) == 1
    made.drop(connection)
    assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == before


def test_more_distinct_values_than_one_batch(connection, monkeypatch):
    monkeypatch.setattr("attribution.identity.canonical.BATCH", 7)
    values = [f"müller{i}@x.com" for i in range(50)]
    rows, _, _ = rows_of(connection, values * 2, "email")
    assert Counter(rows) == Counter((v, canonical("email", v)) for v in values * 2)


def test_a_region_that_is_none(connection):
    with pytest.raises(UsageError, match="no country code"):
        canonical_columns(connection, "(SELECT 'a' AS x)", {"x": "phone"}, "Germany")


def test_types_of_placeholders_are_canonical_names(connection):
    _, placeholders, _ = rows_of(connection, ["no-reply@shop.de", "jane@x.com"], "E-Mail")
    assert placeholders == {(id_type("email").name, canonical("email", "no-reply@shop.de"))}
