"""``attribution forget``."""

from __future__ import annotations

import click

from attribution_cli.options import open_workspace, workspace_option
from attribution_cli.output import say


@click.command()
@click.argument("identity", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@workspace_option
@click.pass_context
def forget(ctx: click.Context, /, identity: str, yes: bool, workspace: str | None) -> None:
    """Erase a person: from tables, quarantine, registry, journeys and lists.

    ID is a customer_id, a unified_id, or TYPE=ID (email=name@host). All ids of that customer are erased. What stays is
    a keyed digest of each, so that the next export does not bring the person back. Sums in fits that were made before
    stay as they are; they name nobody. Lists that a platform holds already must be replaced there.

    \b
    Example:
      attribution forget email=ada@example.com
    """
    from attribution.steps.forget import forget_step  # noqa: PLC0415

    target = open_workspace(ctx, workspace)
    target.require()
    if not yes and not click.confirm("Erase this person from the workspace? It cannot be undone.", err=True):
        say("Nothing was erased.")
        ctx.exit(1)
    report = forget_step(target, identity)
    rows = ", ".join(f"{number:,} from {table}" for table, number in report.rows.items()) or "none"
    say(f"Erased. Rows removed: {rows}. Removed from lists: {report.lists:,}. Tombstones: {report.ids:,}.")
