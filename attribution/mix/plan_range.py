"""Where a plan leaves what the data have seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from attribution.errors import listed
from attribution.findings import Finding
from attribution.mix.plan import Plan
from attribution.mix.plan_cube import Panelled

Floats = NDArray[np.float64]
# A little above is within rounding.
SLACK = 1e-6
# A plan that reaches further than this share of the window rests on a trend that was never checked so far out.
FAR = 0.25
# A medium that never was below this share of its mean was never off.
NEVER_OFF = 0.1


def range_findings(plan: Plan, stored: Panelled) -> Iterator[Finding]:
    """Name channels and controls whose plan lies outside of what was observed in the same geo."""
    yield from _above(plan, stored)
    yield from _off(plan, stored)
    yield from _controls(plan, stored)
    periods = len(stored.data.dates)
    ahead = plan.last + 1 - periods
    if ahead > FAR * periods:
        message = f"The plan reaches {ahead} {stored.calendar.unit}s ahead, from a window of {periods}."
        remedy = "Trend and level are carried on unchanged; see how forecasts fared: attribution mmm folds."
        yield Finding("warning", "far-ahead", message, remedy, ahead)


def _planned(window: Floats, future: Floats | None, plan: Plan) -> Floats:
    whole = window if future is None else np.concatenate([window, future], axis=-1)
    return whole[..., plan.first : plan.last + 1]


def _above(plan: Plan, stored: Panelled) -> Iterator[Finding]:
    data, future = stored.data, plan.future
    pairs = [("", data.exposure, plan.window.exposure, None if future is None else future.exposure)]
    if data.frequency.size:
        pairs.append(
            (" frequency", data.frequency, plan.window.frequency, None if future is None else future.frequency)
        )
    for what, was, window, later in pairs:
        planned = _planned(window[..., data.before :], later, plan)
        largest = was.max(axis=2, keepdims=True)
        for c, channel in enumerate(stored.spec.channels):
            above = planned[c] > largest[c] * (1 + SLACK)
            if above.any():
                top = float((planned[c] / np.where(largest[c] > 0, largest[c], np.nan))[above].max(initial=0.0))
                times = f", up to {top:.1f} times the largest" if np.isfinite(top) and top > 0 else ""
                message = (
                    f"{channel.name}{what}: {int(above.sum()):,} of {above.size:,} planned cells lie above anything "
                    f"observed{times}; what they bring is the curve's guess."
                )
                remedy = "Go up in steps, and measure: a lift test."
                yield Finding("warning", "beyond-range", message, remedy, int(above.sum()))


def _off(plan: Plan, stored: Panelled) -> Iterator[Finding]:
    data = stored.data
    planned = _planned(plan.window.exposure[..., data.before :], plan.future.exposure if plan.future else None, plan)
    known = data.exposure[..., data.before :]
    steady = known.min(axis=(1, 2)) > NEVER_OFF * known.mean(axis=(1, 2))
    dark = (planned < known.min(axis=2, keepdims=True) * (1 - SLACK)).any(axis=(1, 2))
    off = [channel.name for c, channel in enumerate(stored.spec.channels) if steady[c] and dark[c]]
    if off:
        message = f"Planned below anything observed: {listed(off)}. The data have not seen them so low, or off."
        yield Finding("warning", "below-range", message, "", len(off))


def _controls(plan: Plan, stored: Panelled) -> Iterator[Finding]:
    known = stored.data.controls
    planned = _planned(plan.window.controls, plan.future.controls if plan.future else None, plan)
    low, high = known.min(axis=2, keepdims=True), known.max(axis=2, keepdims=True)
    slack = SLACK * np.maximum(high - low, 1e-300)
    outside = ((planned < low - slack) | (planned > high + slack)).sum(axis=(1, 2))
    named = [f"{c.column} (cells: {n:,})" for c, n in zip(stored.spec.controls, outside, strict=True) if n]
    if named:
        message = f"Controls outside of what was observed: {listed(named)}. Their effect is carried on as a line."
        yield Finding("warning", "control-beyond-range", message, "", len(named))
