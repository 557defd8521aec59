"""Bridges: links whose removal splits a group (Tarjan 1974)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled


@dataclass(frozen=True, slots=True)
class Bridges:
    """Bridges of one connected group.

    Attributes
    ----------
    ends : int32[b, 2]
        Ids at both ends; the second is the side that is cut off.
    beyond : int32[b]
        Ids on the second side.
    """

    ends: NDArray[np.int32]
    beyond: NDArray[np.int32]


def bridges_of(ids: int, pairs: NDArray[np.int32]) -> Bridges:
    """Find the bridges of a graph by one depth-first walk.

    A tree edge (v, w) is a bridge exactly where no edge leads from below w to v or above: low(w) > order(v), with
    low(w) the smallest order that the walk below w sees.

    Parameters
    ----------
    ids : int
        Number of ids, coded 0 to ids − 1.
    pairs : int32[e, 2]
        Distinct edges.
    """
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    offsets = np.searchsorted(both[:, 0], np.arange(ids + 1)).astype(np.int64)
    ends, beyond, found = _walk(offsets, np.ascontiguousarray(both[:, 1]))
    return Bridges(ends[:found], beyond[:found])


@compiled
def _walk(offsets: NDArray[np.int64], partners: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32], int]:
    n = offsets.size - 1
    order, low = np.full(n, -1, np.int32), np.zeros(n, np.int32)
    parent, below = np.full(n, -1, np.int32), np.ones(n, np.int32)
    place, stack = offsets[:-1].copy(), np.empty(n, np.int32)
    ends, beyond = np.empty((n, 2), np.int32), np.empty(n, np.int32)
    found = 0
    clock = 0
    for start in range(n):
        if order[start] >= 0:
            continue
        depth = 0
        stack[0] = start
        order[start] = low[start] = clock
        clock += 1
        while depth >= 0:
            v = stack[depth]
            if place[v] < offsets[v + 1]:
                w = partners[place[v]]
                place[v] += 1
                if order[w] < 0:
                    parent[w] = v
                    order[w] = low[w] = clock
                    clock += 1
                    depth += 1
                    stack[depth] = w
                elif w != parent[v]:
                    low[v] = min(low[v], order[w])
                continue
            depth -= 1
            if depth >= 0:
                u = stack[depth]
                low[u] = min(low[u], low[v])
                below[u] += below[v]
                if low[v] > order[u]:
                    ends[found, 0] = u
                    ends[found, 1] = v
                    beyond[found] = below[v]
                    found += 1
    return ends, beyond, found
