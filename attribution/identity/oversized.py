"""Clusters with more ids than a person plausibly has: never joined silently.

Such a cluster is told, with the bridges that hold it together. Either its weakest bridges are cut until what is left is
of a plausible size, or its ids stand apart, each for itself, marked `Status.OVERSIZED`: nobody in it is suppressed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from attribution.identity.bridges import bridges_of
from attribution.identity.components import Clusters
from attribution.identity.edges import Edges
from attribution_models.paths.compiled import compiled

Treatment = Literal["apart", "cut", "keep"]
# A bridge is told where it holds at least so many ids on either side: single leaves explain no oversized cluster.
LEAST_SIDE = 2
# Bridges told of one cluster.
MOST_TOLD = 20
LOW = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Bridge:
    """A link that alone holds two parts of an oversized cluster together.

    Attributes
    ----------
    pair : int
        Its two ids, packed as in `Edges.pairs`.
    cluster : int
        Number of the cluster among the oversized ones, by their smallest id.
    strength : tuple of (float, int)
        Score (1 where the link is deterministic), and in how many rows it was seen.
    sides : tuple of (int, int)
        Ids on either side, the smaller first.
    cut : bool
        Whether it was cut.
    """

    pair: int
    cluster: int
    strength: tuple[float, int]
    sides: tuple[int, int]
    cut: bool


@dataclass(frozen=True, slots=True)
class Oversized:
    """What became of clusters above the limit.

    Attributes
    ----------
    sizes : tuple of int
        Ids of each cluster above the limit, as it was found.
    apart : int32[k]
        Ids that stand apart now.
    cut : uint64[c]
        Links cut, ascending.
    bridges : tuple of Bridge
        Weakest first, by cluster.
    """

    sizes: tuple[int, ...]
    apart: NDArray[np.int32]
    cut: NDArray[np.uint64]
    bridges: tuple[Bridge, ...]


NONE_OVERSIZED = Oversized((), np.zeros(0, np.int32), np.zeros(0, np.uint64), ())


def oversized(
    edges: Edges,
    joins: NDArray[np.bool_],
    unused: NDArray[np.uint64],
    clusters: Clusters,
    scores: dict[int, float],
    largest: int,
    treatment: Treatment,
) -> Oversized:
    """Look into clusters of more than ``largest`` ids.

    Parameters
    ----------
    edges, joins, unused
        As `components.components` took them.
    clusters : Clusters
    scores : dict of int to float
        Best score of links that have one, by packed pair; other links are deterministic.
    largest : int
        Most ids of a plausible cluster.
    treatment : {"apart", "cut", "keep"}
    """
    above = np.flatnonzero(clusters.sizes > largest)
    if above.size == 0:
        return NONE_OVERSIZED
    chosen = np.zeros(clusters.sizes.size, np.bool_)
    chosen[above] = True
    pairs, times = _within(edges.pairs, edges.times, joins, unused, clusters.cluster, chosen)
    of_pair = clusters.cluster[(pairs >> np.uint64(32)).astype(np.int64)]
    order = np.argsort(of_pair, kind="stable")
    pairs, times, of_pair = pairs[order], times[order], of_pair[order]
    bounds = np.searchsorted(of_pair, [above, above + 1])
    members = np.flatnonzero(chosen[clusters.cluster]).astype(np.int32)
    of_member = clusters.cluster[members]
    told: list[Bridge] = []
    apart: list[NDArray[np.int32]] = []
    cut: list[int] = []
    for number, (cluster, lo, hi) in enumerate(zip(above, *bounds, strict=True)):
        group = _Group(members[of_member == cluster], pairs[lo:hi], times[lo:hi], scores, number)
        found = group.bridges()
        if treatment == "cut":
            found = group.cut(found, largest)
            cut += [b.pair for b in found if b.cut]
            apart.append(group.still_above(largest))
        elif treatment == "apart":
            apart.append(group.ids)
        told += found[:MOST_TOLD]
    return Oversized(
        tuple(int(s) for s in clusters.sizes[above]),
        np.sort(np.concatenate([*apart, np.zeros(0, np.int32)])).astype(np.int32),
        np.sort(np.array(cut, np.uint64)),
        tuple(told),
    )


class _Group:
    """One oversized cluster, with codes of its own."""

    def __init__(
        self, ids: NDArray[np.int32], pairs: NDArray[np.uint64], times: NDArray[np.int32], scores: dict[int, float],
        number: int,
    ) -> None:  # fmt: skip
        self.ids, self.pairs, self.times, self.scores, self.number = ids, pairs, times, scores, number
        both = np.stack([pairs >> np.uint64(32), pairs & LOW], axis=1).astype(np.int32)
        self.links = np.searchsorted(ids, both).astype(np.int32)
        self.kept = np.ones(pairs.size, np.bool_)

    def bridges(self) -> list[Bridge]:
        """Bridges with enough ids on either side, the weakest first."""
        found = bridges_of(self.ids.size, self.links)
        sides = np.minimum(found.beyond, self.ids.size - found.beyond)
        told = []
        for (a, b), side in zip(found.ends[sides >= LEAST_SIDE], sides[sides >= LEAST_SIDE], strict=True):
            low, high = sorted((int(self.ids[a]), int(self.ids[b])))
            pair = low << 32 | high
            times = int(self.times[np.searchsorted(self.pairs, np.uint64(pair))])
            strength = (self.scores.get(pair, 1.0), times)
            told.append(Bridge(pair, self.number, strength, (int(side), int(self.ids.size - side)), cut=False))
        # Of equally weak ones the one that splits most evenly comes first.
        return sorted(told, key=lambda b: (b.strength, -b.sides[0], b.pair))

    def cut(self, found: list[Bridge], largest: int) -> list[Bridge]:
        """Cut the weakest bridges, one after the other, in parts that are still too large."""
        done = []
        parts = self._parts()
        for bridge in found:
            place = int(np.searchsorted(self.pairs, np.uint64(bridge.pair)))
            part = parts == parts[self.links[place, 0]]
            if part.sum() <= largest:
                done.append(bridge)
                continue
            self.kept[place] = False
            after = self._parts()
            sides = sorted(int((after[part] == after[end]).sum()) for end in self.links[place])
            if sides[0] < LEAST_SIDE:
                self.kept[place] = True
                done.append(bridge)
                continue
            parts = after
            done.append(Bridge(bridge.pair, bridge.cluster, bridge.strength, (sides[0], sides[1]), cut=True))
        return done

    def still_above(self, largest: int) -> NDArray[np.int32]:
        """Ids of parts that no bridge makes smaller."""
        parts = self._parts()
        return self.ids[np.bincount(parts, minlength=self.ids.size)[parts] > largest]

    def _parts(self) -> NDArray[np.int32]:
        return _labels(self.ids.size, self.links[self.kept])


@compiled
def _labels(n: int, links: NDArray[np.int32]) -> NDArray[np.int32]:
    parents = np.arange(n).astype(np.int32)
    for i in range(links.shape[0]):
        a, b = links[i, 0], links[i, 1]
        while parents[a] != a:
            parents[a] = parents[parents[a]]
            a = parents[a]
        while parents[b] != b:
            parents[b] = parents[parents[b]]
            b = parents[b]
        if a < b:
            parents[b] = a
        elif b < a:
            parents[a] = b
    for v in range(n):
        parents[v] = parents[parents[v]]
    return parents


@compiled
def _within(
    pairs: NDArray[np.uint64], times: NDArray[np.int32], joins: NDArray[np.bool_], unused: NDArray[np.uint64],
    cluster: NDArray[np.int32], chosen: NDArray[np.bool_],
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:  # fmt: skip
    low = np.uint64(0xFFFFFFFF)
    n = 0
    for step in range(2):
        if step == 1:
            found, seen = np.empty(n, np.uint64), np.empty(n, np.int32)
        n = 0
        c = 0
        for i in range(pairs.size):
            pair = pairs[i]
            while c < unused.size and unused[c] < pair:
                c += 1
            if c < unused.size and unused[c] == pair:
                continue
            a, b = np.int64(pair >> np.uint64(32)), np.int64(pair & low)
            if not joins[a] or not joins[b] or not chosen[cluster[a]]:
                continue
            if step == 1:
                found[n] = pair
                seen[n] = times[i]
            n += 1
    return found, seen
