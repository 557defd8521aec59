"""Customers' numbers over runs: merges, splits, returns, erasure; against the rules as written."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.identity.ledger import aliases, ledger
from attribution.identity.registry import Found, Registry, register
from attribution.identity.sources import UNDATED


def found(groups: list[set[int]], seen: dict[int, int] | None = None) -> Found:
    """Ids are small numbers (their keys) in groups."""
    ids = sorted(i for g in groups for i in g)
    ordered = sorted(groups, key=min)
    cluster = [next(c for c, g in enumerate(ordered) if i in g) for i in ids]
    first = [(seen or {}).get(i, UNDATED) for i in ids]
    none = np.zeros(len(ids), np.uint8)
    keys = np.array(ids, np.uint64)
    return Found(keys, none, np.array(first, np.int64), np.array(cluster, np.int32), none, ("cookie",))


def customers(registry: Registry) -> dict[int, int]:
    pairs = zip(registry.keys.tolist(), registry.customer.tolist(), registry.present.tolist(), strict=True)
    return {key: customer for key, customer, present in pairs if present}


def events(before: Registry, after: Registry) -> list[tuple[str, str, str | None, int]]:
    return [tuple(row.values())[1:] for row in ledger(before, after, 2).to_pylist()]  # type: ignore[misc]


def test_numbers_follow_age_then_key() -> None:
    made = register(found([{5, 9}, {7}, {8}], {9: 10, 7: 20, 8: 10}), Registry.empty())
    assert customers(made) == {5: 1, 9: 1, 8: 2, 7: 3}


def test_a_merge_keeps_the_oldest_and_leaves_an_alias() -> None:
    first = register(found([{1}, {2}], {1: 20, 2: 10}), Registry.empty())
    assert customers(first) == {2: 1, 1: 2}
    second = register(found([{1, 2, 3}]), first)
    assert customers(second) == {1: 1, 2: 1, 3: 1}
    assert events(first, second) == [("merged", "c0000000002", "c0000000001", 1)]
    assert aliases(second).to_pylist() == [{"alias": "c0000000002", "customer_id": "c0000000001"}]


def test_an_undone_merge_gives_the_numbers_back() -> None:
    first = register(found([{1, 4}, {2, 5}]), Registry.empty())
    merged = register(found([{1, 2, 3, 4, 5}]), first)
    apart = register(found([{1, 4}, {2, 5}]), merged)
    assert customers(apart) == customers(first)
    assert events(merged, apart) == [("restored", "c0000000001", "c0000000002", 2)]
    assert aliases(apart).num_rows == 0


def test_a_split_leaves_the_number_with_the_oldest_id() -> None:
    first = register(found([{1, 2, 3}], {1: 30, 2: 10, 3: 20}), Registry.empty())
    split = register(found([{1}, {2}, {3}]), first)
    assert customers(split) == {2: 1, 3: 2, 1: 3}
    assert events(first, split) == [
        ("split", "c0000000001", "c0000000002", 1),
        ("split", "c0000000001", "c0000000003", 1),
    ]
    again = register(found([{1}, {2}, {3}]), split)
    assert customers(again) == customers(split)
    assert again.issued == split.issued


def test_ids_that_go_with_their_file_come_back_with_their_number() -> None:
    first = register(found([{1, 2}, {3}]), Registry.empty())
    without = register(found([{3}, {4}]), first)
    assert customers(without) == {3: 2, 4: 3}
    assert events(first, without) == []
    back = register(found([{1, 2}, {3}, {4}]), without)
    assert customers(back) == {1: 1, 2: 1, 3: 2, 4: 3}


partitions = st.lists(st.integers(0, 4), min_size=1, max_size=9).map(
    lambda labels: [g for c in range(5) if (g := {i + 1 for i, label in enumerate(labels) if label == c})]
)


@given(st.lists(partitions, min_size=1, max_size=5), st.lists(st.integers(0, 3), min_size=9, max_size=9))
@settings(max_examples=150, deadline=None)
def test_rules_hold_over_any_history(history: list[list[set[int]]], ages: list[int]) -> None:
    seen = {i + 1: age for i, age in enumerate(ages)}
    registry = Registry.empty()
    for groups in history:
        before, registry = registry, register(found(groups, seen), registry)
        now = customers(registry)
        for group in groups:
            assert len({now[i] for i in group}) == 1
        assert len({now[min(g)] for g in groups}) == len(groups)
        # Nothing changes where nothing changed.
        again = register(found(groups, seen), registry)
        assert customers(again) == now
        assert np.array_equal(again.born, registry.born)
        assert ledger(registry, again, 3).num_rows == 0
        # A number is taken over only from a customer that one of the ids had, or is new.
        old = customers(before)
        for group in groups:
            mine = now[min(group)]
            born = {int(before.born[before.keys == i][0]) for i in group if (before.keys == i).any()}
            assert mine in born or mine > before.issued
            kept = {old[i] for i in group if i in old}
            if len(groups) == 1 and kept:
                assert mine == min(born)
        # Earlier numbers that nobody has now mean somebody.
        told = {row["alias"] for row in aliases(registry).to_pylist()}
        live = {f"c{c:010d}" for c in registry.customer.tolist()}
        assert not told & live


@given(partitions, st.integers(1, 9))
@settings(max_examples=80, deadline=None)
def test_adding_then_erasing_an_id_restores_every_number(groups: list[set[int]], joined: int) -> None:
    first = register(found(groups), Registry.empty())
    touched = [g for i, g in enumerate(groups) if joined >> (i % 4) & 1] or groups[:1]
    merged = set().union(*touched) | {99}
    second = register(found([g for g in groups if g not in touched] + [merged]), first)
    third = register(found(groups), second)
    assert customers(third) == customers(first)
