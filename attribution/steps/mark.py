"""Note that a platform's files were uploaded, so that the next ones can be compared with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from attribution.activation.ledger import KEY, Mark, lapses_on
from attribution.activation.spec import platform_spec
from attribution.errors import UsageError
from attribution.suppression.experiment import note_upload
from attribution.workspace import Workspace

HOW = ("all", "changes")


def mark_step(workspace: Workspace, named: Sequence[str], uploaded_on: date | None = None) -> tuple[Mark, ...]:
    """Mark the files that were made last for platforms as uploaded; a mark replaces the one before it.

    Parameters
    ----------
    workspace : Workspace
    named : sequence of str
        Platforms. ``PLATFORM:all`` says that the platform holds exactly the whole list now, ``PLATFORM:changes`` that
        the add and remove files went up. Without either: changes, where there are such files. So nobody is taken for
        renewed whose membership runs on.
    uploaded_on : date or None
        None: the day of the files.

    Raises
    ------
    UsageError
        No files of the platform, no changes among them, or a day before they were made.
    """
    workspace.require()
    asked = [_asked(text) for text in named]
    with workspace.write() as changed:
        marks = tuple(_mark(changed, platform, how, uploaded_on) for platform, how in asked)
        changed[KEY] = {**changed.get(KEY, {}), **{mark.platform: mark.as_dict() for mark in marks}}
        note_upload(changed, marks)
    return marks


def _asked(text: str) -> tuple[str, str]:
    """Platform, and what of it was uploaded: all, changes, or empty."""
    platform, colon, how = text.partition(":")
    platform_spec(platform)
    if colon and how not in HOW:
        msg = f'"{text}" names no files. Say {platform}:all for the whole list, or {platform}:changes for add and '
        raise UsageError(f"{msg}remove files.")
    return platform, how


def _mark(manifest: Mapping[str, Any], platform: str, how: str, uploaded_on: date | None) -> Mark:
    entry = manifest["lists"].get(platform, {})
    if "snapshot" not in entry:
        msg = (
            f"The workspace holds no files of {platform} that could have been uploaded. "
            f"Make them: attribution suppress --platform {platform}."
        )
        raise UsageError(msg)
    # The upload that the files were compared with: the same where they are marked a second time.
    before = None if entry["before"] is None else Mark.read(entry["before"])
    made_on = date.fromisoformat(entry["made_on"])
    day = uploaded_on or made_on
    if day < made_on:
        msg = f"The files of {platform} were made on {made_on}; they cannot have been uploaded on {day}."
        raise UsageError(f"{msg} Give --uploaded-on a later day, or none.")
    whole = _whole(entry, platform, how)
    return Mark(
        platform, day, made_on, _expires(before, lapses_on(platform_spec(platform), made_on, day), whole=whole),
        entry["people"], whole, 0 if whole or before is None else before.left + entry["changes"]["left"],
        0 if whole or before is None else before.forgotten, entry["snapshot"], entry["ids"], entry["spec"],
        entry["policy"], entry["basis"], tuple(entry["made"]),
    )  # fmt: skip


def _whole(entry: Mapping[str, Any], platform: str, how: str) -> bool:
    """Whether the whole list went up."""
    changes = any(row["holds"] != "the whole list" for row in entry["made"])
    if how == "changes" and not changes:
        msg = f"No add or remove files were made for {platform}. Mark the whole list: {platform}:all."
        raise UsageError(msg)
    return how == "all" or not changes


def _expires(before: Mark | None, new: date | None, *, whole: bool) -> date | None:
    """When those who were uploaded longest ago lapse: an add file renews nobody else."""
    if whole or before is None or before.expires_on is None or new is None:
        return new
    return min(before.expires_on, new)
