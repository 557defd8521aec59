"""A plan of spend from a kept media-mix fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.credit.mix_fits import gate_told
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.mix.effect_findings import learned_findings
from attribution.mix.marks import known_of, marks
from attribution.mix.stored import StoredMix, effects_of, load_mix
from attribution.plan.best import best_plan, moved
from attribution.plan.frames import TOTAL, Beside, calendar_frame, channel_frame
from attribution.plan.keep import DEFAULT, describe, save_plan
from attribution.plan.noticed import plan_findings, prior_findings
from attribution.plan.options import PlanOptions
from attribution.plan.problem import PlanProblem, problem
from attribution.workspace import Workspace
from attribution_models.mix.draw_summary import Summary
from attribution_models.plan.figures import figures
from attribution_models.plan.observed_range import outside
from attribution_models.plan.optimum import Optimum

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PlanReport:
    """A plan, and what should be known about it.

    Attributes
    ----------
    stored : StoredMix
    asked : PlanProblem
    options : PlanOptions
    best : Optimum or None
        None where money was moved by hand.
    z : array (U,)
    table : DataFrame
        `frames.channel_frame`, with ``mark`` and ``converged``; where amounts come in steps ``lost_by_rounding``: what
        that took from the objective, whose certificate is of the plan before.
    calendar : DataFrame
        `frames.calendar_frame`.
    split_gain : Summary
        What the plan brings more than today's split of the same money.
    split_beats : float
        Share of draws in which it does.
    split_moved : bool
        Whether it is another plan than that split.
    findings : tuple of Finding
    """

    stored: StoredMix
    asked: PlanProblem
    options: PlanOptions
    best: Optimum | None
    z: Floats
    table: pd.DataFrame
    calendar: pd.DataFrame
    split_gain: Summary
    split_beats: float
    split_moved: bool
    findings: tuple[Finding, ...]

    @property
    def span(self) -> tuple[str, str]:
        """First and last day of the window."""
        return self.asked.horizon.span


def plan_step(
    workspace: Workspace, fit: str | None = None, options: PlanOptions | None = None, *, name: str = DEFAULT,
    force: bool = False,
) -> PlanReport:  # fmt: skip
    """Make a plan and keep it under a name.

    Parameters
    ----------
    fit : str, optional
        As ``mmm-NAME`` or NAME; without: the only or the latest one.

    Raises
    ------
    UsageError
        No such fit or channel; a budget, bounds or target that no plan can keep.
    """
    if not name.strip():
        raise UsageError("--name: a plan needs a name.")
    stored = load_mix(workspace, fit)
    report = plan_report(stored, options, force=force)
    entry = describe(
        name, stored.entry, report.options, report.span, report.best, float(report.z.sum()), report.findings
    )
    if report.asked.horizon.digest:
        entry["future"] = report.asked.horizon.digest
    with workspace.write() as manifest:
        save_plan(workspace, manifest, entry, report.z, report.table, report.calendar)
        manifest["steps"].append(_step(entry))
    return report


def _step(entry: dict[str, Any]) -> dict[str, Any]:
    return {"step": "plan", "plan": entry["name"], "fit": entry["fit"], "seed": entry["options"]["search"]["seed"]}


def plan_report(stored: StoredMix, options: PlanOptions | None = None, *, force: bool = False) -> PlanReport:
    """The same of a fit at hand, kept in a workspace or not; nothing is kept."""
    options = options or PlanOptions()
    asked = problem(stored, options)
    best = best_plan(asked, options)
    z = moved(asked, options) if best is None else best.z
    return reported(stored, asked, options, z, best, force=force)


def reported(
    stored: StoredMix, asked: PlanProblem, options: PlanOptions, z: Floats, best: Optimum | None, *, force: bool = False
) -> PlanReport:
    """Figures, tables and findings of a plan."""
    known = known_of(stored)
    effects, flight = asked.horizon.effects, asked.flight
    found = Beside(
        z, flight.today, figures(effects, flight, z), figures(effects, flight, flight.today),
        outside(effects_of(stored, 2), flight, z),
    )  # fmt: skip
    said = marks(known)
    table = channel_frame(asked, found, options.level)
    table = table.assign(mark=[said.get(str(c), "") for c in table["channel"]], converged=stored.passed)
    if best is not None and best.rounding is not None:
        table["lost_by_rounding"] = np.where(table["channel"] == TOTAL, best.rounding, np.nan)
    same = asked.split if asked.limits.budget is not None else _split_of(asked, z)
    gain = asked.response.values(z) - asked.response.values(same)
    findings = (
        *gate_told((stored.entry,), force=force), *learned_findings(known), *plan_findings(asked, found, best, same),
        *prior_findings(asked, found, said, same),
    )  # fmt: skip
    return PlanReport(
        stored, asked, options, best, z, table, calendar_frame(asked, found),
        Summary.of(gain, options.level), float((gain > 0).mean()), not np.allclose(z, same, rtol=1e-6), findings,
    )  # fmt: skip


def _split_of(asked: PlanProblem, z: Floats) -> Floats:
    """Today's split of the plan's money."""
    today = asked.flight.today
    return today * (float(z.sum()) / max(float(today.sum()), 1e-300))
