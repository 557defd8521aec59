"""What the guards did, as a table: which ids join nobody and why, which links were not used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from attribution.identity.keys import among
from attribution.identity.resolve import Resolution
from attribution.identity.sources import Prepared
from attribution.identity.status import Status
from attribution.identity.texts import texts_of
from attribution.settings import IdentitySettings

REASONS = {
    Status.PLACEHOLDER: "placeholder",
    Status.BY_HAND: "disabled by hand",
    Status.TOO_MANY: "too many partners",
    Status.SHARED: "shared by several people",
    Status.OVERSIZED: "in an oversized cluster",
}
LOW = np.uint64(0xFFFFFFFF)
# Ids and links whose text is looked up, the most linked first; the others are told by type and numbers.
MOST_NAMED = 10_000
SCHEMA = pa.schema([
    ("guard", pa.string()), ("id_type", pa.string()), ("id", pa.string()), ("rows", pa.int32()),
    ("partners", pa.int32()), ("partner_type", pa.string()), ("partner", pa.string()), ("limit", pa.int32()),
    ("score", pa.float64()), ("sides", pa.string()), ("key", pa.uint64()),
])  # fmt: skip


def audit(
    connection: Any, sources: Sequence[Prepared], made: Resolution, settings: IdentitySettings,
    known: Mapping[int, str] | None = None, others: Callable[[], Sequence[Prepared]] | None = None,
) -> pa.Table:  # fmt: skip
    """One row per id that joins nobody, per link between two people that was not used, and per bridge.

    The table holds the ids themselves: it lies in the workspace, readable by its owner only.

    Parameters
    ----------
    connection : DuckDB connection
    sources : sequence of Prepared
        Where the texts of ids are looked up.
    made : Resolution
    settings : IdentitySettings
    known : mapping of int to str, optional
        Texts by key that need not be looked up.
    others : callable, optional
        Gives more sources, for texts that are found nowhere else.
    """
    disabled = _disabled(made)
    cut = made.guarded.cut
    bridges = np.array([b.pair for b in made.oversized.bridges], np.uint64)
    named = np.unique(np.concatenate([disabled[:MOST_NAMED], _ends(cut[:MOST_NAMED]), _ends(bridges)]))
    texts = dict(known or {})
    for looked in (sources, None):
        named = named[[key not in texts for key in made.found.keys[named].tolist()]]
        there = looked if looked is not None else others() if others is not None and named.size else ()
        types = {made.found.type_names[t] for t in np.unique(made.found.types[named])}
        texts |= texts_of(connection, there, made.found.keys[named], types)
    rows = _Rows(made, texts)
    between = "link between two people, not used"
    parts = [rows.ids(disabled, settings.people_per_device), rows.links(between, cut)]
    for word, of in (("cut", True), ("told", False)):
        told = [b for b in made.oversized.bridges if b.cut is of]
        pairs = np.array([b.pair for b in told], np.uint64)
        scores, sides = [b.strength[0] for b in told], [f"{b.sides[0]} | {b.sides[1]}" for b in told]
        parts.append(rows.links(f"bridge of an oversized cluster, {word}", pairs, scores, sides))
    return pa.concat_tables(parts)


def known_texts(held: pa.Table) -> dict[int, str]:
    """Texts by key that a run's table names."""
    keys, texts = held.column("key").to_pylist(), held.column("id").to_pylist()
    return {key: text for key, text in zip(keys, texts, strict=True) if text is not None}


def extended(held: pa.Table, part: pa.Table, keys: NDArray[np.uint64]) -> pa.Table:
    """The table of an earlier run with the rows of some groups made anew.

    Parameters
    ----------
    held, part : Table
        Of the earlier run, and of the groups that were resolved again.
    keys : uint64[]
        Ids of those groups, ascending.
    """
    kept = held.filter(pa.array(~among(held.column("key").to_numpy(), keys)))
    joined = pa.concat_tables([kept, part])
    return joined.sort_by([("guard", "ascending"), ("partners", "descending"), ("key", "ascending")])


def _disabled(made: Resolution) -> NDArray[np.int64]:
    """Ids that join nobody: by reason, the most linked first."""
    found = np.flatnonzero(made.found.status != Status.JOINS)
    degree = np.diff(made.edges.offsets)[found]
    ordered: NDArray[np.int64] = found[np.lexsort((found, -degree, made.found.status[found]))]
    return ordered


class _Rows:
    """Rows of the table about one resolution."""

    def __init__(self, made: Resolution, texts: dict[int, str]) -> None:
        self.made, self.texts = made, texts
        self.names = np.array([*made.found.type_names, None], object)

    @staticmethod
    def table(number: int, **columns: Any) -> pa.Table:
        """Columns that are given, the others empty."""
        arrays = [_array(columns[f.name], f.type) if f.name in columns else pa.nulls(number, f.type) for f in SCHEMA]
        return pa.table(arrays, schema=SCHEMA)

    def text(self, ids: NDArray[np.int64]) -> list[str | None]:
        return [self.texts.get(key) for key in self.made.found.keys[ids].tolist()]

    def ids(self, disabled: NDArray[np.int64], people_per_device: int) -> pa.Table:
        """Ids that join nobody."""
        made = self.made
        status, types = made.found.status[disabled], made.found.types[disabled]
        broken, seen = made.guarded.broken[disabled], made.guarded.seen_with[disabled]
        many = status == Status.TOO_MANY
        limit = np.full(disabled.size, -1, np.int64)
        limit[many] = made.rules[types[many], broken[many]]
        limit[status == Status.SHARED] = people_per_device
        degree = np.where(seen > 0, seen, np.diff(made.edges.offsets)[disabled])
        # What is no id is linked with strangers: how many of them says nothing.
        known = ~np.isin(status, (Status.PLACEHOLDER, Status.BY_HAND))
        return self.table(
            disabled.size, guard=[REASONS[Status(s)] for s in status.tolist()], id_type=self.names[types],
            id=self.text(disabled), rows=made.rows[disabled], partners=pa.array(degree, pa.int32(), mask=~known),
            partner_type=self.names[np.where(many, broken, -1)], limit=[n if n >= 0 else None for n in limit.tolist()],
            key=made.found.keys[disabled],
        )  # fmt: skip

    def links(
        self, guard: str, pairs: NDArray[np.uint64], scores: list[float] | None = None, sides: list[str] | None = None
    ) -> pa.Table:
        """Links by packed pair."""
        made = self.made
        a, b = _ends(pairs).reshape(2, -1)
        columns: dict[str, Any] = {} if scores is None else {"score": scores, "sides": sides}
        if pairs.size:
            columns["rows"] = made.edges.times[np.searchsorted(made.edges.pairs, pairs)]
        return self.table(
            pairs.size, guard=[guard] * pairs.size, id_type=self.names[made.found.types[a]], id=self.text(a),
            partner_type=self.names[made.found.types[b]], partner=self.text(b),
            key=made.found.keys[a], **columns,
        )  # fmt: skip


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, kind)


def _ends(pairs: NDArray[np.uint64]) -> NDArray[np.int64]:
    return np.concatenate([pairs >> np.uint64(32), pairs & LOW]).astype(np.int64)


__all__ = ["REASONS", "SCHEMA", "audit"]
