"""Where links are found: every table whose rows hold ids, as rows of keys.

Two ids belong together where one row names both: a link of an identities file, the ids of a CRM record, the cookie and
the e-mail of one touch. So every table becomes the same: rows of ids with the time they were seen and, of probabilistic
links, a score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.engine import identifier
from attribution.identity.canonical import Canonical, canonical_columns
from attribution.identity.headers import UNIFIED, columns_of, id_columns, pair_columns
from attribution.identity.id_types import IdType, id_type
from attribution.identity.keys import key_of, key_sql
from attribution.identity.registry import UNDATED
from attribution.settings import IdentitySettings, moment
from attribution_models.paths.compiled import compiled

BATCH = 245_760


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
class LinkRows:
    """Rows of ids, as keys.

    Attributes
    ----------
    keys : uint64[k]
        Ids of all rows, one row after the other; no zeros.
    types : uint8[k]
        Codes of ``type_names``.
    ends : int64[rows]
        Where each row ends in ``keys``.
    seen_at : int64[rows]
        Microseconds since 1970; `UNDATED` where the row has no time.
    score : float32[rows]
        NaN where the link is deterministic.
    type_names : tuple of str
        Canonical types in alphabetic order.
    person : bool[types]
        Whether ids of that type say who somebody is.
    placeholders : uint64[]
        Keys of ids that patterns know as placeholders.
    unread : mapping of str to int
        Values without a canonical form, by what they are not.
    """

    keys: NDArray[np.uint64]
    types: NDArray[np.uint8]
    ends: NDArray[np.int64]
    seen_at: NDArray[np.int64]
    score: NDArray[np.float32]
    type_names: tuple[str, ...]
    person: NDArray[np.bool_]
    placeholders: NDArray[np.uint64]
    unread: Mapping[str, int]


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
            at = UNIFIED[table] if UNIFIED[table] in columns else "NULL::TIMESTAMP"
            found.append(LinkSource(table, relation, ids, at, "NULL::FLOAT", grouped=table != "customers"))
    # A network address is shared by whoever sits behind it: it joins nobody, so it is not read.
    return tuple(replace(s, ids=ids) for s in found if (ids := {c: t for c, t in s.ids.items() if t.form != "ip"}))


def _identities(connection: Any, relation: str, columns: list[str], unified: IdType) -> list[LinkSource]:
    """Read wide rows, and pairs: a pair's types are named in its row, so each type becomes a column."""
    at = "seen_at" if "seen_at" in columns else "NULL::TIMESTAMP"
    score = "score" if "score" in columns else "NULL::FLOAT"
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


def read_links(connection: Any, found: tuple[LinkSource, ...], settings: IdentitySettings) -> LinkRows:
    """Read the rows of all sources as keys.

    Parameters
    ----------
    connection : DuckDB connection
    found : tuple of LinkSource
    settings : IdentitySettings
        Tier, region and ``as_of`` are used.
    """
    levels = {t.name: t.level for s in found for t in s.ids.values()}
    names = tuple(sorted(levels))
    person = np.array([levels[n] == "person" for n in names], np.bool_)
    parts: list[_Part] = []
    placeholders: list[NDArray[np.uint64]] = []
    unread: Counter[str] = Counter()
    for source in found:
        made = _canonical(connection, source, settings)
        parts += _read(connection, source, made, names)
        placeholders.append(_placeholders(connection, made))
        for reasons in made.unread.values():
            unread.update(reasons)
        made.drop(connection)
    keys, types, lengths, seen, score = (
        np.concatenate([p[i] for p in parts]) if parts else np.zeros(0, d)
        for i, d in enumerate((np.uint64, np.uint8, np.uint8, np.int64, np.float32))
    )
    ends = np.cumsum(lengths, dtype=np.int64)
    none = np.unique(np.concatenate([*placeholders, np.zeros(0, np.uint64)]))
    return LinkRows(keys, types, ends, seen, score, names, person, none, dict(sorted(unread.items())))


_Part = tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64], NDArray[np.float32]]


def _read(connection: Any, source: LinkSource, made: Canonical, names: tuple[str, ...]) -> Iterator[_Part]:
    codes = np.array([names.index(source.ids[c].name) for c in source.ids], np.uint8)
    keys = ", ".join(f"{key_sql(source.ids[c].name, made.columns[c])} AS k{i}" for i, c in enumerate(source.ids))
    for batch in connection.sql(f"SELECT {keys}, _seen, _score FROM {made.relation}").to_arrow_reader(BATCH):
        table = np.stack([batch.column(i).to_numpy() for i in range(len(codes))])
        seen, score = batch.column("_seen").to_numpy(), batch.column("_score").to_numpy(zero_copy_only=False)
        lengths = np.count_nonzero(table, axis=0).astype(np.uint8)
        total = int(lengths.sum())
        flat, types = np.empty(total, np.uint64), np.empty(total, np.uint8)
        _flatten(table, codes, flat, types)
        there = lengths > 0
        yield flat, types, lengths[there], seen[there], score[there]


def _canonical(connection: Any, source: LinkSource, settings: IdentitySettings) -> Canonical:
    """Choose the rows that count, once where they repeat, and bring their ids into canonical form."""
    where = []
    if settings.as_of is not None:
        where.append(f"({source.seen_at} IS NULL OR epoch_us({source.seen_at}) <= {moment(settings.as_of)})")
    if source.score != "NULL::FLOAT":
        least = settings.least_score
        where.append(f"({source.score} IS NULL" + (")" if least is None else f" OR {source.score} >= {least})"))
    chosen = f" WHERE {' AND '.join(where)}" if where else ""
    listed = ", ".join(identifier(c) for c in source.ids)
    at = f"epoch_us({source.seen_at})"
    if source.grouped:
        at = f"min({at})"
    rows = f"SELECT {listed}, coalesce({at}, {UNDATED})::BIGINT AS _seen, ({source.score})::FLOAT AS _score"
    rows = f"({rows} FROM {source.relation}{chosen}{' GROUP BY ALL' if source.grouped else ''})"
    return canonical_columns(
        connection, rows, dict(source.ids), settings.region, gmail=settings.gmail, values=source.relation
    )


def _placeholders(connection: Any, made: Canonical) -> NDArray[np.uint64]:
    """Keys of what patterns know as placeholders; few."""
    query = f"SELECT id_type, canonical FROM {made.placeholders} WHERE canonical IS NOT NULL"
    rows = connection.execute(query).fetchall()
    return np.array([key_of(kind, text) for kind, text in rows], np.uint64)


@compiled
def _flatten(
    table: NDArray[np.uint64], codes: NDArray[np.uint8], keys: NDArray[np.uint64], types: NDArray[np.uint8]
) -> None:
    n = 0
    for row in range(table.shape[1]):
        for column in range(table.shape[0]):
            if table[column, row] != 0:
                keys[n] = table[column, row]
                types[n] = codes[column]
                n += 1
