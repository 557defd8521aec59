from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution_models.paths.events import EventBlock, EventTable
from attribution_models.paths.hazard import Hazard, HazardFit
from attribution_models.paths.hazard_checks import _variance, calibrate, check, frailty, held_out
from attribution_models.paths.hazard_grid import DAY
from tests.hazard.streams import START, Person, block_of, random_people, renamed, simulated, table_of

# What the simulation is made of, so that only coefficients are to be found.
KNOWN = Hazard(half_lives=(4.0,), tired_after=(np.inf,), kept=(1.0,), signal_half_lives=(4.0,), grain_days=1.0)
EFFECTS = (0.03, 0.0, 0.012)
DAYS = 1 / (1 - 0.5 ** (1 / 4.0))  # ∫ of a touch


@pytest.fixture(scope="module")
def events() -> EventTable:
    return simulated(6000, 1, EFFECTS)


@pytest.fixture(scope="module")
def fitted(events: EventTable) -> HazardFit:
    return KNOWN.fit(events)


def same(a: HazardFit, b: HazardFit) -> None:
    np.testing.assert_array_equal(a.theta, b.theta)
    np.testing.assert_array_equal(a.covariance, b.covariance)
    np.testing.assert_array_equal(a.credit.conversions, b.credit.conversions)
    np.testing.assert_array_equal(a.credit.value_se, b.credit.value_se)


def recovered(fit: HazardFit, effects: tuple[float, ...]) -> None:
    z = (fit.effects.estimate[:-1] - np.array(effects) * DAYS) / fit.effects.standard_error[:-1]
    assert (np.abs(z) < 3).all(), z
    assert (fit.effects.standard_error[:-1] < 0.02).all()


def test_finds_known_effects_and_the_null_kind_holds_zero(fitted: HazardFit) -> None:
    recovered(fitted, EFFECTS)
    assert fitted.effects.lower[1] < 0 < fitted.effects.upper[1]
    assert fitted.credit.conversions_lower[1] < 0 < fitted.credit.conversions_upper[1]
    assert fitted.effects.lower[0] > 0


def test_late_entry_changes_no_truth() -> None:
    recovered(KNOWN.fit(simulated(6000, 2, EFFECTS, late=True)), EFFECTS)


def test_a_harmful_kind_is_found_below_zero() -> None:
    fit = KNOWN.fit(simulated(6000, 3, (0.03, -0.006), base=0.03))
    recovered(fit, (0.03, -0.006))
    assert fit.credit.conversions_upper[1] < 0
    positive = replace(KNOWN, positive=True).fit(simulated(6000, 3, (0.03, -0.006), base=0.03))
    assert positive.effects.estimate[1] == 0
    assert positive.name == "hazard-positive"


def test_profile_finds_the_half_life() -> None:
    events = simulated(6000, 4, (0.06, 0.04))
    fit = replace(KNOWN, half_lives=(1.0, 4.0, 16.0), kept=(1.0, 0.0), profile_events=10**9).fit(events)
    assert abs(np.log2(fit.tuning.half_life / 4.0)) < 3 * fit.tuning_error[0] < 1.0
    assert fit.tuning.kept > 0.8
    assert fit.tuning.tired_after == np.inf
    assert fit.tuning_error[1] == 0  # one candidate
    # What the tuning leaves open widens the intervals.
    fixed = replace(KNOWN, half_lives=(fit.tuning.half_life,), kept=(fit.tuning.kept,)).fit(events)
    np.testing.assert_allclose(fixed.credit.conversions, fit.credit.conversions, rtol=1e-4, atol=1e-3)
    assert (fit.credit.conversions_se[:2] > fixed.credit.conversions_se[:2]).all()


def test_everything_observed_is_placed(events: EventTable, fitted: HazardFit) -> None:
    credit = fitted.credit
    observed = sum(b.value.size for b in events.blocks), sum(float(b.value.sum()) for b in events.blocks)
    assert credit.conversions.sum() + credit.unattributed_conversions == pytest.approx(observed[0], rel=1e-12)
    assert credit.value.sum() + credit.unattributed_value == pytest.approx(observed[1], rel=1e-12)
    assert (credit.observed_conversions, credit.observed_value) == observed
    assert credit.conversions[-2] == 0  # a signal
    assert credit.estimand == "incremental_direct"
    assert "experiment" in fitted.warning


def test_conversions_outside_the_time_at_risk_are_unattributed() -> None:
    people = random_people(300, 9)
    events = table_of(block_of(people))
    credit = KNOWN.fit(events).credit
    outside = sum(not p.enter <= t <= p.exit for p in people for t, _ in p.conversions)
    assert credit.unattributed_conversions == outside > 0
    assert credit.conversions.sum() + outside == pytest.approx(events.blocks[0].value.size, rel=1e-10)


def test_threads_change_no_bit(events: EventTable, fitted: HazardFit) -> None:
    for threads in (1, 3):
        same(KNOWN.fit(events, threads=threads), fitted)


def test_names_and_order_of_people_do_not_matter(events: EventTable, fitted: HazardFit) -> None:
    order = [2, 3, 0, 1]
    other = KNOWN.fit(renamed(events, order))
    np.testing.assert_allclose(other.credit.conversions[:-1], fitted.credit.conversions[order], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(other.effects.standard_error, fitted.effects.standard_error[order], rtol=1e-5)
    swapped = KNOWN.fit(replace(events, blocks=events.blocks[::-1]))
    np.testing.assert_allclose(swapped.credit.conversions, fitted.credit.conversions, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(swapped.credit.conversions_se, fitted.credit.conversions_se, rtol=1e-5, atol=1e-8)


def without_idle(block: EventBlock) -> EventBlock:
    """People without events go into an aggregate row each by time at risk."""
    touches, conversions = np.diff(block.touch_offsets), np.diff(block.conversion_offsets)
    idle = (touches == 0) & (conversions == 0)
    windows, count = np.unique(np.stack([block.enter[idle], block.exit[idle]]), axis=1, return_counts=True)
    keep = ~idle
    return replace(
        block, person=block.person[keep], enter=block.enter[keep], exit=block.exit[keep],
        touch_offsets=np.concatenate([[0], np.cumsum(touches[keep])]),
        conversion_offsets=np.concatenate([[0], np.cumsum(conversions[keep])]),
        converted_before=None, stratum=None,
        idle_enter=windows[0], idle_exit=windows[1], idle_count=count.astype(float),
    )  # fmt: skip


def test_people_without_events_may_come_as_a_count() -> None:
    events = simulated(3000, 5, (0.05,), rate=0.003, days=30, late=True)
    people = KNOWN.fit(events)
    counted = KNOWN.fit(replace(events, blocks=tuple(without_idle(b) for b in events.blocks)))
    assert sum(b.idle_count.sum() for b in map(without_idle, events.blocks)) > 300
    np.testing.assert_allclose(counted.credit.conversions, people.credit.conversions, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(counted.credit.conversions_se, people.credit.conversions_se, rtol=1e-5, atol=1e-8)


def test_refuses_to_tell_a_baseline_from_touched_time_only() -> None:
    people = [
        Person(START + i * DAY, START + 60 * DAY, ((START + i * DAY, 0),), ((START + 58 * DAY, 1.0),))
        for i in range(20)
    ]
    with pytest.raises(ValueError, match=r"lie before any touch.*\(baseline\) cannot be told"):
        KNOWN.fit(table_of(block_of(people)))


def test_refuses_what_cannot_be_fitted() -> None:
    people = [Person(START, START + DAY * 9)] * 3
    with pytest.raises(ValueError, match="needs conversions within the time at risk"):
        KNOWN.fit(table_of(block_of(people)))
    with pytest.raises(ValueError, match="enter < exit; 1 rows"):
        block_of([Person(START, START)])
    with pytest.raises(ValueError, match="hold none"):
        KNOWN.fit(table_of())
    with pytest.raises(ValueError, match="must be above 0"):
        Hazard(half_lives=(0.0,))
    with pytest.raises(ValueError, match="floor and level"):
        Hazard(floor=1.0)


def test_checks(events: EventTable, fitted: HazardFit) -> None:
    calibration = calibrate(fitted, events)
    for expected, observed in (
        (calibration.expected_by_time, calibration.observed_by_time),
        (calibration.expected_by_channel, calibration.observed_by_channel),
    ):
        assert (np.abs(expected - observed) < 4 * np.sqrt(expected)).all()
    assert calibration.observed_by_time.sum() == fitted.credit.observed_conversions
    assert calibration.expected_by_time.sum() == pytest.approx(fitted.credit.observed_conversions, rel=0.02)
    score = held_out(fitted, events)
    assert score.gain_per_conversion > 0
    assert 0.1 < score.conversions / fitted.credit.observed_conversions < 0.3


def test_expected_near_a_channel_is_what_its_periods_hold() -> None:
    # Nobody is near the touches of a channel that touched nobody, and everybody's days near one that did count once.
    touches = ((START + 2 * DAY, 0), (START + 4 * DAY, 0))
    people = [Person(START, START + 40 * DAY, touches, ((START + 5 * DAY, 1.0), (START + 30 * DAY, 1.0)))] * 40
    events = table_of(block_of(people + [Person(START, START + 40 * DAY)] * 40))
    fit = KNOWN.fit(events)
    near = calibrate(fit, events, window_days=7.0)
    assert near.observed_by_channel.tolist() == [40.0, 0.0, 0.0]
    assert near.expected_by_channel[1:].tolist() == [0.0, 0.0]
    whole = calibrate(fit, events, window_days=400.0)
    early = calibrate(fit, events, window_days=9.0).expected_by_channel[0]
    assert near.expected_by_channel[0] < early < whole.expected_by_channel[0] < whole.expected_by_time.sum()
    np.testing.assert_allclose(whole.expected_by_time, near.expected_by_time, rtol=1e-9)


def test_frailty_is_none_where_people_are_alike(events: EventTable, fitted: HazardFit) -> None:
    found = frailty(fitted, events, rounds=2)
    assert found.variance < 0.1
    np.testing.assert_allclose(found.before, fitted.credit.conversions, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.after, fitted.credit.conversions, rtol=0.1, atol=20)


@pytest.mark.parametrize("variance", [0.5, 2.0])
def test_frailty_finds_how_much_people_differ(variance: float) -> None:
    rng = np.random.default_rng(1)
    mean = rng.gamma(2.0, 0.2, 20_000)
    n = rng.poisson(mean * rng.gamma(1 / variance, variance, mean.size)).astype(float)
    assert _variance(n, mean, np.ones(mean.size)) == pytest.approx(variance, rel=0.1)


def test_all_checks_at_once_are_those_one_by_one(events: EventTable, fitted: HazardFit) -> None:
    checks = check(fitted, events)
    np.testing.assert_array_equal(checks.calibration.expected_by_channel, calibrate(fitted, events).expected_by_channel)
    assert checks.held_out == held_out(fitted, events)
    assert checks.frailty.variance == frailty(fitted, events, rounds=3).variance
    # On a sample of the people, credits stand for everybody.
    sampled = replace(fitted, spec=replace(KNOWN, profile_events=10_000))
    some = check(sampled, events)
    assert some.held_out.conversions < checks.held_out.conversions / 2
    np.testing.assert_allclose(some.frailty.before, checks.frailty.before, rtol=0.25, atol=100)
