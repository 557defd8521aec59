"""``attribution fit hazard``."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import click

from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import announce_compile, columns, credits_table, finish, say, tell, write_frame
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    from attribution.credit.hazard import HazardFit


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
@click.option(
    "--checks/--no-checks",
    default=True,
    show_default=True,
    help="Calibration, held-out likelihood against a model without ads, and a frailty fit.",
)
@format_options
@strict_option
@workspace_option
@click.pass_context
def hazard(
    ctx: click.Context, /, positive: bool, lag: int, signals: tuple[str, ...], people: int | None, checks: bool,
    form: str, output: str | None, strict: bool, workspace: str | None,
) -> None:  # fmt: skip
    """Time to event: what each touch adds to the rate of converting, beside what would have happened anyway.

    Conversions of a person come at a rate: a baseline by calendar time, time since entry, earlier
    conversions and signs of demand, plus an effect of each touch that decays and tires. Credit by backwards
    elimination; (baseline) gets what the model says would have happened without media. Time at risk comes
    from the observations table, else it is the whole window for everybody; people without touches come from
    customers, observations, and --people; without time at risk before any touch (baseline) is refused.

    The checks are printed with the fit and kept with it; a bad one is a warning.

    \b
    Example:
      attribution fit hazard --people 50000
    """
    from attribution.steps.hazard import hazard_step  # noqa: PLC0415

    target = open_workspace(ctx, workspace)
    target.require()
    announce_compile()
    say("Fitting the time-to-event model …")
    with watching("fitting the time-to-event model") as told:
        report = hazard_step(
            target, positive=positive, lag=lag, signals=signals, people=people, checks=checks, told=told
        )
    write_frame(report.credits, form, output, credits_table)
    tell_tuning(report.fit)
    if report.checks is not None:
        from attribution.credit.hazard_checks import checks_lines, checks_rows  # noqa: PLC0415

        say(columns(checks_rows(report.checks)))
        for line in checks_lines(report.checks):
            say(line)
    tell(report.findings)
    finish(report.findings, strict)


def tell_tuning(fit: HazardFit) -> None:
    """Half-life, fatigue and the share kept in a sentence."""
    tuning = fit.tuning
    error = fit.tuning_error[0]
    spread = f" (± {100 * (2**error - 1):.0f} %)" if error > 0 else ""
    repeats = "repeats tire not" if tuning.tired_after == inf else f"repeats count half after {tuning.tired_after:.1f}"
    say(
        f"An effect halves every {tuning.half_life:.1f} days{spread}, {repeats}, and {tuning.kept:.0%} of it is left "
        "after an own conversion."
    )
