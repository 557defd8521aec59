"""Set stored fits side by side, beside a truth and beside experiments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.compare.agreement import agreement, errors, shares
from attribution.compare.conflicts import COLUMNS, LIFT_TEST, conflicts
from attribution.compare.disagreements import Disagreement, disagreements
from attribution.compare.gate import gate
from attribution.compare.stability import monthly_stability, no_stability
from attribution.credit.hazard import FAMILY
from attribution.credit.paths import kept_of
from attribution.errors import UsageError, listed
from attribution.findings import Finding
from attribution.journeys.journeys import Journeys
from attribution.journeys.reports import positions
from attribution.progress import Told, silent
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
        Claims beside lifts, in standard errors (`attribution.compare.conflicts`); lift tests of media-mix fits among
        them, with estimator ``lift test``.
    lift_tests : DataFrame or None
        Lift tests of media-mix fits, with window, geos and the interval of the claim (`attribution.mix.lift_tests`).
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
    lift_tests: pd.DataFrame | None
    disagreements: tuple[Disagreement, ...]
    findings: tuple[Finding, ...]


def compare_step(
    workspace: Workspace, names: Sequence[str] = (), truth: pd.DataFrame | None = None, *, force: bool = False,
    told: Told = silent,
) -> CompareReport:  # fmt: skip
    """Set stored fits side by side; what needs journeys is left out where only panels were fitted.

    Parameters
    ----------
    names, force
        As in `credits_step`.
    truth : DataFrame, optional
        ``channel`` and ``conversions`` that are known to be true (a simulated world, an experiment).
    told : Told
    """
    table, findings = credits_step(workspace, names, force=force, told=told)
    manifest = workspace.manifest()
    entries = [manifest["fits"][n] for n in dict.fromkeys(map(str, table["fit"])) if n in manifest["fits"]]
    kept = [kept_of(e) for e in entries if e["family"] != FAMILY]
    journeys = journeys_step(workspace) if entries else None
    held = None if journeys is None else positions(journeys)
    measured = lifts_of(workspace, manifest)
    tested = _lift_tests(workspace, manifest, table)
    return CompareReport(
        credits=table,
        agreement=agreement(table),
        stability=no_stability() if journeys is None else monthly_stability(journeys, kept, told),
        errors=None if truth is None else errors(table, truth),
        experiments=measured,
        conflicts=_conflicts(table, measured, tested),
        lift_tests=tested,
        disagreements=disagreements(table, held),
        findings=(*_gate(journeys, held), *not_compared(table), *findings),
    )


def _lift_tests(workspace: Workspace, manifest: dict[str, Any], table: pd.DataFrame) -> pd.DataFrame | None:
    """Lift tests of the media-mix fits that are compared."""
    mixes = manifest.get("mixes", {})
    entries = [mixes[n] for n in dict.fromkeys(map(str, table["fit"])) if n in mixes]
    if not entries:
        return None
    from attribution.mix.lift_tests import all_claims  # noqa: PLC0415
    from attribution.mix.stored import read_mix  # noqa: PLC0415

    return all_claims([read_mix(workspace, entry) for entry in entries])


def _conflicts(table: pd.DataFrame, measured: pd.DataFrame | None, tested: pd.DataFrame | None) -> pd.DataFrame | None:
    """Claims beside experiments on people, and beside lift tests of panels."""
    found = [] if measured is None else [conflicts(table, measured)]
    if tested is not None:
        found.append(tested.assign(estimator=LIFT_TEST)[list(COLUMNS)])
    return pd.concat(found, ignore_index=True) if found else None


def _gate(journeys: Journeys | None, held: pd.DataFrame | None) -> tuple[Finding, ...]:
    return () if journeys is None or held is None else gate(journeys, held)


def not_compared(table: pd.DataFrame) -> Iterator[Finding]:
    """Say which channels only some of the fits know: a panel has other channels, or other names, than journeys."""
    found = shares(table)
    lacking = found[found.isna().any(axis=1)]
    if not len(lacking):
        return
    one = found.columns[found.isna().any()][0]
    theirs = [str(c) for c in lacking.index if lacking.loc[c].isna().any()]
    message = (
        f"Only some of the fits know {listed(theirs, 8)} ({one} is one that does not know all): distances are over the "
        f"{len(found) - len(lacking)} channels of both, renormalised."
    )
    remedy = "Where one channel has two names, call it the same in the model file and in the touchpoints."
    yield Finding("note" if len(lacking) < len(found) else "warning", "channels-differ", message, remedy, len(theirs))


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
