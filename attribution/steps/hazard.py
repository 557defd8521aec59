"""Fit the time-to-event model and keep it."""

from __future__ import annotations

from dataclasses import replace

from attribution.credit.columns import ordered
from attribution.credit.hazard import HazardReport, channels_tested, fit_hazard, save_hazard
from attribution.credit.table import with_spend
from attribution.engine import connect
from attribution.errors import UsageError
from attribution.identity.stitch import people_table
from attribution.journeys.build import JourneyTables
from attribution.journeys.stream import event_stream
from attribution.progress import Told, silent
from attribution.steps.journeys import journeys_step
from attribution.steps.spend import spend_of
from attribution.workspace import Workspace
from attribution_models.paths.hazard import Hazard


def hazard_step(
    workspace: Workspace,
    *,
    positive: bool = False,
    lag: float = 0,
    signals: tuple[str, ...] = (),
    people: int | None = None,
    checks: bool = True,
    told: Told = silent,
) -> HazardReport:
    """Fit the time-to-event model on the workspace's uncut tables, check it, and keep both there."""
    spec = described(positive, lag)
    journeys = journeys_step(workspace, told=told)
    told("reading touches and conversions", 0, 0)
    with workspace.write() as manifest, connect(workspace.scratch()) as connection:
        names = ("touchpoints", "conversions", "customers")
        tables = JourneyTables(**{n: people_table(workspace, connection, n, manifest) for n in names})
        events = event_stream(
            connection,
            tables,
            observations=people_table(workspace, connection, "observations", manifest),
            signals=signals,
            direct_names=journeys.settings.direct_names,
            people=people,
        )
        tested = channels_tested(connection, workspace.table("assignments", manifest))
        report = fit_hazard(events, spec, checked=checks, tested=tested, told=told)
        save_hazard(workspace, manifest, report, journeys.digest, {"signals": list(signals), "people": people})
        spend = spend_of(workspace, manifest)
    costs = None if spend is None else spend.costs(False, {})
    return replace(report, credits=ordered(with_spend(report.credits, costs)))


def described(positive: bool, lag: float) -> Hazard:
    """The model's description.

    Raises
    ------
    UsageError
        Where a setting is out of its range.
    """
    try:
        return Hazard(positive=positive, lag=lag)
    except ValueError as error:
        raise UsageError(f"hazard: {error}") from None
