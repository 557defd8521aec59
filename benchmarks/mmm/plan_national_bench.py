"""Part ``national`` of the plans: 4,000 draws, 8 channels, 26 weeks, every objective."""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Row
from benchmarks.mmm.plan_meridian_bench import described
from benchmarks.mmm.runs import Runner

PART = "national"
SECONDS_BAR = 5.0


def national(runner: Runner) -> tuple[list[Row], dict[str, Any]]:
    """A row for each curve and objective: search and figures, in a process that just started."""
    found = runner.ours("plan_national").result
    rows = [
        Row(PART, f"plan, {curve}, {goal}", sum(p["first"].values()), "s", SECONDS_BAR, note=described(p))
        for curve, plans in found.items()
        for goal, p in plans.items()
    ]
    return rows, found
