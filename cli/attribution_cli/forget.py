"""``attribution forget``."""

from __future__ import annotations

import click

from attribution_cli.options import open_workspace, workspace_option
from attribution_cli.output import say
from attribution_cli.progress_bar import watching


@click.command()
@click.argument("identity", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@workspace_option
@click.pass_context
def forget(ctx: click.Context, /, identity: str, yes: bool, workspace: str | None) -> None:
    """Erase a person: from tables, quarantine, registry, journeys and lists.

    ID is a customer_id, a unified_id, or TYPE=ID (email=name@host). All ids of that customer are erased. What stays is
    a keyed digest of each, so that the next export does not bring the person back. Sums in fits that were made before
    stay as they are; they name nobody. Lists that a platform holds already must be replaced there: those that were
    marked as uploaded are named before anything is erased.

    \b
    Example:
      attribution forget email=ada@example.com
    """
    from attribution.steps.forget import forget_step  # noqa: PLC0415
    from attribution.steps.forget_uploads import uploaded_with  # noqa: PLC0415

    target = open_workspace(ctx, workspace)
    held = uploaded_with(target, identity)
    if held:
        say(f"Uploaded lists hold this person: {', '.join(held)}. Once erased, no remove file can name them.")
        say("To take them out there by a file, first deny their consent in the customers file and ingest it; make")
        say("files with attribution suppress --platform; upload the remove files and mark them; then erase.")
        say("Or erase now, and put the new whole lists in the place of the old ones.")
    if not yes and not click.confirm("Erase this person from the workspace? It cannot be undone.", err=True):
        say("Nothing was erased.")
        ctx.exit(1)
    with watching("erasing"):
        report = forget_step(target, identity)
    rows = ", ".join(f"{number:,} from {table}" for table, number in report.rows.items()) or "none"
    say(f"Erased. Rows removed: {rows}. Removed from lists: {report.lists:,}. Tombstones: {report.ids:,}.")
    if report.uploaded:
        names = " ".join(f"--platform {platform}" for platform in report.uploaded)
        say(f"The person is on lists at {', '.join(report.uploaded)}. Replace these: attribution suppress {names}")
