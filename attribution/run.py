"""One command: every step of a configuration, all of it validated before the first starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd

from attribution.configuration import REPORT_FORMS, Configuration
from attribution.credit.hazard import HazardReport
from attribution.errors import UsageError, did_you_mean
from attribution.findings import Finding
from attribution.ingest.ingest import IngestReport, ingest
from attribution.ingest.layouts import Layout, check_columns, named_columns, recognise
from attribution.ingest.sources import find_sources
from attribution.ingest.stage import header_of
from attribution.ingest.timestamps import check_zone
from attribution.journeys.journeys import Journeys
from attribution.progress import Told, silent
from attribution.steps.credits import credits_step
from attribution.steps.fit import FitReport, fit_step
from attribution.steps.hazard import described, hazard_step
from attribution.steps.journeys import journeys_step
from attribution.steps.suppress import SuppressReport, suppress_step
from attribution.workspace import Workspace

if TYPE_CHECKING:
    from attribution.steps.identify import IdentityReport
    from attribution.steps.mmm import MixOptions, MixReport, Progress

# Any of these tables gives journeys.
PATHS = {"touchpoints", "conversions", "paths"}


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run made, step by step; None for a step that had nothing to do."""

    workspace: Workspace
    ingest: IngestReport | None
    identity: IdentityReport | None
    journeys: Journeys | None
    fit: FitReport | None
    hazard: HazardReport | None
    mmm: MixReport | None
    credits: pd.DataFrame
    suppress: SuppressReport | None
    page: Path | None
    findings: tuple[Finding, ...]


def validate(configuration: Configuration, base: Path) -> dict[str, Layout]:
    """Check every file and column that the run will read; nothing is written.

    Returns
    -------
    dict
        File to recognised layout.

    Raises
    ------
    UsageError
        The first thing that would fail.
    """
    settings = configuration.ingest.settings()
    check_columns(settings.columns)
    if settings.timezone is not None:
        check_zone(settings.timezone)
    if configuration.hazard.enabled:
        described(configuration.hazard.positive, configuration.hazard.lag)
    if configuration.mmm.enabled:
        _ready(configuration, base)
    inputs = configuration.ingest.inputs(base)
    layouts: dict[str, Layout] = {}
    seen: set[str] = set()
    used: set[str] = set()
    with TemporaryDirectory() as scratch:
        for table, arguments in inputs.items():
            for argument in arguments:
                if argument == "-":
                    continue
                for source in find_sources(argument, Path(scratch)):
                    headers = header_of(source, settings, Path(scratch))
                    seen |= set(headers)
                    named = named_columns(settings.columns, headers)
                    used |= set(named)
                    layouts[source.name] = recognise(headers, table, named, source.name)
    absent = {k: h for k, h in settings.columns.items() if k not in used}
    if absent and "-" not in [a for arguments in inputs.values() for a in arguments]:
        field, header = min(absent.items())
        near = did_you_mean(header, seen)
        raise UsageError(f'ingest.columns."{field}" = "{header}": no file has that column.{near}')
    held = Workspace(base / configuration.workspace).manifest()["tables"]
    have = {t for layout in layouts.values() for t in layout.tables} | set(held)
    if not have & PATHS and not configuration.mmm.enabled:
        msg = "Nothing to attribute: the configuration names no touchpoints, conversions or paths, and the workspace "
        raise UsageError(msg + "holds none. Add them under [ingest], or a panel under [mmm].")
    return layouts


def _ready(configuration: Configuration, base: Path) -> None:
    """Read and check the media-mix model's files."""
    from attribution.steps.mmm import ready_mix  # noqa: PLC0415  (its kernels are slow to import)

    ready_mix(Workspace(base / configuration.workspace), *_mmm(configuration, base))


def _mmm(configuration: Configuration, base: Path) -> tuple[Sequence[str], Path, Sequence[str], MixOptions]:
    """Panels, model, lift tests and options of the media-mix model."""
    from attribution.steps.mmm import MixOptions, Tuning  # noqa: PLC0415

    c = configuration.mmm
    assert c.model is not None
    tuning = Tuning(
        chains=c.chains, tune=c.tune, draws=c.draws, target_accept=c.target_accept, seed=configuration.seed
    )  # fmt: skip
    options = MixOptions(
        name=c.name, tuning=tuning, rounds=c.max_rounds, checks=c.checks, placebo=c.placebo,
        allow_saturated=c.allow_saturated, force=c.force,
    )  # fmt: skip
    return c.files(base, c.panel), base / c.model, c.files(base, c.lifts), options


def run(
    configuration: Configuration, base: Path, told: Callable[[str, Any], None] = lambda *_: None,
    progress: Told = silent,
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
    mixed = _mix(configuration, workspace, base, progress)
    told("mmm", mixed)
    chosen = configuration.credits
    credits, noticed = credits_step(
        workspace,
        chosen.models,
        by=chosen.by,
        kind=chosen.kind,
        force=configuration.mmm.force,
        told=progress,
    )
    told("credits", credits)
    suppressed = None
    tables = workspace.manifest()["tables"]
    if configuration.suppress.enabled and {"conversions", "customers"} & set(tables):
        suppressed = suppress_step(workspace, policy=configuration.suppression, told=progress)
        told("suppress", suppressed)
    page = _report(configuration, workspace, base, progress)
    told("report", page)
    findings = [
        *(ingested.findings if ingested else ()),
        *(identified.findings if identified else ()),
        *(fitted.findings if fitted else ()),
        *(timed.findings if timed else ()),
        *(mixed.findings if mixed else ()),
        *noticed,
    ]
    if suppressed is not None:
        findings += suppressed.suppression.findings
    return RunReport(
        workspace, ingested, identified, journeys, fitted, timed, mixed, credits, suppressed, page, tuple(findings)
    )  # fmt: skip


def _sampled(progress: Told) -> Callable[[str, Progress], None]:
    """What the sampler tells of its chains, as all steps tell it."""
    return lambda label, chains: progress(f"sampling, {label}", chains.done, chains.total)


def _mix(configuration: Configuration, workspace: Workspace, base: Path, progress: Told) -> MixReport | None:
    """Fit the media-mix model where a panel is named."""
    if not configuration.mmm.enabled:
        return None
    from attribution.steps.mmm import mmm_step  # noqa: PLC0415  (its kernels are slow to import)

    progress("fitting the media-mix model", 0, 0)
    return mmm_step(workspace, *_mmm(configuration, base), told=_sampled(progress))


def _report(configuration: Configuration, workspace: Workspace, base: Path, progress: Told) -> Path | None:
    """Write the page."""
    chosen = configuration.report
    if not chosen.enabled:
        return None
    from attribution.steps.report import report_step, write_report  # noqa: PLC0415  (slow to import)

    path = base / chosen.output
    write_report(path, report_step(workspace, REPORT_FORMS[path.suffix], **chosen.options(), told=progress))
    return path


def _identity(configuration: Configuration, workspace: Workspace, progress: Told) -> IdentityReport | None:
    """Join ids into customers where that is asked for, or links were ingested."""
    chosen, tables = configuration.identity, workspace.manifest()["tables"]
    if not (("identities" in tables) if chosen.enabled is None else chosen.enabled):
        return None
    from attribution.steps.identify import identify_step  # noqa: PLC0415  (its kernels are slow to import)

    return identify_step(workspace, chosen.settings(), effect=chosen.effect, told=progress)


def _paths(
    configuration: Configuration, workspace: Workspace, told: Callable[[str, Any], None], progress: Told
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
