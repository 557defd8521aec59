"""What a kept media-mix fit expects of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from attribution.credit.mix_fits import gate_told
from attribution.errors import AttributionError, UsageError
from attribution.findings import Finding
from attribution.mix.plan import Plan, plan_of
from attribution.mix.plan_cube import read_plan
from attribution.mix.plan_range import range_findings
from attribution.mix.predict_frame import predict_frame
from attribution.mix.stored import StoredMix, load_mix
from attribution.settings import IngestSettings
from attribution.workspace import Workspace
from attribution_models.mix.plan import change, planned_means
from attribution_models.mix.predict import predict


@dataclass(frozen=True, slots=True, eq=False)
class PredictReport:
    """A prediction, and what should be known about it.

    Attributes
    ----------
    stored : StoredMix
    plan : Plan
    table : DataFrame
        `predict_frame.predict_frame`, with ``converged``.
    span : tuple of str
        First and last day of the plan.
    findings : tuple of Finding
    """

    stored: StoredMix
    plan: Plan
    table: pd.DataFrame
    span: tuple[str, str]
    findings: tuple[Finding, ...]


def predict_step(
    workspace: Workspace,
    panels: Sequence[str],
    name: str | None = None,
    *,
    by: Sequence[str] = (),
    convert: bool = False,
    level: float = 0.9,
    force: bool = False,
    settings: IngestSettings | None = None,
) -> PredictReport:
    """Expected outcome of a plan: periods after the fit's window, or other media and controls inside it.

    Parameters
    ----------
    panels : sequence of str
        Files of the plan: date, geo where the model has any, and columns of media and controls.
    by : sequence of str
        ``geo``: a row for each.
    convert : bool
        Turn planned spend into exposure at the window's prices where exposure is not given.

    Raises
    ------
    UsageError
        No such fit, or a grain that the model does not have.
    AttributionError
        The plan cannot be used as it is; a line for each thing that is missing.
    """
    return predict_report(
        load_mix(workspace, name), panels, by=by, convert=convert, level=level, force=force, settings=settings
    )


def predict_report(
    stored: StoredMix,
    panels: Sequence[str],
    *,
    by: Sequence[str] = (),
    convert: bool = False,
    level: float = 0.9,
    force: bool = False,
    settings: IngestSettings | None = None,
) -> PredictReport:
    """The same of a fit at hand, kept in a workspace or not; see `predict_step`."""
    if [grain for grain in by if grain != "geo"] or (by and len(stored.data.geos) == 1):
        raise UsageError("by: a prediction has a row for each period; geo adds one for each geo, where there are any.")
    cube = read_plan(panels, stored, settings)
    plan = plan_of(cube, stored, convert=convert)
    seed = int(stored.entry["seed"])
    try:
        means = planned_means(stored.posterior, plan.window, plan.future, seed=seed)
    except ValueError as error:
        raise AttributionError(f"{cube.name}: {error}") from None
    found = predict(means, level=level, seed=seed, first=plan.first, last=plan.last)
    changed = change(stored.posterior, plan.window, level) if plan.changes_window else None
    table = predict_frame(found, changed, by_geo="geo" in by).assign(converged=stored.passed)
    span = str(cube.calendar.dates[plan.first]), str(cube.calendar.last_day(plan.last))
    findings = (*gate_told((stored.entry,), force=force), *plan.findings, *range_findings(plan, stored))
    return PredictReport(stored, plan, table, span, findings)
