"""``attribution journey``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from attribution_cli.options import format_options, open_workspace, workspace_option
from attribution_cli.output import plain_table, say, write_frame
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.argument("identity", metavar="ID")
@format_options
@workspace_option
@click.pass_context
def journey(ctx: click.Context, /, identity: str, form: str, output: str | None, workspace: str | None) -> None:
    """One customer's timeline over all ids: touches, conversions, and what the person was at each moment.

    ID is a customer_id, a unified_id as it stands in the files, or TYPE=ID (cookie=ck-81, email=name@host).

    \b
    Examples:
      attribution journey c0000000012
      attribution journey email=ada@example.com -f csv
    """
    from attribution.steps.journey import journey_step  # noqa: PLC0415

    with watching("reading the timeline"):
        found = journey_step(open_workspace(ctx, workspace), identity)
    person = found.person
    ids = ", ".join(f"{number:,} {kind}" for kind, number in person.types.items())
    say(f"{person.customer_id}{': ' + ids if ids else ''}. {found.retroactive}")
    write_frame(found.events, form, output, _shown)


def _shown(events: pd.DataFrame) -> str:
    """Times to the second; columns that are empty for this person are left out."""
    frame = events.dropna(axis=1, how="all").copy()
    frame["timestamp"] = frame["timestamp"].dt.strftime("%Y-%m-%d %H:%M:%S")
    return plain_table(frame)
