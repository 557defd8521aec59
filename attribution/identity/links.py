"""Rows of ids as rows of keys, read from all sources of links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.identity.keys import key_of, keys_of
from attribution.identity.sources import Prepared
from attribution_models.paths.compiled import compiled

BATCH = 245_760


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


def read_links(connection: Any, found: Sequence[Prepared]) -> LinkRows:
    """Read the rows of all sources as keys.

    Parameters
    ----------
    connection : DuckDB connection
    found : sequence of Prepared
    """
    levels = {t.name: t.level for p in found for t in p.source.ids.values()}
    names = tuple(sorted(levels))
    person = np.array([levels[n] == "person" for n in names], np.bool_)
    parts = [part for p in found for part in _read(connection, p, names)]
    keys, types, lengths, seen, score = (
        np.concatenate([p[i] for p in parts]) if parts else np.zeros(0, d)
        for i, d in enumerate((np.uint64, np.uint8, np.uint8, np.int64, np.float32))
    )
    ends = np.cumsum(lengths, dtype=np.int64)
    none = np.unique(np.concatenate([*(_placeholders(connection, p) for p in found), np.zeros(0, np.uint64)]))
    unread: Counter[str] = Counter()
    for p in found:
        for reasons in p.made.unread.values():
            unread.update(reasons)
    return LinkRows(keys, types, ends, seen, score, names, person, none, dict(sorted(unread.items())))


_Part = tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64], NDArray[np.float32]]


def _read(connection: Any, found: Prepared, names: tuple[str, ...]) -> Iterator[_Part]:
    source, made = found.source, found.made
    types = [t.name for t in source.ids.values()]
    codes = np.array([names.index(name) for name in types], np.uint8)
    texts = ", ".join(f"{made.columns[c]} AS t{i}" for i, c in enumerate(source.ids))
    for batch in connection.sql(f"SELECT {texts}, _seen, _score FROM {made.relation}").to_arrow_reader(BATCH):
        table = np.stack([keys_of(name, batch.column(i)) for i, name in enumerate(types)])
        seen, score = batch.column("_seen").to_numpy(), batch.column("_score").to_numpy(zero_copy_only=False)
        lengths = np.count_nonzero(table, axis=0).astype(np.uint8)
        total = int(lengths.sum())
        flat, kinds = np.empty(total, np.uint64), np.empty(total, np.uint8)
        _flatten(table, codes, flat, kinds)
        there = lengths > 0
        yield flat, kinds, lengths[there], seen[there], score[there]


def _placeholders(connection: Any, found: Prepared) -> NDArray[np.uint64]:
    """Keys of what patterns know as placeholders; few."""
    query = f"SELECT id_type, canonical FROM {found.made.placeholders} WHERE canonical IS NOT NULL"
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
