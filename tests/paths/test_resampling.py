from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attribution_models.paths.kgrams import count_chain
from attribution_models.paths.markov import Markov
from attribution_models.paths.posterior import posterior
from attribution_models.paths.registry import fit_all
from attribution_models.paths.resampling import BootstrapIntervals, bootstrap, replicate_scale
from attribution_models.paths.resampling_orders import bootstrap_order
from attribution_models.paths.resampling_sums import weights_of
from attribution_models.paths.resampling_units import units_of
from attribution_models.paths.rules import DEFAULT_RULES, Last, Linear
from attribution_models.paths.shapley import Shapley
from tests.paths.customers import Visit, customer_paths, simulated
from tests.paths.listpaths import Journey, ListPaths, rows

SPECS = (
    *DEFAULT_RULES,
    Shapley(),
    Markov(),
    Markov(order=2),
    Markov(order=3, nulls=False),
    Markov(removal="presence"),
    Markov(order=30),
)
MEASURES = ("conversions", "value", "removal_effect", "value_removal_effect")
TOTALS = ("unattributed_conversions", "unattributed_value", "observed_conversions", "observed_value")


def measured(found: BootstrapIntervals) -> list[np.ndarray]:
    every = [getattr(fit.draws, name) for fit in found.fits for name in (*MEASURES, *TOTALS)]
    return [array for array in every if array is not None]


def test_a_replicate_is_the_fit_on_resampled_customers() -> None:
    visits = simulated(1)
    paths = customer_paths(visits, blocks=3, channels="abcdef", direct="b")
    found = bootstrap(paths, SPECS, 7, seed=5)
    weights = np.concatenate(weights_of(units_of(paths), 7, seed=5))
    by_customer = {visit.customer: weights[i] for i, visit in enumerate(visits)}
    for r in range(7):
        again = [visit for i, visit in enumerate(visits) for _ in range(int(weights[i, r]))]
        scale = len(by_customer) / sum(weight[r] for weight in by_customer.values())
        for fit, one in zip(
            fit_all(customer_paths(again, channels="abcdef", direct="b"), SPECS), found.fits, strict=True
        ):
            for name in (*MEASURES, *TOTALS):
                expected = getattr(fit.credit, name)
                if expected is not None:
                    factor = 1 if "removal" in name else scale
                    drawn = getattr(one.draws, name)[r]
                    np.testing.assert_allclose(drawn, factor * expected, rtol=1e-10, atol=1e-10, err_msg=fit.name)
    # One customer, one weight: in whatever block and row his journeys are.
    for i, visit in enumerate(visits):
        assert (weights[i] == by_customer[visit.customer]).all()


@pytest.mark.parametrize("aggregated", [False, True])
def test_nothing_but_the_seed_matters(aggregated: bool) -> None:
    visits = simulated(2, 300)

    def fitted(blocks: int = 4, threads: int | None = None, seed: int = 3, order: Any = slice(None)) -> Any:
        ordered = visits[order] if isinstance(order, slice) else [visits[i] for i in order]
        paths: Any = customer_paths(ordered, blocks=blocks)
        if aggregated:
            journeys = [
                Journey(tuple(v.path), float(v.value is not None) * 3, v.value or 0, float(v.value is None) * 40)
                for v in ordered
            ]
            paths = ListPaths(journeys, channels=paths.channels, blocks=blocks)
        specs = (*SPECS[:3], Shapley(), Markov(), Markov(order=2))
        return bootstrap(paths, specs, 21, seed=seed, threads=threads)

    base = measured(fitted())
    for other in (fitted(), fitted(threads=1), fitted(threads=3)):
        assert b"".join(a.tobytes() for a in base) == b"".join(a.tobytes() for a in measured(other))
    shuffled = np.random.default_rng(0).permutation(len(visits)).tolist()
    for other in (fitted(blocks=1), fitted(blocks=9), fitted(order=slice(None, None, -1)), fitted(order=shuffled)):
        for one, two in zip(base, measured(other), strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-11, atol=1e-11)
    assert not np.allclose(base[0], measured(fitted(seed=4))[0])


def test_replicates_do_not_depend_on_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = customer_paths(simulated(3), blocks=2)
    every = measured(bootstrap(paths, SPECS, 41, seed=1))
    few = measured(bootstrap(paths, SPECS, 9, seed=1))
    monkeypatch.setattr("attribution_models.paths.resampling_sums.BATCH_BYTES", 1)
    batched = measured(bootstrap(paths, SPECS, 41, seed=1))
    for all_of_them, some, two_at_a_time in zip(every, few, batched, strict=True):
        np.testing.assert_allclose(all_of_them[:9], some, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(all_of_them, two_at_a_time, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("aggregated", [False, True])
def test_every_replicate_closes(aggregated: bool) -> None:
    paths: Any = customer_paths(simulated(4), blocks=2)
    if aggregated:
        paths = rows(("a>b", 20, 300, 7.5), ("b", 3, 5, 1), ("", 4, 0, 2), ("a>c>a", 0, 9, 0), ("c", 1, 0, 0.3))
    specs = tuple(spec for spec in SPECS if not aggregated or spec != DEFAULT_RULES[-1])
    found = bootstrap(paths, specs, 30)
    assert found.kind == ("bootstrap (lower bound)" if aggregated else "bootstrap")
    for fit in found.fits:
        d = fit.draws
        np.testing.assert_allclose(d.conversions.sum(axis=1) + d.unattributed_conversions, d.observed_conversions)
        np.testing.assert_allclose(d.value.sum(axis=1) + d.unattributed_value, d.observed_value)
        shares = fit.values("conversion_share").sum(axis=1) + fit.values("unattributed_conversion_share")
        np.testing.assert_allclose(shares, 1)
        interval = fit.interval("value_share")
        assert (interval.lower <= interval.upper).all()


def test_weights_are_poisson() -> None:
    visits = [Visit(i, "a") for i in range(20_000)]
    weights = weights_of(units_of(customer_paths(visits)), 20, seed=9)[0]
    expected = np.array([0.36788, 0.36788, 0.18394, 0.06131, 0.01533, 0.00307, 0.00051])
    observed = np.bincount(weights.ravel().astype(int), minlength=7)[:7] / weights.size
    np.testing.assert_allclose(observed, expected, atol=4 * np.sqrt(0.25 / weights.size))
    correlation = np.corrcoef(weights.T) - np.eye(20)
    assert np.abs(correlation).max() < 5 / np.sqrt(20_000)


@pytest.mark.parametrize("count", [0.5, 3.0, 9.5, 12.0, 250.0, 1e5])
def test_weights_of_many_are_poisson(count: float) -> None:
    paths = rows(("a", count, 0), ("b", count, 0))
    draws = count * weights_of(units_of(paths), 20_000, seed=2)[0]
    assert abs(draws.mean() / count - 1) < 5 / np.sqrt(40_000 * count)
    assert draws.var() / count == pytest.approx(1, abs=0.06)
    assert abs(np.corrcoef(draws)[0, 1]) < 0.04
    np.testing.assert_allclose(draws, np.round(draws), atol=1e-9)


def test_equal_rows_are_drawn_apart() -> None:
    paths = rows(("a", 5, 0), ("a", 5, 0), ("a", 5, 0), blocks=2)
    drawn = np.concatenate(weights_of(units_of(paths), 50, seed=1))
    assert len({row.tobytes() for row in drawn}) == 3


def test_standard_errors_are_those_of_theory() -> None:
    """Conversions of n customers: binomial, √(n p (1 - p)), for events and for aggregated paths."""
    visits = [Visit(i, "ab" if i % 2 else "b", 2.0 if i % 5 == 0 else None) for i in range(5000)]
    expected = np.sqrt(5000 * 0.2 * 0.8)
    aggregated = rows(("a>b", 500, 2000), ("b", 500, 2000))
    for paths in (customer_paths(visits), aggregated):
        found = bootstrap(paths, [Shapley()], 2000).fits[0]
        assert found.draws.observed_conversions.std() == pytest.approx(expected, rel=0.06)
        interval = found.interval("observed_conversions")
        assert interval.upper - interval.lower == pytest.approx(2 * 1.645 * expected, rel=0.1)


def test_customers_with_many_journeys_widen_intervals() -> None:
    alone = [Visit(i, "ab" if i % 3 else "c", 1.0 if i % 4 == 0 else None) for i in range(2400)]
    together = [Visit(i % 4 * 1000 + i // 64, v.path, v.value) for i, v in enumerate(alone)]  # 16 alike each
    narrow, wide = (bootstrap(customer_paths(v), [Shapley()], 300).fits[0].draws for v in (alone, together))
    assert wide.conversions.std(axis=0).mean() > 1.5 * narrow.conversions.std(axis=0).mean()


def test_few_conversions_and_odd_inputs() -> None:
    visits = [Visit(i, "a" if i < 19 else "b", 1.0) for i in range(60)]
    found = bootstrap(customer_paths(visits, channels="abc"), [Shapley(), Markov()], 10)
    assert found.few_conversions.tolist() == [True, False, True]
    assert found.units == 60
    assert found.few_unattributed
    untouched = bootstrap(customer_paths([Visit(i, "", 1.0) for i in range(20)], channels="a"), [Shapley()], 4)
    assert not untouched.few_unattributed
    nobody = bootstrap(ListPaths([], channels=["a"], blocks=0), SPECS, 5)
    assert all((array == 0).all() for array in measured(nobody))
    lone = bootstrap(customer_paths([Visit(3, "ab", 2.0)]), SPECS, 40)
    drawn = lone.fits[7].draws.observed_conversions
    assert set(drawn) == {0.0, 1.0}  # where he is not drawn, nothing is
    for bad in ({"replicates": 1}, {"level": 1.0}, {"seed": -1}):
        with pytest.raises(ValueError, match="got"):
            bootstrap(customer_paths(visits), [Shapley()], **bad)
    with pytest.raises(ValueError, match="has no 'removal_effect'"):
        found.fits[0].interval("removal_effect")
    with pytest.raises(ValueError, match="no family"):
        bootstrap(customer_paths(visits), ["last"], 5)


def test_sparse_and_dense_solutions_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = customer_paths(simulated(5), blocks=2)
    dense = measured(bootstrap(paths, [Markov()], 10))
    monkeypatch.setattr("attribution_models.paths.resampling_chain.DENSE_STATES", 0)
    for one, other in zip(dense, measured(bootstrap(paths, [Markov()], 10)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10)


def test_automatic_order_mixes_replicates() -> None:
    paths = customer_paths(simulated(6))
    found = bootstrap(paths, [Shapley(), Markov(order=3), Markov(order=1)], 6, seed=2)
    mixed = bootstrap_order(paths, Markov(order=1).fit(paths), np.array([1, 3, 3, 1, 1, 3]), seed=2)
    assert mixed.name == "markov-1"
    for measure in ("conversions", "value", "unattributed_value", "removal_effect"):
        three, one = (getattr(fit.draws, measure) for fit in found.fits[1:])
        expected = [one[0], three[1], three[2], one[3], one[4], three[5]]
        np.testing.assert_allclose(getattr(mixed.draws, measure), expected, rtol=1e-12)
    assert not np.allclose(found.fits[1].draws.conversions, found.fits[2].draws.conversions)


def test_parts_add_up_in_every_replicate() -> None:
    """A part of the journeys, with the scale of all: rules and Shapley add up, replicate by replicate."""
    visits = simulated(10, 200)
    whole = customer_paths(visits, blocks=2)
    scale = replicate_scale(whole, 12, seed=4)
    specs = [Linear(), Last(), Shapley(), Markov()]
    parts = [
        customer_paths([v for v in visits if (v.customer % 3 + len(v.path)) % 3 == i], channels=whole.channels)
        for i in range(3)
    ]
    drawn = [bootstrap(part, specs, 12, 4, scale=scale).fits for part in parts]
    for every, *some in zip(bootstrap(whole, specs, 12, 4).fits, *drawn, strict=True):
        totals = sum(fit.draws.observed_conversions for fit in some)
        np.testing.assert_allclose(totals, every.draws.observed_conversions, rtol=1e-12)
        if every.name != "markov-1":
            for measure in ("conversions", "value", "unattributed_value"):
                added = sum(getattr(fit.draws, measure) for fit in some)
                np.testing.assert_allclose(added, getattr(every.draws, measure), rtol=1e-9, atol=1e-9)
    alone = bootstrap(parts[0], specs, 12, 4).fits[0].draws.conversions
    assert not np.allclose(alone, drawn[0][0].draws.conversions), "a part's own scale would not add up"


@pytest.mark.parametrize("order", [1, 2, 3])
def test_posterior_of_the_chain(order: int) -> None:
    paths = customer_paths(simulated(7, 2000, names="abc"), blocks=2)
    found = posterior(paths, Markov(order=order), 400, seed=1)
    again = posterior(paths, Markov(order=order), 400, seed=1)
    assert found.kind == "conditional on the chain"
    fit = found.fits[0]
    assert fit.draws.conversions.tobytes() == again.fits[0].draws.conversions.tobytes()
    np.testing.assert_allclose(
        fit.draws.conversions.sum(axis=1) + fit.draws.unattributed_conversions, fit.credit.observed_conversions
    )
    effects = fit.draws.removal_effect
    assert effects is not None
    # Journeys here are independent given the customer, so both kinds of intervals are about as wide.
    resampled = bootstrap(paths, [Markov(order=order)], 400).fits[0].draws.removal_effect
    assert resampled is not None
    np.testing.assert_allclose(effects.mean(axis=0), fit.credit.removal_effect, atol=4 * effects.std() / 20 + 0.01)
    np.testing.assert_allclose(effects.std(axis=0), resampled.std(axis=0), rtol=0.5)
    with pytest.raises(ValueError, match="Presence"):
        posterior(paths, Markov(removal="presence"))


def test_posterior_of_one_state_is_beta() -> None:
    """START → a with 30 conversions and 70 nulls, START → b with 10 and 90: P_-a / P by hand."""
    paths = rows(("a", 30, 70), ("b", 10, 90))
    effects = posterior(paths, Markov(), 10_000, seed=3).fits[0].draws.removal_effect
    generator = np.random.default_rng(0)
    p = generator.beta(100, 100, 20_000)
    a, b = p * generator.beta(30, 70, 20_000), (1 - p) * generator.beta(10, 90, 20_000)
    assert effects is not None
    np.testing.assert_allclose(effects[:, 0].mean(), (a / (a + b)).mean(), atol=0.004)
    np.testing.assert_allclose(effects[:, 0].std(), (a / (a + b)).std(), rtol=0.04)
    assert count_chain(paths, 1).start.size == 2
