"""``attribution lists``."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from attribution_cli.options import format_options, open_workspace, workspace_option
from attribution_cli.output import columns, number, say, shown, write_frame

if TYPE_CHECKING:
    import pandas as pd

HEAD = ("list", "state", "files", "people", "made on", "uploaded on", "expires on", "days left")


@click.command()
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
    help="Count days from this day [today, UTC: uploads lie in today's calendar, whatever the data's last day].",
)  # fmt: skip
@click.option("--strict", is_flag=True, help="Exit 1 where a list that was uploaded has expired.")
@format_options
@workspace_option
@click.pass_context
def lists(
    ctx: click.Context, /, form: str, output: str | None, workspace: str | None, as_of: datetime | None, strict: bool
) -> None:
    """Print the lists of the workspace: what was made, what was uploaded, and what lapses when.

    A list counts as uploaded once attribution suppress --mark-uploaded PLATFORM says so. From then on its state is
    uploaded, changed (the files made since differ from it), expiring (within 7 days) or expired.

    \b
    Example:
      attribution lists
    """
    from attribution.steps.lists import lists as lists_of  # noqa: PLC0415

    frame = lists_of(open_workspace(ctx, workspace), None if as_of is None else as_of.date())
    if frame.empty:
        say("No lists yet. Make one: attribution suppress --platform google-ads")
    if not frame.empty or form != "table":
        write_frame(frame, form, output, _table)
    if strict and (frame["state"] == "expired").any():
        sys.exit(1)


def _table(frame: pd.DataFrame) -> str:
    """One list a line."""
    from attribution_cli.output import records  # noqa: PLC0415

    return columns([list(HEAD), *(_line(row) for row in records(frame))], left=3)


def _line(row: dict[str, Any]) -> list[str]:
    days = [row[c] or "" for c in ("made_on", "uploaded_on", "expires_on")]
    return [shown(row["list"]), _state(row), row["files"], number(row["people"], 0), *days, number(row["days_left"], 0)]


def _state(row: dict[str, Any]) -> str:
    """``changed since upload: +3 −1``; identifiers that differ are added too."""
    if row["state"] == "expiring":
        return "expires within 7 days"
    if row["state"] != "changed":
        return str(row["state"])
    added = (row["added"] or 0) + (row["changed"] or 0)
    return f"changed since upload: +{added:,} -{row['removed'] or 0:,}"
