"""List the customers, and what went to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.engine import connect
from attribution.errors import UsageError
from attribution.identity.stitch import identity_of, people_table
from attribution.steps.journeys import refreshed
from attribution.suppression.policy import Suppression, suppress
from attribution.suppression.waste import waste
from attribution.workspace import PRIVATE, Workspace, digest_of


@dataclass(frozen=True, slots=True)
class SuppressReport:
    """What a suppress step made."""

    suppression: Suppression
    waste: pd.DataFrame | None
    files: tuple[Path, ...]


def suppress_step(workspace: Workspace) -> SuppressReport:
    """List the customers, write the list, and tell what went to them already."""
    manifest = refreshed(workspace)
    names = ("touchpoints", "conversions", "customers")
    if not {"conversions", "customers"} & set(manifest["tables"]):
        msg = (
            "Nobody is known to be a customer: the workspace holds no conversions with ids and no customers. Add some: "
            "attribution ingest --conversions FILE, or --customers FILE."
        )
        raise UsageError(msg)
    with workspace.write() as changed, connect(workspace.scratch()) as connection:
        touchpoints, conversions, customers = (people_table(workspace, connection, n, manifest) for n in names)
        found = suppress(connection, touchpoints, conversions, customers)
        spent = workspace.table("spend", manifest)
        lost = None if touchpoints is None else waste(connection, touchpoints, conversions, customers, spent)
        entry = identity_of(manifest)
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
    return SuppressReport(found, lost, files)


def _private(path: Path, write: Any) -> None:
    path.touch(mode=PRIVATE)
    write(path)
    path.chmod(PRIVATE)
