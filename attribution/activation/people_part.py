"""Part of the people of a list, and what somebody who leaves it shares with those who stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from attribution.activation.people import People, most_values
from attribution.activation.taken import who_sql
from attribution.engine import one_row

KINDS = ("single", "several")
# Compared as they are; e-mails without dots and +… before the @, since some platforms leave those out.
PLAIN = ("email_hash", "phone", "phone_hash", "idfa", "aaid", "maid_hash")
FIELDS = ("first_name", "last_name", "country", "zip")


@contextmanager
def part_of(people: People, whom: str) -> Iterator[People]:
    """The people of a list who are in a relation too.

    Parameters
    ----------
    people : People
        Under their keys (`attribution.activation.taken`).
    whom : str
        SQL of a query with one column: who.
    """
    connection, table = people.connection, f"{people.table}_part"
    try:
        for kind in KINDS:
            connection.execute(f"""
                CREATE OR REPLACE TEMP TABLE {table}_{kind} AS FROM {people.table}_{kind}
                WHERE {who_sql("customer_id")} IN ({whom})""")
        connection.execute(f"CREATE TEMP VIEW {table} AS FROM {table}_single UNION ALL FROM {table}_several")
        (number,) = one_row(connection, f"SELECT count(*) FROM {table}")
        yield replace(people, table=table, people=number, most=most_values(connection, table))
    finally:
        connection.execute(f"DROP VIEW IF EXISTS {table}")
        for kind in KINDS:
            connection.execute(f"DROP TABLE IF EXISTS {table}_{kind}")


def leave_shared(leaving: People, staying: People) -> str:
    """Take from people who leave a list what also belongs to somebody who stays: removing it would remove both.

    Returns
    -------
    str
        Temporary table of whom something was taken from: customer_id.
    """
    connection, shared = leaving.connection, f"{leaving.table}_shared"
    tokens = _tokens()
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {shared}_values AS SELECT DISTINCT v
        FROM (SELECT unnest({tokens}) AS v FROM {staying.table})
        WHERE v IN (SELECT unnest({tokens}) FROM {leaving.table})""")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {shared} AS SELECT customer_id, list(v) AS vs
        FROM (SELECT customer_id, unnest({tokens}) AS v FROM {leaving.table})
        WHERE v IN (SELECT v FROM {shared}_values) GROUP BY customer_id""")
    kept = ", ".join(f"list_filter(p.{c}, lambda x: NOT list_contains(s.vs, {_token(c)})) AS {c}" for c in _columns())
    for kind in KINDS:
        name = f"{leaving.table}_{kind}"
        connection.execute(f"ALTER TABLE {name} RENAME TO {name}_all")
        connection.execute(f"""
            CREATE TEMP TABLE {name} AS
            SELECT p.* FROM {name}_all p ANTI JOIN {shared} s ON s.customer_id = p.customer_id
            UNION ALL SELECT p.* REPLACE ({kept}) FROM {name}_all p JOIN {shared} s ON s.customer_id = p.customer_id""")
        connection.execute(f"DROP TABLE {name}_all")
    connection.execute(f"DROP TABLE {shared}_values")
    return shared


def _columns() -> tuple[str, ...]:
    return ("email", *PLAIN, "address")


def _tokens() -> str:
    """SQL of everything of a person that somebody else may have too, as texts."""
    lists = (f"list_transform({column}, lambda x: {_token(column)})" for column in _columns())
    return f"flatten([{', '.join(lists)}])"


def _token(column: str) -> str:
    """SQL of one value ``x`` of a column as a text that tells its kind."""
    if column == "email":
        name = "regexp_replace(regexp_replace(x, '@[^@]*$', ''), '[+].*$', '')"
        return f"'email=' || lower(replace({name}, '.', '') || '@' || regexp_extract(x, '@([^@]*)$', 1))"
    if column == "address":
        fields = ", ".join(f"lower(coalesce(x.{field}, ''))" for field in FIELDS)
        return f"'address=' || concat_ws('|', {fields})"
    return f"'{column}=' || x"
