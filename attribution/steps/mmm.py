"""Fit a media-mix model on a panel, check it, and keep it in the workspace."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.credit.mix_fits import mix_credits
from attribution.errors import UsageError, listed
from attribution.findings import Finding
from attribution.mix.checks import check_model
from attribution.mix.fit_findings import gate_findings
from attribution.mix.guard_rails import GuardRails, check_prior, guard_rails, prior_of
from attribution.mix.lift_priors import with_lift_priors
from attribution.mix.lift_tests import LiftTest
from attribution.mix.lifts import read_lifts
from attribution.mix.model_file import read_model
from attribution.mix.panel import Panel, read_panel
from attribution.mix.refresh import drift_findings, drift_frame, frozen_scales, refresh_findings, warm_points
from attribution.mix.save_mix import describe_mix, save_mix, stored_of
from attribution.mix.stored import FAMILY, StoredMix, load_mix
from attribution.settings import IngestSettings
from attribution.workspace import Workspace, digest_of_file, versions
from attribution_models.mix.density import Density
from attribution_models.mix.drift import drift
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit import ROUNDS, MixFit, fit
from attribution_models.mix.lifts import Lift
from attribution_models.mix.nuts import Progress, Tuning
from attribution_models.mix.prior_checks import PriorCheck
from attribution_models.mix.run_time import RunTime, run_time
from attribution_models.mix.scales import Scales
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import Structure, structure

__all__ = [
    "MixOptions", "MixReady", "MixReport", "PriorCheck", "Progress", "RunTime", "Tuning", "fit_ready", "mmm_step",
    "prior_report", "ready_mix",
]  # fmt: skip

# A placebo answers one question about one number.
PLACEBO = Tuning(chains=4, tune=400, draws=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class MixOptions:
    """How a mix model is fitted.

    Attributes
    ----------
    name : str, optional
        Kept as ``mmm-NAME``; without: the model file's name, or that of the fit that is refreshed.
    tuning : Tuning
    rounds : int
        At most; sampling stops at the first one after which the gate passes.
    refresh : str, optional
        An earlier fit: its scales stay, half of the chains start at its draws, drift from it is reported.
    checks : bool
        Judge the fit: residuals, priors, returns, unseen confounders.
    placebo : bool
        Fit it once more for each channel, with its future spend beside it.
    allow_saturated : bool
        National channels beside near-saturated time effects only warn.
    force : bool
        Go on past a gate that does not pass: its finding is a warning, and every output says so.
    level : float
        Of intervals.
    """

    name: str | None = None
    tuning: Tuning = field(default_factory=lambda: Tuning(tune=600))
    rounds: int = ROUNDS
    refresh: str | None = None
    checks: bool = True
    placebo: bool = False
    allow_saturated: bool = False
    force: bool = False
    level: float = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class MixReady:
    """A model and its data, read and checked, before any sampling.

    Attributes
    ----------
    structure : Structure
    panel : Panel
    old : StoredMix or None
        What is refreshed.
    inputs : dict
        Names of files to digests of their content.
    findings : tuple of Finding
    tests : tuple of LiftTest
        Lift tests that are no part of the likelihood.
    """

    structure: Structure
    panel: Panel
    old: StoredMix | None
    inputs: dict[str, str]
    findings: tuple[Finding, ...]
    tests: tuple[LiftTest, ...] = ()

    def named(self, name: str | None) -> str:
        """What the fit is called."""
        given = name or (self.old.name if self.old is not None else self.structure.spec.name)
        return given if given == FAMILY or given.startswith(f"{FAMILY}-") else f"{FAMILY}-{given}"


@dataclass(frozen=True, slots=True, eq=False)
class MixReport:
    """A fit, and what should be known about it.

    Attributes
    ----------
    stored : StoredMix
    fit : MixFit
    credits : DataFrame
    rails : GuardRails or None
        None where checks are off.
    drift : DataFrame or None
        From the fit that was refreshed.
    findings : tuple of Finding
        Of panel, model, lifts, priors and fit; and the gate's, with severity error, where it did not pass.
    """

    stored: StoredMix
    fit: MixFit
    credits: pd.DataFrame
    rails: GuardRails | None
    drift: pd.DataFrame | None
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """Of the fit."""
        return self.stored.name


def ready_mix(
    workspace: Workspace,
    panels: Sequence[str],
    model: Path | MixSpec | None,
    lifts: Sequence[str] = (),
    options: MixOptions | None = None,
    settings: IngestSettings | None = None,
) -> MixReady:
    """Read and check everything that a fit needs; nothing is sampled or written.

    Raises
    ------
    UsageError
        A file, column, channel or fit is missing, or the model cannot be fitted on this panel.
    AttributionError
        The panel or the lift tests cannot be used as they are.
    """
    chosen = options or MixOptions()
    old = None if chosen.refresh is None else load_mix(workspace, chosen.refresh)
    spec = _spec(model, old)
    panel = read_panel(panels, spec, settings)
    scales = None if old is None else frozen_scales(old, spec, panel)
    found = [*check_model(spec, panel, allow_saturated=chosen.allow_saturated)]
    blocking = [f for f in found if f.severity == "error"]
    if blocking:
        raise UsageError(" ".join(f"{f.message} {f.remedy}".strip() for f in blocking))
    likelihood: tuple[Lift, ...] = ()
    others: tuple[LiftTest, ...] = ()
    if lifts:
        read = read_lifts(lifts, spec, panel, scales=scales, settings=settings)
        likelihood = read.likelihood
        others = (*(LiftTest("prior", t) for t in read.prior), *(LiftTest("validate", t) for t in read.validate))
        spec, noted = with_lift_priors(spec, panel.data, read.prior, scales)
        found += [*read.findings, *noted]
        if read.validate:
            named = listed(dict.fromkeys(lift.experiment for lift in read.validate))
            found.append(
                Finding(
                    "note", "lift-kept", f"Kept away from the fit, to score it: {named}.", "See attribution compare."
                )
            )
    files = [*panels, *lifts, *([str(model)] if isinstance(model, Path) else [])]
    inputs = {Path(f).name: digest_of_file(Path(f)) for f in files if Path(f).is_file()}
    return MixReady(_structure(spec, panel, likelihood, scales), panel, old, inputs, tuple(found), others)


def _spec(model: Path | MixSpec | None, old: StoredMix | None) -> MixSpec:
    if isinstance(model, MixSpec):
        return model
    if model is not None:
        return read_model(model)
    if old is None:
        raise UsageError("A media-mix fit needs --model FILE. Draft one: attribution mmm draft PANEL > mmm.toml.")
    return old.spec


def _structure(spec: MixSpec, panel: Panel, lifts: tuple[Lift, ...], scales: Scales | None) -> Structure:
    try:
        return structure(spec, panel.data, lifts, scales=scales)
    except ValueError as error:
        raise UsageError(f"{panel.name}: {error}") from None


def mmm_step(
    workspace: Workspace,
    panels: Sequence[str],
    model: Path | MixSpec | None,
    lifts: Sequence[str] = (),
    options: MixOptions | None = None,
    *,
    settings: IngestSettings | None = None,
    told: Callable[[str, Progress], None] | None = None,
    begin: Callable[[RunTime | str], None] | None = None,
) -> MixReport:
    """Read, check, fit, judge and keep.

    A fit whose gate does not pass is kept as failed, and its finding has severity error.

    Parameters
    ----------
    told : callable, optional
        Told what is sampled, and how far it is.
    begin : callable, optional
        Told before sampling how long a round will take, or why that is not known.
    """
    ready = ready_mix(workspace, panels, model, lifts, options, settings)
    report = fit_ready(ready, options, told=told, begin=begin)
    with workspace.write() as manifest:
        save_mix(workspace, manifest, report.stored)
        step = {"step": "fit mmm", "fit": report.name, "inputs": ready.inputs, "seed": report.stored.entry["seed"]}
        manifest["steps"] = [*manifest["steps"], step][-100:]
    return report


def fit_ready(
    ready: MixReady,
    options: MixOptions | None = None,
    *,
    told: Callable[[str, Progress], None] | None = None,
    begin: Callable[[RunTime | str], None] | None = None,
) -> MixReport:
    """Fit and judge what was read; nothing is written."""
    chosen, s, started = options or MixOptions(), ready.structure, time.perf_counter()
    prior = prior_of(s, chosen.tuning.seed)
    found = [*ready.findings, *check_prior(prior)[1]]
    if begin is not None:
        begin(_estimate(s, chosen.tuning))
    warm = None if ready.old is None else warm_points(ready.old, s)
    done = fit(s, chosen.tuning, warm=warm, rounds=chosen.rounds, told=_rounds(told))
    sampled = time.perf_counter()
    rails = _judged(done, prior, chosen, told) if chosen.checks or chosen.placebo else None
    about: dict[str, Any] = {
        "inputs": ready.inputs,
        "versions": versions(),
        "seconds": {"sampling": round(sampled - started, 3), "checks": round(time.perf_counter() - sampled, 3)},
        "refreshed_from": None if ready.old is None else ready.old.name,
        **({} if rails is None else rails.as_dict()),
    }
    moved = None if ready.old is None else drift(Effects.of(ready.old.posterior), Effects.of(done.posterior))
    if ready.old is not None and moved is not None:
        found += [*refresh_findings(ready.old, s), *drift_findings(moved, ready.old.name)]
        about["drift"] = drift_frame(moved).to_dict("records")
    found += [*_sampler(done), *_gate(done, force=chosen.force)]
    found += () if rails is None else rails.findings
    about["findings"] = [f.as_dict() for f in found]
    entry = describe_mix(ready.named(chosen.name), done, ready.panel.calendar, about)
    stored = stored_of(done, ready.panel.calendar, entry, ready.tests)
    table = mix_credits(stored, level=chosen.level)
    return MixReport(stored, done, table, rails, None if moved is None else drift_frame(moved), tuple(found))


def _estimate(s: Structure, tuning: Tuning) -> RunTime | str:
    try:
        return run_time(Density.of(s), tuning)
    except ValueError as error:  # what the compiled density does not cover, in words
        return f"{error} Sampling the PyMC graph instead, which takes minutes where the other takes seconds"


def _rounds(told: Callable[[str, Progress], None] | None) -> Callable[[int, Progress], None] | None:
    return None if told is None else lambda number, progress: told(f"round {number}", progress)


def _judged(
    done: MixFit, prior: Effects, chosen: MixOptions, told: Callable[[str, Progress], None] | None
) -> GuardRails:
    placebos = replace(PLACEBO, seed=chosen.tuning.seed) if chosen.placebo else None
    return guard_rails(done.posterior, prior, placebos=placebos, told=told)


def _sampler(done: MixFit) -> list[Finding]:
    """Say it where the model's graph was sampled, not its compiled density."""
    return [Finding("note", "pymc-graph", f"Sampled by {done.sampler}.")] if "graph" in done.sampler else []


def _gate(done: MixFit, *, force: bool) -> list[Finding]:
    found = list(gate_findings(done.gate))
    return [replace(f, severity="warning") for f in found] if force else found


def prior_report(ready: MixReady, seed: int = 1) -> tuple[PriorCheck | None, tuple[Finding, ...]]:
    """What the priors say before the data, for ``--prior-check``."""
    check, found = check_prior(prior_of(ready.structure, seed))
    return check, (*ready.findings, *found)
