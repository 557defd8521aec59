"""Set stored fits side by side, beside a truth and beside experiments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from attribution.compare.agreement import agreement, errors
from attribution.compare.conflicts import conflicts
from attribution.compare.disagreements import Disagreement, disagreements
from attribution.compare.gate import gate
from attribution.compare.stability import monthly_stability
from attribution.credit.hazard import FAMILY
from attribution.credit.paths import kept_of
from attribution.errors import UsageError, listed
from attribution.findings import Finding
from attribution.journeys.reports import positions
from attribution.steps.calibrate import lifts_of
from attribution.steps.credits import credits_step
from attribution.steps.journeys import journeys_step
from attribution.workspace import Workspace


@dataclass(frozen=True, slots=True)
class CompareReport:
    """Models side by side.

    Attributes
    ----------
    credits : DataFrame
        Of all chosen fits.
    agreement, stability : DataFrame
    errors : DataFrame or None
        Against a truth, where one was given.
    experiments : DataFrame or None
        Measured lifts, where the workspace holds assignments.
    conflicts : DataFrame or None
        Claims beside lifts, in standard errors (`attribution.compare.conflicts`).
    disagreements : tuple of Disagreement
    findings : tuple of Finding
        What the validity gate says, and what the fits noticed.
    """

    credits: pd.DataFrame
    agreement: pd.DataFrame
    stability: pd.DataFrame
    errors: pd.DataFrame | None
    experiments: pd.DataFrame | None
    conflicts: pd.DataFrame | None
    disagreements: tuple[Disagreement, ...]
    findings: tuple[Finding, ...]


def compare_step(workspace: Workspace, names: Sequence[str] = (), truth: pd.DataFrame | None = None) -> CompareReport:
    """Set stored fits side by side.

    Parameters
    ----------
    names : sequence of str
        As in `credits_step`.
    truth : DataFrame, optional
        ``channel`` and ``conversions`` that are known to be true (a simulated world, an experiment).
    """
    table, findings = credits_step(workspace, names)
    manifest = workspace.manifest()
    journeys = journeys_step(workspace)
    entries = [manifest["fits"][str(n)] for n in dict.fromkeys(table["fit"])]
    kept = [kept_of(e) for e in entries if e["family"] != FAMILY]
    held = positions(journeys)
    measured = lifts_of(workspace, manifest)
    return CompareReport(
        credits=table,
        agreement=agreement(table),
        stability=monthly_stability(journeys, kept),
        errors=None if truth is None else errors(table, truth),
        experiments=measured,
        conflicts=None if measured is None else conflicts(table, measured),
        disagreements=disagreements(table, held),
        findings=(*gate(journeys, held), *findings),
    )


def read_truth(path: Path) -> pd.DataFrame:
    """A truth as a file: ``channel`` and ``conversions`` (or ``incremental_conversions``).

    Raises
    ------
    UsageError
        Where the file or a column is missing.
    """
    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise UsageError(f'Cannot read "{path}": {type(error).__name__}.') from None
    frame = frame.rename(columns={"incremental_conversions": "conversions"})
    if not {"channel", "conversions"} <= set(frame.columns):
        raise UsageError(f'"{path}" needs the columns channel and conversions. Found: {listed(frame.columns)}.')
    media = ~frame["channel"].astype(str).str.fullmatch(r"\(all media\)")
    return frame.loc[media, ["channel", "conversions"]]
