"""Today's split under a risk: whether leaving it is a gain is asked of every pair of units, and on the way to a hope."""

from __future__ import annotations

import numpy as np
import pytest

from attribution_models.plan.kink import moves, rise, tied, way_out
from attribution_models.plan.limits import Limits, Shared

TODAY = np.array([30.0, 50.0, 20.0])
LIMITS = Limits(0.5 * TODAY, 1.5 * TODAY, budget=100.0)


def least(rates):
    """The worst of several returns of moving money, 0 at today's split."""
    return lambda z: float((np.asarray(rates) @ (z - TODAY)).min())


def test_moves_keep_the_budget_and_every_limit():
    found = list(moves(TODAY, LIMITS))
    assert len(found) == 6
    for money, z in found:
        assert money == pytest.approx(0.1)
        assert z.sum() == pytest.approx(100)
        assert LIMITS.holds(z)


def test_moves_into_a_full_group_or_bound_are_left_out():
    full = Limits(LIMITS.lower, LIMITS.upper, (Shared("both", np.array([True, True, False]), 0.0, 80.0),), 100.0)
    assert not full.holds(TODAY + np.array([1.0, 0.0, -1.0]))
    assert len(list(moves(TODAY, full))) == 4
    locked = Limits(TODAY, np.array([30.0, 75.0, 30.0]), budget=100.0)
    assert list(moves(TODAY, locked)) == []
    assert rise(TODAY, least([[1.0, 0, 0]]), locked, 1.0) == 0


def test_no_move_is_a_gain_where_draws_contradict_each_other():
    value = least([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert rise(TODAY, value, LIMITS, 1.0) == 0
    assert way_out(TODAY, value, LIMITS, TODAY + np.array([5.0, -3.0, -2.0])) is None


def test_a_gain_between_two_units_is_found():
    value = least([[3.0, 1.0, 0.0], [2.0, 1.0, 0.0]])
    assert rise(TODAY, value, LIMITS, 4.0) == pytest.approx(2.0 / 4.0)
    z = way_out(TODAY, value, LIMITS, TODAY)
    np.testing.assert_allclose(z - TODAY, [0.1, 0.0, -0.1], atol=1e-12)


def test_a_gain_that_no_pair_has_is_found_on_the_way_to_the_hoped_plan():
    # Each of two receivers alone is a loss in one draw; both together are a gain in both.
    value = least([[3.0, -1.0, 0.0], [-1.0, 3.0, 0.0]])
    hoped = TODAY + np.array([4.0, 4.0, -8.0])
    assert rise(TODAY, value, LIMITS, 1.0) == 0
    z = way_out(TODAY, value, LIMITS, hoped)
    np.testing.assert_allclose(z, hoped)
    assert value(z) > 0


def test_equal_gains_are_a_kink():
    assert tied(np.full(5, 3.0), 10.0)
    assert not tied(np.array([3.0, 3.1]), 10.0)
