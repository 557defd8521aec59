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
from attribution.identity.tombstones import key_of_workspace, tombstone
from attribution.identity.uses import identity_of, stitching_note
from attribution.steps.journeys import refreshed
from attribution.steps.suppress_uploads import UploadOptions, Uploads, make_uploads
from attribution.suppression.decide import suppress_by_policy
from attribution.suppression.holdout import hold_out, holdout_finding
from attribution.suppression.policy import Suppression, suppress
from attribution.suppression.rules import SuppressionPolicy
from attribution.suppression.waste import waste
from attribution.workspace import PRIVATE, Workspace, digest_of


@dataclass(frozen=True, slots=True)
class SuppressReport:
    """What a suppress step made."""

    suppression: Suppression
    waste: pd.DataFrame | None
    files: tuple[Path, ...]
    uploads: Uploads | None = None


def suppress_step(
    workspace: Workspace, uploads: UploadOptions | None = None, policy: SuppressionPolicy | None = None
) -> SuppressReport:
    """List the customers, write the list and platforms' files of it, and tell what went to them already.

    Parameters
    ----------
    workspace : Workspace
    uploads : UploadOptions or None
        Platforms that get files.
    policy : SuppressionPolicy or None
        None, or one without rules: everybody who is known to be a customer.
    """
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
        if policy is not None and policy.rules:
            found = suppress_by_policy(connection, touchpoints, conversions, customers, policy)
        else:
            found = suppress(connection, touchpoints, conversions, customers)
        found = _without_oversized(found, oversized_customers(workspace, connection, manifest))
        if policy is not None and policy.rules and policy.holdout:
            found = _with_holdout(workspace, connection, changed, conversions, found, policy)
        spent = workspace.table("spend", manifest)
        lost = None if touchpoints is None else waste(connection, touchpoints, conversions, customers, spent)
        entry = identity_of(manifest, "suppression")
        inputs = {t: manifest["tables"].get(t, []) for t in names}
        digest = digest_of(inputs, found.policy, *([] if entry is None else [entry["path"]]))
        folder = workspace.path / "lists" / f"suppression-{digest[:8]}"
        folder.mkdir(exist_ok=True, mode=0o700)
        files = _write_lists(found, folder)
        # Files for platforms stay until they are made anew, or somebody is forgotten.
        held = {name: entry for name, entry in changed["lists"].items() if "platform" in entry}
        changed["lists"] = held | {
            "suppression": {
                "files": [str(f.relative_to(workspace.path)) for f in files],
                "policy": found.policy,
                "people": len(found.people),
                "reasons": {str(k): int(v) for k, v in found.people["reason"].value_counts().items()},
                "holdout": None if found.holdout is None else found.holdout.as_dict(),
            }
        }
        made = None
        if uploads is not None:
            made = make_uploads(workspace, connection, changed, (touchpoints, conversions, customers), found, uploads)
    noted = (*found.findings, *stitching_note(manifest, "suppression"), *(made.findings if made else ()))
    return SuppressReport(replace(found, findings=noted), lost, files, made)


def _without_oversized(found: Suppression, oversized: frozenset[str]) -> Suppression:
    """Leave out whoever belongs to a cluster of implausibly many ids, and say how many."""
    people, number = _rest(found.people, oversized)
    channels = {channel: _rest(own, oversized)[0] for channel, own in found.by_channel.items()}
    found = replace(found, people=people, by_channel=channels)
    if not number:
        return found
    message = f"{number:,} customers are not on the list: their ids belong to clusters of implausibly many ids."
    remedy = "The audit table of attribution identify names what holds the clusters together."
    noted = Finding("warning", "oversized", message, remedy, number)
    return replace(found, findings=(*found.findings, noted))


def _with_holdout(
    workspace: Workspace, connection: Any, changed: dict[str, Any], conversions: str | None, found: Suppression,
    policy: SuppressionPolicy,
) -> Suppression:  # fmt: skip
    """Hold a share out, drawn with the workspace's key, and say what it can show."""
    found = hold_out(found, policy, tombstone(key_of_workspace(workspace, changed), "holdout", policy.experiment))
    assert found.holdout is not None
    told = holdout_finding(connection, found.holdout, conversions)
    return replace(found, findings=(*found.findings, told))


def _rest(people: pd.DataFrame, oversized: frozenset[str]) -> tuple[pd.DataFrame, int]:
    """People of no such cluster, and the number of the others."""
    theirs = people["customer_id"].isin(oversized)
    return people[~theirs].reset_index(drop=True), int(theirs.sum())


def _write_lists(found: Suppression, folder: Path) -> tuple[Path, ...]:
    """Write the list as CSV and Parquet, and those of platforms with rules of their own as CSV."""
    files = [folder / "suppression.csv", folder / "suppression.parquet"]
    _private(files[0], lambda path: found.people.to_csv(path, index=False, lineterminator="\n"))
    _private(files[1], lambda path: found.people.to_parquet(path, index=False))
    for channel, people in found.by_channel.items():
        files.append(folder / f"suppression-{channel}.csv")
        _private(files[-1], lambda path, own=people: own.to_csv(path, index=False, lineterminator="\n"))
    if found.holdout is not None:
        arms = found.holdout.arms
        files.append(folder / "holdout.csv")
        _private(files[-1], lambda path: arms.to_csv(path, index=False, lineterminator="\n"))
    return tuple(files)


def _private(path: Path, write: Any) -> None:
    path.touch(mode=PRIVATE)
    write(path)
    path.chmod(PRIVATE)
