"""Contributions, returns and curves against plain loops over the same draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution_models.mix.cells import Window, cells, period_names, windows
from attribution_models.mix.contributions import contribution_draws, contributions, observed_totals
from attribution_models.mix.curves import adstock_weights, response_curves, saturation_curves
from attribution_models.mix.density import Density
from attribution_models.mix.effects import Effects, revenue_ahead
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.prior_checks import learned, prior_check
from attribution_models.mix.prior_draws import prior_draws, prior_points
from attribution_models.mix.priors import Prior, half_normal
from attribution_models.mix.returns import gains, returns, roas_draws
from attribution_models.mix.spec import Channel, Control, Noise
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES, adstock, channel, effect, mix, roi, saturation
from tests.mix.panels import panel
from tests.mix.plain import curve, drift, value, weights

DRAWS = 6


def posterior(case, draws=DRAWS, seed=3):
    density = Density.of(structure(case.spec, case.data, case.lifts))
    points = np.random.default_rng(seed).normal(scale=0.4, size=(1, draws, density.size))
    return Posterior.of(density, points, seed)


def plain_media(post, d, times=lambda c, x: x, ahead=0):
    """β h v of every channel from raw exposure changed by `times`, (C, G, T + ahead), with nothing after the data's end."""
    s, p = post.structure, post.parameters[d]
    wide = np.pad(s.data.exposure, ((0, 0), (0, 0), (0, ahead)))
    often = np.pad(s.data.frequency, ((0, 0), (0, 0), (0, ahead))) if s.data.frequency.size else np.zeros_like(wide)
    x = s.scales.scaled_media(s.spec, np.stack([times(c, wide[c].copy()) for c in range(len(wide))]))
    before, found = s.data.before, []
    for c, (spec, plan) in enumerate(zip(s.spec.channels, s.channels, strict=True)):
        w = weights(spec.adstock, *(value(s, a, p) for a in plan.adstock))
        shape = [value(s, a, p) for a in plan.saturation]
        late = spec.order == "adstock-first" and spec.frequency is None
        acts = x[c] if late else curve(spec.saturation.kind, *shape, x[c])
        if spec.frequency is not None:
            acts = curve(spec.saturation.kind, *shape, often[c]) * x[c]
        h = np.zeros((x.shape[1], x.shape[2] - before))
        for t in range(h.shape[1]):
            for j in range(min(len(w), before + t + 1)):
                h[:, t] += w[j] * acts[:, before + t - j]
        found.append(post.beta[d, c][:, None] * (curve(spec.saturation.kind, *shape, h) if late else h))
    return np.stack(found) * drift(s, p, s.outcome.shape[1] + ahead)


def plain_linear(post, d, ahead=0):
    """Every term's part of the scaled mean by name, (G, T + ahead); after the data's end as in the last period."""
    s = post.structure
    found = {
        t.name: np.tensordot(post.coefficients[t.name][d], t.full(len(s.data.geos)), axes=1) for t in s.terms if t.size
    }
    found["centre"] = np.full(s.outcome.shape, s.scales.center / s.scales.outcome if s.spec.link == "identity" else 0.0)
    return {name: np.pad(part, ((0, 0), (0, ahead)), mode="edge") for name, part in found.items()}


def plain_mean(post, d, times=lambda c, x: x, ahead=0):
    """μ in outcome units, (G, T + ahead)."""
    s = post.structure
    total = plain_media(post, d, times, ahead).sum(axis=0) + sum(plain_linear(post, d, ahead).values())
    worth = (s.scales.population * s.scales.outcome)[:, None]
    return worth * (np.exp(total) if s.spec.link == "log" else total)


def scaled(channel, window, factor, before):
    """Exposure of one channel times a factor inside a window, or throughout where it is None."""

    def times(c, x):
        if c == channel and window is None:
            x[:] *= factor
        elif c == channel:
            x[:, before + window.start : before + window.end + 1] *= factor
        return x

    return times


@pytest.mark.parametrize("name", CASES)
def test_contributions_are_what_plain_loops_give(name):
    post = posterior(CASES[name])
    s, effects = post.structure, Effects.of(post)
    periods, each = s.outcome.shape[1], cells(s.data, s.fitted, ("geo", "period"))
    found = contribution_draws(effects, each)[:, :, 0]
    found = found.reshape(len(effects.names), len(s.data.geos), periods, -1)
    row = dict(zip(effects.names, found, strict=True))
    worth = (s.scales.population * s.scales.outcome)[:, None]
    for d in range(DRAWS):
        mean = plain_mean(post, d)
        for c, spec in enumerate(s.spec.channels):
            without = plain_mean(post, d, scaled(c, None, 0.0, s.data.before))
            expected = np.where(s.fitted, mean - without, 0.0)
            np.testing.assert_allclose(row[spec.name][..., d], expected, rtol=1e-9, atol=1e-9 * np.abs(mean).max())
        left = np.where(s.fitted, s.data.outcome - mean, 0.0)
        np.testing.assert_allclose(row["(unattributed)"][..., d], left, rtol=1e-9, atol=1e-9 * np.abs(mean).max())
        if not effects.rows.treatments:
            rest = sum(plain_linear(post, d).values())
            rest = worth * (np.exp(rest) if s.spec.link == "log" else rest)
            np.testing.assert_allclose(row["(baseline)"][..., d], np.where(s.fitted, rest, 0.0), rtol=1e-8)


@pytest.mark.parametrize("by", [(), ("month",), ("geo",), ("geo", "period")], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_every_draw_adds_up_to_what_was_observed(name, by):
    post = posterior(CASES[name])
    s, effects = post.structure, Effects.of(post)
    groups = cells(s.data, s.fitted, by)
    total = contribution_draws(effects, groups).sum(axis=0)
    observed = observed_totals(effects, groups)
    np.testing.assert_allclose(total, np.repeat(observed[..., None], DRAWS, axis=2), rtol=1e-9, atol=1e-7)
    assert observed[:, 0].sum() == pytest.approx(s.data.outcome[s.fitted].sum())


@pytest.mark.parametrize("span", [(0, None), (5, 8), (9, None), (7, 7)], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_returns_are_what_plain_loops_give(name, span):
    post = posterior(CASES[name], draws=2)
    s, effects = post.structure, Effects.of(post)
    window = Window(span[0], s.outcome.shape[1] - 1 if span[1] is None else span[1])
    found = gains(effects, window, (1.0, 1.01, 0.4), np.arange(len(s.data.geos)))
    before, inside = s.data.before, slice(window.start, window.end + 1)
    for c, spec in enumerate(s.spec.channels):
        after = slice(window.end + 1, window.end + spec.adstock.length)
        ahead = max(post.structure.spec.channels[c].adstock.length for c in range(len(s.channels))) - 1
        for d in range(2):
            actual, none = plain_mean(post, d, ahead=ahead), plain_mean(post, d, scaled(c, window, 0.0, before), ahead)
            never = plain_mean(post, d, scaled(c, None, 0.0, before), ahead)
            close = {"rtol": 1e-7, "atol": 1e-9 * np.abs(actual).max()}
            gain = found.gain[c, :, 0, :, :, d]
            np.testing.assert_allclose(found.carried[c, :, 0, d], (none - never)[:, inside].sum(axis=1), **close)
            for i, factor in enumerate((1.0, 1.01, 0.4)):
                other = plain_mean(post, d, scaled(c, window, factor, before), ahead) - none
                np.testing.assert_allclose(gain[:, i, 0], other[:, inside].sum(axis=1), **close)
                np.testing.assert_allclose(gain[:, i, 1], other[:, after].sum(axis=1), **close)


def test_roas_is_by_hand():
    """One burst of 10 in a window of one period, linear response, carry-over of a half: 10 + 5 + 2.5 over what it cost."""
    half = Prior("fixed", (0.5,))
    spec = mix(
        channel("tv", adstock("geometric", 3, normalize=False, alpha=half), "none", effect=effect("normal", 1.0, 1.0)),
        history="zero", revenue_per_outcome=3.0,
    )  # fmt: skip
    data = panel(spec, periods=8, worth=3.0)
    exposure = np.zeros_like(data.exposure)
    exposure[0, 0, 2:] = [10.0, 0.0, 4.0, 0.0, 0.0, 6.0]
    data = replace(data, exposure=exposure, spend=2.0 * exposure)
    density = Density.of(structure(spec, data))
    post = Posterior.of(density, np.zeros((1, 1, density.size)), 1)
    post.beta[:] = data.exposure.max() / np.nanmax(data.outcome)  # one unit of outcome per unit of exposure
    effects = Effects.of(post)
    burst = returns(effects, Window(2, 2))
    assert burst.in_window.mean[0, 0, 0] == pytest.approx(10.0)
    assert burst.carried_out.mean[0, 0, 0] == pytest.approx(7.5)
    assert burst.carried_in.mean[0, 0, 0] == pytest.approx(0.0)
    assert burst.roas.mean[0, 0] == pytest.approx(3 * 17.5 / 20)
    assert burst.mroas.mean[0, 0] == pytest.approx(3 * 17.5 / 20)
    assert burst.cpa.mean[0, 0] == pytest.approx(20 / 17.5)
    after = returns(effects, Window(3, 3))
    assert after.carried_in.mean[0, 0, 0] == pytest.approx(5.0)
    assert after.contribution.mean[0, 0, 1] == pytest.approx(15.0)
    assert np.isnan(after.roas.mean[0, 0])  # nothing was spent in it
    last = returns(effects, Window(7, 7))  # carried out over the data's end
    assert last.incremental.mean[0, 0, 0] == pytest.approx(6 * 1.75)
    assert last.carried_in.mean[0, 0, 0] == pytest.approx(0.0)


@pytest.mark.parametrize("name", ["targets_national", "geo_targets", "geo_reach", "unnormalised", "log_link"])
def test_marginal_roas_is_the_slope_of_the_outcome(name):
    """Against a central difference, whose step is smaller: equal but for the curve's bend over one per cent."""
    post = posterior(CASES[name])
    effects = Effects.of(post)
    window = Window(4, 11)
    _, marginal = roas_draws(effects, gains(effects, window))
    found = gains(effects, window, (1.0, 1 - 1e-4, 1 + 1e-4))
    total = found.gain[:, 0, -1].sum(axis=2)
    slope = (total[:, 2] - total[:, 1]) / (2e-4 * found.spend)
    np.testing.assert_allclose(marginal[:, 0], slope, rtol=0.03)


@pytest.mark.parametrize("name", ["national_default", "geo_targets", "reach", "geo_log_link"])
def test_contributions_of_adjacent_windows_add_up(name):
    post = posterior(CASES[name])
    effects = Effects.of(post)
    last = post.structure.outcome.shape[1] - 1

    def contribution(window):
        found = gains(effects, window, (1.0,))
        return found.gain[:, 0, 0, 0, 0] + found.carried[:, 0, 0]

    whole = contribution(Window(0, last))
    parts = [contribution(w) for w in (Window(0, 4), Window(5, 5), Window(6, last))]
    np.testing.assert_allclose(sum(parts), whole, rtol=1e-8, atol=1e-8 * np.abs(whole).max())


def test_returns_and_contributions_agree_where_every_period_is_fitted():
    case = CASES["national_student"]
    post = posterior(case)
    post = replace(
        post, structure=structure(case.spec, replace(case.data, outcome=np.nan_to_num(case.data.outcome, nan=900.0)))
    )
    effects = Effects.of(post)
    assert post.structure.fitted.all()
    rows = contribution_draws(effects, cells(post.structure.data, post.structure.fitted))
    found = gains(effects, Window.whole(post.structure.data), (1.0,))
    np.testing.assert_allclose(rows[:2, 0, 0], found.gain[:, 0, 0, 0, 0] + found.carried[:, 0, 0], rtol=1e-9)


def test_masked_and_missing_outcomes_are_in_no_total():
    case = CASES["geo_targets"]
    effects = Effects.of(posterior(case))
    s = effects.structure
    assert not s.fitted.all()
    found = contributions(effects, cells(s.data, s.fitted, ("period",)))
    empty = ~s.fitted.any(axis=0)
    assert empty.any()
    assert (found.summary.mean[:, empty] == 0).all()
    assert (found.observed[empty] == 0).all()


def test_a_channel_without_spend_in_the_window_returned_nothing_there():
    case = CASES["targets_national"]
    exposure, spend = case.data.exposure.copy(), case.data.spend.copy()
    exposure[1, :, 8:12], spend[1, :, 8:12] = 0.0, 0.0
    effects = Effects.of(posterior(case._replace(data=replace(case.data, exposure=exposure, spend=spend))))
    found = returns(effects, Window(8, 11))
    assert found.spend[1, 0] == 0
    assert found.incremental.mean[1, 0, 0] == 0
    assert found.carried_in.mean[1, 0, 0] > 0  # what was spent before goes on
    for ratio in (found.roas, found.mroas, found.cpa):
        assert np.isnan(ratio.mean[1, 0])
        assert np.isfinite(ratio.mean[0, 0])


@pytest.mark.parametrize("factor", [0.01, 1000.0])
def test_another_currency_of_spend_changes_roas_inversely(factor):
    case = CASES["geo_pooled"]
    first = returns(Effects.of(posterior(case)))
    other = returns(Effects.of(posterior(case._replace(data=replace(case.data, spend=case.data.spend * factor)))))
    np.testing.assert_allclose(other.roas.mean * factor, first.roas.mean, rtol=1e-12)
    np.testing.assert_allclose(other.mroas.upper * factor, first.mroas.upper, rtol=1e-12)
    np.testing.assert_allclose(other.incremental.mean, first.incremental.mean, rtol=1e-12)


def test_another_unit_of_exposure_changes_nothing():
    case = CASES["geo_national_channel"]
    first = returns(Effects.of(posterior(case)))
    other = returns(Effects.of(posterior(case._replace(data=replace(case.data, exposure=case.data.exposure * 50)))))
    np.testing.assert_allclose(other.roas.mean, first.roas.mean, rtol=1e-9)


def test_geos_add_up_to_the_whole():
    effects = Effects.of(posterior(CASES["geo_targets"]))
    whole, each = returns(effects, Window(3, 9)), returns(effects, Window(3, 9), by_geo=True)
    assert each.groups == ("north", "south", "west")
    np.testing.assert_allclose(each.incremental.mean.sum(axis=1), whole.incremental.mean[:, 0], rtol=1e-9)
    np.testing.assert_allclose(each.spend.sum(axis=1), whole.spend[:, 0])


def test_blocks_of_groups_change_nothing(monkeypatch):
    effects = Effects.of(posterior(CASES["geo_targets"]))
    groups = cells(effects.structure.data, effects.structure.fitted, ("geo", "period"))
    once, geos = contributions(effects, groups), returns(effects, by_geo=True)
    monkeypatch.setattr("attribution_models.mix.contributions.HELD", 500)
    monkeypatch.setattr("attribution_models.mix.returns.HELD", 100)
    again, other = contributions(effects, groups), returns(effects, by_geo=True)
    np.testing.assert_array_equal(once.summary.upper, again.summary.upper)
    np.testing.assert_array_equal(geos.roas.lower, other.roas.lower)
    assert geos.groups == other.groups


def test_a_treatment_counts_from_its_lowest_value():
    case = CASES["geo_national_channel"]
    post = posterior(case)
    s, effects = post.structure, Effects.of(post)
    row = dict(zip(effects.names, contribution_draws(effects, cells(s.data, s.fitted))[:, 0, 0], strict=True))
    k = [c.column for c in s.spec.controls].index("promo")
    z = (s.data.controls[k] - s.data.controls[k].min()) / s.scales.control[k]
    term = next(t for t in s.terms if t.component == "promo" and t.name != "control_promo_geo")
    slope = post.coefficients[term.name] + post.coefficients["control_promo_geo"]
    worth = (s.scales.population * s.scales.outcome)[:, None]
    expected = np.einsum("dg,gt->d", slope, np.where(s.fitted, z, 0.0) * worth)
    np.testing.assert_allclose(row["promo"], expected, rtol=1e-9)


def test_a_treatment_whose_sign_is_turned_round_does_not_gain_from_nothing():
    spec = mix(channel("tv"), controls=(Control("price", sign=-1, treatment=True),))
    post = posterior(CASES["national_default"]._replace(spec=spec, data=panel(spec)))
    s, effects = post.structure, Effects.of(post)
    row = dict(zip(effects.names, contribution_draws(effects, cells(s.data, s.fitted))[:, 0, 0], strict=True))
    assert (row["price"] < 0).all()


def test_response_curves_start_at_nothing_and_pass_through_what_was():
    effects = Effects.of(posterior(CASES["geo_targets"]))
    window = Window(2, 10)
    found, now = response_curves(effects, window), returns(effects, window)
    assert (found.gain.mean[:, 0] == 0).all()
    one = int(np.flatnonzero(found.multipliers == 1)[0])
    np.testing.assert_allclose(found.gain.upper[:, one], now.incremental.upper[:, 0], rtol=1e-9)
    np.testing.assert_allclose(found.spend[:, one], now.spend[:, 0])
    assert (np.diff(found.gain.mean[:, :, 0], axis=1) > 0).all()
    assert (found.extrapolated[:, : one + 1] == 0).all()
    assert (np.diff(found.extrapolated, axis=1) >= 0).all()
    assert not found.beyond[:, : one + 1].any()


def test_saturation_curves_and_weights_are_the_formulas():
    post = posterior(CASES["national_student"])
    s, effects = post.structure, Effects.of(post)
    curves, carried = saturation_curves(effects, 5), adstock_weights(effects)
    for c, (spec, plan) in enumerate(zip(s.spec.channels, s.channels, strict=True)):
        largest = s.data.exposure[c, 0, s.data.before :].max()
        np.testing.assert_allclose(curves.exposure[c], largest * np.array([0, 0.5, 1, 1.5, 2]))
        shape = [[value(s, a, p) for a in plan.saturation] for p in post.parameters]
        expected = [curve(spec.saturation.kind, *one, curves.exposure[c] / s.scales.media[c]) for one in shape]
        np.testing.assert_allclose(curves.response.mean[c], np.mean(expected, axis=0), rtol=1e-9)
        expected = [weights(spec.adstock, *(value(s, a, p) for a in plan.adstock)) for p in post.parameters]
        np.testing.assert_allclose(carried.weight.median[c], np.median(expected, axis=0), rtol=1e-9)


def test_curves_of_channels_with_frequency_are_over_frequency():
    effects = Effects.of(posterior(CASES["reach"]))
    found = saturation_curves(effects, 3)
    s = effects.structure
    np.testing.assert_allclose(found.largest, s.data.frequency[:, :, s.data.before :].max(axis=(1, 2)))


def test_without_a_known_worth_there_is_no_roas():
    spec = mix(channel("tv"), Channel("mail", "mail_exposure"), revenue=False)
    effects = Effects.of(posterior(CASES["national_default"]._replace(spec=spec, data=panel(spec, worth=np.nan))))
    found = returns(effects)
    assert effects.measures == ("outcome",)
    assert np.isnan(found.roas.mean).all()
    assert found.cpa.mean[0, 0] == pytest.approx(found.spend[0, 0] / found.incremental.mean[0, 0, 0])
    assert np.isnan(found.cpa.mean[1, 0])  # organic


def test_an_outcome_in_money_has_no_cpa():
    found = returns(Effects.of(posterior(CASES["national_default"])))
    assert np.isnan(found.cpa.mean).all()
    assert np.isfinite(found.roas.mean).all()


def test_revenue_per_outcome_goes_on_as_it_was_last():
    known = np.array([[1.0, np.nan, 3.0, 5.0], [np.nan] * 4])
    found = revenue_ahead(known, 3)
    np.testing.assert_allclose(found[0], [1, 3, 3, 5, 11 / 3, 11 / 3])
    np.testing.assert_allclose(found[1], 3.0)
    assert np.isnan(revenue_ahead(np.full((1, 2), np.nan), 2)).all()


def test_evenly_spaced_draws_are_taken():
    post = posterior(CASES["national_default"], draws=9)
    some = Effects.of(post, 3)
    np.testing.assert_array_equal(some.beta, post.beta[[0, 4, 8]])
    assert Effects.of(post, 50).size == 9


def test_windows_and_cells_are_named_by_their_days():
    data = CASES["national_default"].data
    assert Window.between(data, "2023-01-05", "2023-01-31") == Window(1, 4)
    with pytest.raises(ValueError, match="No period begins"):
        Window.between(data, "2022-01-01", "2022-12-31")
    with pytest.raises(ValueError, match="start at 0"):
        Window(3, 2)
    assert period_names(data.dates, "month")[:6] == ("2023-01",) * 5 + ("2023-02",)
    assert period_names(np.array(["2024-02-29"], "datetime64[D]"), "week") == ("2024-02-26",)
    months = windows(data, "month")
    assert months["2023-01"] == Window(0, 4)
    assert sum(w.size for w in months.values()) == len(data.dates)
    with pytest.raises(ValueError, match="Group by one"):
        cells(data, np.isfinite(data.outcome), ("week", "month"))


def test_a_window_ends_with_the_panel():
    effects = Effects.of(posterior(CASES["national_default"]))
    with pytest.raises(ValueError, match="ends after"):
        gains(effects, Window(0, 500))


def scaled_prior():
    spec = mix(
        channel("tv", effect=effect("half-normal", 0.5)),
        channel("search", "none", "hill", effect=roi(Prior("log-normal", (0.2, 0.5)))),
        controls=(Control("price"),),
    )
    return CASES["national_default"]._replace(spec=spec, data=panel(spec))


def test_prior_draws_have_the_prior():
    """β of a channel on the contribution scale is half-normal again, ROI is log-normal, coefficients are normal."""
    case = scaled_prior()
    density = Density.of(structure(case.spec, case.data))
    post = prior_draws(density, 4000, 1)
    np.testing.assert_array_equal(post.points[0], prior_points(density.structure, 4000, 1))
    assert np.mean(post.beta[:, 0, 0] ** 2) == pytest.approx(0.25, rel=0.1)
    s = density.structure
    assert np.mean(np.log(post.parameters[:, s.index(s.channels[1].effect)])) == pytest.approx(0.2, abs=0.04)
    assert post.coefficients["intercept"].std() == pytest.approx(2.0, rel=0.05)
    again = Posterior.of(density, post.points, 1)
    np.testing.assert_array_equal(again.beta, post.beta)


def test_prior_draws_know_geos_apart():
    case = CASES["geo_pooled"]
    density = Density.of(structure(case.spec, case.data))
    post = prior_draws(density, 2000, 1)
    s = density.structure
    spread = post.parameters[:, s.index(s.channels[0].spread)]
    z = post.parameters[:, s.by_name["geo_effect"].start]
    assert np.mean((post.beta[:, 0, 0] / np.exp(spread * z)) ** 2) == pytest.approx(4.0, rel=0.15)


def test_prior_draws_take_a_spread_that_is_fixed():
    spec = mix(channel("tv", pooling=Prior("fixed", (0.4,))), geo="geo")
    density = Density.of(structure(spec, panel(spec, geos=3, periods=14)))
    post = prior_draws(density, 2000, 1)
    z = post.parameters[:, density.structure.by_name["geo_effect"].start]
    assert np.mean((post.beta[:, 0, 0] / np.exp(0.4 * z)) ** 2) == pytest.approx(4.0, rel=0.15)


def test_the_prior_is_checked_before_the_data():
    wild, calm = CASES["national_default"], scaled_prior()
    checks = {}
    for name, case in {"wild": wild, "calm": calm}.items():
        density = Density.of(structure(case.spec, case.data))
        checks[name] = prior_check(Effects.of(prior_draws(density, 1000, 1)))
    assert checks["wild"].share_above_one > 0.5
    assert checks["wild"].implausible == ("share_above_one", "baseline_negative")
    assert checks["calm"].share_above_one < checks["wild"].share_above_one
    assert checks["calm"].baseline_negative == pytest.approx(0.5, abs=0.05)  # an intercept of mean 0
    assert checks["calm"].finite == checks["calm"].draws == 1000


def test_what_the_data_did_not_change_is_the_prior():
    case = scaled_prior()
    density = Density.of(structure(case.spec, case.data))
    prior = Effects.of(prior_draws(density, 3000, 1))
    same = learned(Effects.of(prior_draws(density, 3000, 2)), prior)
    assert same.quantity == ("roas", "roas")
    assert same.prior_dominated.all()
    narrow = learned(Effects.of(Posterior.of(density, np.full((1, 5, density.size), 0.1), 1)), prior)
    assert not narrow.prior_dominated.any()
    assert same.negligible == pytest.approx(same.negligible_prior, abs=0.03)


def test_noise_that_is_not_normal_and_sampled_terms_are_covered():
    spec = mix(
        channel("tv", curve=saturation("hill"), effect=effect("half-normal", 0.5)),
        noise=Noise("student-t", sigma=half_normal(0.3)),
        controls=(Control("price"),),
    )
    density = Density.of(structure(spec, panel(spec)))
    post = prior_draws(density, 2000, 1)
    assert not any(term.integrate for term in density.structure.terms)
    assert post.coefficients["control"].std() == pytest.approx(2.0, rel=0.1)
