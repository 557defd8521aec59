"""Reconciled totals against numerical integration, their limits, and that names and order change nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from attribution_models.reconcile.copula import Copula
from attribution_models.reconcile.evidence import (
    BIAS,
    DISCREPANCY,
    Beliefs,
    Experiment,
    MixTotals,
    PathTotals,
    log_covariance,
)
from attribution_models.reconcile.slices import ellipse_at_peak, elliptical_slices
from attribution_models.reconcile.totals import Totals, reconcile_totals, systematic

NAMES = ("tv", "search", "social")


def mix(draws: int = 4000, seed: int = 1, spread: float = 0.4, rho: float = -0.5) -> MixTotals:
    """Log-normal posterior draws whose logs are correlated."""
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(np.full((3, 3), rho / 2) + (1 - rho / 2) * np.eye(3))
    logs = np.log([300.0, 200.0, 100.0]) + spread * rng.standard_normal((draws, 3)) @ root.T
    return MixTotals(NAMES, np.exp(logs), rng.normal(400, 50, draws), 1200.0)


def paths(*totals: float, names: tuple[str, ...] = ("search", "social"), noise: float = 0.1) -> PathTotals:
    return PathTotals(names, np.array(totals), noise**2 * np.eye(len(totals)))


def test_without_evidence_the_draws_stay_as_they_are() -> None:
    given = mix()
    found = reconcile_totals(given)
    assert found.method == "weights"
    np.testing.assert_array_equal(np.sort(found.index), np.arange(4000))
    np.testing.assert_array_equal(found.draws, given.draws[found.index])


def test_boundless_discrepancy_gives_the_mix_posterior() -> None:
    given = mix()
    found = reconcile_totals(given, paths(900.0, 20.0), (), Beliefs(1e7, 1.5))
    assert found.effective == pytest.approx(4000, rel=1e-9)
    np.testing.assert_array_equal(np.sort(found.draws, axis=0), np.sort(given.draws, axis=0))


def on_grid(
    totals: tuple[float, float], tau: float, bias: float, test: Experiment | None, path: PathTotals, spread: float
) -> tuple[np.ndarray, np.ndarray]:
    """Posterior means and deviations of two log-normal totals by sums over a grid of both and of b."""
    x = np.linspace(-5 * spread, 5 * spread, 101)
    b = np.linspace(-6 * bias, 6 * bias, 201)
    one, two = np.meshgrid(np.log(totals[0]) + x, np.log(totals[1]) + x, indexing="ij")
    log = norm.logpdf(one, np.log(totals[0]), spread) + norm.logpdf(two, np.log(totals[1]), spread)
    noise = np.sqrt(tau**2 + np.diag(path.log_covariance))
    inner = norm.logpdf(b, 0, bias)
    for place, axis in enumerate((one, two)):
        inner = inner + norm.logpdf(np.log(path.totals[place]), axis[..., None] + b, noise[place])
    log = log + np.logaddexp.reduce(inner, axis=-1)
    if test is not None:
        log = log + norm.logpdf(test.lift, test.share * np.exp(one), test.deviation)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    values = np.stack([np.exp(one), np.exp(two)])
    mean = (weight * values).sum(axis=(1, 2))
    return mean, np.sqrt((weight * values**2).sum(axis=(1, 2)) - mean**2)


@pytest.mark.parametrize("tau", [0.3, 0.7])
@pytest.mark.parametrize("test", [None, Experiment("a", 120.0, 40.0, 0.5)])
def test_two_channels_by_numerical_integration(tau: float, test: Experiment | None) -> None:
    rng = np.random.default_rng(5)
    draws = np.exp(np.log([200.0, 150.0]) + 0.5 * rng.standard_normal((60_000, 2)))
    given = MixTotals(("a", "b"), draws, np.full(len(draws), 500.0), 1000.0)
    path = paths(300.0, 700.0, names=("a", "b"), noise=0.2)
    tests = () if test is None else (test,)
    found = reconcile_totals(given, path, tests, Beliefs(tau, 1.5))
    mean, deviation = on_grid((200.0, 150.0), tau, 1.5, test, path, 0.5)
    assert found.method == "weights"
    np.testing.assert_allclose(found.draws.mean(axis=0), mean, rtol=0.015)
    np.testing.assert_allclose(found.draws.std(axis=0), deviation, rtol=0.03)


def test_the_copula_agrees_with_numerical_integration_far_outside_the_draws() -> None:
    rng = np.random.default_rng(6)
    draws = np.exp(np.log([200.0, 150.0]) + 0.3 * rng.standard_normal((4000, 2)))
    given = MixTotals(("a", "b"), draws, np.full(4000, 5000.0), 10_000.0)
    path, test = paths(300.0, 700.0, names=("a", "b"), noise=0.2), Experiment("a", 900.0, 10.0)
    found = reconcile_totals(given, path, (test,), Beliefs(0.7, 1.5))
    mean, _ = on_grid((200.0, 150.0), 0.7, 1.5, Experiment("a", 900.0, 10.0), path, 0.3)
    assert found.method == "copula"
    assert found.drift < 0.12
    # The grid ends at 5 deviations of the mix model, and so nearly at the lift; the test itself decides `a`.
    assert found.draws[:, 0].mean() == pytest.approx(900.0, rel=0.02)
    assert found.draws[:, 0].std() == pytest.approx(10.0, rel=0.1)
    assert found.draws[:, 1].mean() == pytest.approx(mean[1], rel=0.05)


def test_the_copula_is_the_weights_where_both_can_be_had() -> None:
    given, path = mix(spread=0.3), paths(500.0, 80.0)
    weighed = reconcile_totals(given, path, (Experiment("tv", 250.0, 60.0),))
    few = MixTotals(NAMES, given.draws[:99], given.room[:99], given.observed)
    many = [reconcile_totals(few, path, (Experiment("tv", 250.0, 60.0),), seed=s) for s in range(6)]
    assert weighed.method == "weights"
    assert {m.method for m in many} == {"copula"}
    means = np.mean([m.draws.mean(axis=0) for m in many], axis=0)
    np.testing.assert_allclose(means, weighed.draws.mean(axis=0), rtol=0.12)


def test_a_strong_experiment_is_taken() -> None:
    found = reconcile_totals(mix(), paths(400.0, 100.0), (Experiment("social", 250.0, 0.5),))
    assert found.draws[:, 2].mean() == pytest.approx(250.0, abs=0.2)
    assert found.draws[:, 2].std() == pytest.approx(0.5, rel=0.1)


def test_a_common_factor_of_path_totals_moves_the_sum_of_a_sure_mix_model_little() -> None:
    given = mix(spread=0.05)
    plain, tripled = (reconcile_totals(given, paths(200.0 * k, 100.0 * k), (), Beliefs(0.3, 1.5)) for k in (1.0, 3.0))
    np.testing.assert_allclose(tripled.draws.mean(axis=0), plain.draws.mean(axis=0), rtol=0.01)
    assert tripled.bias[0] - plain.bias[0] == pytest.approx(np.log(3.0), rel=0.2)


def test_channels_of_paths_alone_lose_the_bias_that_the_others_show() -> None:
    known = ("search", "social", "mail")
    found = reconcile_totals(mix(spread=0.05), paths(600.0, 300.0, 90.0, names=known), (), Beliefs(0.05, 1.5))
    assert found.names == (*NAMES, "mail")
    assert np.median(found.draws[:, 3]) == pytest.approx(30.0, rel=0.15)
    assert np.isnan(found.apart[[0, 3]]).all()


def test_channels_of_paths_alone_take_no_more_than_the_baseline_holds() -> None:
    given = mix()
    tight = MixTotals(NAMES, given.draws, np.full(4000, 10.0), given.observed)
    found = reconcile_totals(tight, paths(200.0, 100.0, 5000.0, names=("search", "social", "mail")))
    assert found.draws[:, 3].max() <= 10.0 + 1e-9


def test_an_experiment_on_a_channel_of_paths_alone() -> None:
    found = reconcile_totals(
        mix(), paths(200.0, 100.0, 90.0, names=("search", "social", "mail")), (Experiment("mail", 60.0, 2.0),)
    )
    assert found.draws[:, 3].mean() == pytest.approx(60.0, rel=0.05)


def by_name(found: Totals) -> dict[str, float]:
    return dict(zip(found.names, found.draws.mean(axis=0).tolist(), strict=True))


def test_order_and_names_of_channels_do_not_matter() -> None:
    given, path = mix(), paths(500.0, 80.0)
    turned = MixTotals(NAMES[::-1], given.draws[:, ::-1], given.room, given.observed)
    other = PathTotals(path.names[::-1], path.totals[::-1], path.log_covariance)
    one, two = by_name(reconcile_totals(given, path)), by_name(reconcile_totals(turned, other))
    assert one == pytest.approx(two, rel=1e-9)
    called = reconcile_totals(
        MixTotals(("x", "y", "z"), given.draws, given.room, given.observed), paths(500.0, 80.0, names=("y", "z"))
    )
    assert list(by_name(called).values()) == pytest.approx(list(one.values()), rel=1e-12)


def test_order_of_draws_matters_no_more_than_chance() -> None:
    given, path = mix(), paths(500.0, 80.0)
    order = np.random.default_rng(3).permutation(4000)
    shuffled = MixTotals(NAMES, given.draws[order], given.room[order], given.observed)
    one, two = reconcile_totals(given, path), reconcile_totals(shuffled, path)
    assert one.effective == pytest.approx(two.effective, rel=1e-9)
    np.testing.assert_allclose(one.draws.mean(axis=0), two.draws.mean(axis=0), rtol=0.03)


def test_the_same_seed_gives_the_same_answer() -> None:
    one, two = (reconcile_totals(mix(), paths(500.0, 80.0), seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.draws, two.draws)


def test_totals_below_zero_are_no_error() -> None:
    rng = np.random.default_rng(2)
    given = MixTotals(("a", "b"), rng.normal([5.0, 100.0], [10.0, 20.0], (4000, 2)), np.full(4000, 50.0), 200.0)
    found = reconcile_totals(given, paths(40.0, 90.0, names=("a", "b")))
    assert np.isfinite(found.draws).all()
    assert found.draws[:, 0].mean() > 5.0


def test_apart_counts_standard_deviations_of_all_that_is_uncertain() -> None:
    found = reconcile_totals(mix(spread=0.05), paths(200.0, 1600.0), (), Beliefs(0.5, 1.5))
    assert found.apart[2] > 1
    assert found.apart[1] < -1


def test_systematic_resampling_gives_each_draw_its_share_to_the_next_whole_number() -> None:
    rng = np.random.default_rng(7)
    weights = rng.gamma(0.5, 1.0, 500)
    weights /= weights.sum()
    counts = np.bincount(systematic(weights, rng), minlength=500)
    assert np.abs(counts - 500 * weights).max() < 1 + 1e-9


def test_elliptical_slices_find_a_normal_posterior() -> None:
    def residuals(u: np.ndarray) -> np.ndarray:
        return 3.0 / 0.5 - u.sum(axis=1, keepdims=True) / 0.5

    ellipse = ellipse_at_peak(residuals, np.zeros(2))
    found, drift = elliptical_slices(residuals, ellipse, 4000, np.random.Generator(np.random.Philox(9)), 30)
    # u₁ + u₂ ~ N(0, 2), and 3 measured with variance 0.25: mean 3 · 2 / 2.25, half of it each.
    np.testing.assert_allclose(ellipse.centre, 3 / 2.25, atol=1e-3)
    np.testing.assert_allclose(found.mean(axis=0), 3 / 2.25, atol=0.04)
    assert found.sum(axis=1).var() == pytest.approx(2 * 0.25 / 2.25, rel=0.08)
    assert drift < 0.1


def test_a_copula_has_the_margins_and_the_dependence_of_its_draws() -> None:
    draws = np.column_stack([mix().draws, np.random.default_rng(4).gamma(3.0, 1.0, 4000) - 2.0])
    made = Copula.of(draws).values(np.random.default_rng(5).standard_normal((20_000, 4)))
    shares = [0.01, 0.1, 0.5, 0.9, 0.99]
    apart = np.abs(np.quantile(made, shares, axis=0) - np.quantile(draws, shares, axis=0)) / draws.std(axis=0)
    assert apart.max() < 0.12
    np.testing.assert_allclose(np.corrcoef(np.log(made[:, :3]).T), np.corrcoef(np.log(draws[:, :3]).T), atol=0.04)


def test_covariance_of_logs() -> None:
    rng = np.random.default_rng(1)
    common = rng.normal(size=(5000, 1))
    found = log_covariance(np.exp(0.2 * common + 0.1 * rng.normal(size=(5000, 2))))
    np.testing.assert_allclose(found, [[0.05, 0.04], [0.04, 0.05]], rtol=0.08)
    assert not log_covariance(np.ones((1, 2))).any()
    assert np.isfinite(log_covariance(np.array([[0.0, 1.0], [2.0, 3.0]]))).all()


@pytest.mark.parametrize(
    "bad",
    [
        lambda: MixTotals(NAMES, np.ones((5, 2)), np.ones(5), 1.0),
        lambda: MixTotals(("a",), np.full((5, 1), np.nan), np.ones(5), 1.0),
        lambda: MixTotals(("a",), np.ones((5, 1)), np.ones(5), 0.0),
        lambda: PathTotals(("a",), np.zeros(1), np.zeros((1, 1))),
        lambda: PathTotals(("a",), np.ones(1), np.zeros((2, 2))),
        lambda: Experiment("a", 1.0, 0.0),
        lambda: Experiment("a", np.nan, 1.0),
        lambda: Beliefs(0.0),
        lambda: Beliefs(np.inf),
        lambda: reconcile_totals(mix(), None, (Experiment("nobody", 1.0, 1.0),)),
    ],
)
def test_bad_input_is_refused(bad) -> None:
    with pytest.raises(ValueError):
        bad()


def test_the_default_bias_is_wide_for_credit_and_narrower_for_effects() -> None:
    assert BIAS["attributed"] > BIAS["incremental_direct"]
    assert Beliefs.of("attributed") == Beliefs()
    assert Beliefs.of("incremental_direct", 0.3) == Beliefs(0.3, BIAS["incremental_direct"])
    assert Beliefs.of("incremental_direct").discrepancy == DISCREPANCY["incremental_direct"] == 0.7
