"""Rolling origins: nothing of the future reaches the fit, and scores are those of plain formulas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from attribution_models.mix.density import Density
from attribution_models.mix.folds import Fold, FutureScores, by_distance, origins, rolling_origin, training
from attribution_models.mix.loo import Loo
from attribution_models.mix.means import Means
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.scores import RowScores, crps, score_rows
from attribution_models.mix.spec import Trend
from attribution_models.mix.spec_table import NOTE, Candidate, Interval, spec_table
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES

RNG = np.random.default_rng(21)


def fit(s):
    return np.random.default_rng(s.size).normal(scale=0.2, size=(2, 30, s.size))


def test_origins_end_with_the_panel():
    assert origins(100, 3, 10) == (70, 80, 90)
    assert origins(100, 3, 10, step=5) == (80, 85, 90)
    with pytest.raises(ValueError, match="the panel has 20"):
        origins(20, 3, 10)
    with pytest.raises(ValueError, match="need 41"):
        origins(40, 3, 10, least=11)


@pytest.mark.parametrize("name", ["national_default", "targets_national", "geo_targets", "direct", "time_varying"])
def test_the_future_does_not_reach_the_fit(name):
    """Other outcomes after the origin, and anything after the horizon, change nothing in what is fitted."""
    case = CASES[name]
    origin, horizon = len(case.data.dates) - 5, 3
    wild = case.data.outcome.copy()
    wild[:, origin:] *= 50
    later = replace(case.data, outcome=wild, controls=case.data.controls.copy(), exposure=case.data.exposure.copy())
    later.controls[..., origin + horizon :] = 77.0
    later.exposure[..., case.data.before + origin + horizon :] = 1e6
    one, other = (training(case.spec, d, origin, horizon)[0] for d in (case.data, later))
    point = fit(one)[0, 0]
    assert Density.of(one)(point)[0] == Density.of(other)(point)[0]
    for field in ("center", "outcome", "media", "control_center", "control"):
        np.testing.assert_array_equal(getattr(one.scales, field), getattr(other.scales, field))


def test_scales_are_of_the_fitted_rows():
    case = CASES["national_default"]
    data = replace(case.data, exposure=case.data.exposure.copy())
    origin = len(data.dates) - 4
    data.exposure[0, :, data.before + origin :] = 1e5
    s, _ = training(case.spec, data, origin, 4)
    assert s.scales.media[0] < 1e4
    assert not s.fitted[:, origin:].any()
    assert s.data.outcome.shape[1] == len(data.dates)


def test_knots_after_the_horizon_are_left_out():
    case = CASES["national_default"]
    spec = replace(case.spec, trend=Trend("knots", at=(0, 10, len(case.data.dates) - 1)))
    s, _ = training(spec, case.data, len(case.data.dates) - 6, 2)
    assert s.spec.trend.at == (0, 10)


@pytest.mark.parametrize("name", ["national_default", "national_student", "geo_pooled", "log_link"])
def test_scores_by_plain_formulas(name):
    case = CASES[name]
    post = Posterior.of(density := Density.of(structure(case.spec, case.data)), fit(density.structure), 1)
    means, rows = Means.of(post), np.zeros(case.data.outcome.shape, bool)
    rows[:, -4:] = True
    found = score_rows(means, rows, level=0.8, seed=2)
    wanted = rows & np.isfinite(case.data.outcome)
    assert len(found.dates) == wanted.sum()
    for i in range(0, len(found.dates), 3):
        g = case.data.geos.index(found.geos[i])
        t = int(np.flatnonzero(case.data.dates == found.dates[i])[0])
        y = case.data.outcome[g, t]
        assert found.observed[i] == y
        scaled = means.scaled(g)
        new = means.outcome(g, scaled + means.noise(g, 2))[:, t]
        assert found.crps[i] == pytest.approx(np.abs(new - y).mean() - 0.5 * np.abs(new[:, None] - new).mean())
        assert found.inside[i] == (np.quantile(new, 0.1) <= y <= np.quantile(new, 0.9))
        assert found.predicted[i] == pytest.approx(np.median(new))
        at, worth = (
            means.outcome(g, scaled)[:, t],
            means.structure.scales.population[g] * means.structure.scales.outcome,
        )
        sigma = means.sigma[:, g]
        if means.log:
            density = stats.lognorm.pdf(y, sigma, scale=at)
        elif means.nu is None:
            density = stats.norm.pdf(y, at, worth * sigma)
        else:
            density = stats.t.pdf(y, means.nu, at, worth * sigma)
        assert found.log_density[i] == pytest.approx(np.log(density.mean()))


def test_the_ranked_score_of_a_known_distribution():
    x = np.sort(np.random.default_rng(1).normal(size=(100_000, 1)), axis=0)
    y = 0.7
    exact = y * (2 * stats.norm.cdf(y) - 1) + 2 * stats.norm.pdf(y) - 1 / np.sqrt(np.pi)
    assert crps(x, np.array([y]))[0] == pytest.approx(exact, abs=0.005)


def test_row_scores_are_summed_up():
    one = scores(np.array([100.0, 200.0]), np.array([110.0, 190.0]))
    assert one.mape == pytest.approx(0.075)
    assert one.wmape == pytest.approx(20 / 300)
    assert one.coverage == 0.5
    assert np.isnan(scores(np.array([0.0, 1.0]), np.array([1.0, 1.0])).mape)
    both = RowScores.joined((one, one))
    assert both.elpd == pytest.approx(2 * one.elpd)
    assert both.elpd_se == pytest.approx(np.sqrt(4 * both.log_density.var()))


@pytest.mark.parametrize("name", ["national_default", "geo_pooled", "geo_time_varying"])
def test_rolling_origins(name):
    case, seen = CASES[name], []

    def sample(s):
        seen.append(int(s.fitted.any(axis=0).sum()))
        return fit(s)

    periods = len(case.data.dates)
    at = origins(periods, 2, 2)
    found = rolling_origin(case.spec, case.data, sample, at, 2)
    assert [fold.origin for fold in found.folds] == list(at)
    assert seen[1] == seen[0] + 2
    assert not found.failures
    np.testing.assert_array_equal(np.unique(found.rows.dates), case.data.dates[-4:])
    past, whole = training(case.spec, case.data, at[0], 2)
    post = Posterior.of(Density.of(past), fit(past), 1)
    rows = np.zeros(whole.outcome.shape, bool)
    rows[:, at[0] :] = True
    own = score_rows(Means.of(post, replace(past, data=whole)), rows)
    np.testing.assert_allclose(found.folds[0].scores.log_density, own.log_density)
    distances = dict(by_distance(found, case.data.dates))
    assert list(distances) == [1, 2]
    np.testing.assert_array_equal(np.unique(distances[2].dates), case.data.dates[[-3, -1]])


def test_a_fold_that_cannot_be_fitted_says_why():
    case = CASES["national_default"]
    data = replace(case.data, exposure=case.data.exposure.copy())
    periods = len(data.dates)
    data.exposure[1, :, : data.before + periods - 5] = 0
    found = rolling_origin(case.spec, data, fit, (periods - 6, periods - 3), 3)
    assert found.folds[0].scores is None
    assert "search has no exposure" in found.failures[0]
    with pytest.raises(ValueError, match="No fold could be fitted"):
        rolling_origin(case.spec, data, fit, (periods - 6,), 3)


def scores(observed, predicted, name="north"):
    n = len(observed)
    return RowScores(
        np.datetime64("2024-01-01") + np.arange(n),
        np.full(n, name),
        observed,
        predicted,
        RNG.normal(size=n),
        np.abs(RNG.normal(size=n)),
        np.arange(n) % 2 == 0,
    )


def future(rows, outcome="sales"):
    return FutureScores(outcome, 2, 0.9, (Fold(10, rows),), rows)


def one_out(observed):
    n = len(observed)
    return Loo(
        -3.0,
        1.0,
        2.0,
        np.zeros(n),
        np.full(n, 0.9),
        np.column_stack([np.zeros(n), np.arange(n)]).astype(int),
        observed,
        0.7,
    )


Y = np.array([100.0, 200.0, 150.0])


def candidate(mean, rows=None, loo=None):
    roi = {"tv": Interval(mean, mean - 1, mean + 1)}
    return Candidate(roi, future(scores(Y, Y + mean)) if rows is None else rows, loo or one_out(Y))


def test_models_side_by_side():
    found = spec_table({"b": candidate(2.0), "a": candidate(0.5), "bare": Candidate({"tv": Interval(1.0, 0.0, 2.0)})})
    assert [row.name for row in found.rows] == ["b", "a", "bare"]
    assert found.spread == {"tv": (0.5, 2.0)}
    assert found.rows[0].loo_unreliable == 3
    assert np.isnan(found.rows[2].future_elpd)
    assert found.note == NOTE
    assert not hasattr(found, "best")


def test_models_that_cannot_be_compared_are_refused():
    other = future(scores(Y[:2], Y[:2]))
    with pytest.raises(ValueError, match="other rows"):
        spec_table({"a": candidate(1.0), "b": candidate(1.0, other)})
    with pytest.raises(ValueError, match="no common score"):
        spec_table({"a": candidate(1.0), "b": candidate(1.0, future(scores(Y, Y), "visits"))})
    with pytest.raises(ValueError, match="other values"):
        spec_table({"a": candidate(1.0), "b": candidate(1.0, future(scores(Y / 1000, Y)))})
    with pytest.raises(ValueError, match="l_max"):
        spec_table({"a": candidate(1.0), "b": candidate(1.0, loo=one_out(Y[:2]))})
    with pytest.raises(ValueError, match="other values"):
        spec_table({"a": candidate(1.0), "b": candidate(1.0, loo=one_out(Y * 2))})
    with pytest.raises(ValueError, match="other rows"):
        spec_table({"a": candidate(1.0), "b": candidate(1.0, future(scores(Y, Y, "south")))})
