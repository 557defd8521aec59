from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from attribution_models.paths.hazard import Hazard
from attribution_models.paths.hazard_credit import credits, products
from attribution_models.paths.hazard_expect import expect
from attribution_models.paths.hazard_grid import DAY
from attribution_models.paths.hazard_intensity import log_rate, rate
from attribution_models.paths.hazard_likelihood import Likelihood, lowest_base, measure_exposure
from attribution_models.paths.hazard_setup import Setup, Tuning, keep_people, set_up, strengthen
from attribution_models.paths.hazard_slope import credit_slopes
from tests.hazard.naive import Naive, floored
from tests.hazard.streams import START, Person, block_of, random_people, table_of

TUNING = Tuning(3.0, 2.0, 0.4)
SPEC = Hazard(signal_half_lives=(1.0, 6.0), calendar_days=10.0, grain_days=1.0)


def model(people: list[Person], **options: float) -> tuple[Setup, Likelihood]:
    spec = replace(SPEC, **options)
    raw = set_up(table_of(block_of(people[:3]), block_of(people[3:], 3)), spec.grain_days, spec.calendar_days)
    setup = strengthen(raw, TUNING.tired_after, spec.memory_days)
    return setup, spec.likelihood(setup, TUNING, measure_exposure(setup.tapes, setup.grid))


def thetas(likelihood: Likelihood, seed: int) -> list[np.ndarray]:
    """Points with effects of either sign, on both sides of the floor."""
    rng = np.random.default_rng(seed)
    base = int(likelihood.grid.sizes.sum())
    columns = likelihood.shape.is_effect.size
    found = []
    for scale in (0.01, 0.2):
        theta = np.concatenate([rng.normal(-0.7, 0.3, base), rng.normal(0, scale, columns)])
        signals = ~likelihood.shape.is_effect
        theta[base:][signals] = np.abs(theta[base:][signals])
        found.append(theta)
        found.append(np.where(np.arange(theta.size) < base, theta, np.abs(theta)))
        found.append(
            np.where(
                (np.arange(theta.size) < base) | np.concatenate([np.zeros(base, bool), signals]), theta, -np.abs(theta)
            )
        )
    return found


@pytest.mark.parametrize("grain", [1.0, 0.25])
@pytest.mark.parametrize("seed", range(4))
def test_equals_the_formula_period_by_period(seed: int, grain: float) -> None:
    people = random_people(12, seed)
    setup, likelihood = model(people, grain_days=grain)
    events = table_of()
    for theta in thetas(likelihood, seed):
        naive = [Naive(p, setup, likelihood.shape, theta, events, 2.0, 14.0 / grain) for p in people]
        value, _, _ = likelihood.data(theta, False)
        assert value == pytest.approx(sum(n.log_likelihood() for n in naive), rel=1e-10)
        found = sum(credits(t, setup.grid, likelihood.shape, theta, 3) for t in setup.tapes)
        np.testing.assert_allclose(found, sum(n.credits(3) for n in naive), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_gradient_and_hessian_equal_differences(seed: int) -> None:
    _, likelihood = model(random_people(12, seed))
    for theta in thetas(likelihood, seed):
        _, grad, hess = likelihood(theta, True)
        step = 1e-5
        for p in range(theta.size):
            up, down = theta.copy(), theta.copy()
            up[p] += step
            down[p] -= step
            above, below = likelihood(up, False), likelihood(down, False)
            assert grad[p] == pytest.approx((above[0] - below[0]) / (2 * step), rel=1e-5, abs=2e-4)
            np.testing.assert_allclose(
                hess[p], (above[1] - below[1]) / (2 * step), rtol=1e-3, atol=0.02 * (1 + abs(hess).max() * 1e-3)
            )


@pytest.mark.parametrize("seed", range(3))
def test_slopes_of_credits_equal_differences(seed: int) -> None:
    setup, likelihood = model(random_people(12, seed))

    def at(theta: np.ndarray) -> np.ndarray:
        return np.ravel(sum(credits(t, setup.grid, likelihood.shape, theta, 3) for t in setup.tapes))

    compared = 0
    for theta in thetas(likelihood, seed):
        if np.abs(at(theta)).max() > 1e4:
            continue  # far below the floor the shares explode, and differences are rounding
        slope = sum(credit_slopes(t, setup.grid, likelihood.shape, theta, 3) for t in setup.tapes)
        compared += 1
        for p in range(theta.size):
            step = np.zeros_like(theta)
            step[p] = 1e-6
            moved = (at(theta + step) - at(theta - step)) / 2e-6
            np.testing.assert_allclose(slope[:, p], moved, rtol=1e-4, atol=1e-3 * max(1.0, abs(moved).max() * 1e-3))
    assert compared >= 4


def test_integral_equals_quadrature_over_time() -> None:
    people = random_people(8, 5)
    setup, likelihood = model(people)
    theta = thetas(likelihood, 5)[3]
    counted = [expect(t, setup.grid, likelihood.shape, theta, setup.kind_channel, 3, 7)[2] for t in setup.tapes]
    for person, mean in zip(people, np.concatenate(counted), strict=True):
        naive = Naive(person, setup, likelihood.shape, theta, table_of(), 2.0, 14.0)

        def at(day: float, naive: Naive = naive) -> float:
            return floored(*naive.parts(int(day)), 0.1)

        breaks = np.arange(np.ceil(naive.enter), np.ceil(naive.exit))
        edges = [naive.enter, *breaks[(breaks > naive.enter) & (breaks < naive.exit)], naive.exit]
        whole = sum(quad(at, a, b)[0] for a, b in pairwise(edges))
        assert mean == pytest.approx(whole, rel=1e-8)


def test_scores_of_people_add_up_to_the_gradient() -> None:
    people = random_people(12, 2)
    setup, likelihood = model(people)
    for theta in thetas(likelihood, 2):
        meat = sum(
            products(t, setup.grid, likelihood.shape, theta, lowest_base(theta, setup.grid), 3) for t in setup.tapes
        )
        direct = np.zeros_like(meat)
        for i in range(len(people)):
            one = keep_people(setup, [t.person == i for t in setup.tapes])
            single = SPEC.likelihood(one, TUNING, measure_exposure(one.tapes, setup.grid))
            score = single.data(theta, False)[1]
            credit = sum(credits(t, setup.grid, single.shape, theta, 3) for t in one.tapes)
            y = np.concatenate([score, np.ravel(credit)])
            direct += np.outer(y, y)
        np.testing.assert_allclose(meat, direct, rtol=1e-8, atol=1e-8)


def test_the_intensity_is_positive_smooth_and_linear_above_the_floor() -> None:
    for c in (-5.0, -0.91, -0.9, -0.89, 0.0, 2.0):
        value, by_b, by_c, *_ = rate(1.0, c, 0.1)
        assert value > 0
        assert log_rate(1.0, c, 0.1)[0] == pytest.approx(np.log(value))
        h = 1e-6
        assert by_c == pytest.approx((rate(1.0, c + h, 0.1)[0] - rate(1.0, c - h, 0.1)[0]) / (2 * h), abs=1e-4)
        assert by_b == pytest.approx((rate(1.0 + h, c, 0.1)[0] - rate(1.0 - h, c, 0.1)[0]) / (2 * h), abs=1e-4)
    assert rate(1.0, -0.5, 0.1)[0] == 0.5


def test_a_touch_after_a_conversion_of_the_same_day_acts_from_the_next() -> None:
    person = Person(START, START + 10 * DAY, ((START + 2 * DAY + 5, 0),), ((START + 2 * DAY + 4, 1.0),))
    setup, _ = model([person] * 4)
    assert setup.tapes[0].kind[:2].tolist() == [-1, 0]
    assert setup.tapes[0].period[:2].tolist() == [2, 3]


def test_a_lag_delays_every_touch_once() -> None:
    touches = ((START + DAY, 0), (START + 2 * DAY + 5, 0))
    person = Person(START, START + 10 * DAY, touches, ((START + 2 * DAY + 4, 1.0),))
    setup = set_up(table_of(block_of([person])), 1.0, 10.0, 1)
    assert setup.tapes[0].kind.tolist() == [0, -1, 0]
    assert setup.tapes[0].period.tolist() == [2, 2, 3]
