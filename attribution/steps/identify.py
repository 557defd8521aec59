"""Join the ids of a workspace into customers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from attribution.engine import connect
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.identity.effect import StitchingEffect, stitching_effect
from attribution.identity.findings import identity_findings
from attribution.identity.run import Run, digest_of_inputs, tables_of, write_table
from attribution.identity.stitch import STITCHED, people_table
from attribution.identity.uses import USES, Use, assign, identity_of, identity_settings
from attribution.progress import Told, silent
from attribution.settings import IdentitySettings
from attribution.steps.journeys import last_settings
from attribution.workspace import Workspace


@dataclass(frozen=True, slots=True)
class IdentityReport:
    """What an identify step found.

    Attributes
    ----------
    tier : str
    unchanged : bool
        Whether tables and settings were those of the last run, so that nothing was done.
    profile : dict
        Numbers of ids, customers, clusters, guards and touches: `profile.profile`, `profile.touches_profile`.
    ledger : dict of str to int
        Customers merged, split, restored, erased, and new, in this run.
    effect : StitchingEffect or None
    findings : tuple of Finding
    folder : Path
        Where registry, ledger, aliases, audit table and maps lie.
    """

    tier: str
    unchanged: bool
    profile: dict[str, Any]
    ledger: dict[str, int]
    effect: StitchingEffect | None
    findings: tuple[Finding, ...]
    folder: Path


def identify_step(
    workspace: Workspace,
    settings: IdentitySettings | None = None,
    *,
    uses: tuple[Use, ...] = USES,
    effect: bool = False,
    told: Told = silent,
) -> IdentityReport:
    """Join ids into customers, with the numbers they had before.

    Parameters
    ----------
    workspace : Workspace
    settings : IdentitySettings, optional
        None takes those of the tier's last run, or the defaults.
    uses : tuple of {"journeys", "suppression"}
        What uses this tier from now on.
    effect : bool
        Also cut journeys with and without identity and credit channels on both.
    told : Told
        Called with what is being done.

    Raises
    ------
    UsageError
        Where the workspace holds no ids.
    """
    manifest = workspace.require()
    if not tables_of(workspace, manifest):
        msg = (
            "There are no ids to join: the workspace holds no links, touchpoints, conversions or customers. Add some: "
            "attribution ingest --touchpoints FILE --identities FILE."
        )
        raise UsageError(msg)
    settings = settings or identity_settings(manifest)
    identity = manifest.get("identity", {})
    held = identity.get("tiers", {}).get(settings.tier)
    if held is not None and held["digest"] == digest_of_inputs(manifest, settings):
        there = (workspace.path / held["path"] / "effect-credits.parquet").exists()
        if there or not effect:
            if any(identity["used"][use] != settings.tier for use in uses):
                with workspace.write() as changed:
                    assign(changed, settings.tier, uses)
            return _reported(workspace, held, settings, unchanged=True)
    with workspace.write() as changed, connect(workspace.scratch()) as connection:
        entry = Run(workspace, connection, changed, settings, told).made()
        assign(changed, settings.tier, uses)
        if effect:
            told("comparing journeys with and without identity", 0, 0)
            _write_effect(workspace, connection, changed, settings.tier)
    return _reported(workspace, entry, settings, unchanged=False)


def last_identity(workspace: Workspace, manifest: dict[str, Any]) -> IdentityReport | None:
    """What the run found whose customers the journeys use; None where ids were never joined."""
    entry = identity_of(manifest)
    return None if entry is None else _reported(workspace, entry, identity_settings(manifest), unchanged=True)


def resolve_tier(
    workspace: Workspace, connection: Any, manifest: dict[str, Any], tier: str, erased: frozenset[int]
) -> None:
    """Resolve a tier anew inside an open change, without ids that are erased.

    Parameters
    ----------
    workspace : Workspace
    connection : DuckDB connection
    manifest : dict
        As the change has it.
    tier : str
    erased : frozenset of int
        Keys of ids that the registry forgets.
    """
    settings = IdentitySettings(**manifest["identity"]["tiers"][tier]["settings"])
    Run(workspace, connection, manifest, settings, silent, erased).made()


def _write_effect(workspace: Workspace, connection: Any, manifest: dict[str, Any], tier: str) -> None:
    """Cut journeys with and without identity and keep the comparison beside the tier's run."""
    given = {t: r for t in STITCHED if (r := workspace.table(t, manifest)) is not None}
    made = {t: str(people_table(workspace, connection, t, manifest)) for t in given}
    found = stitching_effect(connection, given, made, last_settings(manifest))
    folder = workspace.path / manifest["identity"]["tiers"][tier]["path"]
    if found is not None:
        write_table(folder / "effect-journeys.parquet", pa.Table.from_pandas(found.journeys, preserve_index=False))
        write_table(folder / "effect-credits.parquet", pa.Table.from_pandas(found.credits, preserve_index=False))


def _reported(
    workspace: Workspace, entry: dict[str, Any], settings: IdentitySettings, *, unchanged: bool
) -> IdentityReport:
    folder = workspace.path / entry["path"]
    numbers = json.loads((folder / "profile.json").read_text(encoding="utf-8"))
    files = [folder / f"effect-{name}.parquet" for name in ("journeys", "credits")]
    effect = StitchingEffect(*(pd.read_parquet(f) for f in files)) if files[0].exists() else None
    return IdentityReport(
        settings.tier, unchanged, numbers, entry["events"], effect, identity_findings(numbers, settings), folder
    )
