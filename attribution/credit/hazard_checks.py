"""What the checks of a time-to-event fit say: as rows to print, as plain data to keep, and as findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from attribution.errors import listed
from attribution.findings import Finding
from attribution.tables import BASELINE
from attribution_models.paths.events import Events
from attribution_models.paths.hazard_checks import Checks
from attribution_models.paths.hazard_result import HazardFit

# An expectation is off where it misses by more than chance and by more than matters.
_ERRORS, _PART = 4.0, 0.1
_MOVED, _VARIED = 2.0, 0.1  # standard errors of a credit, or conversions; variance of the factor between people
HEAD: Final = ("near touches of", "expected", "observed", "credit", "with frailty")


def checks_data(checks: Checks, fit: HazardFit, events: Events) -> dict[str, Any]:
    """Plain data, to be kept with the fit."""
    time, held, frailty = checks.calibration, checks.held_out, checks.frailty
    return {
        "calibration": {
            "window_days": time.window_days,
            "by_time": {
                "step_days": fit.spec.calendar_days,
                "expected": time.expected_by_time.tolist(),
                "observed": time.observed_by_time.tolist(),
            },
            "by_channel": {
                name: {"expected": float(e), "observed": float(o)}
                for name, e, o in zip(events.channels, time.expected_by_channel, time.observed_by_channel, strict=True)
            },
        },
        "held_out": {
            "with_media": held.with_media,
            "without_media": held.without_media,
            "conversions": held.conversions,
            "gain_per_conversion": held.gain_per_conversion,
        },
        "frailty": {
            "variance": frailty.variance,
            "credit": {
                name: {"without": float(b), "with": float(a)}
                for name, b, a in zip((*events.channels, BASELINE), frailty.before, frailty.after, strict=True)
            },
        },
    }


def checks_rows(data: dict[str, Any]) -> list[list[str]]:
    """By channel: conversions expected and observed near its touches, its credit without and with a frailty."""
    near, credit = data["calibration"]["by_channel"], data["frailty"]["credit"]
    rows = [list(HEAD)]
    for name, by in credit.items():
        expected = [f"{near[name][k]:,.1f}" for k in ("expected", "observed")] if name in near else ["", ""]
        rows.append([name, *expected, f"{by['without']:,.1f}", f"{by['with']:,.1f}"])
    return rows


def checks_lines(data: dict[str, Any]) -> list[str]:
    """What the table does not hold, in a sentence each."""
    time, held, frailty = data["calibration"]["by_time"], data["held_out"], data["frailty"]
    expected, observed = np.array(time["expected"]), np.array(time["observed"])
    apart = float(np.abs(expected - observed).sum() / max(observed.sum(), 1.0))
    gain = f"{held['gain_per_conversion']:+.3f} nats per conversion against the model without ads"
    return [
        f"Expected and observed differ by {apart:.1%} over {expected.size} steps of {time['step_days']:g} days.",
        f"Held-out people, {held['conversions']:,} conversions: {gain}.",
        f"Frailty: a factor between people of variance {frailty['variance']:.2f}.",
    ]


def checks_findings(checks: Checks, fit: HazardFit, events: Events) -> list[Finding]:
    """A warning for each check that went badly."""
    found = []
    time = checks.calibration
    weeks = _off(time.expected_by_time, time.observed_by_time)
    if weeks.any():
        message = (
            f"In {int(weeks.sum())} of {weeks.size} steps of time the fit expects other conversions than were seen."
        )
        remedy = "Look for campaigns or outages that touches do not show; shorter windows help."
        found.append(Finding("warning", "hazard-calibration-time", message, remedy, int(weeks.sum())))
    off = _off(time.expected_by_channel, time.observed_by_channel)
    if off.any():
        names = _named(events.channels, off)
        message = f"Near touches of {names} the fit expects other conversions than were seen."
        remedy = "Its effect changes over time or between people: read its credit with care, or test it."
        found.append(Finding("warning", "hazard-calibration-channel", message, remedy, int(off.sum())))
    if checks.held_out.conversions and checks.held_out.gain_per_conversion <= 0:
        message = "On people it did not see, the model predicts conversions no better than one without ads."
        remedy = "Take its credits as undecided: the data are too few, or ads do next to nothing."
        found.append(Finding("warning", "hazard-held-out", message, remedy))
    return [*found, *_frail(checks, fit, events)]


def _frail(checks: Checks, fit: HazardFit, events: Events) -> list[Finding]:
    """People who differ unseen, where that moves a credit."""
    frailty, error = checks.frailty, fit.credit.conversions_se
    moved = np.abs(frailty.after - frailty.before) > _MOVED * np.maximum(error, 1.0)
    if frailty.variance < _VARIED or not moved.any():
        return []
    names = _named((*events.channels, BASELINE), moved)
    message = f"People differ by more than the data show, and the credit of {names} depends on it."
    remedy = "The interval does not hold this: an experiment tells (assignments, credits --calibrate)."
    return [Finding("warning", "hazard-frailty", message, remedy, int(moved.sum()))]


def _off(expected: Any, observed: Any) -> Any:
    apart = np.abs(expected - observed)
    return (apart > _ERRORS * np.sqrt(np.maximum(expected, 1.0))) & (apart > _PART * expected)


def _named(names: Sequence[str], chosen: Any) -> str:
    return listed([n for n, c in zip(names, chosen, strict=True) if c])
