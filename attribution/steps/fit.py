"""Fit path models and keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.credit.intervals import Uncertainty
from attribution.credit.paths import Fit, credits_of, fit_paths, save_fits
from attribution.credit.touches import write_touch_credits
from attribution.findings import Finding
from attribution.identity.uses import stitching_note
from attribution.progress import Told, silent
from attribution.steps.journeys import journeys_step
from attribution.steps.spend import spend_of
from attribution.workspace import Workspace


@dataclass(frozen=True, slots=True)
class FitReport:
    """What a fit step made: the fits, their credits, and what was noticed."""

    fits: tuple[Fit, ...]
    credits: pd.DataFrame
    findings: tuple[Finding, ...]


def fit_step(
    workspace: Workspace,
    specs: Sequence[Any],
    *,
    name: str | None = None,
    touch_credits: Path | None = None,
    uncertainty: Uncertainty | None = None,
    told: Told = silent,
) -> FitReport:
    """Fit path models on the workspace's journeys and keep them there.

    Parameters
    ----------
    workspace : Workspace
    specs : sequence of specs
    name : str, optional
        Keep the (single) fit under this name.
    touch_credits : Path, optional
        Where the credit of every touch is written.
    uncertainty : Uncertainty, optional
        How intervals are made.
    told : Told
        Called with what is fitted, and with how many replicates are made.
    """
    journeys = journeys_step(workspace, told=told)
    fits, findings = fit_paths(journeys, specs, name, uncertainty, told=told)
    with workspace.write() as manifest:
        spend = spend_of(workspace, manifest)
        save_fits(workspace, manifest, journeys, fits)
    if touch_credits is not None:
        told("writing the credit of touches", 0, 0)
        write_touch_credits(touch_credits, journeys, fits)
    frame = credits_of(journeys, fits, spend)
    noticed = [*journeys.findings, *stitching_note(manifest), *findings, *(() if spend is None else spend.findings)]
    return FitReport(fits, frame, tuple(noticed))
