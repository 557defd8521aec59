"""List the customers, and what went to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.engine import connect
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.identity.stitch import people_table
from attribution.identity.uses import identity_of, stitching_note
from attribution.progress import Told, silent
from attribution.steps.customer_credit import customer_credit, with_credit
from attribution.steps.journeys import refreshed
from attribution.steps.suppress_freed import FreedOptions, freed_by, keep_freed
from attribution.steps.suppress_listing import listing
from attribution.steps.suppress_uploads import UploadOptions, Uploads, make_uploads
from attribution.suppression.experiment import keep_arms
from attribution.suppression.freed import Freed
from attribution.suppression.holdout import holdout_finding, power_before
from attribution.suppression.policy import Suppression
from attribution.suppression.rules import BY_UPLIFT, SuppressionPolicy
from attribution.suppression.uplift_kept import verdict_files
from attribution.suppression.waste import waste
from attribution.workspace import PRIVATE, Workspace, digest_of

NAMES = ("touchpoints", "conversions", "customers")


@dataclass(frozen=True, slots=True)
class SuppressReport:
    """What a suppress step made."""

    suppression: Suppression
    waste: pd.DataFrame | None
    files: tuple[Path, ...]
    uploads: Uploads | None = None
    freed: Freed | None = None


def suppress_step(
    workspace: Workspace, uploads: UploadOptions | None = None, policy: SuppressionPolicy | None = None,
    money: FreedOptions | None = None, told: Told = silent,
) -> SuppressReport:  # fmt: skip
    """List the customers, write the list and platforms' files of it, and tell what went to them already.

    Parameters
    ----------
    workspace : Workspace
    uploads : UploadOptions or None
        Platforms that get files.
    policy : SuppressionPolicy or None
        None, or one without rules: everybody who is known to be a customer.
    money : FreedOptions or None
        Match rates of the platforms of which it is to be told what the list frees.
    told : Told
        Called with what is being done.
    """
    manifest = refreshed(workspace, told)
    if not {"conversions", "customers"} & set(manifest["tables"]):
        msg = (
            "Nobody is known to be a customer: the workspace holds no conversions with ids and no customers. Add some: "
            "attribution ingest --conversions FILE, or --customers FILE."
        )
        raise UsageError(msg)
    credit = customer_credit(workspace, manifest, told)
    told("listing customers", 0, 0)
    with workspace.write() as changed, connect(workspace.scratch()) as connection:
        touchpoints, conversions, customers = relations = (
            people_table(workspace, connection, NAMES[0], manifest, "suppression"),
            people_table(workspace, connection, NAMES[1], manifest, "suppression"),
            people_table(workspace, connection, NAMES[2], manifest, "suppression"),
        )
        found = listing(workspace, connection, changed, relations, policy)
        found = _with_experiment(workspace, connection, changed, conversions, found, uploads)
        told("counting what went to customers", 0, 0)
        spent = workspace.table("spend", manifest)
        lost = None if touchpoints is None else waste(connection, touchpoints, conversions, customers, spent)
        freed = None
        if money is not None:
            freed = freed_by(workspace, connection, changed, relations, policy, uploads, money, found)
        folder = workspace.path / "lists" / f"suppression-{_digest(manifest, found, policy)[:8]}"
        folder.mkdir(exist_ok=True, mode=0o700)
        files = _write_lists(found, folder)
        _name_lists(workspace, changed, found, folder, files, freed)
        made = None
        if uploads is not None:
            made = make_uploads(workspace, connection, changed, relations, found, uploads, told)
    noted = (*found.findings, *stitching_note(manifest, "suppression"), *(made.findings if made else ()))
    wasted = None if lost is None else with_credit(lost, credit)
    return SuppressReport(replace(found, findings=noted), wasted, files, made, freed)


def _digest(manifest: dict[str, Any], found: Suppression, policy: SuppressionPolicy | None) -> str:
    """Name of everything that decides who is on the list."""
    entry = identity_of(manifest, "suppression")
    inputs = {t: manifest["tables"].get(t, []) for t in NAMES}
    known = [] if entry is None else [entry["path"]]
    if policy is not None and BY_UPLIFT & set(policy.rules):
        known += verdict_files(manifest)
    return digest_of(inputs, found.policy, *known)


def _name_lists(
    workspace: Workspace, changed: dict[str, Any], found: Suppression, folder: Path, files: tuple[Path, ...],
    freed: Freed | None,
) -> None:  # fmt: skip
    """Let the manifest name the list. What it frees is told of the same list until it is told anew."""
    before = changed["lists"].get("suppression", {})
    names = [str(f.relative_to(workspace.path)) for f in files]
    kept = before.get("freed") if before.get("files", [""])[0] == names[0] else None
    money = kept if freed is None else str(keep_freed(workspace, folder, freed))
    # Files for platforms stay until they are made anew, or somebody is forgotten; verdicts of experiments stay too.
    held = {name: entry for name, entry in changed["lists"].items() if name != "suppression"}
    changed["lists"] = held | {
        "suppression": {
            "files": [*names, *([money] if money else [])],
            "policy": found.policy,
            "people": len(found.people),
            "reasons": {str(k): int(v) for k, v in found.people["reason"].value_counts().items()},
            "holdout": None if found.holdout is None else found.holdout.as_dict(),
            "freed": money,
        }
    }


def _with_experiment(
    workspace: Workspace, connection: Any, changed: dict[str, Any], conversions: str | None, found: Suppression,
    uploads: UploadOptions | None,
) -> Suppression:  # fmt: skip
    """Keep who takes part in the experiment, and say what it can show."""
    if found.holdout is None:
        return found
    power = power_before(connection, found.holdout, conversions)
    noted: list[Finding] = [holdout_finding(found.holdout, power)]
    made_on: date = datetime.now(UTC).date() if uploads is None else uploads.made_on
    noted += keep_arms(workspace, changed, found.holdout, power, made_on)
    return replace(found, findings=(*found.findings, *noted))


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
