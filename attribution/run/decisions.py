"""The reconciliation and the plan of a run: checked before the first step, made after the fits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.configuration import Configuration
from attribution.errors import AttributionError, UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.progress import Told
from attribution.workspace import Workspace

if TYPE_CHECKING:
    from attribution.steps.mmm import MixReady
    from attribution.steps.plan import PlanReport
    from attribution.steps.reconcile import ReconcileReport

# Draws of the prior that a plan's question is checked with: it is the panel's money that is looked at, not they.
DRAWS = 4


def check_decisions(
    configuration: Configuration, workspace: Workspace, base: Path, panel: MixReady | None, *, paths: bool
) -> None:  # fmt: skip
    """Refuse what cannot be done once the fits are there; `paths`: there will be journeys.

    Raises
    ------
    UsageError, AttributionError
    """
    mixes = workspace.manifest().get("mixes", {})
    if configuration.reconcile.asked:
        with _called("reconcile"):
            _check_reconcile(configuration, panel, paths=paths, mix=panel is not None or bool(mixes))
    if configuration.plan.asked:
        with _called("plan"):
            _check_plan(configuration, workspace, base, panel)


def _check_reconcile(configuration: Configuration, panel: MixReady | None, *, paths: bool, mix: bool) -> None:
    from attribution.credit.specs import model_of  # noqa: PLC0415
    from attribution.steps.reconcile import path_entry  # noqa: PLC0415

    if not (paths and mix):
        what = "touchpoints or paths under [ingest]" if mix else "a panel under [mmm]"
        raise UsageError(f"needs a fit of journeys and a media-mix fit. Name {what}, or write enabled = false.")
    chosen = configuration.reconcile
    fits = {spec.name: {"model": model_of(spec)} for spec in configuration.fit.specs()}
    if configuration.hazard.enabled:
        fits["hazard"] = {"model": "hazard"}
    if chosen.paths is not None:
        path_entry({"fits": fits}, chosen.paths)
    if panel is None:
        return
    if chosen.name in {*fits, panel.named(configuration.mmm.name)}:
        raise UsageError(f'name: "{chosen.name}" is a fit already. Choose another name.')
    channels = [channel.name for channel in panel.structure.spec.channels]
    for name, _ in chosen.options(configuration.seed).match:
        if name not in channels:
            near = did_you_mean(name, channels)
            raise UsageError(f'match: no channel "{name}" in the panel.{near} Known: {listed(channels, 8)}.')


def _check_plan(configuration: Configuration, workspace: Workspace, base: Path, panel: MixReady | None) -> None:
    from attribution.mix.guard_rails import prior_of  # noqa: PLC0415  (its kernels are slow to import)
    from attribution.mix.stored import load_mix  # noqa: PLC0415
    from attribution.plan.best import moved  # noqa: PLC0415
    from attribution.plan.problem import problem, problem_of  # noqa: PLC0415

    options = configuration.plan.options(configuration.seed, base)
    if panel is not None:
        prior = prior_of(panel.structure, configuration.seed, DRAWS)
        asked = problem_of(prior, panel.panel.calendar, options)
    elif configuration.plan.enabled and workspace.manifest().get("mixes"):
        asked = problem(load_mix(workspace), options)
    else:
        raise UsageError(
            "needs a media-mix fit: name a panel under [mmm]; or write enabled = true where the workspace holds a fit."
        )
    if options.moves:
        moved(asked, options)


def reconciled(
    configuration: Configuration, workspace: Workspace, progress: Told
) -> tuple[ReconcileReport | None, tuple[Finding, ...]]:
    """One answer, where there are both fits or somebody asks for it; and findings."""
    chosen, manifest = configuration.reconcile, workspace.manifest()
    if not _wanted(configuration, workspace, both=bool(manifest["fits"]), asked=chosen.asked, enabled=chosen.enabled):
        return None, ()
    from attribution.steps.reconcile import reconcile_step  # noqa: PLC0415  (slow to import)

    progress("reconciling", 0, 0)
    try:
        with _called("reconcile"):
            report = reconcile_step(workspace, None, chosen.paths, chosen.options(configuration.seed))
    except AttributionError as error:
        if chosen.asked:
            raise
        return None, (_left_out("not-reconciled", str(error), "reconcile"),)
    return report, report.findings


def planned(
    configuration: Configuration, workspace: Workspace, base: Path, progress: Told
) -> tuple[PlanReport | None, tuple[Finding, ...]]:
    """A plan, where a panel is named or somebody asks for it; and findings."""
    chosen = configuration.plan
    panel = configuration.mmm.enabled
    if not _wanted(configuration, workspace, both=panel, asked=chosen.asked, enabled=chosen.enabled):
        return None, ()
    from attribution.steps.plan import plan_step  # noqa: PLC0415  (slow to import)

    progress("looking for the best plan", 0, 0)
    options, force = chosen.options(configuration.seed, base), configuration.mmm.force
    try:
        with _called("plan"):
            report = plan_step(workspace, None, options, name=chosen.name, force=force)
    except AttributionError as error:
        if chosen.asked:
            raise
        return None, (_left_out("not-planned", str(error), "plan"),)
    return report, report.findings


def _wanted(
    configuration: Configuration, workspace: Workspace, *, both: bool, asked: bool, enabled: bool | None
) -> bool:
    """Whether it is asked for, or goes without saying: then of a fit that passed its gate only."""
    if enabled is False:
        return False
    if asked:
        return True
    from attribution.mix.stored import mix_entry  # noqa: PLC0415  (slow to import)

    manifest = workspace.manifest()
    if not both or not manifest.get("mixes"):
        return False
    return bool(mix_entry(manifest)["passed"]) or configuration.mmm.force


def _left_out(code: str, message: str, section: str) -> Finding:
    remedy = f"Say under [{section}] what you want, or write enabled = false there."
    return Finding("note", code, f"Left out: {message}", remedy)


@contextmanager
def _called(section: str) -> Iterator[None]:
    """Errors with the section that they are about."""
    try:
        yield
    except AttributionError as error:
        raise type(error)(f"[{section}] {error}") from None
