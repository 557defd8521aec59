"""What any tool's split is worth by our posterior.

Run as a process: ``python -m benchmarks.mmm.plan_judge NAME PER_CHAIN SPLITS.json RESULT.json``. SPLITS.json holds
money by channel for each window (weeks, 0: all) and name of a split. A split that spends a little more or less than
today, as one on a grid does, is scaled to today's money first. Gains are over today, in the window and in
the carry-out after it; beside them what the planned channels bring inside the window, carry-in included, which is what
Meridian counts.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from attribution_models.mix.effects import Effects
from attribution_models.plan.figures import figures
from attribution_models.plan.flight import flight
from attribution_models.plan.response import Response
from benchmarks.mmm.plan_fits import effects
from benchmarks.mmm.plan_ours import window_of


def judged(found: Effects, weeks: int, splits: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Gains of splits in one window: mean, spread over draws, and share of draws that gain."""
    plan = flight(found, window_of(found, weeks))
    names = [found.structure.spec.channels[c].name for c in plan.channels]
    response = Response.of(found, plan)
    before = response.values(plan.today)
    out: dict[str, Any] = {
        "today": float((before - response.base).mean()),
        "inside": inside(found, plan.today, weeks),
        "splits": {},
    }
    for name, money in splits.items():
        given = np.array([money[c] for c in names])
        z = given * (plan.today.sum() / given.sum())
        gain = response.values(z) - before
        out["splits"][name] = {
            "gain": float(gain.mean()), "sd": float(gain.std()), "ahead": float((gain > 0).mean()),
            "spent": float(given.sum() / plan.today.sum()), "z": z.tolist(),
        }  # fmt: skip
    return out


def inside(found: Effects, z: npt.NDArray[np.float64], weeks: int) -> float:
    """Mean outcome inside the window by the planned channels, of money in it and of money before it."""
    own = figures(found, flight(found, window_of(found, weeks)), z)
    return float((own.inside + own.carried)[:, -1].sum(axis=0).mean())


def main() -> None:
    """Judge every split of every window."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=["meridian", "robyn"])
    parser.add_argument("per_chain", type=int, help="draws of each chain; 0: all")
    parser.add_argument("splits", type=Path)
    parser.add_argument("result", type=Path)
    given = parser.parse_args()
    found = effects(given.name, given.per_chain or None)
    asked = json.loads(given.splits.read_text(encoding="utf-8"))
    result = {weeks: judged(found, int(weeks), splits) for weeks, splits in asked.items()}
    given.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({"written": str(given.result)}))


if __name__ == "__main__":
    main()
