"""Part ``robyn`` of the plans: our optimiser and PyMC-Marketing's, each on its own fit of one model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.measure import ROOT, Row
from benchmarks.mmm import plan_fits
from benchmarks.mmm.plan_meridian_bench import described
from benchmarks.mmm.plan_splits import Splits, by_name, gain_rows, missing, written
from benchmarks.mmm.runs import FailedError, Runner
from benchmarks.peers import UnavailableError

PART, PEER, ENVIRONMENT = "robyn", "PyMC-Marketing 1.3", "pymc-marketing-1.3"
WEEKS, WORDS = "26", "last 26 weeks"
WHY = "its split is the best by its own draws of the same posterior: the two differ by Monte Carlo error"


def robyn(runner: Runner) -> tuple[list[Row], dict[str, Any]]:
    """Seconds of both, and what each split is worth by either posterior."""
    mine = runner.ours("plan_ours", PART, 0).result
    found = mine["expected"][WEEKS]
    seconds = found["first"]["search"]
    rows = [Row(PART, f"{WORDS}, {found['draws']:,} draws: ours, the split", seconds, "s", note=described(found))]
    file = written({WEEKS: {"ours": by_name(found["channels"], found["z"])}})
    asked = str(file.relative_to(ROOT))
    try:
        theirs = runner.peer(ENVIRONMENT, "plan_pymc_marketing", plan_fits.FILES[PART], asked).result
    except (UnavailableError, FailedError) as reason:
        return [*rows, missing(PART, PEER, reason)], {"ours": mine}
    both: Splits = {
        WEEKS: {"ours": by_name(found["channels"], found["z"]), "theirs": by_name(theirs["channels"], theirs["z"])}
    }
    judged = runner.ours("plan_judge", PART, 0, written(both)).result[WEEKS]
    rows += [*speed(seconds, theirs), *gain_rows(PART, WORDS, judged, PEER, WHY), *by_theirs(theirs, judged)]
    return rows, {"ours": mine, "theirs": theirs, "judged": judged}


def speed(seconds: float, theirs: dict[str, Any]) -> Iterator[Row]:
    """The call that finds the split; making the peer's optimiser is part of it."""
    made, allocated = theirs["seconds"]["make and compile"], theirs["seconds"]["allocate"]
    both = f"{WORDS}, {theirs['draws']:,} draws"
    yield Row(PART, f"{both}: {PEER}", made + allocated, "s",
              note=f"graph and compilation {made:.2f} s, allocate_budget {allocated:.2f} s, "
                   f"{theirs['evaluations']} evaluations")  # fmt: skip
    yield Row(PART, f"{both}: ours ÷ {PEER}", seconds / (made + allocated), "×", 1.0)
    yield Row(PART, f"{both}: ours ÷ its allocate_budget alone", seconds / allocated, "×")


def by_theirs(theirs: dict[str, Any], judged: dict[str, Any]) -> Iterator[Row]:
    """The same by the peer's posterior and objective."""
    worth = theirs["outcome"]
    mine, other = worth["ours"] - worth["today"], worth["theirs"] - worth["today"]
    yield Row(PART, f"{WORDS}: gain by {PEER}'s own objective, ours ÷ its", mine / other, "×",
              note=f"{mine:,.0f} and {other:,.0f}")  # fmt: skip
    gain = judged["splits"]["theirs"]["gain"]
    yield Row(PART, f"{WORDS}: gain of its split, by its draws and by ours, relative difference",
              abs(other / gain - 1), "", note="two samples of one posterior")  # fmt: skip
