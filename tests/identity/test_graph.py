"""Ranking, edges, components and bridges against plain Python, scipy and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from attribution.identity.bridges import bridges_of
from attribution.identity.components import components
from attribution.identity.edges import edges_of
from attribution.identity.ranking import rank

NO_CUT = np.zeros(0, np.uint64)
rows_of_ids = st.lists(st.lists(st.integers(0, 14), min_size=1, max_size=4), min_size=1, max_size=30)


def flat(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([i for row in rows for i in row], np.int32), np.cumsum([len(r) for r in rows]).astype(np.int64)


def packed(a: int, b: int) -> int:
    return min(a, b) << 32 | max(a, b)


@pytest.mark.parametrize("n", [0, 1, 7, 40_000, 300_000])
def test_codes_are_ranks_of_keys(n: int) -> None:
    rng = np.random.default_rng(n)
    keys = rng.integers(1, 2**63, max(1, n // 3), dtype=np.uint64)[rng.integers(0, max(1, n // 3), n)] * np.uint64(2)
    distinct, codes = rank(keys)
    expected, inverse = np.unique(keys, return_inverse=True)
    assert np.array_equal(distinct, expected)
    assert np.array_equal(codes, inverse)


@given(rows_of_ids)
@settings(max_examples=60, deadline=None)
def test_edges_are_the_pairs_of_rows(rows: list[list[int]]) -> None:
    codes, ends = flat(rows)
    edges = edges_of(codes, ends, 15)
    times: dict[int, int] = {}
    for row in rows:
        for i, a in enumerate(row):
            for b in row[i + 1 :]:
                if a != b:
                    times[packed(a, b)] = times.get(packed(a, b), 0) + 1
    assert dict(zip(edges.pairs.tolist(), edges.times.tolist(), strict=True)) == times
    assert np.all(np.diff(edges.pairs.astype(np.int64)) > 0)
    for v in range(15):
        mine = edges.partners[edges.offsets[v] : edges.offsets[v + 1]].tolist()
        assert mine == sorted(
            {b if a == v else a for a, b in ((p >> 32, p & 0xFFFFFFFF) for p in times) if v in (a, b)}
        )


@given(rows_of_ids, st.sets(st.integers(0, 14), max_size=4))
@settings(max_examples=60, deadline=None)
def test_components_are_scipys(rows: list[list[int]], disabled: set[int]) -> None:
    codes, ends = flat(rows)
    edges = edges_of(codes, ends, 15)
    joins = np.array([v not in disabled for v in range(15)])
    found = components(edges, joins, NO_CUT)
    pairs = [(p >> 32, p & 0xFFFFFFFF) for p in edges.pairs.tolist()]
    pairs = [(a, b) for a, b in pairs if a not in disabled and b not in disabled]
    a, b = np.array(pairs, int).reshape(-1, 2).T
    _, labels = connected_components(coo_array((np.ones(len(pairs)), (a, b)), shape=(15, 15)), directed=False)
    same = found.cluster[:, None] == found.cluster[None, :]
    assert np.array_equal(same, labels[:, None] == labels[None, :])
    assert np.array_equal(np.bincount(found.cluster), found.sizes)
    firsts = [np.flatnonzero(found.cluster == c)[0] for c in range(found.sizes.size)]
    assert firsts == sorted(firsts)


def test_a_cut_edge_joins_nobody() -> None:
    edges = edges_of(np.array([0, 1, 1, 2], np.int32), np.array([2, 4]), 3)
    found = components(edges, np.ones(3, bool), np.array([packed(1, 2)], np.uint64))
    assert found.cluster.tolist() == [0, 0, 1]


@given(st.sets(st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda p: p[0] < p[1]), min_size=1, max_size=16))
@settings(max_examples=80, deadline=None)
def test_bridges_are_what_splits(pairs: set[tuple[int, int]]) -> None:
    def groups(of: set[tuple[int, int]]) -> np.ndarray:
        a, b = np.array(sorted(of), int).reshape(-1, 2).T
        return connected_components(coo_array((np.ones(len(of)), (a, b)), shape=(9, 9)), directed=False)[1]

    found = bridges_of(9, np.array(sorted(pairs), np.int32))
    expected = {}
    for pair in pairs:
        before, after = groups(pairs), groups(pairs - {pair})
        if after.max() > before.max():
            expected[pair] = {int((after == after[end]).sum()) for end in pair}
    told = {tuple(sorted(e)): int(n) for e, n in zip(found.ends.tolist(), found.beyond.tolist(), strict=True)}
    assert set(told) == set(expected)
    assert all(told[p] in expected[p] for p in told)
