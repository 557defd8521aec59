"""Our plans on a real fit, timed in one process: ``python -m benchmarks.mmm.plan_ours NAME PER_CHAIN RESULT.json``.

The clock starts where a fit is in memory and stops where the plan has its certificate (*search*), and where it and
today's split have their figures with intervals (*figures*): outcome, returns, carry-in and carry-out of every draw.
The first plan of the process loads compiled kernels from disk; each is made twice, and both times are kept.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from attribution_models.mix.cells import Window
from attribution_models.mix.effects import Effects
from attribution_models.plan.figures import figures
from attribution_models.plan.flight import Flight, flight
from attribution_models.plan.goal import Goal
from attribution_models.plan.limits import Limits
from attribution_models.plan.optimum import Optimum, optimise
from attribution_models.plan.response import Response
from benchmarks.mmm.plan_fits import effects

GOALS = {"expected": Goal(), "quantile 0.05": Goal("quantile", 0.05), "cvar 0.1": Goal("cvar", 0.1)}
SHORT = 26
# Money of a channel may move by this share of what it was.
MOVE = 0.5


def limits_of(plan: Flight) -> Limits:
    """The same money, each channel between half and one and a half times what it had."""
    return Limits((1 - MOVE) * plan.today, (1 + MOVE) * plan.today, budget=float(plan.today.sum()))


def window_of(found: Effects, weeks: int) -> Window:
    """The last weeks of the panel; 0: all of them."""
    periods = found.structure.outcome.shape[1]
    return Window(periods - weeks if weeks else 0, periods - 1)


def once(found: Effects, weeks: int, goal: Goal) -> tuple[dict[str, float], Flight, Optimum]:
    """One plan with its figures, and the seconds of each."""
    started = time.perf_counter()
    plan = flight(found, window_of(found, weeks))
    response = Response.of(found, plan)
    best = optimise(response, goal, response.values(plan.today), limits_of(plan))
    searched = time.perf_counter()
    for z in (best.z, plan.today):
        figures(found, plan, z)
    return {"search": searched - started, "figures": time.perf_counter() - searched}, plan, best


def planned(found: Effects, weeks: int, goal: Goal) -> dict[str, Any]:
    """A plan twice: in a process that just started, and again."""
    first, plan, best = once(found, weeks, goal)
    again, _, same = once(found, weeks, goal)
    sure, window, s = best.certificate, plan.window, found.structure
    return {
        "first": first, "again": again, "same": bool(np.array_equal(best.z, same.z)),
        "channels": [s.spec.channels[c].name for c in plan.channels], "draws": found.size,
        "from": str(s.data.dates[window.start]), "to": str(s.data.dates[window.end]), "weeks": window.size,
        "today": plan.today.tolist(), "z": best.z.tolist(), "value": best.value, "kkt": sure.kkt,
        "spread": sure.spread, "evaluations": sure.evaluations,
    }  # fmt: skip


def main() -> None:
    """Plan for the last half year and for all periods, and write both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=["meridian", "robyn"])
    parser.add_argument("per_chain", type=int, help="draws of each chain; 0: all")
    parser.add_argument("result", type=Path)
    parser.add_argument("--goals", nargs="+", choices=list(GOALS), default=["expected"])
    given = parser.parse_args()
    started = time.perf_counter()
    found = effects(given.name, given.per_chain or None)
    loaded = time.perf_counter()
    result = {
        goal: {str(weeks): planned(found, weeks, GOALS[goal]) for weeks in (SHORT, 0)} for goal in given.goals
    } | {"seconds_to_load": loaded - started}  # fmt: skip
    given.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({"written": str(given.result)}))


if __name__ == "__main__":
    main()
