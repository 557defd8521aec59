"""The planner's outcome is the model's own counterfactual, and its derivatives are exact."""

from __future__ import annotations

import numpy as np
import pytest

from attribution_models.mix.cells import Window
from attribution_models.mix.effects import Effects
from attribution_models.mix.returns import gains
from attribution_models.plan.figures import figures, with_plan
from attribution_models.plan.flight import flight
from attribution_models.plan.observed_range import outside, outside_share
from attribution_models.plan.response import Response
from tests.mix.cases import CASES
from tests.mix.test_effects import plain_mean
from tests.plan.markets import concave, drawn, effects_of

WINDOW = Window(5, 9)
GRAINS = [(), ("week",), ("geo",), ("week", "geo")]


def setting(name, by=()):
    post = drawn(CASES[name])
    effects = Effects.of(post)
    plan = flight(effects, WINDOW, by)
    return post, effects, plan, Response.of(effects, plan, 0)


@pytest.mark.parametrize("name", CASES)
def test_at_observed_spend_it_is_what_the_model_says_of_the_window(name):
    post, effects, plan, response = setting(name)
    s = post.structure
    brought = response.values(plan.today) - response.base
    ahead = s.media.shape[2] - s.data.before - s.outcome.shape[1] + max(c.adstock.length for c in s.spec.channels) - 1

    def without(c, x):
        if c in plan.channels:
            x[:, s.data.before + WINDOW.start : s.data.before + WINDOW.end + 1] = 0.0
        return x

    for d in range(effects.size):
        expected = (plain_mean(post, d, ahead=ahead) - plain_mean(post, d, without, ahead=ahead)).sum()
        assert brought[d] == pytest.approx(expected, rel=1e-8, abs=1e-7 * abs(plain_mean(post, d)).sum())
    if not effects.log:
        found = gains(effects, WINDOW).gain[plan.channels, 0, 0, 0].sum(axis=(0, 1))
        np.testing.assert_allclose(brought, found, rtol=1e-9, atol=1e-9 * np.abs(found).max())


@pytest.mark.parametrize("by", GRAINS, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_derivatives_are_those_of_differences(name, by):
    _, effects, plan, response = setting(name, by)
    rng = np.random.default_rng(1)
    z = (plan.today + 0.05 * plan.today.mean()) * rng.uniform(0.5, 1.5, plan.size)
    share = rng.normal(size=effects.size)
    slope = response.slope(z, share)[1]
    for u in rng.permutation(plan.size)[:4]:
        step = np.zeros(plan.size)
        step[u] = 1e-5 * z[u]
        up, down = share @ response.values(z + step), share @ response.values(z - step)
        numeric = (up - down) / (2 * step[u])
        assert slope[u] == pytest.approx(numeric, rel=2e-5, abs=1e-6 * np.abs(slope).max())


@pytest.mark.parametrize("by", GRAINS, ids=str)
@pytest.mark.parametrize("name", ["national_default", "geo_pooled", "geo_national_channel", "reach", "geo_reach"])
def test_today_s_plan_is_what_was_bought(name, by):
    post, effects, plan, _ = setting(name, by)
    s, at = post.structure, slice(WINDOW.start, WINDOW.end + 1)
    np.testing.assert_allclose(plan.spend(plan.today), s.data.spend[plan.channels][..., at], atol=1e-9)
    np.testing.assert_allclose(np.bincount(plan.of.ravel(), plan.share.ravel()), 1.0)
    same = with_plan(effects, plan, plan.today).structure
    np.testing.assert_allclose(same.media, s.media, atol=1e-12)
    np.testing.assert_allclose(same.reach, s.reach, atol=1e-12)
    assert plan.by_channel(plan.today).sum() == pytest.approx(plan.today.sum())


@pytest.mark.parametrize("name", ["national_default", "geo_targets", "reach", "weibull", "log_link"])
def test_inside_and_carried_out_add_up_and_carry_in_does_not_move(name):
    _, effects, plan, response = setting(name)
    today, more = figures(effects, plan, plan.today), figures(effects, plan, 1.7 * plan.today)
    np.testing.assert_allclose(more.total[0], response.values(1.7 * plan.today) - response.base, rtol=1e-8, atol=1e-8)
    assert (np.abs(more.after) > 0).any()
    if not effects.log:
        np.testing.assert_allclose(more.gain.sum(axis=0), more.total)
        np.testing.assert_allclose(more.carried, today.carried)
        found = gains(effects, WINDOW)
        np.testing.assert_allclose(today.inside, found.gain[plan.channels, 0, :, 0, 0])
        np.testing.assert_allclose(today.after, found.gain[plan.channels, 0, :, 0, 1])


def test_the_same_numbers_however_draws_are_cut():
    effects = effects_of(concave(), 50)
    response = Response.of(effects, flight(effects, WINDOW))
    z = 0.8 * response.flight.today
    np.testing.assert_array_equal(response.some(50).values(z), response.values(z))
    np.testing.assert_array_equal(response.some(2).values(z), response.values(z)[[0, -1]])


def test_cells_outside_of_the_data_are_found():
    effects = effects_of(concave(), 2)
    plan = flight(effects, WINDOW)
    cells = outside(effects, plan, plan.today)
    assert not cells.any()
    assert not outside_share(plan, plan.today, cells).any()
    far = plan.today * 50
    cells = outside(effects, plan, far)
    np.testing.assert_array_equal(cells == 1, plan.spend(far) > 0)
    np.testing.assert_allclose(outside_share(plan, far, cells), 1.0)
    spent, most = effects.structure.data.spend[:, 0], effects.structure.data.spend.max(axis=(1, 2))
    double = 2 * spent[:, WINDOW.start : WINDOW.end + 1]
    expected = np.where(double > most[:, None], double, 0.0).sum(axis=1) / double.sum(axis=1)
    np.testing.assert_allclose(
        outside_share(plan, 2 * plan.today, outside(effects, plan, 2 * plan.today))[:3], expected
    )
