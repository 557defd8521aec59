"""Who takes part in the experiment of a holdout, kept from the day they were assigned.

Arms are a stable hash, but who is *eligible* changes from run to run, and after the upload the list itself changes it:
who buys leaves a rule's window or enters it. So the people are fixed: runs of the first day replace each other, as long
as nothing was uploaded; from the next day on, later runs leave them as they are. Another name starts anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, Final

from attribution.activation.ledger import Mark
from attribution.errors import UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.suppression.holdout import HeldOut, PowerBefore
from attribution.workspace import PRIVATE, Workspace, digest_of

PURPOSE: Final = "experiment"


def keep_arms(
    workspace: Workspace, changed: dict[str, Any], held: HeldOut, power: PowerBefore, made_on: date
) -> tuple[Finding, ...]:
    """Keep the arms of an experiment that is new; say that an older one goes on.

    Parameters
    ----------
    workspace : Workspace
    changed : dict
        The workspace's manifest, to be written by the caller.
    held : HeldOut
    power : PowerBefore
    made_on : date
    """
    entry = changed["lists"].get(_name(held.experiment))
    if entry is not None and (entry.get("uploaded_on") or entry["assigned_on"] != str(made_on)):
        return (_goes_on(entry, held),)
    digest = digest_of(held.as_dict(), str(made_on), held.arms.to_csv(index=False))
    path = workspace.path / "lists" / f"experiment-{digest[:8]}" / "arms.parquet"
    path.parent.mkdir(exist_ok=True, mode=0o700)
    path.touch(mode=PRIVATE)
    held.arms.to_parquet(path, index=False)
    changed["lists"][_name(held.experiment)] = {
        "files": [str(path.relative_to(workspace.path))],
        "purpose": PURPOSE,
        **held.as_dict(),
        "people": len(held.arms),
        "assigned_on": str(made_on),
        "power": asdict(power),
    }
    return ()


def note_upload(changed: dict[str, Any], marks: Iterable[Mark]) -> None:
    """Note the first upload of the list whose holdout is under way."""
    held = changed["lists"].get("suppression", {}).get("holdout")
    entry = None if held is None else changed["lists"].get(_name(held["experiment"]))
    if entry is None or entry.get("uploaded_on"):
        return
    days = [str(mark.uploaded_on) for mark in marks if str(mark.uploaded_on) >= entry["assigned_on"]]
    if days:
        entry["uploaded_on"] = min(days)


def experiment_of(manifest: Mapping[str, Any], name: str | None) -> dict[str, Any]:
    """The manifest's entry of an experiment; None takes the only one.

    Raises
    ------
    UsageError
        There is none, or several and none was named.
    """
    kept = {e["experiment"]: e for e in manifest["lists"].values() if e.get("purpose") == PURPOSE}
    if not kept:
        raise UsageError(
            "No list was made with a holdout, so there is nothing to compare. Keep a share un-suppressed: holdout = "
            "0.1 under [suppression] of attribution.toml, then attribution suppress --config attribution.toml."
        )
    if name is None and len(kept) == 1:
        return dict(next(iter(kept.values())))
    if name not in kept:
        said = "Several experiments are kept." if name is None else f'There is no experiment "{name}".'
        near = "" if name is None else did_you_mean(name, kept)
        raise UsageError(f"{said}{near} Name one with --experiment: {listed(sorted(kept))}.")
    return dict(kept[name])


def _name(experiment: str) -> str:
    return f"{PURPOSE} {experiment}"


def _goes_on(entry: Mapping[str, Any], held: HeldOut) -> Finding:
    """Say that people who were assigned before are those who will be compared."""
    people = f"{entry['people']:,} people assigned on {entry['assigned_on']}"
    remedy = 'To start anew, give it another name: experiment = "NAME" under [suppression].'
    if entry["share"] != held.share:
        message = (
            f'Experiment "{held.experiment}" was assigned with a holdout of {entry["share"]:g}, and the list now has '
            f"{held.share:g}: some of its {people} have changed sides, so it shows less."
        )
        return Finding("warning", "holdout-share", message, remedy)
    message = f'Experiment "{held.experiment}" goes on with the {people}; who came onto the list since is not compared.'
    return Finding("note", "holdout-goes-on", message, remedy)
