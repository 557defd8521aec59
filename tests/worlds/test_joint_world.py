"""Joint worlds: both views are of one market, and the truth is what goes missing with a channel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution_models.worlds.joint_world import OFFLINE, STUDY_SEEDS, TESTED, TUNING_SEEDS, JointWorld, simulate_joint
from attribution_models.worlds.lived import LivedWorld

WORLD = JointWorld(7, people=400, weeks=12)


@pytest.fixture(scope="module")
def joint():
    return simulate_joint(WORLD)


def test_both_views_count_the_same(joint) -> None:
    assert joint.panel["conversions"].sum() == len(joint.paths.conversions["timestamp"])
    spent = joint.paths.spend
    for channel in joint.truth:
        assert joint.panel[channel].sum() == pytest.approx(spent["spend"][spent["channel"] == channel].sum())
    assert len(joint.panel["date"]) == 12
    assert set(np.diff(joint.panel["date"]).astype(int)) == {7}


def test_no_path_sees_television_and_the_panel_does(joint) -> None:
    assert OFFLINE not in set(joint.paths.touchpoints["channel"])
    assert joint.panel[OFFLINE].sum() > 0
    assert set(joint.paths.assignments["channel"]) == {TESTED}


def test_truth_is_what_goes_missing_with_a_channel(joint) -> None:
    lived = LivedWorld(WORLD.market)
    for i in WORLD.market.paid:
        assert joint.truth[WORLD.market.channels[i].name] == lived.lost(frozenset([i]))[0]


def test_a_week_off_has_no_contacts() -> None:
    market = WORLD.market
    tv = [c.name for c in market.channels].index(OFFLINE)
    silent = replace(
        market, pressure=tuple(tuple(0.0 if i == tv else p for i, p in enumerate(row)) for row in market.pressure)
    )
    assert not LivedWorld(silent).log.met[:, tv].any()
    with pytest.raises(ValueError, match="row per day"):
        replace(market, pressure=market.pressure[1:])


def test_pressure_of_one_is_no_pressure() -> None:
    plain = replace(WORLD.market, pressure=())
    even = replace(plain, pressure=((1.0,) * len(plain.channels),) * plain.days)
    np.testing.assert_array_equal(LivedWorld(plain).log.at, LivedWorld(even).log.at)


def test_spend_varies_by_week_and_owned_ways_in_do_not() -> None:
    pressure = np.array(WORLD.market.pressure)
    assert pressure.shape == (84, len(WORLD.market.channels))
    paid = list(WORLD.market.paid)
    assert pressure[::7, paid].std() > 0.3
    assert (pressure[:, [i for i in range(pressure.shape[1]) if i not in paid]] == 1).all()
    assert WORLD.intent == "observed-intent"
    assert JointWorld(8).intent == "latent-intent"


def test_seeds_of_the_study_and_of_tuning_do_not_meet() -> None:
    assert len(STUDY_SEEDS) == 20
    assert not set(STUDY_SEEDS) & set(TUNING_SEEDS)
