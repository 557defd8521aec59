"""Kept plans side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import AttributionError, UsageError
from attribution.findings import Finding
from attribution.mix.stored import StoredMix, load_mix
from attribution.plan.frames import TOTAL
from attribution.plan.keep import KeptPlan, load_plan, of_another_fit, plan_entry
from attribution.plan.problem import problem
from attribution.workspace import Workspace
from attribution_models.mix.draw_summary import Summary

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PlansReport:
    """Plans beside each other.

    Attributes
    ----------
    plans : tuple of KeptPlan
        The first one is what the others are set against.
    table : DataFrame
        Rows of `frames.channel_frame` of every plan, with ``plan``, ``fit`` and ``window_start``, ``window_end``, and
        on the row of all channels ``over_first`` (with its interval): what the plan brings more than the first one,
        draw by draw, and ``over_first_probability``. Empty where the two are not of one fit and window.
    findings : tuple of Finding
    """

    plans: tuple[KeptPlan, ...]
    table: pd.DataFrame
    findings: tuple[Finding, ...]


def compare_plans(workspace: Workspace, names: Sequence[str] = (), *, level: float = 0.9) -> PlansReport:
    """Set kept plans side by side; all of them, in the order in which they were made, where none is named.

    Raises
    ------
    UsageError
        No plans, or none of that name.
    AttributionError
        A plan's files cannot be read.
    """
    manifest = workspace.require()
    kept = manifest.get("plans", {})
    chosen = list(dict.fromkeys(names)) or sorted(kept, key=lambda n: int(kept[n].get("number", 0)))
    if not chosen:
        plan_entry(manifest, "")
    plans = tuple(load_plan(workspace, plan_entry(manifest, name)) for name in chosen)
    current = {name: str(fit["path"]) for name, fit in manifest.get("mixes", {}).items()}
    stored: dict[str, StoredMix] = {}
    parts, first, lost = [], None, []
    for plan in plans:
        gain = _brings(workspace, plan, current, stored)
        if gain is None and plan.options.future and current.get(plan.fit) == plan.entry["fit_path"]:
            lost.append(plan.name)
        parts.append(_rows(plan, gain, first[1] if first and _alike(first[0], plan) else None, level))
        first = first or (plan, gain)
    return PlansReport(
        plans,
        pd.concat(parts, ignore_index=True),
        (*of_another_fit(plans, manifest.get("mixes", {})), *_told(plans, lost)),
    )


def _brings(
    workspace: Workspace, plan: KeptPlan, current: dict[str, str], stored: dict[str, StoredMix]
) -> Floats | None:
    """What a plan brings in every draw, worked out again; None where its fit is no longer the same."""
    if current.get(plan.fit) != plan.entry["fit_path"]:
        return None
    try:
        fit = stored.setdefault(plan.fit, stored.get(plan.fit) or load_mix(workspace, plan.fit))
        asked = problem(fit, plan.options)
    except (UsageError, AttributionError):
        return None
    response = asked.response
    if len(plan.z) != response.flight.size or asked.horizon.digest != plan.entry.get("future", ""):
        return None
    return np.asarray(response.values(plan.z) - response.base)


def _alike(one: KeptPlan, other: KeptPlan) -> bool:
    """Whether draws of two plans belong together: one fit, window, number of draws, measure and future."""

    def key(plan: KeptPlan) -> tuple[Any, ...]:
        target = plan.options.target
        counted = target is not None and target.quantity == "outcome"
        future = plan.entry.get("future", "")
        return plan.entry["fit_path"], tuple(plan.entry["window"]), plan.options.draws, counted, future

    return key(one) == key(other)


def _rows(plan: KeptPlan, gain: Floats | None, first: Floats | None, level: float) -> pd.DataFrame:
    start, end = plan.entry["window"]
    frame = plan.channels.copy()
    for at, (name, value) in enumerate(
        (("plan", plan.name), ("fit", plan.fit), ("window_start", start), ("window_end", end))
    ):
        frame.insert(at, name, value)
    total = frame["channel"] == TOTAL
    columns = ("over_first", "over_first_lower", "over_first_upper", "over_first_probability")
    for column in columns:
        frame[column] = np.nan
    if gain is not None and first is not None:
        s = Summary.of(gain - first, level)
        values = (s.mean, s.lower, s.upper, (gain > first).mean())
        frame.loc[total, list(columns)] = [float(v) for v in values]
    return frame


def _told(plans: Sequence[KeptPlan], lost: Sequence[str]) -> list[Finding]:
    found = []
    if lost:
        message = f"The --future file of {', '.join(lost)} has changed or is gone: figures are as they were then."
        found.append(Finding("warning", "future-changed", message, "Make the plan again.", len(lost)))
    spends = [float(plan.entry["spend"]) for plan in plans]
    if max(spends) - min(spends) > 1e-6 * max(spends):
        message = "Plans spend different money: one that brings more may do so because it spends more."
        found.append(Finding("note", "different-money", message, "Compare them by ROAS, or give them one --budget."))
    if len({tuple(plan.entry["window"]) for plan in plans}) > 1:
        message = "Plans are of different windows: their totals are not of the same periods."
        found.append(Finding("note", "different-windows", message))
    return found
