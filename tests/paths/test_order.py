from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from attribution_models.paths.markov import Markov
from attribution_models.paths.order import choose_order
from attribution_models.paths.order_draws import order_draws
from attribution_models.paths.order_steps import steps_of
from attribution_models.paths.resampling_sums import weights_of
from attribution_models.paths.resampling_units import units_of
from tests.paths.customers import Visit, customer_paths, simulated
from tests.paths.listpaths import Journey, ListPaths, rows


def chain(seed: int, order: int, customers: int = 4000) -> list[Visit]:
    """Journeys over a, b, c from a random chain of an order."""
    generator = np.random.default_rng(seed)
    law: dict[str, np.ndarray] = {}
    found = []
    for customer in range(customers):
        path = ""
        while True:
            state = path[-order:]
            if state not in law:
                law[state] = generator.dirichlet([0.6, 0.6, 0.6, 0.25, 0.45] if path else [1, 1, 1, 1e-9, 1e-9])
            step = int(generator.choice(5, p=law[state]))
            if (step >= 3 and path) or len(path) == 30:
                break
            path += "abcab"[step]
        found.append(Visit(customer, path, 1.0 if step == 3 else None))
    return found


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_the_chain_is_chosen(order: int, seed: int) -> None:
    choice = choose_order(customer_paths(chain(seed, order), blocks=3))
    assert choice.order == order
    assert [score.order for score in choice.scores] == [1, 2, 3, 4]
    assert choice.note == ""
    assert all(0.5 < score.auc <= 1 for score in choice.scores)
    assert [score.contexts for score in choice.scores] == sorted(score.contexts for score in choice.scores)


def naive(
    visits: list[Visit], folds: dict[int, int], order: int, copies: dict[int, float] | None = None
) -> tuple[float, float, dict[int, float]]:
    """Witten-Bell by its recursion over dictionaries.

    Mean log-likelihood per step, of conversion, and the log-likelihood of each customer; ``copies`` of a
    customer are counted where other folds learn from them.
    """
    of_customer = dict.fromkeys(folds, 0.0)
    every = [((0, *map(ord, visit.path)), visit) for visit in visits if visit.path]
    symbols = len({c for visit in visits for c in visit.path}) + 2
    total, count, end, ends = 0.0, 0, 0.0, 0
    for fold in set(folds.values()):
        seen: dict[tuple, Counter] = {}

        def contexts(path: tuple, i: int) -> list[tuple]:
            padded = (0,) * order + path[1:i]
            return [padded[len(padded) - m :] for m in range(order + 1)]

        for path, visit in every:
            if folds[visit.customer] != fold:
                walk = (*path, "C" if visit.value is not None else "N")
                for i in range(1, len(walk)):
                    for context in contexts(path, i):
                        if copies is None or copies[visit.customer] > 0:
                            seen.setdefault(context, Counter())[walk[i]] += (
                                1 if copies is None else copies[visit.customer]
                            )

        def chance(x: object, path: tuple, i: int, seen: dict = seen) -> float:
            p = 1 / symbols
            for context in contexts(path, i):
                n = seen.get(context, Counter())
                p = (n[x] + len(n) * p) / (sum(n.values()) + len(n)) if n else p
            return p

        for path, visit in every:
            if folds[visit.customer] == fold:
                walk = (*path, "C" if visit.value is not None else "N")
                gained = sum(np.log(chance(walk[i], path, i)) for i in range(1, len(walk)))
                total += gained
                of_customer[visit.customer] += gained
                count += len(walk) - 1
                c, n = (chance(x, path, len(path)) for x in "CN")
                end += np.log((c if visit.value is not None else n) / (c + n))
                ends += 1
    return total / count, end / ends, of_customer


def test_scores_by_definition() -> None:
    visits = simulated(8, 60, names="abc", longest=5)
    paths = customer_paths(visits, blocks=2)
    steps = steps_of(units_of(paths), 3, 3, 7)
    folds = dict(zip(sorted({v.customer for v in visits}), steps.unit_fold.tolist(), strict=True))
    for score in choose_order(paths, [1, 2, 3], folds=3, seed=7).scores:
        expected = naive(visits, folds, score.order)[:2]
        np.testing.assert_allclose((score.step, score.conversion), expected, rtol=1e-12)


def test_row_order_and_blocks_do_not_matter() -> None:
    visits = chain(3, 2, 500)
    one = choose_order(customer_paths(visits), seed=4)
    other = choose_order(customer_paths(visits[::-1], blocks=5), seed=4)
    assert one.order == other.order
    for a, b in zip(one.scores, other.scores, strict=True):
        np.testing.assert_allclose(
            (a.step, a.behind, a.behind_error, a.conversion, a.auc),
            (b.step, b.behind, b.behind_error, b.conversion, b.auc),
            rtol=1e-9,
            atol=1e-12,
        )
    assert choose_order(customer_paths(visits), seed=4) == one
    assert choose_order(customer_paths(visits), seed=5) != one


def test_aggregated_paths_are_split_by_counts() -> None:
    visits = chain(1, 2)
    counts = Counter((visit.path, visit.value is not None) for visit in visits)
    journeys = [
        Journey(tuple(path), float(counts[path, True]), 1.0, float(counts[path, False]))
        for path in sorted({visit.path for visit in visits})
    ]
    choice = choose_order(ListPaths(journeys, blocks=2))
    events = choose_order(customer_paths(visits))
    assert choice.order == 2
    assert "Aggregated" in choice.note
    for one, other in zip(choice.scores, events.scores, strict=True):
        assert one.step == pytest.approx(other.step, abs=0.01)
        assert one.behind_error == pytest.approx(other.behind_error, abs=0.01)
        assert one.contexts == other.contexts
    again = choose_order(ListPaths(journeys[::-1]))
    assert again.scores[0].step == pytest.approx(choice.scores[0].step, rel=1e-9)


def test_order_is_chosen_again_in_replicates() -> None:
    visits = chain(2, 2, 1500)
    drawn = order_draws(customer_paths(visits, blocks=2), [1, 2, 3], replicates=10, bootstrap_seed=3)
    assert drawn.shape == (10,)
    assert (drawn == order_draws(customer_paths(visits[::-1]), [1, 2, 3], replicates=10, bootstrap_seed=3)).all()
    assert (drawn >= 2).mean() > 0.7
    few = rows(("a>b", 30, 40), ("b", 10, 90))
    assert order_draws(few, [1, 2], replicates=5).shape == (5,)


def test_the_choice_of_every_replicate_by_definition() -> None:
    visits = [*chain(2, 1, 60), *(v._replace(customer=v.customer + 500) for v in chain(5, 2, 25))]
    paths, orders = customer_paths(visits, blocks=3), (1, 2, 3)
    drawn = order_draws(paths, orders, folds=3, seed=7, replicates=12, bootstrap_seed=1)
    units = units_of(paths)
    people = sorted({v.customer for v in visits})
    folds = dict(zip(people, steps_of(units, 3, 3, 7).unit_fold.tolist(), strict=True))
    weights = np.concatenate(weights_of(units, 12, 1))
    customers = np.concatenate(units.keys).tolist()
    for r in range(12):
        copies = dict(zip(customers, weights[:, r].tolist(), strict=True))
        scores = np.array([[*naive(visits, folds, k, copies)[2].values()] for k in orders])
        W = np.array([copies[c] for c in people])
        best = int(np.argmax(scores @ W))
        gaps = scores[best] - scores
        mean = gaps @ W / W.sum()
        error = np.sqrt((gaps - mean[:, None]) ** 2 @ W / (W.sum() - 1) / W.sum())
        assert drawn[r] == next(k for k, m, e in zip(orders, mean, error, strict=True) if m <= e or k == orders[best])
    assert len(set(drawn.tolist())) > 1, "replicates that all choose the same order test nothing"
    np.testing.assert_array_equal(
        drawn, order_draws(paths, orders, folds=3, seed=7, replicates=12, bootstrap_seed=1, threads=1)
    )


def test_smoothing_never_touches_credits() -> None:
    paths = customer_paths(simulated(9, 200), blocks=2)
    before = Markov(order=3).fit(paths)
    choose_order(paths)
    after = Markov(order=3).fit(paths)
    assert before.credit.conversions.tobytes() == after.credit.conversions.tobytes()
    # Transitions stay the counts: whole numbers, and no step that nobody took.
    weight = after.transitions.weight
    assert (weight == np.round(weight)).all()
    assert (weight >= 1).all()


def test_errors() -> None:
    paths = rows(("a", 1, 1))
    with pytest.raises(ValueError, match=r"got \[0, 1\]"):
        choose_order(paths, [0, 1])
    with pytest.raises(ValueError, match="At least 2 folds"):
        choose_order(paths, folds=1)
    with pytest.raises(ValueError, match="No journey has touches"):
        choose_order(rows(("", 1, 1), channels=["a"]))
    with pytest.raises(ValueError, match="out of reach"):
        choose_order(paths, [70])
    assert np.isnan(choose_order(rows(("a>b", 4, 0)), [1]).scores[0].auc)
