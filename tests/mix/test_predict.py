"""Fitted means and forecasts against plain loops, against simulation, and against a fit over the longer window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution_models.mix import continuation
from attribution_models.mix.columns import DENSE, GEO
from attribution_models.mix.density import Density
from attribution_models.mix.means import Means
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.predict import fitted, forecast
from attribution_models.mix.priors import normal
from attribution_models.mix.spec import Event, Trend
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES
from tests.mix.plain import responses

POSTERIORS: dict[str, Posterior] = {}


def posterior(name, draws=6):
    if name not in POSTERIORS:
        case = CASES[name]
        density = Density.of(structure(case.spec, case.data, case.lifts))
        points = np.random.default_rng(5).normal(scale=0.4, size=(2, draws, density.size))
        POSTERIORS[name] = Posterior.of(density, points, 1)
    return POSTERIORS[name]


def one(post, d):
    """A posterior of draw d alone, as `plain.responses` reads it."""
    return replace(post, parameters=post.parameters[d : d + 1], beta=post.beta[d : d + 1])


def plain_mean(post, d, s=None, coefficients=None):
    """Scaled mean of draw d by loops over terms, geos and periods."""
    s = s or post.structure
    coefficients = coefficients or post.coefficients
    h = responses(s, None, one(post, d))
    geos, periods = s.outcome.shape
    mean = np.zeros((geos, periods))
    for g in range(geos):
        for t in range(periods):
            mean[g, t] = sum(post.beta[d, c, g] * h[c, g, t] for c in range(len(h)))
            for term in s.terms:
                for j in range(term.size):
                    if term.kind == GEO and term.geos[j] != g:
                        continue
                    column = term.columns[j, g] if term.kind == DENSE else term.columns[j]
                    mean[g, t] += coefficients[term.name][d, j] * column[t]
    return mean


@pytest.mark.parametrize("name", CASES)
def test_means_by_plain_loops(name):
    post = posterior(name)
    means = Means.of(post)
    for d in (0, 5, 11):
        found = np.stack([means.scaled(g)[d] for g in range(len(post.structure.data.geos))])
        np.testing.assert_allclose(found, plain_mean(post, d), rtol=1e-9, atol=1e-12)


def test_the_baseline_is_what_is_left_without_media():
    post = posterior("geo_pooled")
    silent = replace(post, beta=np.zeros_like(post.beta))
    np.testing.assert_allclose(Means.of(post).baseline(1), Means.of(silent).scaled(1))


@pytest.mark.parametrize("name", ["national_default", "direct", "geo_pooled", "log_link"])
def test_units_turn_the_scaled_outcome_back(name):
    post = posterior(name)
    s, means = post.structure, Means.of(post)
    for g in range(len(s.data.geos)):
        seen = s.fitted[g]
        np.testing.assert_allclose(means.outcome(g, s.outcome[g])[seen], s.data.outcome[g, seen])


@pytest.mark.parametrize("name", ["national_default", "geo_independent", "national_student", "log_link"])
def test_bands_are_quantiles_of_draws(name):
    post = posterior(name)
    found, means = fitted(post, level=0.8, seed=3), Means.of(post)
    draws = [means.outcome(g, means.scaled(g)) for g in range(len(found.geos))]
    new = [means.outcome(g, means.scaled(g) + means.noise(g, 3)) for g in range(len(found.geos))]
    np.testing.assert_allclose(found.rows.mean, [d.mean(axis=0) for d in draws])
    np.testing.assert_allclose(found.rows.low, [np.quantile(d, 0.1, axis=0) for d in draws])
    np.testing.assert_allclose(found.rows.new_high, [np.quantile(d, 0.9, axis=0) for d in new])
    np.testing.assert_allclose(found.total.mean, sum(draws).mean(axis=0))
    np.testing.assert_allclose(found.total.new_low, np.quantile(sum(new), 0.1, axis=0))
    assert np.all(found.rows.low <= found.rows.high)


@pytest.mark.parametrize("name", ["national_default", "national_student"])
def test_noise_has_the_models_spread(name):
    post = posterior(name)
    nu = None if post.structure.nu is None else np.full(4000, 6.0)
    means = replace(Means.of(post), parameters=np.zeros((4000, 1)), sigma=np.full((4000, 1), 0.3), nu=nu)
    noise = means.noise(0, 1)
    assert noise.std() == pytest.approx(0.3 * (1 if nu is None else np.sqrt(6 / 4)), rel=0.03)
    assert np.abs(np.corrcoef(noise[:, 0], noise[:, 1])[0, 1]) < 0.06


def test_a_level_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        fitted(posterior("national_default"), level=90)


CUT = 5
EXTENDED = ["national_default", "direct", "targets_national", "gaussian_process", "mixed_families", "daily", "log_link", "geo_pooled", "geo_national_channel", "geo_reach", "time_varying", "geo_time_varying", "log_time_varying"]  # fmt: skip


def cut(data, first, last):
    """Periods `first` … `last` − 1; media before them stay."""
    part = slice(first, last)
    media = slice(0 if first == 0 else data.before + first, data.before + last)
    return replace(
        data,
        dates=data.dates[part],
        outcome=data.outcome[:, part],
        exposure=data.exposure[..., media],
        spend=data.spend[..., part],
        controls=data.controls[..., part],
        revenue_per_outcome=data.revenue_per_outcome[:, part],
        frequency=data.frequency[..., media],
        history=data.history if first == 0 else 0,
    )


def shortened(name, draws=6):
    """A posterior of all but the last periods, and those."""
    case = CASES[name]
    periods = len(case.data.dates)
    before, after = cut(case.data, 0, periods - CUT), cut(case.data, periods - CUT, periods)
    density = Density.of(structure(case.spec, before))
    points = np.random.default_rng(5).normal(scale=0.4, size=(2, draws, density.size))
    return Posterior.of(density, points, 1), after


@pytest.mark.parametrize("name", EXTENDED)
def test_a_continuation_keeps_the_window_and_carries_over(name):
    post, after = shortened(name)
    means, own = continuation.continuation(post, after), Means.of(post)
    kept = post.structure.outcome.shape[1]
    for g in range(len(after.geos)):
        np.testing.assert_allclose(means.scaled(g)[:, :kept], own.scaled(g), rtol=1e-9, atol=1e-12)
    for d in (0, 7):
        found = np.stack([means.scaled(g)[d] for g in range(len(after.geos))])
        np.testing.assert_allclose(
            found, plain_mean(post, d, means.structure, means.coefficients), rtol=1e-9, atol=1e-12
        )
    found = forecast(post, after)
    assert found.rows.mean.shape == (len(after.geos), CUT)
    np.testing.assert_array_equal(found.observed, after.outcome)


def test_the_same_rows_whether_joined_or_given_whole():
    """Media, controls and seasons of the future are those of the longer panel under the fit's scales."""
    case = CASES["national_default"]
    post, after = shortened("national_default")
    whole = structure(case.spec, case.data, scales=post.structure.scales)
    found = continuation.continuation(post, after).structure
    np.testing.assert_allclose(found.media, whole.media)
    for mine, theirs in zip(found.terms, whole.terms, strict=True):
        np.testing.assert_allclose(mine.columns, theirs.columns)


def test_a_slope_goes_on_and_knots_stay():
    line = continuation.trend_columns(Trend("linear", 1), 11, 16)
    np.testing.assert_allclose(line[0], np.arange(16) / 10)
    np.testing.assert_allclose(line[1], np.maximum(0, np.arange(16) - 5) / 10)
    knots = continuation.trend_columns(Trend("knots", 3), 11, 16)
    np.testing.assert_allclose(knots[:, 10:], np.repeat([[0.0], [0.0], [1.0]], 6, axis=1))
    wave = continuation.trend_columns(Trend("gaussian-process", 4), 11, 40)
    np.testing.assert_allclose(wave[:, 20:], 0, atol=1e-12)


def test_an_event_that_the_window_lacks_comes_from_its_prior():
    case = CASES["national_default"]
    day = str(case.data.dates[-2])
    spec = replace(case.spec, events=(Event("launch", ((day, day),), normal(5.0, 0.1)),))
    data = case.data
    kept = len(data.dates) - CUT
    density = Density.of(structure(spec, cut(data, 0, kept)))
    post = Posterior.of(density, np.zeros((2, 200, density.size)), 1)
    means = continuation.continuation(post, cut(data, kept, len(data.dates)))
    drawn = means.coefficients["event after the window 1"]
    assert drawn.mean() == pytest.approx(5.0, abs=0.03)
    assert drawn.std() == pytest.approx(0.1, rel=0.2)


def test_period_effects_of_the_future_come_from_their_spread():
    name = next(n for n, c in CASES.items() if c.spec.period_effect is not None)
    post, after = shortened(name, draws=300)
    means = continuation.continuation(post, after)
    later = means.coefficients["period_effect"][:, -CUT:]
    spread = post.parameters[:, post.structure.by_name["period_spread"].start]
    assert (later / spread[:, None]).std() == pytest.approx(1.0, rel=0.1)


def test_a_future_that_does_not_fit_is_refused():
    post, after = shortened("geo_pooled")
    with pytest.raises(ValueError, match="days after"):
        forecast(post, replace(after, dates=after.dates + 30))
    with pytest.raises(ValueError, match="geos"):
        forecast(post, replace(after, geos=("a", "b", "c")))
    with pytest.raises(ValueError, match="controls"):
        forecast(post, replace(after, controls=np.zeros((9, *after.outcome.shape))))
    case = shortened("national_default")
    empty = case[1].controls.copy()
    empty[0, 0, 1] = np.nan
    with pytest.raises(ValueError, match="empty cells"):
        forecast(case[0], replace(case[1], controls=empty))
