"""Every step of a configuration, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attribution.configuration import REPORT_FORMS, Configuration
from attribution.credit.hazard import HazardReport
from attribution.ingest.ingest import ingest
from attribution.journeys.journeys import Journeys
from attribution.progress import Told, silent
from attribution.run.decisions import planned, reconciled
from attribution.run.files import PATHS, validate
from attribution.run.made import RunReport
from attribution.run.mix import fitted_mix
from attribution.steps.credits import credits_step
from attribution.steps.fit import FitReport, fit_step
from attribution.steps.hazard import hazard_step
from attribution.steps.journeys import journeys_step
from attribution.steps.suppress import SuppressReport, suppress_step
from attribution.workspace import Workspace

if TYPE_CHECKING:
    from attribution.steps.identify import IdentityReport

Step = Callable[[str, Any], None]


def run(
    configuration: Configuration, base: Path, told: Step = lambda *_: None, progress: Told = silent
) -> RunReport:  # fmt: skip
    """Validate, then run every step.

    Parameters
    ----------
    configuration : Configuration
    base : Path
        Folder that paths in the configuration are relative to.
    told : callable
        Called with (step, its report) after each step.
    progress : Told
        Called with how far each step is.
    """
    validate(configuration, base)
    workspace = Workspace(base / configuration.workspace)
    inputs = configuration.ingest.inputs(base)
    ingested = ingest(workspace, inputs, configuration.ingest.settings(), progress) if inputs else None
    told("ingest", ingested)
    identified = _identity(configuration, workspace, progress)
    told("identity", identified)
    journeys, fitted, timed = _paths(configuration, workspace, told, progress)
    mixed = fitted_mix(configuration, workspace, base, progress)
    told("mmm", mixed)
    together, said = reconciled(configuration, workspace, progress)
    told("reconcile", together)
    plan, about = planned(configuration, workspace, base, progress)
    told("plan", plan)
    chosen, force = configuration.credits, configuration.mmm.force
    credits, noticed = credits_step(
        workspace, chosen.models, by=chosen.by, kind=chosen.kind, force=force, told=progress
    )  # fmt: skip
    told("credits", credits)
    suppressed = _suppress(configuration, workspace, progress)
    told("suppress", suppressed)
    page = _report(configuration, workspace, base, progress)
    told("report", page)
    reports = (ingested, identified, fitted, timed, mixed)
    found = [finding for report in reports if report is not None for finding in report.findings]
    found += [*said, *about, *noticed, *(() if suppressed is None else suppressed.suppression.findings)]
    return RunReport(
        workspace, ingested, identified, journeys, fitted, timed, mixed, together, plan, credits, suppressed, page,
        tuple(dict.fromkeys(found)),
    )  # fmt: skip


def _identity(configuration: Configuration, workspace: Workspace, progress: Told) -> IdentityReport | None:
    """Join ids into customers where that is asked for, or links were ingested."""
    chosen, tables = configuration.identity, workspace.manifest()["tables"]
    if not (("identities" in tables) if chosen.enabled is None else chosen.enabled):
        return None
    from attribution.steps.identify import identify_step  # noqa: PLC0415  (its kernels are slow to import)

    return identify_step(workspace, chosen.settings(), effect=chosen.effect, told=progress)


def _paths(
    configuration: Configuration, workspace: Workspace, told: Step, progress: Told
) -> tuple[Journeys | None, FitReport | None, HazardReport | None]:
    """Journeys and the models of them; nothing where the workspace holds none."""
    if not PATHS & set(workspace.manifest()["tables"]):
        return None, None, None
    journeys = journeys_step(workspace, configuration.journeys.settings(), progress)
    told("journeys", journeys)
    intervals = configuration.fit.uncertainty(configuration.seed)
    fitted = fit_step(workspace, configuration.fit.specs(), uncertainty=intervals, told=progress)
    told("fit", fitted)
    timed = None
    if configuration.hazard.enabled:
        timed = hazard_step(workspace, **configuration.hazard.options(), told=progress)
    told("hazard", timed)
    return journeys, fitted, timed


def _suppress(configuration: Configuration, workspace: Workspace, progress: Told) -> SuppressReport | None:
    """List customers, where there are any."""
    if not (configuration.suppress.enabled and {"conversions", "customers"} & set(workspace.manifest()["tables"])):
        return None
    return suppress_step(workspace, policy=configuration.suppression, told=progress)


def _report(configuration: Configuration, workspace: Workspace, base: Path, progress: Told) -> Path | None:
    """Write the page."""
    chosen = configuration.report
    if not chosen.enabled:
        return None
    from attribution.steps.report import report_step, write_report  # noqa: PLC0415  (slow to import)

    path = base / chosen.output
    write_report(path, report_step(workspace, REPORT_FORMS[path.suffix], **chosen.options(), told=progress))
    return path
