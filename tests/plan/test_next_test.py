"""What a lift test is worth: nothing where it tells nothing, all that could be gained where it tells everything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution_models.mix.cells import Window
from attribution_models.mix.effects import Effects
from attribution_models.mix.returns import returns
from attribution_models.plan.flight import flight
from attribution_models.plan.goal import Goal
from attribution_models.plan.limits import Limits
from attribution_models.plan.next_test import TRANSPORT, Design, by_geo, half_market, period_noise, worth
from attribution_models.plan.objective import objective
from attribution_models.plan.optimum import optimise
from attribution_models.plan.response import Response
from tests.mix.cases import CASES
from tests.plan.markets import WINDOW, concave, drawn

POST = drawn(concave(), 32)
EFFECTS = Effects.of(POST)
RESPONSE = Response.of(EFFECTS, flight(EFFECTS, WINDOW))
TODAY = RESPONSE.flight.today
LIMITS = Limits(0.2 * TODAY, 2.0 * TODAY, budget=float(TODAY.sum()))


@pytest.fixture(scope="module")
def known():
    return optimise(RESPONSE, Goal(), RESPONSE.base, LIMITS), objective(RESPONSE, Goal(), RESPONSE.base, LIMITS)


def test_a_test_that_tells_nothing_is_worth_nothing(known):
    best, aim = known
    effect = np.random.default_rng(1).normal(size=RESPONSE.size)
    found = worth(aim, LIMITS, best.z, Design(0, None, 8, effect, 1e9))
    assert found.gain == pytest.approx(0, abs=1e-6 * best.value)
    assert found.moved < 1e-3


def test_a_test_that_tells_everything_is_worth_what_knowing_is(known):
    best, aim = known
    effect = np.arange(float(RESPONSE.size))
    found = worth(aim, LIMITS, best.z, Design(0, None, 8, effect, 1e-3), outcomes=RESPONSE.size)
    gains, moved = [], []
    for d in range(RESPONSE.size):
        one = replace(aim, chance=np.eye(RESPONSE.size)[d])
        new = optimise(_one(d), Goal(), RESPONSE.base[[d]], LIMITS)
        gains.append(new.value - one(best.z)[0])
        moved.append(0.5 * np.abs(new.z - best.z).sum() / TODAY.sum())
    assert found.gain == pytest.approx(np.mean(gains), rel=1e-3)
    assert found.moved == pytest.approx(np.mean(moved), rel=1e-2)
    assert found.gain > 0


def _one(d):
    kept = [d]
    return replace(
        RESPONSE, parameters=RESPONSE.parameters[kept], beta=RESPONSE.beta[kept], lags=RESPONSE.lags[kept],
        base=RESPONSE.base[kept],
    )  # fmt: skip


def test_the_sharper_test_is_worth_more(known):
    best, aim = known
    effect = half_market(EFFECTS, period_noise(POST, EFFECTS), [1], [8])[0].effect
    gains = [
        worth(aim, LIMITS, best.z, Design(1, None, 8, effect, float(effect.std()) * times)).gain
        for times in (0.05, 1.0, 20.0)
    ]
    assert gains[0] > gains[1] > gains[2] >= 0


def test_effects_errors_and_lengths_of_tests():
    noise = period_noise(POST, EFFECTS)
    s = POST.structure
    assert noise == pytest.approx(POST.value(s.noise[0]).mean() * EFFECTS.worth)
    last = s.outcome.shape[1] - 1
    tests = half_market(EFFECTS, noise, [0, 1, 2], [4])
    found = returns(EFFECTS, Window(last - 3, last))
    for c, design in enumerate(tests):
        assert design.effect.mean() == pytest.approx(found.incremental.mean[c, 0, 0])
        expected = np.hypot(2 * noise[0] * np.sqrt(4), TRANSPORT * design.effect.mean())
        assert design.error == pytest.approx(expected)
        assert 0 < design.power < 1
    quiet = half_market(EFFECTS, noise * 1e-6, [0], [4, 8, 12])[0]
    loud = half_market(EFFECTS, noise * 1e6, [0], [4, 8, 12])[0]
    assert (quiet.periods, loud.periods) == (4, 12)


def test_noise_that_remembers_adds_up_faster():
    post = drawn(CASES["autoregressive"])
    s, effects = post.structure, Effects.of(post)
    rho, sigma = post.value(s.rho).mean(), post.value(s.noise[0]).mean()
    assert period_noise(post, effects) == pytest.approx(sigma * effects.worth * np.sqrt((1 + rho) / (1 - rho)))


def test_tests_of_single_geos_add_up_to_the_market():
    post = drawn(CASES["geo_pooled"])
    effects = Effects.of(post)
    noise = period_noise(post, effects)
    assert noise.shape == (3,)
    designs = list(by_geo(effects, noise, 0, 4))
    whole = half_market(effects, noise, [0], [4])[0]
    np.testing.assert_allclose(sum(d.effect for d in designs), whole.effect)
    assert [d.geo for d in designs] == [0, 1, 2]
    assert all(d.error > noise[d.geo] * 2 for d in designs)
