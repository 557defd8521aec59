"""``attribution suppress --mark-uploaded``: its options, and what is said of uploads."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from attribution_cli.options import F
from attribution_cli.output import say

if TYPE_CHECKING:
    from attribution.activation.changes import Changes
    from attribution.workspace import Workspace


def mark_options(command: F) -> F:
    """``--mark-uploaded`` and ``--uploaded-on``."""
    command = click.option(
        "--uploaded-on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Day of the upload [of the files]."
    )(command)
    return click.option(
        "--mark-uploaded", "marks", multiple=True, metavar="NAME",
        help="Note that this platform's last files were uploaded; repeatable. NAME:all says that the whole list was, "
        "NAME:changes that the add and remove files were [changes, if any]. Without --platform nothing is made.",
    )(command)  # fmt: skip


def mark(workspace: Workspace, named: tuple[str, ...], uploaded_on: datetime | None) -> None:
    """Mark lists as uploaded, and say what counts from now on."""
    from attribution.errors import UsageError  # noqa: PLC0415
    from attribution.steps.mark import mark_step  # noqa: PLC0415

    if not named:
        if uploaded_on is not None:
            raise UsageError("--uploaded-on is the day of an upload: name a platform with --mark-uploaded.")
        return
    for made in mark_step(workspace, named, None if uploaded_on is None else uploaded_on.date()):
        what = "the whole list" if made.whole else "what was added and removed"
        lapses = f", lapses on {made.expires_on}" if made.expires_on else ""
        say(f"{made.platform}: uploaded on {made.uploaded_on}: {what}; {made.people:,} people{lapses}.")
        if not made.whole and made.expires_on:
            say(f"  Days count from the first upload. If the whole list went up: --mark-uploaded {made.platform}:all")


def told_changes(changes: Changes | None) -> None:
    """Files that only add and remove."""
    from attribution.errors import counted  # noqa: PLC0415

    for action, made in () if changes is None else changes.made:
        for file in made.files:
            say(f"  {file.path}  {counted(file.rows, 'row')} to {action}")
