"""Plans after the panel: the forecast's baseline, exact gains and derivatives, and nothing that the panel would not say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution_models.mix.cells import Window
from attribution_models.mix.continuation import continuation
from attribution_models.mix.data import MixData
from attribution_models.mix.effects import Effects, longest
from attribution_models.mix.predict import predict
from attribution_models.mix.returns import gains
from attribution_models.mix.spec import Control, Event, Seasonality, Trend
from attribution_models.mix.window import first_periods
from attribution_models.plan.ahead import carried_on, seasonal, without_outcomes, year_before
from attribution_models.plan.figures import figures
from attribution_models.plan.flight import flight
from attribution_models.plan.response import Response
from tests.mix.cases import CASES, Case, adstock, channel, effect, mix
from tests.mix.panels import panel
from tests.mix.test_effects import plain_linear, plain_media
from tests.plan.markets import concave, drawn, effects_of

AHEAD = 5


def log_market(periods: int = 30) -> Case:
    """A log link with all that a baseline can have: a slope, seasons, an event, controls, a treatment."""
    spec = mix(
        channel("tv", effect=effect("normal", 0.3, 0.1)),
        channel("search", adstock("binomial", 3), "hill", effect=effect("normal", 0.3, 0.1), order="saturation-first"),
        channel("posts", "geometric", "michaelis-menten", effect=effect("normal", 0.3, 0.1)),
        link="log",
        trend=Trend("linear", 1),
        seasonality=Seasonality(yearly=2),
        events=(Event("sale", (("2023-02-01", "2023-02-09"), ("2023-08-07", "2023-08-13"))),),
        controls=(Control("price"), Control("promo", treatment=True)),
    )
    data = panel(spec, periods=periods, seed=31)
    data.spend[2] = 0.0  # organic: it acts, and is not planned
    return Case(spec, data)


def following(data: MixData, ahead: int = AHEAD) -> MixData:
    """Periods after a panel, of numbers that the panel has not seen."""
    dates = data.dates[-1] + np.arange(1, ahead + 1) * np.timedelta64(data.days, "D")
    later = year_before(data, dates, 52, 4)
    rng = np.random.default_rng(8)
    times = rng.uniform(0.5, 1.5, (len(data.exposure), 1, ahead))
    controls = later.controls + rng.normal(0, 0.7, later.controls.shape)
    return replace(later, exposure=later.exposure * times, spend=later.spend * times, controls=controls)


def setting(name="log", by=()):
    """A fit carried on, and its response in the last periods."""
    case = log_market() if name == "log" else CASES[name]
    post = drawn(case, 5)
    lags = longest(post.structure)
    future = following(case.data, AHEAD + lags - 1)
    effects = carried_on(Effects.of(post), future)
    start = len(case.data.dates)
    plan = flight(effects, Window(start + 1, start + AHEAD - 1), by)
    return post, future, effects, plan, Response.of(effects, plan, 0)


def brute_mean(post, future, d, money=None, flight=None):
    """μ of panel, future and carry-out from the parameters themselves, (G, T + F); money instead of what was bought."""
    means = continuation(post, future)
    data = means.structure.data

    def planned(c, x):
        if flight is not None and c in flight.channels:
            at = slice(data.before + flight.window.start, data.before + flight.window.end + 1)
            i = list(flight.channels).index(c)
            bought = data.exposure[c][:, at]
            paid = data.spend[c][:, flight.window.start : flight.window.end + 1]
            spend = money[flight.of[i]] * flight.share[i]
            x[:, at] = np.where(paid > 0, spend * bought / np.where(paid > 0, paid, 1.0), 0.0)
        return x

    # Parameters stand where the fit has them; only the rows are longer.
    fit = post.structure
    rows = replace(means.structure, groups=fit.groups, channels=fit.channels, varying=fit.varying)
    whole = replace(post, structure=rows, coefficients=means.coefficients)
    total = plain_media(whole, d, planned).sum(axis=0) + sum(plain_linear(whole, d).values())
    s = post.structure
    worth = (s.scales.population * s.scales.outcome)[:, None]
    return worth * (np.exp(total) if s.spec.link == "log" else total)


def test_the_baseline_after_the_panel_is_the_forecast_s():
    post, future, effects, *_ = setting()
    means = continuation(post, future)
    found = predict(means, first=len(post.structure.data.dates))
    mean = np.stack([brute_mean(post, future, d) for d in range(post.size)])
    np.testing.assert_allclose(found.rows.mean, mean[:, :, len(post.structure.data.dates) :].mean(axis=0))
    assert effects.rows.edges[-1] == len(effects.rows.source) == effects.coefficients.shape[1]
    np.testing.assert_array_equal(effects.structure.media, means.structure.media)


NAMES = [
    "log",
    "log_link",
    "geo_log_link",
    "national_default",
    "geo_national_channel",
    "geo_pooled",
    "daily",
    "time_varying",
]
NAMES += ["log_time_varying", "geo_time_varying"]


@pytest.mark.parametrize("name", NAMES)
def test_what_money_brings_after_the_panel_is_the_difference_of_means(name):
    post, future, _, plan, response = setting(name)
    after = slice(plan.window.start, None)
    for z in (plan.today, 1.4 * plan.today):
        brought = response.values(z) - response.base
        for d in range(post.size):
            with_it, without = (brute_mean(post, future, d, m, plan)[:, after].sum() for m in (z, 0 * z))
            assert brought[d] == pytest.approx(with_it - without, rel=1e-8, abs=1e-8 * abs(with_it))


@pytest.mark.parametrize("by", [(), ("week",), ("week", "geo")], ids=str)
@pytest.mark.parametrize("name", ["log", "geo_log_link", "geo_national_channel", "log_time_varying"])
def test_derivatives_after_the_panel_are_those_of_differences(name, by):
    post, _, _, plan, response = setting(name, by)
    rng = np.random.default_rng(1)
    z = (plan.today + 0.05 * plan.today.mean()) * rng.uniform(0.5, 1.5, plan.size)
    share = rng.normal(size=post.size)
    slope = response.slope(z, share)[1]
    for u in rng.permutation(plan.size)[:5]:
        step = np.zeros(plan.size)
        step[u] = 1e-5 * z[u]
        numeric = (share @ response.values(z + step) - share @ response.values(z - step)) / (2 * step[u])
        assert slope[u] == pytest.approx(numeric, rel=2e-5, abs=1e-6 * np.abs(slope).max())


def test_figures_under_a_log_link_are_means_with_and_without():
    post, future, effects, plan, response = setting()
    z = 1.3 * plan.today
    found = figures(effects, plan, z)
    inside, after = slice(plan.window.start, plan.window.end + 1), slice(plan.window.end + 1, None)
    np.testing.assert_allclose(found.total[0], response.values(z) - response.base)
    for d in range(post.size):
        full, none = (brute_mean(post, future, d, m, plan) for m in (z, 0 * z))
        assert found.total_after[0, d] == pytest.approx((full - none)[:, after].sum(), rel=1e-8)
        off = replace(post, structure=replace(post.structure, data=_without(post.structure.data, plan)))
        silent = brute_mean(off, replace(future, exposure=_off(future, plan)), d, 0 * z, plan)
        assert found.total_carried[0, d] == pytest.approx((none - silent)[:, inside].sum(), rel=1e-8)
        for i in range(len(plan.channels)):
            own = np.where(plan.units[:, 0] == i, 0.0, z)
            alone = full - brute_mean(post, future, d, own, plan)
            assert found.inside[i, 0, d] == pytest.approx(alone[:, inside].sum(), rel=1e-8)
            assert found.after[i, 0, d] == pytest.approx(alone[:, after].sum(), rel=1e-8)
    # Channels raise what others bring: together less than the sum of what each one's loss would cost.
    assert np.abs(found.total - found.gain.sum(axis=0)).max() > 1e-6 * np.abs(found.total).max()


def _off(data, plan):
    exposure = data.exposure.copy()
    exposure[plan.channels] = 0.0
    return exposure


def _without(data, plan):
    return replace(data, exposure=_off(data, plan))


def test_seasons_repeat():
    assert seasonal(5, 4, 3).tolist() == [0, 1, 2, 3, 4, 2, 3, 4, 2]
    assert seasonal(2, 3, 52).tolist() == [0, 1, 0, 1, 0]


def test_after_the_panel_a_year_repeats():
    effects = effects_of(concave(), 8)
    data = effects.structure.data
    periods = len(data.dates)
    dates = data.dates[-1] + np.arange(1, 9) * np.timedelta64(7, "D")
    longer = carried_on(effects, year_before(data, dates, 12, 4))
    plan = flight(longer, Window(periods + 2, periods + 7))
    np.testing.assert_allclose(plan.spend(plan.today)[:, 0], data.spend[:, 0, periods - 10 : periods - 4], rtol=1e-12)
    response = Response.of(longer, plan, 0)
    found = gains(longer, plan.window).gain[:, 0, 0, 0].sum(axis=(0, 1))
    np.testing.assert_allclose(response.values(plan.today) - response.base, found)
    # Nothing of a plan reaches the periods of the panel.
    inside = gains(longer, Window(0, periods - 1)).gain[:, :, :, 0]
    np.testing.assert_allclose(inside[..., 0, :], gains(effects, Window(0, periods - 1)).gain[:, :, :, 0, 0], rtol=1e-9)


@pytest.mark.parametrize("link", ["log", "identity"])
def test_a_future_that_repeats_the_panel_gives_the_panel_s_numbers(link):
    """Of a panel of three equal rounds, the round after it brings what the last but one brought."""
    spec = mix(channel("tv"), channel("search", "binomial", "hill"), link=link, controls=(Control("price"),))
    data, cycle = panel(spec, periods=24, seed=4), 8
    at = np.arange(24) % cycle
    data = replace(data, exposure=data.exposure[..., at], spend=data.spend[..., at], controls=data.controls[..., at])
    effects = Effects.of(drawn(Case(spec, data), 6))
    lags = longest(effects.structure)
    dates = data.dates[-1] + np.arange(1, cycle + lags) * np.timedelta64(7, "D")
    longer = carried_on(effects, year_before(data, dates, cycle, lags))
    known, later = (flight(e, Window(t, t + cycle - 1)) for e, t in ((effects, cycle), (longer, 24)))
    np.testing.assert_allclose(known.today, later.today)
    one, two = (figures(e, p, 1.2 * p.today) for e, p in ((effects, known), (longer, later)))
    for name in ("gain", "total", "total_after", "carried", "total_carried", "marginal"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-9)
    share = np.ones(effects.size)
    here, there = (Response.of(e, p).slope(1.2 * p.today, share)[1] for e, p in ((effects, known), (longer, later)))
    np.testing.assert_allclose(here, there, rtol=1e-9)


@pytest.mark.parametrize("link", ["log", "identity"])
def test_controls_after_the_panel_matter_where_effects_multiply(link):
    case = CASES["log_link" if link == "log" else "national_default"]
    effects = effects_of(case, 6)
    future = following(case.data, 8)
    gain = []
    for controls in (future.controls, future.controls + 1.0):
        longer = carried_on(effects, replace(future, controls=controls))
        plan = flight(longer, Window(len(case.data.dates), len(case.data.dates) + 4))
        response = Response.of(longer, plan)
        gain.append(response.values(plan.today) - response.base)
    if link == "identity":
        np.testing.assert_allclose(gain[0], gain[1], rtol=1e-9)
        return
    # One more unit of the control multiplies every period, and so all that money brings.
    s, post = effects.structure, drawn(case, 6)
    factor = np.exp(post.coefficients["control"][:, 0] / s.scales.control[0])
    np.testing.assert_allclose(gain[1] / gain[0], factor, rtol=1e-9)


def test_a_shorter_fit_over_the_rest_of_the_panel():
    """What a backtest asks: media and controls that came, the baseline as it would have been forecast."""
    case = log_market()
    spec, data = first_periods(case.spec, case.data, 22)
    post = drawn(Case(spec, data), 5)
    effects = carried_on(Effects.of(post), without_outcomes(case.data, 22))
    found = effects.structure.data
    np.testing.assert_array_equal(found.spend, case.data.spend)
    np.testing.assert_array_equal(found.controls, case.data.controls)
    np.testing.assert_array_equal(found.exposure, case.data.exposure)
    np.testing.assert_array_equal(found.dates, case.data.dates)
    assert np.isnan(found.outcome[:, 22:]).all()
    plan = flight(effects, Window(22, 29))
    response, future = Response.of(effects, plan), without_outcomes(case.data, 22)
    for d in range(post.size):
        full, none = (brute_mean(post, future, d, m, plan) for m in (plan.today, 0 * plan.today))
        # Without carry-out: after the panel's end the baseline stays, as in all returns.
        value = response.window.values(plan.today)[d] - response.window.base[d]
        assert value == pytest.approx((full - none)[:, 22:].sum(), rel=1e-8)


def test_thinned_draws_are_some_of_all():
    post = drawn(log_market(), 9)
    future = following(post.structure.data)
    whole, few = (carried_on(Effects.of(post, n), future) for n in (None, 3))
    np.testing.assert_array_equal(few.coefficients, whole.coefficients[[0, 4, 8]])


def test_a_future_that_does_not_follow_is_refused():
    effects = effects_of(CASES["log_link"], 3)
    future = following(effects.structure.data)
    with pytest.raises(ValueError, match="days after"):
        carried_on(effects, replace(future, dates=future.dates + 30))
    with pytest.raises(ValueError, match="geos"):
        carried_on(effects, replace(future, geos=("elsewhere",)))


def test_worth_after_the_panel_is_that_of_late():
    spec = mix(channel("tv"), revenue_per_outcome="worth")
    data = panel(spec, periods=20, seed=2)
    data.revenue_per_outcome[:] = np.linspace(1.0, 2.0, 20)
    dates = data.dates[-1] + np.arange(1, 9) * np.timedelta64(7, "D")
    longer = carried_on(effects_of(Case(spec, data), 3), year_before(data, dates, 52, 4))
    np.testing.assert_allclose(longer.revenue[0, :20], data.revenue_per_outcome[0])
    np.testing.assert_allclose(longer.revenue[0, 20:], data.revenue_per_outcome[0, -4:].mean())
