"""What the guards did, as a table: which ids join nobody and why, which links were not used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

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
    ("score", pa.float64()), ("sides", pa.string()),
])  # fmt: skip


def audit(connection: Any, sources: Sequence[Prepared], made: Resolution, settings: IdentitySettings) -> pa.Table:
    """One row per id that joins nobody, per link between two people that was not used, and per bridge.

    The table holds the ids themselves: it lies in the workspace, readable by its owner only.
    """
    disabled = _disabled(made)
    cut = made.guarded.cut
    bridges = np.array([b.pair for b in made.oversized.bridges], np.uint64)
    named = np.unique(np.concatenate([disabled[:MOST_NAMED], _ends(cut[:MOST_NAMED]), _ends(bridges)]))
    types = {made.found.type_names[t] for t in np.unique(made.found.types[named])}
    texts = texts_of(connection, sources, made.found.keys[named], types)
    rows = _Rows(made, texts)
    between = "link between two people, not used"
    parts = [rows.ids(disabled, settings.people_per_device), rows.links(between, cut)]
    for word, of in (("cut", True), ("told", False)):
        told = [b for b in made.oversized.bridges if b.cut is of]
        pairs = np.array([b.pair for b in told], np.uint64)
        scores, sides = [b.strength[0] for b in told], [f"{b.sides[0]} | {b.sides[1]}" for b in told]
        parts.append(rows.links(f"bridge of an oversized cluster, {word}", pairs, scores, sides))
    return pa.concat_tables(parts)


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
        arrays = [pa.array(columns[f.name], f.type) if f.name in columns else pa.nulls(number, f.type) for f in SCHEMA]
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
        degree = np.diff(made.edges.offsets)[disabled]
        return self.table(
            disabled.size, guard=[REASONS[Status(s)] for s in status.tolist()], id_type=self.names[types],
            id=self.text(disabled), rows=made.rows[disabled], partners=np.where(seen > 0, seen, degree),
            partner_type=self.names[np.where(many, broken, -1)], limit=[n if n >= 0 else None for n in limit.tolist()],
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
            partner_type=self.names[made.found.types[b]], partner=self.text(b), **columns,
        )  # fmt: skip


def _ends(pairs: NDArray[np.uint64]) -> NDArray[np.int64]:
    return np.concatenate([pairs >> np.uint64(32), pairs & LOW]).astype(np.int64)


__all__ = ["REASONS", "SCHEMA", "audit"]
