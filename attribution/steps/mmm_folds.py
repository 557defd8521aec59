"""Rolling-origin cross-validation of a media-mix model: fit the past, score the future, again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from attribution.findings import Finding
from attribution.mix.model_file import read_model
from attribution.mix.panel import read_panel
from attribution.mix.rolling import FoldPlan, Rolled, Told, roll, rolled_findings
from attribution.mix.score_frames import folds_frame
from attribution.settings import IngestSettings
from attribution_models.mix.fit import ROUNDS
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.spec import MixSpec

__all__ = ["FoldPlan", "FoldsReport", "Tuning", "folds_step"]


@dataclass(frozen=True, slots=True, eq=False)
class FoldsReport:
    """Scores, and what should be known about them.

    Attributes
    ----------
    rolled : Rolled
    table : DataFrame
        `score_frames.folds_frame`.
    unit : str
        What a period is called.
    findings : tuple of Finding
        Of the panel, and of folds: those that failed, and with severity error those that did not converge.
    """

    rolled: Rolled
    table: pd.DataFrame
    unit: str
    findings: tuple[Finding, ...]


def folds_step(
    panels: Sequence[str],
    model: Path | MixSpec,
    plan: FoldPlan | None = None,
    *,
    tuning: Tuning | None = None,
    rounds: int = ROUNDS,
    settings: IngestSettings | None = None,
    told: Told | None = None,
) -> FoldsReport:
    """Read, then fit and score every fold. Nothing is kept in a workspace.

    Raises
    ------
    UsageError
        The panel is too short for the folds, or none of them could be fitted.
    """
    spec = model if isinstance(model, MixSpec) else read_model(model)
    panel = read_panel(panels, spec, settings)
    rolled = roll(spec, panel, plan or FoldPlan(), tuning or Tuning(), rounds=rounds, told=told)
    findings = (*panel.findings, *rolled_findings(rolled, panel))
    return FoldsReport(rolled, folds_frame(rolled, panel.data), panel.calendar.unit, findings)
