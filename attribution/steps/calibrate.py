"""Lifts that the workspace's experiments measured, and credits moved to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from attribution.compare.calibration import Weight, calibrate
from attribution.compare.experiments import lifts
from attribution.credit.paths import joined
from attribution.engine import connect
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.identity.stitch import people_table
from attribution.progress import Told, silent
from attribution.steps.credits import credits_step
from attribution.workspace import Workspace


def lifts_of(workspace: Workspace, manifest: dict[str, Any]) -> pd.DataFrame | None:
    """Lifts of the workspace's experiments on people; None where there are none."""
    names = ("assignments", "conversions")
    if any(workspace.table(n, manifest) is None for n in names):
        return None
    with connect(workspace.scratch()) as connection:
        assignments, conversions = (str(people_table(workspace, connection, n, manifest)) for n in names)
        return lifts(connection, assignments, conversions)


def calibrated_step(
    workspace: Workspace, names: Sequence[str] = (), weight: Weight = "lift", told: Told = silent
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The credits of stored fits, calibrated to the workspace's experiments; `weight` as `calibrate` takes it."""
    table, findings = credits_step(workspace, names, mixes=False, told=told)
    found = lifts_of(workspace, workspace.manifest())
    if found is None or found.empty:
        msg = (
            "calibrate: no experiment with both arms is in the workspace. Add one: attribution ingest "
            "--assignments FILE (experiment, unified_id, channel, arm, assigned_at)."
        )
        raise UsageError(msg)
    done, noticed = calibrate(table, found, weight=weight)
    return joined([done]), (*findings, *noticed)
