"""Guards on small graphs whose right answer is plain, and against brute force."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest

from attribution.identity.components import components
from attribution.identity.edges import edges_of
from attribution.identity.guards import Guarded, guard
from attribution.identity.oversized import oversized
from attribution.identity.status import Status

EMAIL, CRM, COOKIE, DEVICE = range(4)
PERSON = np.array([True, True, False, False])


class Graph:
    """Ids by name; ``graph("ck1 dv1", "ck1 e1")`` links what stands together."""

    CODES: ClassVar = {"e": EMAIL, "r": CRM, "ck": COOKIE, "dv": DEVICE}

    def __init__(self, *rows: str, rules: dict[tuple[int, int], int] | None = None, people: int = 1) -> None:
        self.names = sorted({n for row in rows for n in row.split()})
        codes = [[self.names.index(n) for n in row.split()] for row in rows]
        flat = np.array([c for row in codes for c in row], np.int32)
        self.edges = edges_of(flat, np.cumsum([len(c) for c in codes]).astype(np.int64), len(self.names))
        types = np.array([self.CODES[n.rstrip("0123456789")] for n in self.names], np.uint8)
        most = np.full((4, 4), 100, np.int32)
        for (a, b), number in (rules or {}).items():
            most[a, b] = number
        none = np.zeros(len(self.names), np.uint8)
        self.guarded: Guarded = guard(self.edges, types, PERSON, most, none, people)
        self.clusters = components(self.edges, self.guarded.status == Status.JOINS, self.guarded.cut)

    def groups(self) -> list[str]:
        of: dict[int, list[str]] = {}
        for name, cluster in zip(self.names, self.clusters.cluster.tolist(), strict=True):
            of.setdefault(cluster, []).append(name)
        return sorted(" ".join(sorted(g)) for g in of.values())

    def status(self, name: str) -> Status:
        return Status(self.guarded.status[self.names.index(name)])


def test_a_shared_device_joins_neither_of_its_people() -> None:
    graph = Graph("dv1 e1", "dv1 e2", "dv2 e1", "ck1 e2")
    assert graph.status("dv1") == Status.SHARED
    assert graph.groups() == ["ck1 e2", "dv1", "dv2 e1"]


def test_two_addresses_of_one_record_are_one_person_to_a_device() -> None:
    graph = Graph("dv1 e1", "dv1 e2", "e1 r1", "e2 r1")
    assert graph.groups() == ["dv1 e1 e2 r1"]


def test_an_address_of_two_records_joins_neither() -> None:
    graph = Graph("e1 r1", "e1 r2", "ck1 r1", rules={(EMAIL, CRM): 1})
    assert graph.status("e1") == Status.TOO_MANY
    assert graph.groups() == ["ck1 r1", "e1", "r2"]
    assert graph.guarded.seen_with[graph.names.index("e1")] == 2


def test_a_device_between_cookies_of_two_people_joins_neither() -> None:
    graph = Graph("ck1 e1", "ck2 e2", "ck1 dv1", "ck2 dv1")
    assert graph.status("dv1") == Status.SHARED
    assert graph.groups() == ["ck1 e1", "ck2 e2", "dv1"]


@pytest.mark.parametrize("between", [1, 2, 3, 4, 7])
def test_no_chain_of_cookies_joins_two_people(between: int) -> None:
    chain = [f"ck{i}" for i in range(1, between + 1)]
    rows = [f"e1 {chain[0]}", *(f"{a} {b}" for a, b in pairwise(chain)), f"{chain[-1]} e2"]
    graph = Graph(*rows)
    assert not any("e1" in g and "e2" in g for g in graph.groups())
    # Each goes to the nearer person; the one in the middle to neither.
    joined = {name: g for g in graph.groups() for name in g.split()}
    if between > 1:
        assert joined[chain[0]] == joined["e1"]
        assert joined[chain[-1]] == joined["e2"]
    if between % 2:
        assert graph.status(chain[between // 2]) == Status.SHARED
    else:
        assert graph.guarded.cut.size == 1


def test_anonymous_ids_join_without_a_person() -> None:
    assert Graph("ck1 dv1", "ck2 dv1", "ck3 ck2").groups() == ["ck1 ck2 ck3 dv1"]


def test_people_per_device_lets_a_household_join() -> None:
    assert Graph("dv1 e1", "dv1 e2", people=2).groups() == ["dv1 e1 e2"]
    assert Graph("dv1 e1", "dv1 e2", "dv1 e3", people=2).groups() == ["dv1", "e1", "e2", "e3"]


def test_an_oversized_cluster_stands_apart_and_tells_its_bridge() -> None:
    rows = ["r1 e1", "r1 e2", "r1 e3", "r2 e4", "r2 e5", "r2 e6", "r1 r2"]
    graph = Graph(*rows)
    joins = np.ones(len(graph.names), bool)
    for treatment, left in (("apart", 8), ("cut", 0), ("keep", 0)):
        found = oversized(graph.edges, joins, graph.guarded.cut, graph.clusters, {}, 5, treatment)  # type: ignore[arg-type]
        assert found.sizes == (8,)
        assert found.apart.size == left
        (bridge,) = found.bridges
        assert [graph.names[bridge.pair >> 32], graph.names[bridge.pair & 0xFFFFFFFF]] == ["r1", "r2"]
        assert bridge.sides == (4, 4)
        assert found.cut.tolist() == ([bridge.pair] if treatment == "cut" else [])


def test_the_weakest_bridge_is_cut_first() -> None:
    rows = ["r1 e1", "r1 e2", "r2 e4", "r2 e5", "r3 e7", "r3 e8", "r1 r2", "r2 r3", "r2 r3"]
    graph = Graph(*rows)
    joins = np.ones(len(graph.names), bool)
    pair = {tuple(sorted((graph.names[p >> 32], graph.names[p & 0xFFFFFFFF]))): p for p in graph.edges.pairs.tolist()}
    found = oversized(graph.edges, joins, graph.guarded.cut, graph.clusters, {}, 6, "cut")
    assert found.cut.tolist() == [pair["r1", "r2"]]  # seen once, the other twice
    scores = {pair["r2", "r3"]: 0.9}
    found = oversized(graph.edges, joins, graph.guarded.cut, graph.clusters, scores, 6, "cut")
    assert found.cut.tolist() == [pair["r2", "r3"]]  # a score of 0.9 is weaker than a link seen once


def test_a_knot_without_bridges_stands_apart_even_where_bridges_are_cut() -> None:
    rows = [f"r{i} r{j}" for i in range(1, 6) for j in range(i + 1, 6)]
    graph = Graph(*rows)
    found = oversized(graph.edges, np.ones(5, bool), graph.guarded.cut, graph.clusters, {}, 4, "cut")
    assert found.apart.size == 5
    assert found.bridges == ()


@pytest.mark.parametrize("seed", range(25))
def test_no_group_ever_holds_two_people(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"{kind}{i}" for kind, n in (("e", 6), ("r", 4), ("ck", 9), ("dv", 5)) for i in range(n)]
    rows = [" ".join(rng.choice(names, rng.integers(2, 4), replace=False)) for _ in range(int(rng.integers(5, 30)))]
    graph = Graph(*rows, rules={(EMAIL, CRM): 1})
    people = Graph(*[" ".join(n for n in row.split() if n[0] in "er") or "e0" for row in rows], rules={(EMAIL, CRM): 1})
    person = {n: g for g in people.groups() for n in g.split()}
    for group in graph.groups():
        assert len({person[n] for n in group.split() if n in person and graph.status(n) == Status.JOINS}) <= 1
