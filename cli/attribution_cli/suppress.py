"""``attribution suppress``."""

from __future__ import annotations

import click

from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import finish, say, tell, waste_table, write_frame


@click.command()
@format_options
@strict_option
@workspace_option
@click.pass_context
def suppress(ctx: click.Context, /, form: str, output: str | None, strict: bool, workspace: str | None) -> None:
    """List people who are customers already, and print what was spent on them.

    The list (CSV and Parquet, readable by you only) holds customer_id, reason, rule and since. On stdout:
    impressions, clicks and spend per channel that went to people who already were customers at that moment.

    \b
    Example:
      attribution suppress
    """
    from attribution.steps.suppress import suppress_step  # noqa: PLC0415

    report = suppress_step(open_workspace(ctx, workspace))
    if report.waste is not None:
        write_frame(report.waste, form, output, waste_table)
    people = report.suppression.people
    say(f"{len(people):,} people on the list (policy {report.suppression.policy}):")
    for file in report.files:
        say(f"  {file}")
    tell(report.suppression.findings)
    finish(report.suppression.findings, strict)
