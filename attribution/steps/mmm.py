"""Fit a media-mix model on a panel, check it, and keep it in the workspace."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.credit.mix_fits import mix_credits
from attribution.findings import Finding
from attribution.mix.fit_findings import gate_findings
from attribution.mix.guard_rails import GuardRails, check_prior, guard_rails, prior_of
from attribution.mix.refresh import (
    BESIDE,
    beside,
    beside_finding,
    drift_findings,
    drift_frame,
    refresh_findings,
    warm_points,
)
from attribution.mix.save_mix import describe_mix, save_mix, stored_of
from attribution.mix.stored import StoredMix
from attribution.settings import IngestSettings
from attribution.steps.mmm_ready import MixOptions, MixReady, prior_report, ready_mix
from attribution.workspace import Workspace, versions
from attribution_models.mix.density import Density
from attribution_models.mix.drift import drift
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit import MixFit, fit
from attribution_models.mix.nuts import Progress, Tuning
from attribution_models.mix.prior_checks import PriorCheck
from attribution_models.mix.run_time import RunTime, run_time
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import Structure

__all__ = [
    "MixOptions", "MixReady", "MixReport", "PriorCheck", "Progress", "RunTime", "Tuning", "fit_ready", "mmm_step",
    "prior_report", "ready_mix",
]  # fmt: skip

# A placebo answers one question about one number.
PLACEBO = Tuning(chains=4, tune=400, draws=300)


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

    A fit whose gate does not pass is kept as failed, and its finding has severity error. Where it refreshes one that
    had passed, that one stays, and the failed one is kept beside it as ``mmm-NAME-failed`` (not with
    `MixOptions.force`).

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
    name = ready.named(chosen.name)
    if ready.old is not None and not chosen.force and beside(ready.old, name, done):
        about["beside"], name = name, f"{name}{BESIDE}"
        found.append(beside_finding(ready.old, name))
    about["findings"] = [f.as_dict() for f in found]
    entry = describe_mix(name, done, ready.panel.calendar, about)
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
