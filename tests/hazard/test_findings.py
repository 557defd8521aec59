"""Checks of a fit become findings where they are bad, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution.credit.hazard_checks import checks_data, checks_findings, checks_lines, checks_rows
from attribution_models.paths.events import EventTable
from attribution_models.paths.hazard import Hazard, HazardFit
from attribution_models.paths.hazard_checks import Calibration, Checks, Frailty, HeldOut
from tests.hazard.streams import simulated

SPEC = Hazard(half_lives=(4.0,), tired_after=(np.inf,), kept=(1.0,), signal_half_lives=(4.0,), grain_days=1.0)


@pytest.fixture(scope="module")
def events() -> EventTable:
    return simulated(1500, 1, (0.05, 0.02))


@pytest.fixture(scope="module")
def fitted(events: EventTable) -> HazardFit:
    return SPEC.fit(events)


def good(fit: HazardFit) -> Checks:
    seen = np.array([400.0, 350.0, 300.0])
    return Checks(
        Calibration(seen + 5, seen, seen - 5, seen, 7.0),
        HeldOut(-100.0, -110.0, 50),
        Frailty(0.01, fit.credit.conversions, fit.credit.conversions + 1.0),
    )


def codes(checks: Checks, fit: HazardFit, events: EventTable) -> list[str]:
    found = checks_findings(checks, fit, events)
    assert all(f.severity == "warning" and f.remedy for f in found)
    return [f.code for f in found]


def test_good_checks_find_nothing(fitted: HazardFit, events: EventTable) -> None:
    assert codes(good(fitted), fitted, events) == []


def test_each_bad_check_is_a_warning_of_its_own(fitted: HazardFit, events: EventTable) -> None:
    fine = good(fitted)
    near = fine.calibration
    weeks = replace(near, expected_by_time=near.observed_by_time * np.array([1.0, 1.5, 1.0]))
    assert codes(replace(fine, calibration=weeks), fitted, events) == ["hazard-calibration-time"]
    touched = replace(near, expected_by_channel=near.observed_by_channel * np.array([0.5, 1.0, 1.0]))
    (finding,) = checks_findings(replace(fine, calibration=touched), fitted, events)
    assert (finding.code, finding.count) == ("hazard-calibration-channel", 1)
    assert "kind 0" in finding.message
    assert "kind 1" not in finding.message
    assert codes(replace(fine, held_out=HeldOut(-111.0, -110.0, 50)), fitted, events) == ["hazard-held-out"]
    error = fitted.credit.conversions_se
    moved = Frailty(0.8, fitted.credit.conversions, fitted.credit.conversions + 3 * error * [1, 0, 0, 1])
    (finding,) = checks_findings(replace(fine, frailty=moved), fitted, events)
    assert finding.code == "hazard-frailty"
    assert "kind 0, (baseline)" in finding.message
    # People may differ without a credit that depends on it, and the other way round.
    assert codes(replace(fine, frailty=replace(fine.frailty, variance=0.8)), fitted, events) == []
    assert codes(replace(fine, frailty=replace(moved, variance=0.02)), fitted, events) == []


def test_few_conversions_apart_are_chance(fitted: HazardFit, events: EventTable) -> None:
    near = Calibration(np.array([1.0, 2.0]), np.array([3.0, 0.0]), np.array([1.0, 0.0, 4.0]), np.zeros(3), 7.0)
    assert codes(replace(good(fitted), calibration=near), fitted, events) == []


def test_rows_and_lines_say_what_is_kept(fitted: HazardFit, events: EventTable) -> None:
    data = checks_data(good(fitted), fitted, events)
    rows = checks_rows(data)
    assert [row[0] for row in rows[1:]] == [*events.channels, "(baseline)"]
    assert rows[1][1:3] == ["395.0", "400.0"]
    assert rows[-1][1:3] == ["", ""]
    told = " ".join(checks_lines(data))
    assert "differ by 1.4% over 3 steps of 7 days" in told
    assert "+0.200 nats per conversion" in told
    assert "variance 0.01" in told
