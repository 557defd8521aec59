"""``attribution plan``: the best split of a budget; its sub-commands one file each (``plan_NAME.py``)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from attribution_cli.lazy import LazyGroup
from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import finish, say, tell, write_frame
from attribution_cli.plan_options import figure_options, limit_options, options_of, search_options, what_options
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    from attribution.steps.plan import PlanReport

COMMANDS = {
    "compare": "Kept plans side by side.",
    "backtest": "What it would have planned a quarter ago, and what the model now thinks of that.",
    "test": "What to test next: the lift test that would change the plan most.",
}


@click.group(cls=LazyGroup, loads=COMMANDS, prefix="attribution_cli.plan_", invoke_without_command=True)
@click.option("--name", metavar="NAME", default="plan", show_default=True, help="Keep the plan under this name.")
@what_options
@limit_options
@search_options
@figure_options
@click.option(
    "--show", type=click.Choice(["channels", "calendar"]), default="channels", show_default=True,
    help="A row for each channel, or one for each channel and period (and geo).",
)  # fmt: skip
@strict_option
@format_options
@workspace_option
@click.pass_context
def plan(
    ctx: click.Context, /, name: str, fit: str | None, show: str, force: bool, strict: bool, form: str,
    output: str | None, workspace: str | None, **given: Any,
) -> None:  # fmt: skip
    """The best split of a budget by a media-mix fit, or the budget that a target needs.

    Without --budget or a target: the same money as in the window. Every figure is of all posterior draws, carry-out
    after the window included; what earlier spend still brings is shown apart. The plan is kept under --name.

    Bounds, and limits of groups, are money (1200) or multiples of a channel's part of today's split (0.8x).

    \b
    Examples:
      attribution plan --budget 500000 --window +13
      attribution plan --lock tv --channel-bounds search=0.5x:2x --objective expected
      attribution plan --target-roas 2.5 --name lean
      attribution plan --move tv,radio=search:20 --name shift --show calendar -f csv -o shift.csv
    """
    if ctx.invoked_subcommand is not None:
        _handed_on(ctx, workspace)
        return
    from attribution.steps.plan import plan_step  # noqa: PLC0415

    with watching("looking for the best plan"):
        report = plan_step(open_workspace(ctx, workspace), fit, options_of(given), name=name, force=force)
    tell_plan(report, name)
    if show == "calendar":
        from attribution_cli.plan_tables import calendar_table  # noqa: PLC0415

        write_frame(report.calendar, form, output, calendar_table)
    else:
        from attribution_cli.plan_tables import channel_table  # noqa: PLC0415

        write_frame(report.table, form, output, partial(channel_table, report=report))
    tell(report.findings)
    finish(report.findings, strict)


def tell_plan(report: PlanReport, name: str = "plan") -> None:
    """The fit, the window, and how sure the search is."""
    from attribution_cli.mmm_stored import heading  # noqa: PLC0415

    say(heading(report.stored, report.span))
    if report.best is not None:
        sure = report.best.certificate
        rounded = "" if report.best.rounding is None else ", before steps were rounded"
        say(f'Plan "{name}": the best for {report.options.aim.words}.')
        say(
            f"Search: {len(sure.starts)} starts, {sure.evaluations:,} evaluations; optimality residual {sure.kkt:.1e}, "
            f"starts apart by {sure.spread:.1e}{rounded}."
        )


def _handed_on(ctx: click.Context, workspace: str | None) -> None:
    """Give ``-w`` to the sub-command; refuse options that it would not see."""
    given = [p for p in ctx.params if ctx.get_parameter_source(p) == click.core.ParameterSource.COMMANDLINE]
    lost = [p.opts[-1] for p in ctx.command.params if p.name in given and p.name != "workspace"]
    if lost:
        name = ctx.invoked_subcommand
        raise click.UsageError(f"{', '.join(lost)}: options of {name} stand after its name: attribution plan {name} …")
    if workspace is not None:
        root = ctx.find_root()
        root.obj = {**(root.obj or {}), "workspace": workspace}
