"""The people of a list, read once for all platforms: identifiers apart, digests apart, phones in E.164."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from attribution.activation.countries import country_code
from attribution.activation.people_phones import read_phones
from attribution.activation.tokens import cleaned, device_tokens, email_tokens, name_sql, phone_tokens, zip_sql
from attribution.engine import identifier, literal, one_row
from attribution.errors import UsageError, listed
from attribution.identity.phones import checked_region

COLUMNS = ("email", "phone", "first_name", "last_name", "country", "zip", "maid")
TOKENS = ("email", "phone", "maid")
PART = 1_000_000  # rows grouped at a time where a person has several: lists in the making do not spill to disk
_numbers = count()


@dataclass(frozen=True, slots=True)
class People:
    """The people of a list, ready for every platform.

    Attributes
    ----------
    connection : duckdb.DuckDBPyConnection
    table : str
        View of one row per person: customer_id, email, email_hash, phone, phone_hash, idfa, aaid, maid_hash (texts),
        address (first_name, last_name, country, zip), value. Those with at most one of each are in the table of that
        name with ``_single``, the others in that with ``_several``.
    people : int
    given : dict
        Values read, per identifier.
    most : dict
        Most different values that a person has, per contact identifier; 0 where nobody has more than one.
    left_out : dict
        Values left out for every platform, per identifier and reason.
    columns : tuple of str
        Columns that were there.
    """

    connection: Any
    table: str
    people: int
    given: Mapping[str, int]
    most: Mapping[str, int]
    left_out: Mapping[str, Mapping[str, int]]
    columns: tuple[str, ...]


@contextmanager
def read_people(connection: Any, people: Any, region: str | None = None) -> Iterator[People]:
    """Read a relation of people.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    people : str, pyarrow.Table or pandas.DataFrame
        SQL of a table expression, or a table. Columns customer_id and any of email, phone, first_name, last_name,
        country, zip, maid, value; each a text, a number or a list of them; several rows of a customer are one person.
    region : str or None
        Country of phone numbers without one whose owner's country is not known.

    Raises
    ------
    UsageError
        No customer_id, or none of the other columns; an unknown region.
    """
    number = next(_numbers)
    names = [f"audience_{what}_{number}" for what in ("input", "tokens", "phones", "people")]
    source, tokens, phones, table = names
    region = checked_region(region)
    if isinstance(people, str):
        relation = people if people.lstrip().startswith(("(", '"')) or "(" in people else identifier(people)
    else:
        connection.register(source, people)
        relation = source
    try:
        types = _types(connection, relation)
        _write_tokens(connection, relation, types, tokens, region)
        read_phones(connection, tokens, phones)
        given, left_out = _counts(connection, tokens, phones)
        _with_phones(connection, tokens, phones)
        _write_people(connection, tokens, table)
        connection.execute(f"DROP TABLE {tokens}")
        (total,) = one_row(connection, f"SELECT count(*) FROM {table}")
        columns = tuple(c for c in (*COLUMNS, "value") if c in types)
        yield People(connection, table, total, given, most_values(connection, table), left_out, columns)
    finally:
        connection.execute(f"DROP VIEW IF EXISTS {table}")
        for name in (tokens, f"{tokens}_rows", f"{tokens}_before", phones, f"{table}_single", f"{table}_several"):
            connection.execute(f"DROP TABLE IF EXISTS {name}")
        if not isinstance(people, str):
            connection.unregister(source)


def _types(connection: Any, relation: str) -> dict[str, str]:
    rows = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    types = {str(name): str(kind) for name, kind, *_ in rows}
    wanted = ("customer_id", *COLUMNS)
    if "customer_id" not in types or not set(types) & set(COLUMNS):
        msg = (
            f"A list needs customer_id and one of {listed(COLUMNS)}. Found: {listed(types)}. "
            "Name the columns so, for example by a view."
        )
        raise UsageError(msg)
    return {name: kind for name, kind in types.items() if name in {*wanted, "value"}}


def _texts(name: str, types: Mapping[str, str]) -> str:
    """SQL of a column as a list of texts."""
    kind = types.get(name)
    if kind is None:
        return "CAST([] AS VARCHAR[])"
    whole = kind.startswith(("DOUBLE", "FLOAT", "DECIMAL"))
    text = "CAST(CAST({x} AS DECIMAL(38, 0)) AS VARCHAR)" if whole else "CAST({x} AS VARCHAR)"
    if kind.endswith("[]"):
        texts = f"list_transform({identifier(name)}, lambda x: {text.format(x='x')})"
        return f"coalesce(list_filter({texts}, lambda x: x IS NOT NULL), CAST([] AS VARCHAR[]))"
    column = identifier(name)
    return f"CASE WHEN {column} IS NULL THEN CAST([] AS VARCHAR[]) ELSE [{text.format(x=column)}] END"


def _write_tokens(connection: Any, relation: str, types: Mapping[str, str], table: str, region: str | None) -> None:
    countries = _countries(connection, relation, types)
    fields = {c: _texts(c, types) for c in COLUMNS}
    tidy = {c: f"list_transform({fields[c]}, lambda x: {cleaned('x', joiners=True)})" for c in COLUMNS[2:6]}
    default = "NULL" if region is None else literal(region)
    value = "TRY_CAST(value AS DOUBLE)" if "value" in types else "NULL"
    connection.execute(f"""
        CREATE TEMP TABLE {table} AS
        WITH read AS (
            SELECT CAST(customer_id AS VARCHAR) AS customer_id, {email_tokens(fields["email"])} AS email,
                {phone_tokens(fields["phone"])} AS phone, {device_tokens(fields["maid"])} AS maid,
                {tidy["first_name"]} AS f, {tidy["last_name"]} AS l, {tidy["zip"]} AS z,
                list_transform({tidy["country"]}, lambda x: {_country("x", countries)}) AS c,
                CAST({value} AS DOUBLE) AS value
            FROM {relation})
        SELECT customer_id, email, phone, maid, {_addresses()} AS address, coalesce(c[1], {default}) AS region, value
        FROM read
    """)
    _collapse(connection, table)


def _countries(connection: Any, relation: str, types: Mapping[str, str]) -> dict[str, str]:
    if "country" not in types:
        return {}
    rows = connection.execute(f"SELECT DISTINCT unnest({_texts('country', types)}) FROM {relation}").fetchall()
    return {text: code for (text,) in rows if (code := country_code(text)) is not None}


def _country(x: str, codes: Mapping[str, str]) -> str:
    ready = f"CASE WHEN regexp_full_match({x}, '[0-9a-fA-F]{{64}}') THEN lower({x}) END"
    by_code: dict[str, list[str]] = {}
    for text, code in codes.items():
        by_code.setdefault(code, []).append(" ".join(text.split()))
    branches = " ".join(
        f"WHEN {x} IN ({', '.join(literal(t) for t in sorted(set(texts)))}) THEN {literal(code)}"
        for code, texts in sorted(by_code.items())
    )
    return f"CASE {branches} ELSE {ready} END" if branches else ready


def _addresses() -> str:
    """SQL of a person's addresses: fields paired by position, a single one shared by all."""
    at = {n: f"CASE WHEN len({n}) = 1 THEN {n}[1] ELSE {n}[i] END" for n in "flcz"}
    made = (
        f"{{'first_name': {name_sql(at['f'])}, 'last_name': {name_sql(at['l'])}, 'country': {at['c']}, "
        f"'zip': {zip_sql(at['z'], '(' + at['c'] + ')')}}}"
    )
    most = "greatest(len(f), len(l), len(c), len(z))"
    return f"list_transform(range(1, {most} + 1), lambda i: {made})"


def _collapse(connection: Any, table: str) -> None:
    """Make several rows of a customer one; rows without an id stay people of their own."""
    rows, ids, people = one_row(
        connection, f"SELECT count(*), count(customer_id), count(DISTINCT customer_id) FROM {table}"
    )
    if ids == people:
        return
    lists = ", ".join(f"flatten(list({c} ORDER BY {c})) AS {c}" for c in ("email", "phone", "maid", "address"))
    parts = -(-rows // PART)
    connection.execute(f"ALTER TABLE {table} RENAME TO {table}_rows")
    connection.execute(f"CREATE TEMP TABLE {table} AS FROM {table}_rows WHERE customer_id IS NULL")
    for part in range(parts):
        connection.execute(f"""
            INSERT INTO {table} SELECT customer_id, {lists}, min(region), max(value) FROM {table}_rows
            WHERE customer_id IS NOT NULL AND hash(customer_id) % {parts} = {part} GROUP BY customer_id
        """)
    connection.execute(f"DROP TABLE {table}_rows")


def _write_people(connection: Any, tokens: str, table: str) -> None:
    """Write those who have one of everything, as most do, and the others to tables of their own (`rows_single`)."""

    def split(name: str) -> str:
        values = f"list_filter({name}, lambda x: NOT starts_with(x, '#') AND NOT starts_with(x, '!'))"
        digests = f"list_distinct(list_transform(list_filter({name}, lambda x: starts_with(x, '#')), lambda x: x[2:]))"
        return f"{values} AS {name}, {digests} AS {name}_hash"

    devices = ", ".join(
        f"list_transform(list_filter(maid, lambda x: starts_with(x, '{kind[0]}')), lambda x: x[2:]) AS {kind}"
        for kind in ("idfa", "aaid")
    )
    digests = "list_transform(list_filter(maid, lambda x: starts_with(x, '#')), lambda x: x[2:]) AS maid_hash"
    rest = f"customer_id, {split('email')}, {split('phone')}, {devices}, {digests}, address, value"
    few = " AND ".join(f"len({name}) < 2" for name in ("email", "phone", "maid", "address"))
    for kind, condition in (("single", few), ("several", f"NOT ({few})")):
        connection.execute(f"CREATE TEMP TABLE {table}_{kind} AS SELECT {rest} FROM {tokens} WHERE {condition}")
    connection.execute(f"CREATE TEMP VIEW {table} AS FROM {table}_single UNION ALL FROM {table}_several")


def _with_phones(connection: Any, tokens: str, phones: str) -> None:
    """Put numbers that were read in the place of those that had to be, and leave out the others."""
    unread = "list_bool_or(list_transform(phone, lambda x: starts_with(x, '?')))"
    connection.execute(f"ALTER TABLE {tokens} RENAME TO {tokens}_before")
    connection.execute(f"CREATE TEMP TABLE {tokens} AS FROM {tokens}_before WHERE NOT coalesce({unread}, false)")
    connection.execute(f"""
        INSERT INTO {tokens}
        WITH unread AS (SELECT *, row_number() OVER () AS n FROM {tokens}_before WHERE {unread}),
        each AS (SELECT n, region, unnest(phone) AS token FROM unread),
        made AS (
            SELECT n, list(coalesce(m.e164, token)) FILTER (token[1] <> '?' OR m.e164 IS NOT NULL) AS phones
            FROM each LEFT JOIN {phones} m ON m.raw = token[2:] AND m.region = coalesce(each.region, '') GROUP BY n)
        SELECT unread.* EXCLUDE (n) REPLACE (coalesce(made.phones, []) AS phone) FROM unread JOIN made USING (n)
    """)
    connection.execute(f"DROP TABLE {tokens}_before")


def _counts(connection: Any, tokens: str, phones: str) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    given, left_out = {}, {}
    for name in TOKENS:
        rows = connection.execute(f"""
            SELECT CASE WHEN token[1] = '!' THEN token[2:] WHEN token[1] = '?' THEN '?' END AS reason, count(*)
            FROM (SELECT unnest({name}) AS token FROM {tokens}) GROUP BY reason
        """).fetchall()
        given[name] = sum(n for _, n in rows)
        left_out[name] = {
            reason: n for reason, n in sorted(rows, key=lambda r: r[0] or "") if reason not in {None, "?"}
        }
    (unread,) = one_row(connection, f"SELECT coalesce(sum(rows), 0)::BIGINT FROM {phones} WHERE e164 IS NULL")
    if unread:
        left_out["phone"]["no number that can be dialled, or no country"] = unread
    return given, left_out


def most_values(connection: Any, table: str) -> dict[str, int]:
    """Most different values of anybody; 0 where nobody has more than one."""
    lists = {
        "email": "list_concat(email, email_hash)", "phone": "list_concat(phone, phone_hash)",
        "maid": "list_concat(list_concat(idfa, aaid), maid_hash)", "idfa": "idfa", "aaid": "aaid",
    }  # fmt: skip
    sizes = (f"len(list_distinct(list_transform({values}, lambda x: lower(trim(x)))))" for values in lists.values())
    query = ", ".join(f"coalesce(max({size}), 0)" for size in sizes)
    return dict(zip(lists, one_row(connection, f"SELECT {query} FROM {table}_several"), strict=True))
