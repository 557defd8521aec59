"""New links on top of an earlier run: only the groups that they touch are resolved again.

A guard looks at an id's partners, and at the people among them; a cluster and its number depend on nothing outside the
group of ids that links of any kind connect. So new links concern the groups they touch and no others, and resolving
those alone gives what resolving everything would give.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from attribution.identity.components import join_along
from attribution.identity.edges import edges_from
from attribution.identity.graph import Graph, remapped
from attribution.identity.links import LinkRows
from attribution.identity.registry import Registry, register
from attribution.identity.resolve import Nodes, Resolution, disable, joined, linked
from attribution.identity.sources import UNDATED
from attribution.identity.status import Status
from attribution.settings import IdentitySettings
from attribution_models.paths.compiled import compiled, read_only

S = TypeVar("S", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Extension:
    """What new links changed.

    Attributes
    ----------
    registry : Registry
        All ids.
    graph : Graph
        All links.
    part : Resolution
        The groups that were resolved again.
    before, after : Registry
        Ids of those groups, as they were and as they are.
    """

    registry: Registry
    graph: Graph
    part: Resolution
    before: Registry
    after: Registry


def extend(
    before: Registry,
    graph: Graph,
    links: LinkRows,
    levels: dict[str, bool],
    settings: IdentitySettings,
    placeholders: NDArray[np.uint64],
    by_hand: NDArray[np.uint64],
) -> Extension | None:
    """Add links to a run.

    Parameters
    ----------
    before, graph
        Registry and graph as the run left them, without oversized clusters.
    links : LinkRows
        The new rows.
    levels : dict of str to bool
        Type to whether its ids say who somebody is.
    settings : IdentitySettings
        As in that run.
    placeholders, by_hand : uint64[]
        As `resolve.resolve` takes them.

    Returns
    -------
    Extension or None
        None where a cluster became oversized: its bridges are found in a full run.
    """
    fresh, fresh_edges, _ = linked(links)
    keys, old_at, new_at = _merged(read_only(before.keys), read_only(fresh.keys))
    names = tuple(sorted({*before.type_names, *links.type_names}))
    person = np.array([levels[name] for name in names], np.bool_)
    union = _Union(keys.size, old_at, new_at)
    types = union.both(_recoded(before.types, before.type_names, names), _recoded(fresh.types, links.type_names, names))
    first_seen = union.smaller(before.first_seen, fresh.first_seen, UNDATED)
    rows = union.summed(graph.rows, fresh.rows)
    status = union.spread(before.status, np.uint8(0))
    disabled = np.where(status <= Status.BY_HAND, status, 0).astype(np.uint8)
    disabled = np.maximum(disabled, disable(keys, placeholders, by_hand, settings))
    old_pairs, new_pairs = remapped(graph.pairs, old_at), remapped(fresh_edges.pairs, new_at)
    pairs, times = _merged_pairs(old_pairs, read_only(graph.times), new_pairs, read_only(fresh_edges.times))
    group = np.arange(keys.size, dtype=np.int32)
    group[old_at] = old_at[graph.group]
    join_along(new_pairs, disabled == 0, group)
    touched = np.zeros(keys.size, np.bool_)
    touched[group[new_at]] = True
    touched = touched[group]
    ids = np.flatnonzero(touched)
    nodes = Nodes(keys[ids], types[ids], first_seen[ids], rows[ids], disabled[ids], person, names)
    inner = edges_from(*_within(pairs, times, touched, _ranks(touched)), ids.size)
    part = joined(nodes, inner, settings, dict)
    if part.oversized.sizes:
        return None
    held = _restricted(before, touched[old_at], names)
    after = register(part.found, held)
    cut_before = remapped(graph.cut, old_at)
    cut_before = cut_before[~touched[(cut_before >> np.uint64(32)).astype(np.int64)]]
    cut = np.sort(np.concatenate([cut_before, remapped(part.guarded.cut, ids.astype(np.int32))]))
    registry = Registry(
        keys, types, union.replaced(before.born, after.born, ids), first_seen,
        union.replaced(before.customer, after.customer, ids), union.replaced(before.status, after.status, ids),
        union.replaced(before.present, after.present, ids), names, after.issued,
    )  # fmt: skip
    return Extension(registry, Graph(pairs, times, rows, group, cut), part, held, after)


@dataclass(frozen=True, slots=True)
class _Union:
    """Two ascending sets of ids in one: where the ids of either lie among all."""

    size: int
    old_at: NDArray[np.int32]
    new_at: NDArray[np.int32]

    def spread(self, old: NDArray[S], missing: S) -> NDArray[S]:
        out = np.full(self.size, missing, old.dtype)
        out[self.old_at] = old
        return out

    def both(self, old: NDArray[S], new: NDArray[S]) -> NDArray[S]:
        out = np.empty(self.size, old.dtype)
        out[self.new_at] = new
        out[self.old_at] = old
        return out

    def smaller(self, old: NDArray[np.int64], new: NDArray[np.int64], missing: int) -> NDArray[np.int64]:
        out = self.spread(old, np.int64(missing))
        out[self.new_at] = np.minimum(out[self.new_at], new)
        return out

    def summed(self, old: NDArray[np.int32], new: NDArray[np.int32]) -> NDArray[np.int32]:
        out = self.spread(old, np.int32(0))
        out[self.new_at] += new
        return out

    def replaced(self, old: NDArray[S], part: NDArray[S], ids: NDArray[np.int64]) -> NDArray[S]:
        out = np.zeros(self.size, old.dtype)
        out[self.old_at] = old
        out[ids] = part
        return out


def _recoded(codes: NDArray[np.uint8], old: tuple[str, ...], new: tuple[str, ...]) -> NDArray[np.uint8]:
    if old == new or codes.size == 0:
        return codes
    return np.array([new.index(name) for name in old], np.uint8)[codes]


def _restricted(registry: Registry, kept: NDArray[np.bool_], names: tuple[str, ...]) -> Registry:
    columns = ("keys", "born", "first_seen", "customer", "status", "present")
    parts = {name: getattr(registry, name)[kept] for name in columns}
    types = _recoded(registry.types[kept], registry.type_names, names)
    return replace(registry, **parts, types=types, type_names=names)


def _ranks(chosen: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Rank of each chosen id among the chosen."""
    return (np.cumsum(chosen, dtype=np.int32) - 1).astype(np.int32)


@compiled
def _merged(
    old: NDArray[np.uint64], new: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int32]]:
    keys = np.empty(old.size + new.size, np.uint64)
    old_at, new_at = np.empty(old.size, np.int32), np.empty(new.size, np.int32)
    i = j = n = 0
    while i < old.size or j < new.size:
        take_old = j == new.size or (i < old.size and old[i] <= new[j])
        key = old[i] if take_old else new[j]
        keys[n] = key
        if i < old.size and old[i] == key:
            old_at[i] = n
            i += 1
        if j < new.size and new[j] == key:
            new_at[j] = n
            j += 1
        n += 1
    return keys[:n].copy(), old_at, new_at


@compiled
def _merged_pairs(
    old: NDArray[np.uint64], old_times: NDArray[np.int32], new: NDArray[np.uint64], new_times: NDArray[np.int32]
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    pairs, times = np.empty(old.size + new.size, np.uint64), np.empty(old.size + new.size, np.int32)
    i = j = n = 0
    while i < old.size or j < new.size:
        if j == new.size or (i < old.size and old[i] < new[j]):
            pairs[n], times[n] = old[i], old_times[i]
            i += 1
        elif i == old.size or new[j] < old[i]:
            pairs[n], times[n] = new[j], new_times[j]
            j += 1
        else:
            pairs[n], times[n] = old[i], old_times[i] + new_times[j]
            i += 1
            j += 1
        n += 1
    return pairs[:n].copy(), times[:n].copy()


@compiled
def _within(
    pairs: NDArray[np.uint64], times: NDArray[np.int32], chosen: NDArray[np.bool_], rank: NDArray[np.int32]
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    low = np.uint64(0xFFFFFFFF)
    n = 0
    for pair in pairs:
        n += chosen[np.int64(pair >> np.uint64(32))] and chosen[np.int64(pair & low)]
    found, seen = np.empty(n, np.uint64), np.empty(n, np.int32)
    n = 0
    for i in range(pairs.size):
        a, b = np.int64(pairs[i] >> np.uint64(32)), np.int64(pairs[i] & low)
        if chosen[a] and chosen[b]:
            found[n] = np.uint64(rank[a]) << np.uint64(32) | np.uint64(rank[b])
            seen[n] = times[i]
            n += 1
    return found, seen


__all__ = ["Extension", "extend"]
