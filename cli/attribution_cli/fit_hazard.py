"""``attribution fit hazard``."""

from __future__ import annotations

import click

from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import announce_compile, credits_table, finish, say, tell, write_frame


@click.command()
@click.option("--positive", is_flag=True, help="Constrain effects to be positive.")
@click.option("--lag", default=0, show_default=True, help="Days before a touch acts; 1 resists touches by the decided.")
@click.option(
    "--signal",
    "signals",
    multiple=True,
    metavar="CHANNEL",
    help="A channel that shows demand and is no media [direct and organic channels].",
)
@click.option(
    "--people",
    type=click.IntRange(min=1),
    metavar="N",
    help="Size of the whole market; who is not in the data never did anything.",
)
@format_options
@strict_option
@workspace_option
@click.pass_context
def hazard(
    ctx: click.Context, /, positive: bool, lag: int, signals: tuple[str, ...], people: int | None, form: str,
    output: str | None, strict: bool, workspace: str | None,
) -> None:  # fmt: skip
    """Time to event: what each touch adds to the rate of converting, beside what would have happened anyway.

    Conversions of a person come at a rate: a baseline by calendar time, time since entry, earlier
    conversions and signs of demand, plus an effect of each touch that decays and tires. Credit by backwards
    elimination; (baseline) gets what the model says would have happened without media. Time at risk comes
    from the observations table, else it is the whole window for everybody; people without touches come from
    customers, observations, and --people.

    \b
    Example:
      attribution fit hazard --people 50000
    """
    from attribution.steps import hazard_step  # noqa: PLC0415

    target = open_workspace(ctx, workspace)
    target.require()
    announce_compile()
    say("Fitting the time-to-event model …")
    report = hazard_step(target, positive=positive, lag=lag, signals=signals, people=people)
    write_frame(report.credits, form, output, credits_table)
    tell(report.findings)
    finish(report.findings, strict)
