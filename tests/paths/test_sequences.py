from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings

from attribution_models.paths.kgrams import count_chain
from attribution_models.paths.markov import Markov
from attribution_models.paths.pair_sums import Orders, Presence, interactions
from attribution_models.paths.pairs import PairEffects, holm, pair_effects
from attribution_models.paths.sequences import removal_effect_of, sequence_effect, sequence_effects
from tests.paths import naive
from tests.paths.customers import Visit, customer_paths, simulated
from tests.paths.listpaths import Journey, ListPaths, rows
from tests.paths.strategies import NAMES, journeys


def avoided(found: list[Journey], gram: tuple[str, ...], order: int) -> float:
    """1 - P_-gram / P by the columns of the states whose window holds the gram."""
    start, moves, converted, _, outflow = naive.chain(found, order, nulls=True)
    states = sorted(outflow)
    at = {state: i for i, state in enumerate(states)}
    Q = np.zeros((len(states), len(states)))
    for (s, t), weight in moves.items():
        Q[at[s], at[t]] = weight / outflow[s]
    r = np.array([converted[s] / outflow[s] for s in states])
    e = np.array([start[s] for s in states]) / sum(start.values())

    def chance(keep: np.ndarray) -> float:
        return float((e * keep) @ np.linalg.solve(np.eye(len(states)) - Q * keep, r))

    holds = [any(s[i : i + len(gram)] == gram for i in range(len(s) - len(gram) + 1)) for s in states]
    P = chance(np.ones(len(states)))
    return 1 - chance(1.0 - np.array(holds)) / P if P > 0 else 0.0


@given(found=journeys())
@settings(max_examples=30)
def test_sequences_by_definition(found: list[Journey]) -> None:
    paths = ListPaths(found, channels=NAMES, blocks=2)
    effects = sequence_effects(paths, 2)
    for gram, effect in zip(effects.sequences, effects.removal_effect, strict=True):
        assert effect == pytest.approx(avoided(found, gram, 2), abs=1e-10)
        assert sequence_effect(paths, gram)[0] == pytest.approx(effect, abs=1e-10)
        assert sequence_effect(paths, gram, 3)[0] == pytest.approx(avoided(found, gram, 3), abs=1e-10)
    assert (np.diff(effects.removal_effect) <= 0).all()


@given(found=journeys())
@settings(max_examples=20)
def test_one_touch_is_the_markov_model(found: list[Journey]) -> None:
    paths = ListPaths(found, channels=NAMES)
    credit = Markov().fit(paths).credit
    effects = sequence_effects(paths, 1)
    for (name,), *both in zip(effects.sequences, effects.removal_effect, effects.value_removal_effect, strict=True):
        code = NAMES.index(name)
        assert credit.removal_effect is not None
        assert credit.value_removal_effect is not None
        np.testing.assert_allclose(both, [credit.removal_effect[code], credit.value_removal_effect[code]], atol=1e-10)


def test_limit_and_errors() -> None:
    paths = rows(("a>b>a>b", 5, 5), ("b>a", 1, 1), ("a", 9, 9))
    effects = sequence_effects(paths, 2, limit=1)
    assert effects.sequences == (("a", "b"),)
    assert effects.weight.tolist() == [20]
    assert sequence_effects(rows(("a", 1, 1)), 2).sequences == ()
    assert sequence_effects(rows(("a>b", 0, 1)), 2).removal_effect.tolist() == [0]
    chain = count_chain(paths, 1)
    assert removal_effect_of(chain, np.array([True, True])) == (1, 1)
    for bad in (["z"], []):
        with pytest.raises(ValueError, match="unknown"):
            sequence_effect(paths, bad)
    with pytest.raises(ValueError, match="cannot see"):
        sequence_effect(paths, ["a", "b"], 1)
    with pytest.raises(ValueError, match="at least 1"):
        sequence_effects(paths, 0)


def test_overlap_is_minus_the_interaction_of_removal_effects() -> None:
    visits = simulated(3, 200, names="abcd")
    paths = customer_paths(visits, blocks=3)
    effects = pair_effects(paths, 20)
    presence = Markov(removal="presence").fit(paths).credit.removal_effect
    assert presence is not None
    seen = [set(visit.path) for visit in visits if visit.value is not None and visit.path]
    for pair, (a, b) in enumerate(combinations(range(4), 2)):
        either = np.mean([bool(s & {"abcd"[a], "abcd"[b]}) for s in seen])
        assert effects.overlap.estimate[pair] == pytest.approx(-(either - presence[a] - presence[b]))
    assert (effects.first.tolist(), effects.second.tolist()) == ([0, 0, 0, 1, 1, 2], [1, 2, 3, 2, 3, 3])
    assert effects.label == "associational"
    assert effects.kind == "bootstrap"


def test_counts_by_definition() -> None:
    visits = simulated(4, 400, names="abc", longest=12)
    paths = customer_paths(visits, blocks=2)
    presence, orders = Presence(3), Orders.of(paths)
    sums = np.zeros(presence.rows)
    counted = np.zeros(orders.rows)
    for i in range(2):
        found = presence.entries(i, paths.block(i))
        np.add.at(sums, found.row, found.amount)
        found = orders.entries(i, paths.block(i))
        np.add.at(counted, found.row, found.amount)
    cells = presence.cells(sums[:, None])[..., 0]
    for pair, (a, b) in enumerate(combinations("abc", 2)):
        expected = np.zeros((2, 4))
        top, bottom = 0.0, 0.0
        strata: dict[tuple, np.ndarray] = {}
        for visit in visits:
            if visit.path:
                outcome = int(visit.value is None)
                expected[outcome, (a in visit.path) + 2 * (b in visit.path)] += 1
                if a in visit.path and b in visit.path:
                    table = strata.setdefault((frozenset(visit.path), len(visit.path)), np.zeros((2, 2)))
                    table[int(visit.path.index(b) < visit.path.index(a)), outcome] += 1
        np.testing.assert_array_equal(cells[:, :, pair].sum(axis=1), expected)
        for table in strata.values():
            top += table[0, 0] * table[1, 1] / table.sum()
            bottom += table[1, 0] * table[0, 1] / table.sum()
        assert orders.log_odds(counted[:, None], 3)[pair, 0] == pytest.approx(np.log(top / bottom))


def test_interaction_of_one_table_is_its_log_odds_ratio() -> None:
    converting = np.array([[[40.0, 60.0, 30.0, 90.0], [5, 0, 2, 0]]])
    null = np.array([[[100.0, 70.0, 80.0, 20.0], [0, 0, 0, 0]]])
    expected = np.log((90 / 20) * (40 / 100) / ((60 / 70) * (30 / 80)))
    assert interactions(converting, null)[0] == pytest.approx(expected, abs=0.01)


def pairs_world(seed: int, synergy: float = 0.0, order: float = 0.0, customers: int = 12_000) -> PairEffects:
    """Conversions by length and the presence of a and b, with an interaction, or by their order."""
    generator = np.random.default_rng(seed)
    visits = []
    for customer in range(customers):
        path = "".join(generator.choice(list("abcdef"), int(generator.integers(1, 9))))
        a, b = "a" in path, "b" in path
        odds = -1.6 + 0.1 * len(path) + 0.4 * a - 0.3 * b + synergy * (a and b)
        if a and b:
            odds += order * (path.index("a") < path.index("b"))
        converts = generator.random() < 1 / (1 + np.exp(-odds))
        visits.append(Visit(customer, path, 1.0 if converts else None))
    return pair_effects(customer_paths(visits, blocks=2), 200, seed=seed)


def test_synergy_is_recovered() -> None:
    found = pairs_world(1, synergy=0.8).synergy
    assert found.lower[0] < 0.8 < found.upper[0]
    assert found.lower[0] > 0.4
    assert found.p_holm[0] < 0.001
    assert (found.p_holm[1:] > 0.05).all()


def test_order_effect_is_recovered() -> None:
    found = pairs_world(2, order=0.7)
    assert found.order.lower[0] < 0.7 < found.order.upper[0]
    assert found.order.p_holm[0] < 0.001
    assert (found.order.p_holm[1:] > 0.05).all()
    assert found.order.p_holm[0] >= found.order.p_value[0]


def test_pairs_without_effect_are_not_rejected() -> None:
    for seed in (3, 4):
        found = pairs_world(seed, customers=6000)
        assert np.nanmin(found.synergy.p_holm) > 0.05
        assert np.nanmin(found.order.p_holm) > 0.05


def test_same_seed_same_bytes_and_pairs_that_cannot_tell() -> None:
    visits = [*simulated(5, 500, names="abc"), Visit(1, "ad", 1.0)]
    one, other = (pair_effects(customer_paths(visits, blocks=3), 24, seed=6, threads=t) for t in (1, 3))
    turned = pair_effects(customer_paths(visits[::-1], blocks=2), 24, seed=6)
    for name in ("overlap", "synergy", "order"):
        for field in ("estimate", "lower", "upper", "p_value", "p_holm"):
            a, b, c = (getattr(getattr(x, name), field) for x in (one, other, turned))
            assert a.tobytes() == b.tobytes()
            np.testing.assert_allclose(a, c, rtol=1e-8, atol=1e-9)
    with_d = one.second == 3
    assert np.isnan(one.synergy.estimate[with_d]).all()
    assert np.isnan(one.order.p_holm[with_d]).all()
    assert np.isfinite(one.overlap.estimate).all()
    aggregated = pair_effects(rows(("a>b", 50, 100), ("b>a", 30, 120), ("a", 5, 60), ("b", 9, 10)), 30)
    assert aggregated.kind == "bootstrap (lower bound)"
    assert aggregated.order.estimate[0] == pytest.approx(np.log(50 * 120 / (30 * 100)))
    assert pair_effects(rows(("a", 1, 1)), 5).first.size == 0


def test_holm() -> None:
    np.testing.assert_allclose(holm(np.array([0.01, np.nan, 0.04, 0.03])), [0.03, np.nan, 0.06, 0.06])
