"""Part ``growth``: what more geos and more channels cost."""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Row
from benchmarks.mmm.runs import FailedError, Runner

PART = "growth"
# Geos and channels; the middle one is in both series.
SIZES = ((10, 5), (40, 5), (160, 5), (40, 10), (40, 20))


def growth(runner: Runner, seed: int = 1) -> tuple[list[Row], dict[str, Any]]:
    """One short fit for each size: seconds, gradients, memory. No bar stands on it."""
    rows: list[Row] = []
    for geos, channels in SIZES:
        what = f"{geos} geos × 156 weeks, {channels} channels"
        try:
            run = runner.ours("growth_ours", geos, channels, seed)
        except FailedError as error:
            rows.append(Row(PART, what, None, "s", note=f"failed: {error}"))
            continue
        found = run.result
        gate = found["gate"]
        note = (
            f"{found['seconds']:.1f} s for 4 × (300 + 300), R-hat {gate['rhat']:.3f}, least ESS {gate['ess']:,.0f}, "
            f"{found['divergences']} divergences; "
            f"{found['sampled']} sampled, {found['integrated']} integrated; {found['gradients']:,} gradients of "
            f"{found['gradient_microseconds']:,.0f} µs; peak {run.peak:,.0f} MB"
        )
        rows.append(Row(PART, f"{what}: seconds to the gate, about", found["seconds_to_gate"], "s", note=note))
    return rows, {}
