"""What a run made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from attribution.credit.hazard import HazardReport
from attribution.findings import Finding
from attribution.ingest.ingest import IngestReport
from attribution.journeys.journeys import Journeys
from attribution.steps.fit import FitReport
from attribution.steps.suppress import SuppressReport
from attribution.workspace import Workspace

if TYPE_CHECKING:
    from attribution.steps.identify import IdentityReport
    from attribution.steps.mmm import MixReport
    from attribution.steps.plan import PlanReport
    from attribution.steps.reconcile import ReconcileReport


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
    reconcile: ReconcileReport | None
    plan: PlanReport | None
    credits: pd.DataFrame
    suppress: SuppressReport | None
    page: Path | None
    findings: tuple[Finding, ...]
