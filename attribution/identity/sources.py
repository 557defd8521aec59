"""Where links are found: every table whose rows hold ids.

Two ids belong together where one row names both: a link of an identities file, the ids of a CRM record, the cookie and
the e-mail of one touch. So every table becomes the same: rows of ids with the time they were seen and, of probabilistic
links, a score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from attribution.engine import identifier
from attribution.identity.canonical import Canonical, canonical_columns
from attribution.identity.digest_links import digest_links
from attribution.identity.headers import UNIFIED, columns_of, id_columns, pair_columns
from attribution.identity.id_types import IdType, id_type
from attribution.settings import IdentitySettings, moment

# The time of an id that no row dates: later than all others.
UNDATED = 2**63 - 1
NO_TIME, NO_SCORE = "NULL::TIMESTAMP", "NULL::FLOAT"


@dataclass(frozen=True, slots=True)
class LinkSource:
    """One relation whose rows hold ids.

    Attributes
    ----------
    name : str
        Of the table it comes from.
    relation : str
        SQL relation.
    ids : mapping of str to IdType
        Column to type.
    seen_at, score : str
        SQL: a timestamp or NULL; a score or NULL.
    grouped : bool
        Whether equal rows are many (touches), so that they are read once, with their first time.
    """

    name: str
    relation: str
    ids: Mapping[str, IdType]
    seen_at: str
    score: str
    grouped: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """A source whose ids are in canonical form, with ``_seen`` (microseconds) and ``_score``."""

    source: LinkSource
    made: Canonical


def sources(connection: Any, tables: Mapping[str, str], unified: IdType) -> tuple[LinkSource, ...]:
    """Find the relations that hold ids.

    Parameters
    ----------
    connection : DuckDB connection
    tables : mapping of str to str
        Table name to SQL relation.
    unified : IdType
        What ``unified_id`` is.
    """
    found: list[LinkSource] = []
    for table, relation in sorted(tables.items()):
        columns = columns_of(connection, relation)
        if table == "identities":
            found += _identities(connection, relation, columns, unified)
        elif table in UNIFIED:
            ids = id_columns(table, columns, unified)
            at = UNIFIED[table] if UNIFIED[table] in columns else NO_TIME
            found.append(LinkSource(table, relation, ids, at, NO_SCORE, grouped=table != "customers"))
    # A network address is shared by whoever sits behind it: it joins nobody, so it is not read.
    return tuple(replace(s, ids=ids) for s in found if (ids := {c: t for c, t in s.ids.items() if t.form != "ip"}))


def _identities(connection: Any, relation: str, columns: list[str], unified: IdType) -> list[LinkSource]:
    """Read wide rows, and pairs: a pair's types are named in its row, so each type becomes a column."""
    at = "seen_at" if "seen_at" in columns else NO_TIME
    score = "score" if "score" in columns else NO_SCORE
    found = []
    wide = {c: id_type(c[3:]) for c in columns if c.startswith("id:")}
    if wide:
        found.append(LinkSource("identities", relation, wide, at, score, grouped=False))
    selected, ids = pair_columns(connection, relation, unified)
    if ids:
        facts = f"{at} AS _at, {score} AS _score"
        narrow = f"(SELECT {', '.join(selected)}, {facts} FROM {relation} WHERE id_a IS NOT NULL)"
        found.append(LinkSource("identities", narrow, ids, "_at", "_score", grouped=False))
    return found


def prepared(connection: Any, found: tuple[LinkSource, ...], settings: IdentitySettings) -> tuple[Prepared, ...]:
    """Choose the rows that count and bring their ids into canonical form.

    Where raw e-mails meet MD5 or SHA-1 digests of them, the links between them are one more source.
    """
    kept = [replace(s, relation=_chosen(s, settings)) for s in found]
    pairs = [(s.relation, s.ids) for s in kept]
    digests = digest_links(connection, pairs, settings.region, gmail=settings.gmail)
    kept += [LinkSource("digests", relation, ids, NO_TIME, NO_SCORE, grouped=False) for relation, ids in digests]
    return tuple(_prepared(connection, s, settings) for s in kept)


def _chosen(source: LinkSource, settings: IdentitySettings) -> str:
    where = []
    if settings.as_of is not None:
        where.append(f"({source.seen_at} IS NULL OR epoch_us({source.seen_at}) <= {moment(settings.as_of)})")
    if source.score != NO_SCORE:
        least = settings.least_score
        where.append(f"({source.score} IS NULL" + (")" if least is None else f" OR {source.score} >= {least})"))
    return f"(SELECT * FROM {source.relation} WHERE {' AND '.join(where)})" if where else source.relation


def _prepared(connection: Any, source: LinkSource, settings: IdentitySettings) -> Prepared:
    """Rows that repeat, such as touches, are read once, with their first time."""
    listed = ", ".join(identifier(c) for c in source.ids)
    at = f"epoch_us({source.seen_at})"
    if source.grouped:
        at = f"min({at})"
    rows = f"SELECT {listed}, coalesce({at}, {UNDATED})::BIGINT AS _seen, ({source.score})::FLOAT AS _score"
    rows = f"({rows} FROM {source.relation}{' GROUP BY ALL' if source.grouped else ''})"
    forms = canonical_columns(
        connection, rows, dict(source.ids), settings.region, gmail=settings.gmail, values=source.relation
    )
    return Prepared(source, forms)
