"""Groups of linked ids: union-find with path halving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.identity.edges import Edges
from attribution_models.paths.compiled import compiled


class Forest:
    """Each id's parent; a root is its own. The root of a group is its smallest id.

    Parameters
    ----------
    ids : int
        Number of ids; each begins as a group of its own.
    """

    def __init__(self, ids: int) -> None:
        self.parents: NDArray[np.int32] = np.arange(ids, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Clusters:
    """Which ids belong together.

    Attributes
    ----------
    cluster : int32[n]
        Cluster of each id, numbered by their smallest id.
    sizes : int32[clusters]
        Ids of each.
    """

    cluster: NDArray[np.int32]
    sizes: NDArray[np.int32]


def components(edges: Edges, joins: NDArray[np.bool_], cut: NDArray[np.uint64]) -> Clusters:
    """Join ids along edges.

    Parameters
    ----------
    edges : Edges
    joins : bool[n]
        Whether an id may join others; edges at others are not used.
    cut : uint64[c]
        Edges that are not used, ascending.
    """
    forest = Forest(joins.size)
    _join(edges.pairs, joins, cut, forest.parents)
    return Clusters(*_numbered(forest.parents))


def roots(edges: Edges, joins: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Smallest id of each id's group, along all edges between ids that join."""
    forest = Forest(joins.size)
    join_along(edges.pairs, joins, forest.parents)
    return forest.parents


def join_along(pairs: NDArray[np.uint64], joins: NDArray[np.bool_], parents: NDArray[np.int32]) -> None:
    """Join groups along pairs, in place; each id's parent is its group's smallest id afterwards.

    Parameters
    ----------
    pairs : uint64[e]
        As in `Edges.pairs`.
    joins : bool[n]
        Whether an id may join others.
    parents : int32[n]
        Groups as they are: no parent is larger than its child.
    """
    _join(pairs, joins, np.zeros(0, np.uint64), parents)
    _settle(parents)


@compiled
def _settle(parents: NDArray[np.int32]) -> None:
    # A parent is never larger than its child, so it is settled already.
    for v in range(parents.size):
        parents[v] = parents[parents[v]]


@compiled
def _join(
    pairs: NDArray[np.uint64], joins: NDArray[np.bool_], cut: NDArray[np.uint64], parents: NDArray[np.int32]
) -> None:
    low = np.uint64(0xFFFFFFFF)
    c = 0
    for pair in pairs:
        while c < cut.size and cut[c] < pair:
            c += 1
        if c < cut.size and cut[c] == pair:
            continue
        a, b = np.int64(pair >> np.uint64(32)), np.int64(pair & low)
        if not joins[a] or not joins[b]:
            continue
        while parents[a] != a:
            parents[a] = parents[parents[a]]
            a = np.int64(parents[a])
        while parents[b] != b:
            parents[b] = parents[parents[b]]
            b = np.int64(parents[b])
        if a < b:
            parents[b] = a
        elif b < a:
            parents[a] = b


@compiled
def _numbered(parents: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    n = parents.size
    cluster = np.empty(n, np.int32)
    sizes = np.zeros(n, np.int32)
    count = 0
    # A parent is never larger than its child, so it has its number already.
    for v in range(n):
        if parents[v] == v:
            cluster[v] = count
            count += 1
        else:
            cluster[v] = cluster[parents[v]]
        sizes[cluster[v]] += 1
    return cluster, sizes[:count].copy()
