"""What is said of changes since an upload."""

from __future__ import annotations

from collections.abc import Iterator

from attribution.activation.changes import Changes
from attribution.activation.ledger import Mark, removal
from attribution.activation.spec import PlatformSpec
from attribution.findings import Finding


def changes_findings(spec: PlatformSpec, mark: Mark, changes: Changes) -> tuple[Finding, ...]:
    """Say what add and remove files do, and what only the whole list in place of the old one does.

    Parameters
    ----------
    spec : PlatformSpec
    mark : Mark
        The upload that the list was compared with.
    changes : Changes
    """
    return (*_compared(spec, mark, changes), *_left_behind(spec, mark, changes))


def _compared(spec: PlatformSpec, mark: Mark, changes: Changes) -> Iterator[Finding]:
    title, day = spec.title, mark.uploaded_on
    command = f"attribution suppress --mark-uploaded {spec.platform}"
    if changes.state == "lapsed":
        message = f"{title}: the list uploaded on {day} lapsed on {mark.expires_on}: everybody is to be added again."
        yield Finding("warning", "upload-lapsed", message, f"Upload the whole list, then: {command}.")
    elif changes.state == "other ids":
        message = f"{title}: the list of {day} was uploaded under other customer ids, so that nobody can be compared."
        yield Finding("info", "upload-other-ids", message, _whole(spec))
    elif changes.state == "other form":
        message = f"{title}: what was noted of the list of {day} is of an older form, so that nobody can be compared."
        yield Finding("info", "upload-other-form", message, _whole(spec))
    elif not (changes.added or changes.changed or changes.removed or changes.gone or changes.shared):
        yield Finding("note", "upload-unchanged", f"{title}: nothing has changed since the upload of {day}.")
    else:
        message = (
            f"{title}: since the upload of {day} {changes.added:,} added, {changes.changed:,} changed, "
            f"{changes.removed:,} removed."
        )
        yield Finding("note", "upload-changes", message, f"Upload the add and remove files, then: {command}.")


def _left_behind(spec: PlatformSpec, mark: Mark, changes: Changes) -> Iterator[Finding]:
    if changes.state == "lapsed":
        return
    title, whole = spec.title, _whole(spec)
    if changes.changed or changes.old:
        number = changes.changed + changes.old
        rules = "" if mark.spec == spec.name else f" (by the rules {mark.spec}, now {spec.name})"
        message = (
            f"{title}: the identifiers of {_people(number)} differ from those of {mark.uploaded_on}{rules}; any that "
            "they gave up stay there."
        )
        yield Finding("info", "identifiers-changed", message, whole, number)
    if changes.gone:
        why = "nothing that it takes is known of them any more"
        if removal(spec) == "none":
            why = "its files have no word for that"
        message = f"{title}: {_people(changes.gone)} left the list and can be in no remove file: {why}."
        yield Finding("info", "left-unknown", message, whole, changes.gone)
    if mark.forgotten:
        message = f"{title}: it still holds {_people(mark.forgotten)} erased here; no remove file can name them."
        yield Finding("info", "forgotten-uploaded", message, whole, mark.forgotten)
    if mark.left:
        message = f"{title}: it still holds what {_people(mark.left)} had at earlier uploads."
        yield Finding("info", "left-before", message, whole, mark.left)
    if changes.shared:
        message = f"{title}: {_people(changes.shared)} who left share an identifier with somebody who stays: it stays."
        yield Finding("note", "shared-stays", message, "", changes.shared)
    if changes.remove is not None and removal(spec) == "not stated":
        message = f"{title}: that it takes people out by a file was not read (rules {spec.name})."
        yield Finding("note", "removal-not-read", message, f"If it does not: {whole[0].lower()}{whole[1:]}")


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _whole(spec: PlatformSpec) -> str:
    """How a list at the platform becomes exactly the whole file."""
    how = "Replace the list there by the whole one"
    if not spec.replaces:
        how = "Its files add to what is there: fill a new list there with the whole one"
    return f"{how}, then: attribution suppress --mark-uploaded {spec.platform}:all."
