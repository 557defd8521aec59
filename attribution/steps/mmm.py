"""Fit a media-mix model on a panel and keep it in the workspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.mix.checks import check_model
from attribution.mix.lifts import read_lifts
from attribution.mix.model_file import read_model
from attribution.mix.panel import Panel, read_panel
from attribution.mix.stored import FAMILY, parameter_frame, save_mix
from attribution.settings import IngestSettings
from attribution.workspace import Workspace
from attribution_models.mix.fit import MixFit, fit
from attribution_models.mix.lifts import Lift
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import Structure, structure

__all__ = ["MixReport", "Tuning", "mmm_step"]


@dataclass(frozen=True, slots=True, eq=False)
class MixReport:
    """A fit, and what should be known about it.

    Attributes
    ----------
    name : str
    fit : MixFit
    parameters : DataFrame
        One row per parameter: mean, sd, quantiles, R-hat, effective sample sizes.
    findings : tuple of Finding
        Of panel, model and lifts; and the gate's, with severity error, where it did not pass.
    folder : Path
    """

    name: str
    fit: MixFit
    parameters: pd.DataFrame
    findings: tuple[Finding, ...]
    folder: Path


def mmm_step(
    workspace: Workspace,
    panels: Sequence[str],
    model: Path,
    lifts: Sequence[str] = (),
    *,
    tuning: Tuning | None = None,
    settings: IngestSettings | None = None,
    wait: Callable[[int, Any], None] | None = None,
    begin: Callable[[Structure], None] | None = None,
) -> MixReport:
    """Read, check, fit and keep.

    A fit whose gate does not pass is kept as failed, and its finding has severity error.
    """
    spec = read_model(model)
    panel = read_panel(panels, spec, settings)
    found: list[Finding] = [*check_model(spec, panel)]
    blocking = [f for f in found if f.severity == "error"]
    if blocking:
        raise UsageError(" ".join(f"{f.message} {f.remedy}".strip() for f in blocking))
    tests: tuple[Lift, ...] = ()
    if lifts:
        read = read_lifts(lifts, spec, panel, settings=settings)
        tests = read.likelihood
        found += read.findings
    built = _structure(spec, panel, tests)
    if begin is not None:
        begin(built)
    done = fit(built, tuning, wait=wait)
    found += _gate(done)
    name = f"{FAMILY}-{spec.name}" if spec.name != FAMILY else FAMILY
    with workspace.write() as manifest:
        folder = save_mix(workspace, manifest, name, done, panel.calendar)
    return MixReport(name, done, parameter_frame(done.table), tuple(found), folder)


def _structure(spec: MixSpec, panel: Panel, lifts: tuple[Lift, ...]) -> Structure:
    try:
        return structure(spec, panel.data, lifts)
    except ValueError as error:
        raise UsageError(f"{panel.name}: {error}") from None


def _gate(done: MixFit) -> list[Finding]:
    if done.gate.passed:
        return []
    return [Finding("error", "gate", " ".join(done.gate.failures), " ".join(done.gate.checklist))]
