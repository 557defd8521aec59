"""List the customers, and what went to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.engine import connect
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.identity.stitch import oversized_customers, people_table
from attribution.identity.uses import identity_of, stitching_note
from attribution.steps.journeys import refreshed
from attribution.steps.suppress_uploads import UploadOptions, Uploads, make_uploads
from attribution.suppression.policy import Suppression, suppress
from attribution.suppression.waste import waste
from attribution.workspace import PRIVATE, Workspace, digest_of


@dataclass(frozen=True, slots=True)
class SuppressReport:
    """What a suppress step made."""

    suppression: Suppression
    waste: pd.DataFrame | None
    files: tuple[Path, ...]
    uploads: Uploads | None = None


def suppress_step(workspace: Workspace, uploads: UploadOptions | None = None) -> SuppressReport:
    """List the customers, write the list and platforms' files of it, and tell what went to them already."""
    manifest = refreshed(workspace)
    names = ("touchpoints", "conversions", "customers")
    if not {"conversions", "customers"} & set(manifest["tables"]):
        msg = (
            "Nobody is known to be a customer: the workspace holds no conversions with ids and no customers. Add some: "
            "attribution ingest --conversions FILE, or --customers FILE."
        )
        raise UsageError(msg)
    with workspace.write() as changed, connect(workspace.scratch()) as connection:
        touchpoints, conversions, customers = (
            people_table(workspace, connection, n, manifest, "suppression") for n in names
        )
        found = suppress(connection, touchpoints, conversions, customers)
        found = _without_oversized(found, oversized_customers(workspace, connection, manifest))
        spent = workspace.table("spend", manifest)
        lost = None if touchpoints is None else waste(connection, touchpoints, conversions, customers, spent)
        entry = identity_of(manifest, "suppression")
        inputs = {t: manifest["tables"].get(t, []) for t in names}
        digest = digest_of(inputs, found.policy, *([] if entry is None else [entry["path"]]))
        folder = workspace.path / "lists" / f"suppression-{digest[:8]}"
        folder.mkdir(exist_ok=True, mode=0o700)
        files = (folder / "suppression.csv", folder / "suppression.parquet")
        _private(files[0], lambda path: found.people.to_csv(path, index=False, lineterminator="\n"))
        _private(files[1], lambda path: found.people.to_parquet(path, index=False))
        changed["lists"] = {
            "suppression": {
                "files": [str(f.relative_to(workspace.path)) for f in files],
                "policy": found.policy,
                "people": len(found.people),
                "reasons": {str(k): int(v) for k, v in found.people["reason"].value_counts().items()},
            }
        }
        made = None
        if uploads is not None:
            made = make_uploads(workspace, connection, changed, (touchpoints, conversions, customers), found, uploads)
    noted = (*found.findings, *stitching_note(manifest, "suppression"), *(made.findings if made else ()))
    return SuppressReport(replace(found, findings=noted), lost, files, made)


def _without_oversized(found: Suppression, oversized: frozenset[str]) -> Suppression:
    """Leave out whoever belongs to a cluster of implausibly many ids, and say how many."""
    theirs = found.people["customer_id"].isin(oversized)
    number = int(theirs.sum())
    if not number:
        return found
    message = f"{number:,} customers are not on the list: their ids belong to clusters of implausibly many ids."
    remedy = "The audit table of attribution identify names what holds the clusters together."
    noted = Finding("warning", "oversized", message, remedy, number)
    return replace(found, people=found.people[~theirs].reset_index(drop=True), findings=(*found.findings, noted))


def _private(path: Path, write: Any) -> None:
    path.touch(mode=PRIVATE)
    write(path)
    path.chmod(PRIVATE)
