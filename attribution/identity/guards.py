"""Guards before union: which ids may join others.

An id that is no id (a placeholder), is shared by implausibly many, or breaks a cardinality rule is *disabled as a
joint*: it stands for itself, and its partners are joined by what else they share. Nobody is removed.

Two kinds of ids are told apart. Ids of a *person* (e-mail, phone, CRM and loyalty ids) say who somebody is; ids of a
*device* (cookie, device and advertising ids) say what was used, and may be shared. Person ids are joined first. Then
each device id goes to the person it was seen with; one that was seen with several people joins none of them. A device
id that was seen with nobody goes with the device ids nearest to it that were: where two people are equally near, it is
shared as well. So two people are never joined by a device, however long the chain of cookies between them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.engine import threads
from attribution.identity.components import Forest, join_along
from attribution.identity.edges import Edges
from attribution.identity.status import Status
from attribution_models.paths.compiled import compiled

NOBODY = -1
SEVERAL = -2


@dataclass(frozen=True, slots=True)
class Guarded:
    """What the guards decided.

    Attributes
    ----------
    status : uint8[n]
        `Status` of each id.
    broken : int16[n]
        For ``TOO_MANY``: code of the partner type of which there were too many; else −1.
    seen_with : int32[n]
        For ``TOO_MANY``: how many partners of that type; for ``SHARED``: how many people.
    owner : int32[n]
        Of a device id, the person it goes to: any id of that person's group, `NOBODY` or `SEVERAL`; of a person id
        the representative of its group.
    cut : uint64[c]
        Pairs of device ids that go to two people: the link between them is not used.
    """

    status: NDArray[np.uint8]
    broken: NDArray[np.int16]
    seen_with: NDArray[np.int32]
    owner: NDArray[np.int32]
    cut: NDArray[np.uint64]


def unguarded(disabled: NDArray[np.uint8]) -> Guarded:
    """No guard but what is disabled beforehand."""
    n = disabled.size
    nobody = np.full(n, NOBODY, np.int32)
    return Guarded(disabled, np.full(n, -1, np.int16), np.zeros(n, np.int32), nobody, np.zeros(0, np.uint64))


def guard(
    edges: Edges,
    types: NDArray[np.uint8],
    is_person: NDArray[np.bool_],
    most: NDArray[np.int32],
    disabled: NDArray[np.uint8],
    people_per_device: int,
) -> Guarded:
    """Decide which ids join others, and to whom device ids go.

    Parameters
    ----------
    edges : Edges
    types : uint8[n]
        Type code of each id.
    is_person : bool[types]
        Whether ids of that type say who somebody is.
    most : int32[types, types]
        ``most[a, b]``: an id of type a may be linked with at most that many ids of type b.
    disabled : uint8[n]
        `Status.PLACEHOLDER` or `Status.BY_HAND` where that is known beforehand.
    people_per_device : int
        How many people a device id may join; above one, a device within the limit joins them all.
    """
    n = types.size
    status = disabled.copy()
    broken, seen_with = np.full(n, -1, np.int16), np.zeros(n, np.int32)
    step = max(1, n // (8 * threads()) + 1)
    with ThreadPoolExecutor(threads()) as pool:
        jobs = [
            pool.submit(_too_many, lo, min(n, lo + step), edges.offsets, edges.partners, types, disabled, most,
                        status, broken, seen_with)
            for lo in range(0, n, step)
        ]  # fmt: skip
        for job in jobs:
            job.result()
    person = is_person[types]
    forest = Forest(n)
    join_along(edges.pairs, person & (status == Status.JOINS), forest.parents)
    owner = np.full(n, NOBODY, np.int32)
    _direct(edges.offsets, edges.partners, person, forest.parents, people_per_device, status, owner, seen_with)
    if people_per_device == 1:
        _nearest(edges.offsets, edges.partners, person, status, owner, seen_with)
    cut = _between(edges.pairs, person, status, owner, people_per_device)
    return Guarded(status, broken, seen_with, owner, cut)


@compiled
def _too_many(
    lo: int, hi: int, offsets: NDArray[np.int64], partners: NDArray[np.int32], types: NDArray[np.uint8],
    disabled: NDArray[np.uint8], most: NDArray[np.int32], status: NDArray[np.uint8], broken: NDArray[np.int16],
    seen_with: NDArray[np.int32],
) -> None:  # fmt: skip
    counts = np.zeros(most.shape[0], np.int32)
    for v in range(lo, hi):
        if disabled[v] != 0:
            continue
        start, end = offsets[v], offsets[v + 1]
        limits = most[types[v]]
        for k in range(start, end):
            partner = partners[k]
            if disabled[partner] == 0:
                counts[types[partner]] += 1
        for k in range(start, end):
            t = types[partners[k]]
            # The worst broken rule is told: the one with most partners above its limit, the first type of equals.
            if counts[t] > limits[t] and (broken[v] < 0 or counts[t] > seen_with[v]):
                status[v] = 3
                broken[v] = t
                seen_with[v] = counts[t]
            counts[t] = 0


@compiled
def _direct(
    offsets: NDArray[np.int64], partners: NDArray[np.int32], person: NDArray[np.bool_], group: NDArray[np.int32],
    most: int, status: NDArray[np.uint8], owner: NDArray[np.int32], seen_with: NDArray[np.int32],
) -> None:  # fmt: skip
    """Give each device id the person it was seen with; disable one that was seen with more than ``most``."""
    people = np.empty(1024, np.int32)
    for v in range(status.size):
        if person[v]:
            owner[v] = group[v]
            continue
        if status[v] != 0:
            continue
        found = 0
        for k in range(offsets[v], offsets[v + 1]):
            u = partners[k]
            if not person[u] or status[u] != 0:
                continue
            new = True
            for i in range(min(found, people.size)):
                if people[i] == group[u]:
                    new = False
                    break
            if new:
                if found < people.size:
                    people[found] = group[u]
                found += 1
        if found > most:
            status[v] = 4
            owner[v] = -2
            seen_with[v] = found
        elif found > 0:
            owner[v] = people[0]


@compiled
def _nearest(
    offsets: NDArray[np.int64], partners: NDArray[np.int32], person: NDArray[np.bool_], status: NDArray[np.uint8],
    owner: NDArray[np.int32], seen_with: NDArray[np.int32],
) -> None:  # fmt: skip
    """Hand device ids on, step by step, to those that were seen with them."""
    n = status.size
    frontier = np.empty(n, np.int32)
    size = 0
    for v in range(n):
        if not person[v] and owner[v] >= 0:
            frontier[size] = v
            size += 1
    claim = np.full(n, -1, np.int32)
    reached = np.empty(n, np.int32)
    while size > 0:
        met = 0
        for i in range(size):
            v = frontier[i]
            for k in range(offsets[v], offsets[v + 1]):
                u = partners[k]
                if person[u] or status[u] != 0 or owner[u] != -1:
                    continue
                if claim[u] == -1:
                    claim[u] = owner[v]
                    reached[met] = u
                    met += 1
                elif claim[u] != owner[v]:
                    claim[u] = -2
        size = 0
        for i in range(met):
            u = reached[i]
            if claim[u] >= 0:
                owner[u] = claim[u]
                frontier[size] = u
                size += 1
            else:
                status[u] = 4
                owner[u] = -2
                seen_with[u] = 2


@compiled
def _between(
    pairs: NDArray[np.uint64], person: NDArray[np.bool_], status: NDArray[np.uint8], owner: NDArray[np.int32], most: int
) -> NDArray[np.uint64]:
    low = np.uint64(0xFFFFFFFF)
    found = np.empty(16, np.uint64)
    n = 0
    for pair in pairs:
        a, b = np.int64(pair >> np.uint64(32)), np.int64(pair & low)
        apart = not person[a] and not person[b] and status[a] == 0 and status[b] == 0 and owner[a] != owner[b]
        if most == 1 and apart:
            if n == found.size:
                longer = np.empty(2 * n, np.uint64)
                longer[:n] = found
                found = longer
            found[n] = pair
            n += 1
    return found[:n]
