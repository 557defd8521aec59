"""What should be known about a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from attribution.errors import listed
from attribution.findings import Finding
from attribution.mix.marks import PRIOR_DOMINATED
from attribution.plan.frames import Beside
from attribution.plan.problem import PlanProblem
from attribution_models.plan.flight import summed
from attribution_models.plan.kink import tied
from attribution_models.plan.limits import Limits
from attribution_models.plan.observed_range import INSIDE, outside_share
from attribution_models.plan.optimum import Optimum

Floats = NDArray[np.float64]
# Plans of an expected value that are better less often than this are said to be unsure.
SURE = 0.9
# A channel is moved where it gets another amount by more than this share.
MOVED = 0.05
# A residual above this: the search ended before the best plan.
RESIDUAL = 1e-2
# Starts that end further apart than this have found different plans.
APART = 1e-3
AT = 1e-6
# A larger part of the gain than this, from after a window that ends with the panel, is told.
LATE = 0.25


def plan_findings(asked: PlanProblem, found: Beside, best: Optimum | None, split: Floats) -> Iterator[Finding]:
    """Name what a reader of the plan must know; `split` is today's split of the plan's money."""
    yield from _outside(asked, found)
    yield from _money(asked, found)
    yield from asked.horizon.findings
    if best is not None:
        yield from _search(best, asked.response.values(found.z) - asked.response.values(split), asked.limits)
        yield from _edges(asked, found)
        yield from _last_periods(asked, found, split)


def prior_findings(asked: PlanProblem, found: Beside, marked: Mapping[str, str], split: Floats) -> Iterator[Finding]:
    """Name channels whose money is moved though the prior, not the data, decides what they return."""
    z, before = asked.flight.by_channel(found.z), asked.flight.by_channel(split)
    moved = np.abs(z - before) > MOVED * np.maximum(before, 1e-300)
    named = [n for n, far in zip(asked.names, moved, strict=True) if far and PRIOR_DOMINATED in marked.get(n, "")]
    if named:
        message = (
            f"The plan moves money of {listed(named)}, whose return the prior decides: it follows the prior there."
        )
        remedy = "Test before: attribution plan test. Or move only what is sure: --objective cvar."
        yield Finding("warning", "plan-of-the-prior", message, remedy, len(named))


def _outside(asked: PlanProblem, found: Beside) -> Iterator[Finding]:
    count = int((found.cells != INSIDE).sum())
    if not count:
        return
    share = outside_share(asked.flight, found.z, found.cells)
    named = [f"{name} {part:.0%}" for name, part in zip(asked.names, share, strict=False) if part > 0]
    which = f" ({listed(named)})" if named else ""
    message = (
        f"{share[-1]:.0%} of the plan's money{which} is spent in {count:,} of {found.cells.size:,} cells that lie "
        "outside of anything observed there; what it brings is the curve's guess."
    )
    yield Finding("warning", "plan-outside-data", message, "Go there in steps, and measure: a lift test.", count)


def _money(asked: PlanProblem, found: Beside) -> Iterator[Finding]:
    budget = asked.limits.budget
    left = 0.0 if budget is None else budget - float(found.z.sum())
    if budget is not None and left > 1e-6 * budget:
        message = f"{left:,.2f} of the budget is not spent: the steps do not add up to it."
        yield Finding("info", "not-spent", message, "Leave one channel without --step to take up the rest.")
    skipped = [c.name for i, c in enumerate(asked.horizon.effects.structure.spec.channels)
               if c.paid and i not in asked.flight.channels]  # fmt: skip
    if skipped:
        message = f"Not planned, as they never cost anything in the panel: {listed(skipped)}."
        yield Finding("info", "no-price", message, "", len(skipped))


def _search(best: Optimum, gains: Floats, limits: Limits) -> Iterator[Finding]:
    sure = best.certificate
    if (limits.upper - limits.lower <= AT * limits.scale).all():
        yield Finding(
            "note", "nothing-to-decide", "Bounds and locks leave one plan only.", "Widen --bounds, or unlock."
        )
        return
    if tied(gains, sure.size):
        message = "Today's split is the best plan here: no move of money is better with the certainty asked for."
        remedy = "A lift test would tell more: attribution plan test. What the model hopes for: --objective expected."
        yield Finding("note", "today-is-best", message, remedy)
        return
    chance = float((gains > 0).mean())
    if best.goal.kind == "expected" and chance < SURE:
        message = (
            f"Better than today's split in {chance:.0%} of draws only: an expected value is what is hoped for, and the "
            "most hopeful split is chosen."
        )
        yield Finding("note", "plan-not-sure", message, "Move only what is sure: --objective cvar.")
    if sure.kkt > RESIDUAL:
        message = (
            f"The search ended at a plan whose conditions for a best one are off by {sure.kkt:.1%} of the steepest "
            "return."
        )
        yield Finding("warning", "plan-not-certified", message, "Try more --starts, or fewer limits.")
    if sure.spread > APART and len(sure.starts) > 1:
        near = int((sure.starts >= sure.starts.max() - APART * sure.size).sum())
        message = f"{near} of {len(sure.starts)} starts ended at the best plan: there are several local ones."
        yield Finding("note", "several-optima", message, "More --starts look further.")


def _last_periods(asked: PlanProblem, found: Beside, split: Floats) -> Iterator[Finding]:
    """After the panel nothing is spent: by period, money flees into the last ones, whose carry-over meets no other."""
    horizon, late = asked.horizon, asked.response.carry_out
    by_period = bool((asked.flight.units[:, 1] >= 0).any())
    if not by_period or horizon.after or horizon.window.end != horizon.effects.structure.outcome.shape[1] - 1:
        return
    gain = float((asked.response.values(found.z) - asked.response.values(split)).mean())
    after = float((late.values(found.z) - late.values(split)).mean())
    if gain > 0 and after > LATE * gain:
        message = (
            f"{after / gain:.0%} of the gain comes after the window: nothing is spent after the panel's end, so money "
            "in the last periods meets no other."
        )
        yield Finding("note", "late-gain", message, "Plan the coming periods, in which spend goes on: --window +N.")


def _edges(asked: PlanProblem, found: Beside) -> Iterator[Finding]:
    """Channels that a bound keeps from more, or less."""
    z, limits = asked.flight.by_channel(found.z), asked.limits
    low, high = (summed(asked.flight.units[:, 0], e, len(z)) for e in (limits.lower, limits.upper))
    if len(limits.lower) != len(z):
        return
    near = AT * limits.scale
    up = [n for n, m, a, b in zip(asked.names, z, low, high, strict=True) if b > a and m >= b - near]
    down = [n for n, m, a, b in zip(asked.names, z, low, high, strict=True) if b > a and m <= a + near]
    parts = [f"{listed(names)} at the {which} bound" for names, which in ((up, "upper"), (down, "lower")) if names]
    if parts:
        yield Finding("note", "at-bounds", f"{'; '.join(parts)}: the bounds decide there.", "", len(up) + len(down))
