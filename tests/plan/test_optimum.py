"""The best plan is the best plan: brute force, certificates, limits, seeds, scales."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution_models.plan.certificate import kkt
from attribution_models.plan.climb import climb
from attribution_models.plan.goal import Goal
from attribution_models.plan.limits import Limits, Shared
from attribution_models.plan.multiples import in_steps
from attribution_models.plan.objective import objective
from attribution_models.plan.optimum import Search, optimise
from attribution_models.plan.projected import ascend, project
from attribution_models.plan.targets import Target, Unreachable, reach
from tests.plan.markets import bending, concave, response_of

RESPONSE = response_of(concave())
STEEP = response_of(bending())
TODAY = RESPONSE.flight.today
TOTAL = float(TODAY.sum())


def wide(response, low=0.0, high=2.0, budget=None):
    today = response.flight.today
    return Limits(low * today, high * today, budget=float(today.sum()) if budget is None else budget)


def brute(response, goal, against, limits, points=14, rounds=4):
    """The best of a grid over all but the last unit, refined around its best point."""
    aim, size = objective(response, goal, against, limits), len(limits.lower)
    low, high = limits.lower[:-1].copy(), limits.upper[:-1].copy()
    best, best_value = None, -np.inf
    for _ in range(rounds):
        axes = [np.linspace(a, b, points) for a, b in zip(low, high, strict=True)]
        for at in np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, size - 1):
            z = np.append(at, limits.budget - at.sum())
            if (z < limits.lower - 1e-9).any() or (z > limits.upper + 1e-9).any():
                continue
            value = aim(z)[0]
            if value > best_value:
                best, best_value = z, value
        width = (high - low) / 6
        low, high = np.maximum(best[:-1] - width, limits.lower[:-1]), np.minimum(best[:-1] + width, limits.upper[:-1])
    return best, best_value


@pytest.mark.parametrize("goal", [Goal(), Goal("quantile", 0.2), Goal("cvar", 0.2)], ids=lambda g: g.kind)
@pytest.mark.parametrize("response", [RESPONSE, STEEP], ids=["concave", "steep"])
def test_no_plan_of_a_grid_is_better(response, goal):
    limits, against = wide(response), response.values(response.flight.today)
    found = optimise(response, goal, against, limits, Search(8))
    z, value = brute(response, goal, against, limits)
    scale = abs(response.values(response.flight.today).mean() - response.base.mean())
    assert found.value >= value - 1e-6 * scale
    if goal.linear:
        assert found.value == pytest.approx(value, abs=1e-3 * scale)
        np.testing.assert_allclose(found.z, z, atol=0.05 * limits.budget)


def test_the_certificate_of_a_best_plan():
    limits = wide(RESPONSE)
    found = optimise(RESPONSE, Goal(), RESPONSE.base, limits)
    assert found.certificate.kkt < 1e-4
    assert found.certificate.gap < 1e-4 * found.value
    assert found.certificate.spread < 1e-5
    assert found.certificate.evaluations > 10
    # The price of the budget is what a little more of it brings.
    more = optimise(RESPONSE, Goal(), RESPONSE.base, limits.at(TOTAL * 1.001))
    assert found.certificate.price == pytest.approx((more.value - found.value) / (0.001 * TOTAL), rel=1e-2)


def test_another_plan_has_no_certificate():
    limits = wide(RESPONSE)
    aim = objective(RESPONSE, Goal(), RESPONSE.base, limits)
    assert kkt(TODAY, aim(TODAY)[1], limits)[0] > 0.02
    best = optimise(RESPONSE, Goal(), RESPONSE.base, limits)
    value, slope = aim(TODAY)
    gap = slope @ (limits.best(slope) - TODAY)
    assert gap >= best.value - value > 0


def test_chance_to_beat_today_is_the_largest():
    limits, against = wide(RESPONSE), RESPONSE.values(TODAY)
    sure = optimise(RESPONSE, Goal("beat-today"), against, limits)
    chances = {k: (RESPONSE.values(optimise(RESPONSE, Goal(k), against, limits).z) > against).mean()
               for k in ("expected", "cvar")}  # fmt: skip
    assert (RESPONSE.values(sure.z) > against).mean() >= max(chances.values()) - 0.051


def test_a_lower_quantile_never_falls_below_today():
    limits, against = wide(RESPONSE), RESPONSE.values(TODAY)
    for kind in ("quantile", "cvar"):
        assert optimise(RESPONSE, Goal(kind, 0.1), against, limits).value >= 0


@settings(max_examples=15, deadline=None)
@given(
    budget=st.floats(0.6, 1.4), low=st.floats(0.0, 0.5), high=st.floats(1.5, 3.0), locked=st.integers(0, 2),
    kind=st.sampled_from(["expected", "quantile", "cvar"]), group=st.booleans(),
)  # fmt: skip
def test_limits_hold_and_the_budget_is_spent(budget, low, high, locked, kind, group):
    lower, upper = low * TODAY, high * TODAY
    lower[locked] = upper[locked] = TODAY[locked]
    members = np.arange(3) != locked
    groups = (Shared("both", members, 0.0, 1.2 * float(TODAY[members].sum())),) if group else ()
    limits = Limits(lower, upper, groups, budget * TOTAL)
    if limits.problem():
        with pytest.raises(ValueError, match="No plan"):
            optimise(RESPONSE, Goal(kind), RESPONSE.values(TODAY), limits)
        return
    found = optimise(RESPONSE, Goal(kind), RESPONSE.values(TODAY), limits, Search(2)).z
    assert found.sum() == pytest.approx(budget * TOTAL, rel=1e-9)
    assert (found >= lower - 1e-9 * TOTAL).all()
    assert (found <= upper + 1e-9 * TOTAL).all()
    assert found[locked] == TODAY[locked]
    for one in groups:
        assert found[one.members].sum() <= one.high + 1e-8 * TOTAL


def test_the_same_seed_gives_the_same_answer():
    limits, goal = wide(STEEP), Goal("cvar", 0.2)
    one, two = (optimise(STEEP, goal, STEEP.values(STEEP.flight.today), limits, Search(4, seed=7)) for _ in range(2))
    np.testing.assert_array_equal(one.z, two.z)
    assert one.value == two.value
    np.testing.assert_array_equal(one.certificate.starts, two.certificate.starts)


def test_in_cents_the_plan_is_the_same():
    case = concave()
    cents = replace(case.data, spend=case.data.spend * 100)
    there = response_of(case._replace(data=cents))
    found = optimise(there, Goal(), there.base, wide(there))
    expected = optimise(RESPONSE, Goal(), RESPONSE.base, wide(RESPONSE))
    np.testing.assert_allclose(found.z / 100, expected.z, rtol=1e-3, atol=1e-3 * TOTAL)
    assert found.value == pytest.approx(expected.value, rel=1e-7)


def test_bad_limits_say_why():
    assert "cross" in Limits(2 * TODAY, TODAY).problem()
    assert "below the least" in Limits(TODAY, TODAY, (), 0.5 * TOTAL).problem()
    assert "above the most" in Limits(0 * TODAY, TODAY, (), 2 * TOTAL).problem()
    everything = Shared("all", np.ones(3, dtype=bool), 0.0, 0.5 * TOTAL)
    assert "groups" in Limits(TODAY, 2 * TODAY, (everything,)).problem()


def test_by_week_is_no_worse_and_keeps_the_channel_s_money():
    fine = response_of(concave(), by=("week",))
    flat = optimise(RESPONSE, Goal(), RESPONSE.base, wide(RESPONSE))
    spent = fine.flight.spend(fine.flight.today).reshape(3, -1)
    most = np.repeat(spent.max(axis=1), fine.flight.window.size) * 2
    limits = Limits(np.zeros(fine.flight.size), most, budget=TOTAL)
    found = optimise(fine, Goal(), fine.base, limits, Search(2))
    assert found.value >= flat.value * 0.999
    assert found.certificate.kkt < 1e-2
    # Projected gradients end at the same plan.
    aim = objective(fine, Goal(), fine.base, limits)
    assert aim(ascend(aim, limits, limits.nearest(fine.flight.today)))[0] == pytest.approx(found.value, rel=1e-5)


@pytest.mark.parametrize("overlapping", [False, True])
def test_projection_is_the_nearest_plan(overlapping):
    rng = np.random.default_rng(4)
    for _ in range(20):
        lower, upper = rng.uniform(0, 1, 6), rng.uniform(2, 4, 6)
        groups = [Shared("first", np.arange(6) < 3, 0.0, 7.0), Shared("last", np.arange(6) > 3, 5.0, 6.0)]
        if overlapping:
            groups.append(Shared("middle", (np.arange(6) > 1) & (np.arange(6) < 5), 0.0, 6.5))
        limits = Limits(lower, upper, tuple(groups), 11.0)
        if limits.problem():
            continue
        z = rng.normal(2, 3, 6)
        found = project(z, limits)
        assert found.sum() == pytest.approx(11.0, abs=1e-6)
        for group in groups:
            assert group.low - 1e-6 <= found[group.members].sum() <= group.high + 1e-6
        near = climb(lambda y, z=z: (-float((y - z) @ (y - z)), -2 * (y - z)), limits, limits.nearest(z))
        np.testing.assert_allclose(found, near, atol=1e-3)


def test_whole_steps_are_the_best_multiples():
    steps = np.array([TOTAL / 20, TOTAL / 20, 0.0])
    limits = wide(RESPONSE)
    aim = objective(RESPONSE, Goal(), RESPONSE.base, limits)
    found = in_steps(aim, limits, optimise(RESPONSE, Goal(), RESPONSE.base, limits).z, steps)
    np.testing.assert_allclose(found[:2] / steps[:2], np.round(found[:2] / steps[:2]), atol=1e-9)
    assert found.sum() == pytest.approx(TOTAL)
    best = max(
        aim(z)[0]
        for i in range(40)
        for j in range(40)
        if limits.lower[2] <= (z := np.array([i * steps[0], j * steps[1], TOTAL - (i + j) * steps[0]]))[2]
        and (z <= limits.upper).all()
    )
    assert aim(found)[0] == pytest.approx(best, rel=1e-9)


def test_where_all_come_in_steps_a_rest_is_left():
    steps = np.full(3, TOTAL / 7.5)
    limits = wide(RESPONSE)
    aim = objective(RESPONSE, Goal(), RESPONSE.base, limits)
    found = in_steps(aim, limits, optimise(RESPONSE, Goal(), RESPONSE.base, limits).z, steps)
    np.testing.assert_allclose(found / steps, np.round(found / steps), atol=1e-9)
    assert found.sum() <= TOTAL
    assert found.sum() == pytest.approx(7 * steps[0])


def test_steps_of_all_units_are_found_wherever_the_plan_without_them_lies():
    """Rounding one unit up leaves less for the next: its steps are looked for around what is left."""
    limits = wide(RESPONSE, 0.5, 1.5)
    aim = objective(RESPONSE, Goal(), RESPONSE.base, limits)
    rng = np.random.default_rng(5)
    for _ in range(25):
        steps = TOTAL * rng.uniform(0.01, 0.12, 3)
        z = limits.clipped(TODAY * rng.uniform(0.7, 1.3, 3))
        found = in_steps(aim, limits, z, steps)
        np.testing.assert_allclose(found / steps, np.round(found / steps), atol=1e-9)
        assert TOTAL - steps.max() - steps.sum() < found.sum() <= TOTAL * (1 + 1e-9)


@pytest.mark.parametrize("goal", [Goal(), Goal("quantile", 0.1)], ids=lambda g: g.kind)
def test_the_least_budget_of_an_outcome(goal):
    limits = Limits(0.2 * TODAY, 2.0 * TODAY)
    aim = objective(RESPONSE, goal, RESPONSE.base, limits)
    target = 1.1 * aim(TODAY)[0]
    found = reach(RESPONSE, goal, Target("outcome", target), limits)
    assert found.value == pytest.approx(target, rel=1e-4)
    less = optimise(RESPONSE, goal, RESPONSE.base, limits.at(0.99 * found.z.sum()))
    assert less.value < target
    with pytest.raises(Unreachable) as refused:
        reach(RESPONSE, goal, Target("outcome", 100 * target), limits)
    assert refused.value.best == pytest.approx(aim(limits.upper)[0], rel=1e-5)


def test_the_most_money_at_a_return():
    limits = Limits(0.2 * TODAY, 2.0 * TODAY)
    aim = objective(RESPONSE, Goal(), RESPONSE.base, limits)
    target = aim(TODAY)[0] / TOTAL
    found = reach(RESPONSE, Goal(), Target("roas", target), limits)
    assert found.value / found.z.sum() == pytest.approx(target, rel=1e-4)
    assert found.z.sum() > TOTAL  # a better split returns as much on more money
    with pytest.raises(Unreachable) as refused:
        reach(RESPONSE, Goal(), Target("roas", 100 * target), limits)
    returns = [optimise(RESPONSE, Goal(), RESPONSE.base, limits.at(b * TOTAL)).value / (b * TOTAL)
               for b in np.linspace(0.2, 2.0, 10)]  # fmt: skip
    assert refused.value.best >= max(returns) * (1 - 1e-6)


def test_every_last_unit_of_money_returns_the_marginal_target():
    limits = Limits(0.0 * TODAY, 3.0 * TODAY)
    aim = objective(RESPONSE, Goal(), RESPONSE.base, limits)
    slope = aim(TODAY)[1]
    target = float(np.median(slope))
    found = reach(RESPONSE, Goal(), Target("mroas", target), limits)
    inside = (found.z > limits.lower + 1e-6 * TOTAL) & (found.z < limits.upper - 1e-6 * TOTAL)
    assert inside.any()
    np.testing.assert_allclose(aim(found.z)[1][inside], target, rtol=1e-3)
    with pytest.raises(Unreachable):
        reach(RESPONSE, Goal(), Target("mroas", 1e6), limits)


def test_targets_that_say_nothing():
    with pytest.raises(ValueError, match="probability"):
        reach(RESPONSE, Goal("beat-today"), Target("outcome", 1.0), Limits(0 * TODAY, TODAY))
    with pytest.raises(ValueError, match="No target"):
        Target("profit", 1.0)
    for value in (float("nan"), float("inf"), -1.0):
        with pytest.raises(ValueError, match="0 or more"):
            Target("roas", value)


def test_where_no_move_is_sure_enough_today_is_best_and_certified():
    today = RESPONSE.flight.today
    wobbling = replace(RESPONSE, beta=RESPONSE.beta * np.random.default_rng(1).uniform(0, 2, RESPONSE.beta.shape))
    limits, goal = Limits(0.9 * today, 1.1 * today, budget=TOTAL), Goal("quantile", 0.05)
    found = optimise(wobbling, goal, wobbling.values(today), limits)
    assert found.value == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(found.z, today, rtol=1e-6)
    assert found.certificate.kkt < 1e-6
