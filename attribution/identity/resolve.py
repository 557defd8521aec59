"""Rows of ids to clusters: rank, link, guard, join."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attribution.identity.components import Clusters, components
from attribution.identity.edges import Edges, edges_of
from attribution.identity.guards import Guarded, guard, unguarded
from attribution.identity.id_types import id_type
from attribution.identity.links import LinkRows
from attribution.identity.oversized import NONE_OVERSIZED, Oversized, oversized
from attribution.identity.ranking import rank
from attribution.identity.registry import Found
from attribution.identity.sources import UNDATED
from attribution.identity.status import Status
from attribution.settings import IdentitySettings, of_rule
from attribution_models.paths.compiled import compiled

# An id of contact that several records share (a family's e-mail) does not say which of them somebody is.
RULES = {
    "email > crm_id": 1, "email > loyalty": 1, "email > unified_id": 1,
    "phone > crm_id": 1, "phone > loyalty": 1, "phone > unified_id": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of the ids.

    Attributes
    ----------
    found : Found
        Ids with cluster and status.
    edges : Edges
    guarded : Guarded
    oversized : Oversized
    rows : int32[n]
        In how many rows each id was seen.
    rules : int32[types, types]
        The limits that were kept.
    """

    found: Found
    edges: Edges
    guarded: Guarded
    oversized: Oversized
    rows: NDArray[np.int32]
    rules: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Nodes:
    """Ids as they were read.

    Attributes
    ----------
    keys : uint64[n]
        Ascending.
    types : uint8[n]
        Codes of ``type_names``.
    first_seen : int64[n]
    rows : int32[n]
        In how many rows each was seen.
    disabled : uint8[n]
        `Status.PLACEHOLDER` or `Status.BY_HAND`, where that is known beforehand.
    person : bool[types]
        Whether ids of that type say who somebody is.
    type_names : tuple of str
    """

    keys: NDArray[np.uint64]
    types: NDArray[np.uint8]
    first_seen: NDArray[np.int64]
    rows: NDArray[np.int32]
    disabled: NDArray[np.uint8]
    person: NDArray[np.bool_]
    type_names: tuple[str, ...]


def resolve(
    links: LinkRows, settings: IdentitySettings, placeholders: NDArray[np.uint64], by_hand: NDArray[np.uint64]
) -> Resolution:
    """Join ids into clusters.

    Parameters
    ----------
    links : LinkRows
    settings : IdentitySettings
    placeholders, by_hand : uint64[]
        Keys of ids that are none, and of ids that the user has disabled; ascending.
    """
    nodes, edges, codes = linked(links)
    nodes = replace(nodes, disabled=disable(nodes.keys, placeholders, by_hand, settings))
    return joined(nodes, edges, settings, lambda: _scores(codes, links))


def linked(links: LinkRows) -> tuple[Nodes, Edges, NDArray[np.int32]]:
    """Rank ids and find their distinct pairs; give the code of each id of each row as well."""
    keys, codes = rank(links.keys)
    types, first_seen, rows = _facts(codes, links.types, links.ends, links.seen_at, keys.size)
    edges = edges_of(codes, links.ends, keys.size)
    none = np.zeros(keys.size, np.uint8)
    return Nodes(keys, types, first_seen, rows, none, links.person, links.type_names), edges, codes


def disable(
    keys: NDArray[np.uint64], placeholders: NDArray[np.uint64], by_hand: NDArray[np.uint64], settings: IdentitySettings
) -> NDArray[np.uint8]:
    """Status of ids that join nobody whatever they are linked with."""
    disabled = np.zeros(keys.size, np.uint8)
    if settings.guards:
        disabled[_found_in(keys, placeholders)] = Status.PLACEHOLDER
    disabled[_found_in(keys, by_hand)] = Status.BY_HAND
    return disabled


def joined(
    nodes: Nodes, edges: Edges, settings: IdentitySettings, scores: Callable[[], dict[int, float]]
) -> Resolution:
    """Guard ids and join them.

    Parameters
    ----------
    nodes : Nodes
    edges : Edges
        Between them.
    settings : IdentitySettings
    scores : callable
        Gives the best score of each pair that has one; asked for where a cluster is oversized.
    """
    rules = limits(nodes.type_names, settings)
    if settings.guards:
        guarded = guard(edges, nodes.types, nodes.person, rules, nodes.disabled, settings.people_per_device)
    else:
        guarded = unguarded(nodes.disabled)
    clusters, large, status = _joined(edges, guarded, scores, settings)
    found = Found(nodes.keys, nodes.types, nodes.first_seen, clusters.cluster, status, nodes.type_names)
    return Resolution(found, edges, guarded, large, nodes.rows, rules)


def limits(type_names: tuple[str, ...], settings: IdentitySettings) -> NDArray[np.int32]:
    """Give the most partners of each type (columns) that an id of each type (rows) may have."""
    most = np.full((len(type_names), len(type_names)), settings.most_partners, np.int32)
    for rule, number in {**RULES, **settings.most}.items():
        first, second = (id_type(name).name for name in of_rule(rule))
        if first in type_names and second in type_names:
            most[type_names.index(first), type_names.index(second)] = number
    return most


def _joined(
    edges: Edges, guarded: Guarded, scores: Callable[[], dict[int, float]], settings: IdentitySettings
) -> tuple[Clusters, Oversized, NDArray[np.uint8]]:
    joins = guarded.status == Status.JOINS
    clusters = components(edges, joins, guarded.cut)
    largest = settings.largest if settings.guards else np.iinfo(np.int32).max
    status = guarded.status
    if clusters.sizes.size == 0 or clusters.sizes.max() <= largest:
        return clusters, NONE_OVERSIZED, status
    large = oversized(edges, joins, guarded.cut, clusters, scores(), largest, settings.oversized)
    if large.apart.size or large.cut.size:
        status = status.copy()
        status[large.apart] = Status.OVERSIZED
        unused = np.sort(np.concatenate([guarded.cut, large.cut]))
        clusters = components(edges, status == Status.JOINS, unused)
    return clusters, large, status


@compiled
def _facts(
    codes: NDArray[np.int32], types: NDArray[np.uint8], ends: NDArray[np.int64], seen_at: NDArray[np.int64], ids: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int32]]:
    """Type, first time and number of rows of each id."""
    of, first, rows = np.zeros(ids, np.uint8), np.full(ids, UNDATED, np.int64), np.zeros(ids, np.int32)
    start = np.int64(0)
    for r in range(ends.size):
        for k in range(start, ends[r]):
            v = codes[k]
            of[v] = types[k]
            first[v] = min(first[v], seen_at[r])
            rows[v] += 1
        start = ends[r]
    return of, first, rows


def _scores(codes: NDArray[np.int32], links: LinkRows) -> dict[int, float]:
    """Best score of each pair that is linked by scored rows alone; a deterministic link of the same pair wins."""
    scored = np.flatnonzero(~np.isnan(links.score))
    best: dict[int, float] = {}
    starts = np.concatenate([[0], links.ends[:-1]])
    for r in scored.tolist():
        ids = codes[starts[r] : links.ends[r]].tolist()
        for i, a in enumerate(ids):
            for b in ids[i + 1 :]:
                pair = min(a, b) << 32 | max(a, b)
                best[pair] = max(best.get(pair, 0.0), float(links.score[r]))
    if best and scored.size < links.score.size:
        certain = _certain(codes, links.ends, links.score, np.sort(np.array(list(best), np.uint64)))
        for pair in certain.tolist():
            best[pair] = 1.0
    return best


@compiled
def _certain(
    codes: NDArray[np.int32], ends: NDArray[np.int64], score: NDArray[np.float32], asked: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Those of the asked pairs that a row without a score links as well."""
    seen = np.zeros(asked.size, np.bool_)
    start = np.int64(0)
    for r in range(ends.size):
        if np.isnan(score[r]):
            for i in range(start, ends[r]):
                for j in range(i + 1, ends[r]):
                    a, b = codes[i], codes[j]
                    pair = np.uint64(min(a, b)) << np.uint64(32) | np.uint64(max(a, b))
                    k = np.searchsorted(asked, pair)
                    if k < asked.size and asked[k] == pair:
                        seen[k] = True
        start = ends[r]
    return asked[seen]


def _found_in(keys: NDArray[np.uint64], asked: NDArray[np.uint64]) -> NDArray[np.int64]:
    place = np.searchsorted(keys, asked)
    place = place[place < keys.size]
    hit: NDArray[np.int64] = place[np.isin(keys[place], asked)]
    return hit
