"""Truths of mix worlds against brute force: loops over geos, periods and lags, and plans run again."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from attribution_models.worlds.mix import (
    NULL_CHANNEL,
    PRESETS,
    MixExperiment,
    MixWorld,
    expected_outcome,
    market_of,
    preset,
    simulate,
)
from attribution_models.worlds.mix_lifts import measure
from attribution_models.worlds.mix_truth import baseline_truth, channel_truth


def weight(adstock, lag: int) -> float:
    return adstock.alpha ** (lag if adstock.kind == "geometric" else (lag - adstock.theta) ** 2)


def curve(saturation, a: float) -> float:
    if saturation.kind == "logistic":
        return (1 - math.exp(-saturation.lam * a)) / (1 + math.exp(-saturation.lam * a))
    return a**saturation.slope / (saturation.kappa**saturation.slope + a**saturation.slope)


def media_by_hand(market, spend, g: int, t: int, c: int) -> float:
    """Contribution of one channel in one cell; t counts from the first period that is lived."""
    world, channel = market.world, market.world.channels[c]
    people = market.baseline.population[g]
    lags = range(min(world.l_max, t + 1))
    total = sum(weight(channel.adstock, lag) for lag in range(world.l_max))
    a = sum(
        weight(channel.adstock, lag) / total * spend[g, t - lag, c] / market.price[g, t - lag, c] / people
        for lag in lags
    )
    return people * market.effects[g, c] * curve(channel.saturation, a / market.units[c])


def small(name: str = "geo", **changes) -> MixWorld:
    return replace(preset(name, seed=5, weeks=26, geos=3), **changes)


def total(world, spend, revenue=None) -> float:
    mean = expected_outcome(world, spend)
    n = mean.shape[1]
    u = 1.0 if revenue is None else revenue[world.l_max : world.l_max + n]
    return float((mean * u).sum())


def actual_plan(world):
    paid = [c for c, channel in enumerate(world.channels) if channel.paid]
    return market_of(world).spend[:, world.window][:, :, paid].copy()


@pytest.mark.parametrize("name", ["geo", "saturated"])
def test_the_mean_is_baseline_and_media_cell_by_cell(name):
    world = small(name)
    market = market_of(world)
    mean = market.mean()
    promo = market.baseline.coefficients["promo"] * market.baseline.promo
    for g, t in [(0, 0), (1, 7), (2, 12), (0, world.length - 1)]:
        media = sum(media_by_hand(market, market.spend, g, t, c) for c in range(len(world.channels)))
        own = market.baseline.population[g] * (market.baseline.per_person[g, t] + promo[g, t])
        assert mean[g, t] == pytest.approx(own + media, rel=1e-12)


@pytest.mark.parametrize("name", PRESETS)
def test_channels_promotions_baseline_and_the_rest_add_up_to_the_outcome(name):
    made = simulate(preset(name, seed=4, weeks=30))
    inside = ~np.isnan(made.panel["outcome"])
    assert made.truth["contribution"].sum() == pytest.approx(made.panel["outcome"][inside].sum(), rel=1e-12)
    assert made.truth["contribution_share"].sum() == pytest.approx(1.0)
    cells = made.truth_by_period["contribution"].reshape(len(made.truth["channel"]), -1)
    np.testing.assert_allclose(cells.sum(axis=0), made.panel["outcome"], rtol=1e-10)
    np.testing.assert_allclose(cells.sum(axis=1), made.truth["contribution"], rtol=1e-9, atol=1e-6)


def test_contributions_switched_off_one_by_one_add_up_to_all_media_switched_off():
    market = market_of(small())
    world = market.world
    each = sum(channel_truth(market, c).by_period for c in range(len(world.channels)))
    media_off = market.mean()[:, world.window] - market.mean(np.zeros_like(market.spend))[:, world.window]
    np.testing.assert_allclose(each, media_off, rtol=1e-9)
    assert (baseline_truth(market) > 0).all()


def test_roas_is_what_the_windows_spend_brings_until_it_is_carried_out():
    world = small()
    market, plan = market_of(world), actual_plan(world)
    for p, channel in enumerate(world.paid):
        c = world.channels.index(channel)
        off = plan.copy()
        off[:, :, p] = 0
        by_plan = total(world, plan, market.revenue) - total(world, off, market.revenue)
        # By hand: cells until l_max − 1 periods after the window, with and without the window's spend.
        without = market.spend.copy()
        without[:, world.window, c] = 0
        by_hand = sum(
            market.revenue[t] * (media_by_hand(market, market.spend, g, t, c) - media_by_hand(market, without, g, t, c))
            for g in range(world.geos)
            for t in range(world.l_max, world.l_max + world.periods + world.l_max - 1)
        )
        truth = channel_truth(market, c)
        assert by_plan == pytest.approx(by_hand, rel=1e-7)
        assert truth.roas == pytest.approx(by_hand / plan[:, :, p].sum(), rel=1e-7)
        assert truth.cpa == pytest.approx(truth.spend / (truth.in_window + truth.carried_out))
        assert truth.carried_out > 0


def test_marginal_roas_is_a_finite_difference_of_expected_outcome():
    world = small("confounded")
    plan = actual_plan(world)
    for p, channel in enumerate(world.paid):
        more, less = plan.copy(), plan.copy()
        more[:, :, p] *= 1.01
        less[:, :, p] *= 0.99
        truth = channel_truth(market_of(world), world.channels.index(channel))
        forward = (total(world, more) - total(world, plan)) / (0.01 * plan[:, :, p].sum())
        central = (total(world, more) - total(world, less)) / (0.02 * plan[:, :, p].sum())
        assert truth.mroas == pytest.approx(forward, rel=1e-6)
        assert truth.mroas == pytest.approx(central, rel=0.02)


def test_concave_curves_return_less_at_the_margin_than_on_average():
    made = simulate(preset("saturated", seed=4))
    paid = made.truth["kind"] == "paid"
    assert (made.truth["mroas"][paid] < 0.5 * made.truth["roas"][paid]).all()


def test_curves_pass_through_nothing_and_through_the_truth():
    made = simulate(preset("neutral", seed=4, weeks=40))
    for name in ("tv", "search"):
        at = made.truth_curves["channel"] == name
        row = made.truth["channel"] == name
        gained = made.truth_curves["incremental_outcome"][at]
        m = made.truth_curves["multiplier"][at]
        assert gained[m == 0] == 0
        assert (np.diff(gained) > 0).all()
        wanted = made.truth["in_window"][row] + made.truth["carried_out"][row]
        assert gained[m == 1] == pytest.approx(wanted, rel=1e-9)
        assert made.truth_curves["spend"][at][m == 2] == pytest.approx(2 * made.truth["spend"][row])


def test_what_was_carried_in_is_what_spend_before_the_window_does_in_it():
    world = small()
    market = market_of(world)
    for c in range(len(world.channels)):
        only_before = market.spend.copy()
        only_before[:, world.l_max :, c] = 0
        nothing = market.spend.copy()
        nothing[:, :, c] = 0
        brought = (market.mean(only_before) - market.mean(nothing))[:, world.window].sum()
        truth = channel_truth(market, c)
        assert truth.carried_in == pytest.approx(brought, abs=1e-6)
        assert truth.in_window + truth.carried_in == pytest.approx(truth.by_period.sum())


def test_a_null_channel_does_exactly_nothing():
    made = simulate(preset("null-channel", seed=4))
    row = made.truth["channel"] == NULL_CHANNEL
    for field in ("contribution", "in_window", "carried_in", "carried_out", "roas", "mroas"):
        assert made.truth[field][row] == 0
    assert made.truth["spend"][row] > 0
    assert made.parameters["lifts"]["display holdout"] == 0
    outcome, spend = made.panel["outcome"], made.panel["display_spend"]
    assert np.corrcoef(outcome, spend)[0, 1] > 0.2


def test_a_test_of_weeks_without_spend_did_not_take_place():
    """Television was off in the weeks of this one: nothing could be switched off, and no fit could use the row."""
    made = simulate(preset("confounded", seed=102))
    assert "tv heavier elsewhere" in [e.name for e in made.market.world.experiments]
    assert "tv heavier elsewhere" not in list(made.lifts["experiment"])
    assert (made.lifts["spend_change"] != 0).all()
    assert set(made.parameters["lifts"]) == set(made.lifts["experiment"])


def test_a_lift_is_the_difference_until_its_carry_over_ends():
    test = MixExperiment("t", "tv", at=0.2, weeks=4, comparison=1.5, geos=0.5)
    world = small(experiments=(test, replace(test, name="off", comparison=0.0)))
    made = simulate(world)
    market = made.market
    first, stop, end = world.span(test)
    assert (stop - first, end - stop) == (4, world.l_max - 1)
    for k, name in enumerate(("t", "off")):
        tested = made.lifts["geo"][k].split(";")
        rows = [market.geos.index(g) for g in tested]
        assert len(rows) == 2
        other = market.spend.copy()
        other[rows, world.l_max + first : world.l_max + stop, 0] *= (1.5, 0.0)[k]
        cells = range(world.l_max + first, world.l_max + end)
        by_hand = sum(
            media_by_hand(market, market.spend, g, t, 0) - media_by_hand(market, other, g, t, 0)
            for g in rows
            for t in cells
        )
        assert made.parameters["lifts"][name] == pytest.approx(by_hand, rel=1e-9)
        assert made.lifts["spend_change"][k] == pytest.approx((market.spend - other).sum(), abs=0.01)
    assert made.lifts["spend_change"][0] < 0 < made.lifts["spend_change"][1]
    assert made.parameters["lifts"]["t"] < 0 < made.parameters["lifts"]["off"]


def test_measured_lifts_err_as_much_as_their_standard_error_says():
    z = []
    for seed in range(60):
        world = preset("neutral", seed=seed, weeks=26)
        measured = [measure(market_of(world), experiment) for experiment in world.experiments]
        z += [(m.lift - m.truth) / m.standard_error for m in measured]
    z = np.array(z)
    assert abs(z.mean()) < 4 / np.sqrt(z.size)
    assert z.std() == pytest.approx(1.0, abs=0.12)


def test_a_plan_beyond_the_window_needs_a_future_and_changes_nothing_before_it():
    world = small(future=6)
    plan = actual_plan(world)[:, :6]
    market = market_of(world)
    ahead = expected_outcome(world, plan * 2, first=world.periods)
    assert ahead.shape == (3, 6 + world.l_max - 1)
    start = world.l_max + world.periods
    unchanged = market.mean()[:, start : start + 6 + world.l_max - 1]
    none = expected_outcome(market, np.zeros_like(plan), first=world.periods)
    assert (none <= unchanged).all()
    assert (none < ahead).any()
    np.testing.assert_array_equal(
        expected_outcome(world, actual_plan(world)), market.mean()[:, world.l_max : start + 7]
    )


@pytest.mark.parametrize(
    ("shape", "value", "first", "message"),
    [
        ((2, 4, 6), 1.0, 0, "geos, periods, paid channels"),
        ((3, 4, 7), 1.0, 0, "geos, periods, paid channels"),
        ((3, 27, 6), 1.0, 0, "the world has 26"),
        ((3, 4, 6), 1.0, 23, "`future`"),
        ((3, 4, 6), -1.0, 0, "0 or more"),
        ((3, 4, 6), np.nan, 0, "finite"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(shape, value, first, message):
    with pytest.raises(ValueError, match=message):
        expected_outcome(small(), np.full(shape, value), first)
