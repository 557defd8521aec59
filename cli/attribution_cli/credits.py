"""``attribution credits``."""

from __future__ import annotations

from typing import Any

import click

from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import announce_compile, credits_table, finish, tell, write_frame
from attribution_cli.progress_bar import watching


@click.command()
@click.option(
    "--model", "models", multiple=True, metavar="NAME", help="A fit (markov-2), model (markov) or family (rules) [all]."
)
@click.option(
    "--by",
    multiple=True,
    metavar="GRAIN",
    help="campaign, month, week, period (of a panel), geo, kind, customer; several with commas.",
)
@click.option("--kind", metavar="KIND", help="Only conversions of this kind.")
@click.option(
    "--calibrate", is_flag=False, flag_value="lift", type=click.Choice(["lift", "precision"]),
    help="Move tested channels to the lift that experiments measured; precision: to between lift and credit, nearer to "
    "the surer.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Exit 0 though a media-mix fit did not converge; it is said all the same.")
@format_options
@strict_option
@workspace_option
@click.pass_context
def credits(
    ctx: click.Context, models: tuple[str, ...], by: tuple[str, ...], kind: str | None, calibrate: Any, force: bool,
    form: str, output: str | None, strict: bool, workspace: str | None,
) -> None:  # fmt: skip
    """Print what each channel contributed, by every fit, with cost, CPA and ROAS where spend is known.

    Channels, (baseline) and (unattributed) add up to what was observed. With --by, each model of journeys is fitted
    inside each group, and media-mix fits are summed over it; a fit without that grain is left out.

    \b
    Examples:
      attribution credits
      attribution credits --model markov-1 --by month,campaign -f csv -o credits.csv
      attribution credits --by customer -f json
      attribution credits --model mmm --by geo,month
      attribution credits --calibrate
      attribution credits --model hazard --calibrate precision
    """
    from attribution.steps.calibrate import calibrated_step  # noqa: PLC0415
    from attribution.steps.credits import credits_step  # noqa: PLC0415

    grains = tuple(g.strip() for part in by for g in part.split(",") if g.strip())
    target = open_workspace(ctx, workspace)
    target.require()
    announce_compile()
    if calibrate:
        if grains or kind:
            raise click.UsageError("--calibrate is for whole channels: leave out --by and --kind.")
        with watching("calibrating") as told:
            frame, findings = calibrated_step(target, models, calibrate, told)
    else:
        with watching("reading credits") as told:
            frame, findings = credits_step(target, models, by=grains, kind=kind, force=force, told=told)
    write_frame(frame, form, output, credits_table)
    tell(findings)
    finish(findings, strict)
