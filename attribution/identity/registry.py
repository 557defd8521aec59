"""The registry: which id belongs to which customer, and the rule that keeps customers' numbers from run to run.

Every id remembers its *birth* number: the customer it was first given to. A cluster takes the smallest birth number
among its ids: customers are numbered in order of age, so a merge keeps the oldest, and the others become aliases of it.
Where ids with one birth number fall into several clusters (a link was taken back, a record erased), the cluster with
the oldest of them keeps the number (of equally old ones, the smallest key); another one falls back on the next birth
number among its ids, so that a merge that is undone gives the earlier numbers back; and where it has none, it gets a
new number, and its ids are born anew under it.

New numbers follow the age of each cluster's oldest id, then its smallest key: they do not depend on the order of rows,
files or threads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled, read_only

S = TypeVar("S", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Registry:
    """Every id ever seen and not erased.

    Attributes
    ----------
    keys : uint64[n]
        Digests of ids, ascending.
    types : uint8[n]
        Codes of `type_names`.
    born : int32[n]
        Number of the customer that the id was first given to.
    first_seen : int64[n]
        Microseconds since 1970; `UNDATED` where no row says.
    customer : int32[n]
        Number of the customer it belongs to now.
    status : uint8[n]
        `guards.Status`.
    present : bool[n]
        Whether the id occurs in the tables now. An id that went with its file keeps its number for the day it returns.
    type_names : tuple of str
    issued : int
        Numbers given so far: 1 to ``issued``.
    """

    keys: NDArray[np.uint64]
    types: NDArray[np.uint8]
    born: NDArray[np.int32]
    first_seen: NDArray[np.int64]
    customer: NDArray[np.int32]
    status: NDArray[np.uint8]
    present: NDArray[np.bool_]
    type_names: tuple[str, ...]
    issued: int

    @classmethod
    def empty(cls) -> Registry:
        """A registry that knows nobody."""
        ints = np.zeros(0, np.int32)
        return cls(
            np.zeros(0, np.uint64), np.zeros(0, np.uint8), ints, np.zeros(0, np.int64), ints, np.zeros(0, np.uint8),
            np.zeros(0, np.bool_), (), 0,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """Ids and their clusters as one run found them.

    Attributes
    ----------
    keys : uint64[n]
        Ascending.
    types : uint8[n]
        Codes of ``type_names``.
    first_seen : int64[n]
    cluster : int32[n]
    status : uint8[n]
    type_names : tuple of str
    """

    keys: NDArray[np.uint64]
    types: NDArray[np.uint8]
    first_seen: NDArray[np.int64]
    cluster: NDArray[np.int32]
    status: NDArray[np.uint8]
    type_names: tuple[str, ...]


def register(found: Found, before: Registry) -> Registry:
    """Give every cluster its customer's number.

    Parameters
    ----------
    found : Found
    before : Registry
        As the last run left it.
    """
    place = _places(read_only(found.keys), read_only(before.keys))
    known = place >= 0
    born = np.where(known, before.born[place] if before.keys.size else 0, 0).astype(np.int32)
    first_seen = found.first_seen.copy()
    first_seen[known] = np.minimum(first_seen[known], before.first_seen[place[known]])
    clusters = int(found.cluster.max(initial=-1)) + 1
    numbers = _kept_numbers(born, first_seen, found.cluster, clusters, before.issued)
    unnumbered = np.flatnonzero(numbers == 0)
    oldest, smallest = _ages(first_seen, found.cluster, clusters)
    order = np.lexsort((smallest[unnumbered], oldest[unnumbered]))
    numbers[unnumbered[order]] = np.arange(before.issued + 1, before.issued + 1 + unnumbered.size, dtype=np.int32)
    issued = before.issued + unnumbered.size
    customer = numbers[found.cluster]
    _be_born(born, customer, numbers, issued)
    return _with_absent(found, before, place, born, first_seen, customer, issued)


def without(registry: Registry, erased: frozenset[int]) -> Registry:
    """The registry without ids that are erased."""
    if not erased:
        return registry
    kept = ~np.isin(registry.keys, np.array(sorted(erased), np.uint64))
    names = ("keys", "types", "born", "first_seen", "customer", "status", "present")
    return replace(registry, **{name: getattr(registry, name)[kept] for name in names})


def _kept_numbers(
    born: NDArray[np.int32], first_seen: NDArray[np.int64], cluster: NDArray[np.int32], clusters: int, issued: int
) -> NDArray[np.int32]:
    """Numbers of clusters that hold ids of earlier runs; 0 elsewhere."""
    only, contested = _holders(born, cluster, issued)
    claims = np.flatnonzero(contested[born])
    claims = claims[np.lexsort((claims, first_seen[claims], born[claims]))].astype(np.int64)
    numbers = np.zeros(clusters, np.int32)
    _give(only, contested, born, cluster, claims, numbers)
    return numbers


@compiled
def _holders(
    born: NDArray[np.int32], cluster: NDArray[np.int32], issued: int
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    only, contested = np.full(issued + 1, -1, np.int32), np.zeros(issued + 1, np.bool_)
    for v in range(born.size):
        b = born[v]
        if b == 0:
            continue
        if only[b] < 0:
            only[b] = cluster[v]
        elif only[b] != cluster[v]:
            contested[b] = True
    return only, contested


@compiled
def _give(
    only: NDArray[np.int32], contested: NDArray[np.bool_], born: NDArray[np.int32], cluster: NDArray[np.int32],
    claims: NDArray[np.int64], numbers: NDArray[np.int32],
) -> None:  # fmt: skip
    c = 0
    for b in range(1, only.size):
        if not contested[b]:
            if only[b] >= 0 and numbers[only[b]] == 0:
                numbers[only[b]] = b
            continue
        given = False
        while c < claims.size and born[claims[c]] == b:
            mine = cluster[claims[c]]
            if not given and numbers[mine] == 0:
                numbers[mine] = b
                given = True
            c += 1


@compiled
def _ages(
    first_seen: NDArray[np.int64], cluster: NDArray[np.int32], clusters: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    oldest, smallest = np.full(clusters, np.iinfo(np.int64).max, np.int64), np.full(clusters, -1, np.int32)
    for v in range(cluster.size):
        c = cluster[v]
        if smallest[c] < 0:
            smallest[c] = v
        oldest[c] = min(oldest[c], first_seen[v])
    return oldest, smallest


@compiled
def _be_born(born: NDArray[np.int32], customer: NDArray[np.int32], numbers: NDArray[np.int32], issued: int) -> None:
    """Give ids without a birth number, or with one that another cluster holds now, the number of their cluster."""
    held = np.zeros(issued + 1, np.bool_)
    for number in numbers:
        held[number] = True
    for v in range(born.size):
        if born[v] == 0 or (born[v] != customer[v] and held[born[v]]):
            born[v] = customer[v]


@compiled
def _places(keys: NDArray[np.uint64], before: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Where each key lies in ``before``; −1 where it does not. Both ascend."""
    place = np.full(keys.size, -1, np.int64)
    j = 0
    for i in range(keys.size):
        while j < before.size and before[j] < keys[i]:
            j += 1
        if j < before.size and before[j] == keys[i]:
            place[i] = j
    return place


def _with_absent(
    found: Found, before: Registry, place: NDArray[np.int64], born: NDArray[np.int32], first_seen: NDArray[np.int64],
    customer: NDArray[np.int32], issued: int,
) -> Registry:  # fmt: skip
    """Add the ids that the tables do not hold any more; they keep their numbers and join nobody's cluster."""
    names = found.type_names
    gone = np.ones(before.keys.size, np.bool_)
    gone[place[place >= 0]] = False
    if not gone.any():
        present = np.ones(found.keys.size, np.bool_)
        return Registry(found.keys, found.types, born, first_seen, customer, found.status, present, names, issued)
    names = tuple(sorted({*names, *before.type_names}))
    recode = [np.array([names.index(n) for n in of] or [0], np.uint8) for of in (found.type_names, before.type_names)]
    keys = np.concatenate([found.keys, before.keys[gone]])
    order = np.argsort(keys, kind="stable")

    def joined(mine: NDArray[S], theirs: NDArray[S]) -> NDArray[S]:
        return np.concatenate([mine, theirs[gone]])[order]

    here, away = np.ones(found.keys.size, np.bool_), np.zeros(before.keys.size, np.bool_)
    return Registry(
        keys[order], joined(recode[0][found.types], recode[1][before.types]), joined(born, before.born),
        joined(first_seen, before.first_seen), joined(customer, before.customer), joined(found.status, before.status),
        joined(here, away), names, issued,
    )  # fmt: skip
