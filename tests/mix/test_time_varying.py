"""Effects of media that drift in time: the multiplier itself, what it leaves alone, and a drift that is found again."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from attribution.mix.calendar import Calendar
from attribution.mix.checks import check_model
from attribution.mix.effect_frames import multiplier_frame
from attribution.mix.panel import Panel
from attribution.mix.stored import load_mix
from attribution.steps.mmm import MixOptions, mmm_step
from attribution.workspace import Workspace
from attribution_models.mix.cells import Window, cells
from attribution_models.mix.contributions import contribution_draws, observed_totals
from attribution_models.mix.convergence import Gate
from attribution_models.mix.curves import multipliers
from attribution_models.mix.data import MixData
from attribution_models.mix.density import Density
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit import MixFit, fit
from attribution_models.mix.media_multiplier import media_multiplier
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.prior_draws import prior_draws
from attribution_models.mix.priors import Prior, normal
from attribution_models.mix.returns import gains
from attribution_models.mix.spec import Seasonality, Trend
from attribution_models.mix.structure import structure
from attribution_models.mix.time_varying import TimeVarying
from attribution_models.plan.ahead import carried_on, year_before
from attribution_models.plan.flight import flight
from attribution_models.plan.response import Response
from tests.mix.cases import CASES, channel, effect, mix, saturation
from tests.mix.markets import MODEL, weekly
from tests.mix.panels import panel
from tests.mix.plain import drift

NAMES = ("time_varying", "geo_time_varying", "log_time_varying")


def drawn(name, draws=12):
    case = CASES[name]
    density = Density.of(structure(case.spec, case.data, case.lifts))
    return Posterior.of(density, np.random.default_rng(2).normal(scale=0.5, size=(1, draws, density.size)), 1)


@pytest.mark.parametrize("name", NAMES)
def test_the_multiplier_is_its_formula_and_its_mean_is_one(name):
    post = drawn(name)
    s = post.structure
    found = media_multiplier(s, post.parameters, s.outcome.shape[1] + 30)
    for d in range(post.size):
        np.testing.assert_allclose(found[d], drift(s, post.parameters[d], found.shape[1]), rtol=1e-10)
    seen = s.fitted.any(axis=0)
    np.testing.assert_allclose(found[:, : seen.size][:, seen].mean(axis=1), 1.0)
    assert (found > 0).all()
    assert found[:, : seen.size].std(axis=1).mean() > 0.01
    # A quarter of the panel after its end effects are those of the mean, and stay so; they get there without a jump.
    np.testing.assert_allclose(found[:, int(1.25 * seen.size) + 1 :], 1.0, rtol=1e-10)
    jumps = np.abs(np.diff(found, axis=1))
    assert jumps[:, seen.size - 1].max() <= 3 * jumps[:, : seen.size - 1].max()


def test_without_drift_it_is_the_model_without():
    """At coefficients of zero the density is that of the steady model, plus the prior of what it has not."""
    case = CASES["time_varying"]
    density = Density.of(structure(case.spec, case.data, case.lifts))
    steady = Density.of(structure(replace(case.spec, time_varying=None), case.data, case.lifts))
    names, own = density.structure.by_name, steady.structure.by_name
    rng = np.random.default_rng(3)
    x = rng.normal(scale=0.5, size=density.size)
    x[names["time_varying_z"].start :][:4] = 0.0
    y = np.concatenate([x[names[n].start : names[n].start + g.size] for n, g in own.items()])
    eta, ell = np.exp(x[names["time_varying_scale"].start]), np.exp(x[names["time_varying_length"].start])
    prior = stats.halfnorm.logpdf(eta, scale=0.5) + np.log(eta) + 4 * stats.norm.logpdf(0)
    prior += stats.invgamma.logpdf(ell, 4, scale=150) + np.log(ell)
    assert density(x)[0] == pytest.approx(steady(y)[0] + prior, rel=1e-12)


def test_the_default_prior_lets_effects_drift_by_a_part_of_themselves():
    spec = mix(channel("tv"), time_varying=TimeVarying())
    density = Density.of(structure(spec, panel(spec, periods=104)))
    effects = Effects.of(prior_draws(density, 2000, 1))
    spread = effects.multiplier[:, :104].std(axis=1)
    assert 0.03 < np.median(spread) < 0.3
    assert np.quantile(spread, 0.99) < 1.2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"points": 0}, "at least one basis function; got 0"),
        ({"scale": normal(0.0, 1.0)}, "The scale of time-varying effects must lie above zero; got normal"),
        ({"length": Prior("fixed", (0.0,))}, "The length of time-varying effects must lie above zero; got fixed"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        TimeVarying(**given)


def test_a_plan_after_the_panel_is_what_the_model_brings_there():
    effects = Effects.of(drawn("time_varying"))
    s = effects.structure
    periods = s.outcome.shape[1]
    dates = s.data.dates[-1] + np.arange(1, 9) * np.timedelta64(7, "D")
    longer = carried_on(effects, year_before(s.data, dates, 12, 4))
    plan = flight(longer, Window(periods + 1, periods + 6))
    response = Response.of(longer, plan, 0)
    found = gains(longer, plan.window).gain[plan.channels, 0, 0, 0].sum(axis=(0, 1))
    np.testing.assert_allclose(response.values(plan.today) - response.base, found)
    some = response.some(3)
    np.testing.assert_array_equal(some.values(plan.today), response.values(plan.today)[[0, 5, 11]])
    # What the panel's own end carries over is no other than without the periods after it.
    np.testing.assert_array_equal(longer.multiplier[:, : effects.multiplier.shape[1]], effects.multiplier)


@cache
def doubling() -> tuple[MixFit, np.ndarray]:
    """A short fit to two years in which the effect of the only channel doubles, and the true multiplier."""
    rng = np.random.default_rng(8)
    periods = 104
    truth = np.linspace(2 / 3, 4 / 3, periods)
    spend = rng.gamma(4.0, 25.0, (1, 1, periods))
    sales = 500 + 2.0 * truth * spend[0, 0] + rng.normal(0, 15, periods)
    spec = mix(
        channel("tv", "none", saturation("none"), effect=effect("half-normal", 1.0)),
        time_varying=TimeVarying(6),
        seasonality=Seasonality(yearly=0),
    )
    data = MixData(
        dates=np.datetime64("2023-01-02") + np.arange(periods) * np.timedelta64(7, "D"),
        geos=("national",), outcome=sales[None], exposure=spend, spend=spend, controls=np.zeros((0, 1, periods)),
        population=np.ones(1), revenue_per_outcome=np.ones((1, periods)), frequency=np.zeros((0, 1, periods)), history=0,
    )  # fmt: skip
    tuning, gate = Tuning(chains=2, tune=700, draws=600, seed=3, target_accept=0.95), Gate(rhat=1.05, ess=100)
    return fit(structure(spec, data), tuning, gate, rounds=2), truth


def test_an_effect_that_doubles_is_found():
    done, truth = doubling()
    assert done.gate.passed
    effects = Effects.of(done.posterior)
    found = effects.multiplier[:, : truth.size]
    low, high = np.quantile(found, (0.01, 0.99), axis=0)
    assert np.mean((low < truth) & (truth < high)) > 0.9  # a straight line is bent back a little at its ends
    ratio = found[:, -26:].mean(axis=1) / found[:, :26].mean(axis=1)
    assert np.mean(ratio > 1.2) > 0.99
    assert np.quantile(ratio, 0.02) < truth[-26:].mean() / truth[:26].mean() < np.quantile(ratio, 0.98)
    # Money of the second year brought more than that of the first, by as much as it did.
    for window in (Window(0, 51), Window(52, 103)):
        gained = gains(effects, window).gain[0, 0, 0, 0].sum(axis=0)
        inside = slice(window.start, window.end + 1)
        true = 2.0 * (truth * done.posterior.structure.data.exposure[0, 0])[inside].sum()
        assert np.quantile(gained, 0.02) < true < np.quantile(gained, 0.98)


def test_every_draw_adds_up_to_what_was_observed():
    done, _ = doubling()
    effects, s = Effects.of(done.posterior), done.posterior.structure
    each = cells(s.data, s.fitted, ("period",))
    total = contribution_draws(effects, each).sum(axis=0)
    np.testing.assert_allclose(total, np.repeat(observed_totals(effects, each)[..., None], effects.size, axis=2))


def test_the_table_of_the_multiplier():
    effects = Effects.of(drawn("geo_time_varying"))
    frame = multiplier_frame(multipliers(effects, 0.8))
    assert frame["date"].tolist() == [str(d) for d in effects.structure.data.dates]
    np.testing.assert_allclose(frame["multiplier"], effects.multiplier[:, : len(frame)].mean(axis=0))
    assert (frame["multiplier_lower"] < frame["multiplier_upper"]).all()


@pytest.mark.parametrize(
    ("trend", "spoken"), [(Trend("knots", 4), True), (Trend("gaussian-process", 4), True), (Trend("linear", 2), False)]
)
def test_beside_a_flexible_trend_the_check_warns(trend, spoken):
    spec = mix(channel("tv"), trend=trend, time_varying=TimeVarying(4))
    data = panel(spec, periods=60)
    found = check_model(spec, Panel("p.csv", data, Calendar(data.dates, 7)))
    assert ("effects-drift" in [f.code for f in found]) is spoken


@pytest.mark.parametrize(("periods", "spoken"), [(80, True), (104, False)])
def test_below_two_years_the_check_warns(periods, spoken):
    spec = mix(channel("tv"), time_varying=TimeVarying(4))
    data = panel(spec, periods=periods)
    found = check_model(spec, Panel("p.csv", data, Calendar(data.dates, 7)))
    assert ("drift-short" in [f.code for f in found]) is spoken


def test_from_a_model_file_to_the_command(run, tmp_path):
    frame = weekly(40)
    frame.to_csv(tmp_path / "p.csv", index=False)
    (tmp_path / "m.toml").write_text(MODEL + "[time_varying]\npoints = 3\n", encoding="utf-8")
    options = MixOptions(name="drifts", tuning=Tuning(chains=2, tune=150, draws=150), rounds=1, checks=False)
    mmm_step(Workspace(tmp_path / "ws"), [str(tmp_path / "p.csv")], tmp_path / "m.toml", options=options)
    words = ("mmm", "curves", "-w", tmp_path / "ws", "--kind", "time-varying", "--force")
    table = pd.read_csv(io.StringIO(run(*words, "-f", "csv").out))
    assert table["date"].tolist() == frame["date"].tolist()
    assert table["multiplier"][1:].mean() == pytest.approx(1.0, abs=0.02)
    text = run(*words).out
    assert "effects of all channels" in text
    assert "2024-01-01" in text
    effects = pd.read_csv(io.StringIO(run("mmm", "effects", "-w", tmp_path / "ws", "--force", "-f", "csv").out))
    stored = load_mix(tmp_path / "ws")
    fitted = stored.data.outcome[stored.structure.fitted].sum()
    assert effects["contribution"].sum() == pytest.approx(fitted)
