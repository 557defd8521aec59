"""Links between a raw e-mail, phone or advertising id and other digests of it in the same data.

An MD5 cannot be turned into a SHA-256, but of a raw value every digest can be made. So where some file has raw e-mails
and another MD5 digests, each digest is looked for among those of the raw values. Only digests that are in the data are
linked; without columns of such digests nothing is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import pyarrow as pa

from attribution.engine import identifier, literal, one_row
from attribution.identity.canonical import canonical_columns
from attribution.identity.emails import PLAIN, normal_email
from attribution.identity.id_types import IdType, id_type
from attribution.identity.phones import E164, checked_region, normal_phone

# Type of a digest: what it is a digest of, and DuckDB's function.
DIGEST_OF = {
    "email_md5": ("email_sha256", "md5"),
    "email_sha1": ("email_sha256", "sha1"),
    "phone_md5": ("phone_sha256", "md5"),
    "phone_sha1": ("phone_sha256", "sha1"),
    "maid_md5": ("maid", "md5"),
    "maid_sha1": ("maid", "sha1"),
    "maid_sha256": ("maid", "sha256"),
}
# Distinct values that Python reads at a time.
BATCH = 50_000
_numbers = count()


def digest_links(
    connection: Any,
    sources: Sequence[tuple[str, Mapping[str, IdType]]],
    region: str | None = None,
    *,
    gmail: bool = False,
) -> tuple[tuple[str, dict[str, IdType]], ...]:
    """Find the digests in the data that are of a raw value in the data.

    Parameters
    ----------
    connection : DuckDB connection
        Temporary tables are made in it.
    sources : sequence of (str, mapping of str to IdType)
        SQL relations with their id columns.
    region : str or None
        Country of phone numbers without one.
    gmail : bool
        As in `attribution.identity.canonical.canonical_columns`; digests are looked for as others make them, with dots.

    Returns
    -------
    tuple of (str, dict of str to IdType)
        Per type of digest that was found: a SQL relation and its two id columns, both canonical.
    """
    region = checked_region(region)
    wanted = {name for _, columns in sources for kind in columns.values() if (name := kind.name) in DIGEST_OF}
    raw: dict[str, str] = {}
    found = []
    for name in sorted(wanted):
        of, function = DIGEST_OF[name]
        if of not in raw:
            raw[of] = _raw_values(connection, sources, id_type(of), region, gmail)
        there = _there(connection, sources, id_type(name), region)
        table = f"_digest_links_{next(_numbers)}"
        connection.execute(
            f"CREATE TEMP TABLE {table} AS SELECT DISTINCT r.canonical AS value, d.digest FROM {raw[of]} AS r "
            f"JOIN {there} AS d ON d.digest = {function}(r.written)"
        )
        if one_row(connection, f"SELECT count(*) FROM {table}")[0]:
            found.append((table, {"value": id_type(of), "digest": id_type(name)}))
        connection.execute(f"DROP TABLE {there}")
    for table in raw.values():
        connection.execute(f"DROP TABLE {table}")
    return tuple(found)


def _there(
    connection: Any, sources: Sequence[tuple[str, Mapping[str, IdType]]], kind: IdType, region: str | None
) -> str:
    """Make a table of the digests of a kind."""
    table = f"_digests_{next(_numbers)}"
    connection.execute(f"CREATE TEMP TABLE {table} (digest VARCHAR)")
    for relation, columns in sources:
        for column in (c for c, k in columns.items() if k.name == kind.name):
            made = canonical_columns(connection, relation, {column: kind}, region)
            digest = made.columns[column]
            connection.execute(
                f"INSERT INTO {table} SELECT DISTINCT {digest} FROM {made.relation} WHERE {digest} IS NOT NULL"
            )
            made.drop(connection)
    return table


def _raw_values(
    connection: Any,
    sources: Sequence[tuple[str, Mapping[str, IdType]]],
    kind: IdType,
    region: str | None,
    gmail: bool,
) -> str:
    """Make a table of the raw values of a kind: canonical form, and ``written``, what others take a digest of."""
    table = f"_raw_{next(_numbers)}"
    connection.execute(f"CREATE TEMP TABLE {table} (canonical VARCHAR, written VARCHAR)")
    for relation, columns in sources:
        for column in (c for c, k in columns.items() if k.name == kind.name):
            made = canonical_columns(connection, relation, {column: kind}, region, gmail=gmail)
            canonical, value = made.columns[column], identifier(column)
            query = f"SELECT DISTINCT {canonical} AS canonical, {value} AS raw FROM {made.relation}"
            if kind.form == "maid":
                query = f"FROM ({query}) WHERE canonical IS NOT NULL"
                connection.execute(f"INSERT INTO {table} SELECT canonical, canonical {query}")
                connection.execute(f"INSERT INTO {table} SELECT canonical, upper(canonical) {query}")
            else:
                _contacts(connection, table, query, kind, region)
            made.drop(connection)
    if kind.form == "phone":
        # Many take the digest of the digits alone.
        connection.execute(f"INSERT INTO {table} SELECT canonical, written[2:] FROM {table}")
    return table


def _contacts(connection: Any, table: str, query: str, kind: IdType, region: str | None) -> None:
    email = kind.form == "email"
    plain = f"regexp_full_match(raw, {literal(PLAIN if email else E164)})"
    # A hash has itself as its canonical form, but for case: it is no raw value.
    connection.execute(
        f"CREATE TEMP TABLE {table}_found AS SELECT canonical, raw, {plain} AS plain FROM ({query}) "
        f"WHERE canonical IS NOT NULL AND lower(raw) <> canonical"
    )
    connection.execute(f"INSERT INTO {table} SELECT canonical, lower(raw) FROM {table}_found WHERE plain")
    connection.execute(f"CREATE TEMP TABLE {table}_rest AS SELECT canonical, raw FROM {table}_found WHERE NOT plain")
    (rest,) = one_row(connection, f"SELECT count(*) FROM {table}_rest")
    for start in range(0, rest, BATCH):
        found = connection.execute(
            f"SELECT canonical, raw FROM {table}_rest WHERE rowid >= {start} AND rowid < {start + BATCH}"
        ).fetchall()
        written = [normal_email(raw) if email else normal_phone(raw, region) for _, raw in found]
        values = pa.table(
            {
                "canonical": pa.array([canonical for canonical, _ in found], pa.string()),
                "written": pa.array(written, pa.string()),
            }
        )
        connection.register(f"{table}_read", values)
        connection.execute(f"INSERT INTO {table} FROM {table}_read WHERE written IS NOT NULL")
        connection.unregister(f"{table}_read")
    connection.execute(f"DROP TABLE {table}_found")
    connection.execute(f"DROP TABLE {table}_rest")
