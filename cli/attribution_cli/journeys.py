"""``attribution journeys``."""

from __future__ import annotations

from typing import Any

import click

from attribution_cli.options import given, journey_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import announce_compile, finish, journeys_report, plain_table, tell, write_frame
from attribution_cli.progress_bar import watching


@click.command()
@journey_options
@click.option(
    "--show",
    type=click.Choice(["positions", "lag", "length", "paths", "sequences", "pairs"]),
    help="Print a table: funnel positions, time to conversion, path length, top paths, sequences, pairs.",
)
@click.option("-f", "--format", "form", type=click.Choice(["table", "csv", "json", "jsonl"]), default="table",
              show_default=True, help="How that table is written.")  # fmt: skip
@strict_option
@workspace_option
@click.pass_context
def journeys(
    ctx: click.Context, /, strict: bool, workspace: str | None, show: str | None, form: str, **options: Any
) -> None:
    """Cut touches and conversions into journeys, once; later steps use them.

    A customer's touches are cut at each conversion. What follows the last conversion is a journey that
    never converts.

    \b
    Examples:
      attribution journeys --lookback 30d
      attribution journeys --show positions -f csv
      attribution journeys --lookback-impressions 1d --lookback-clicks 30d --direct drop-unless-only
      attribution journeys --transform exposure --transform remove-if-last-and-not-all:Direct
    """
    from attribution.identity.uses import stitching_note  # noqa: PLC0415
    from attribution.settings import JourneySettings  # noqa: PLC0415
    from attribution.steps.journeys import journeys_step  # noqa: PLC0415

    chosen = given(options)
    target = open_workspace(ctx, workspace)
    target.require()
    announce_compile()
    # Without rules of its own, a table is about the journeys as they were last cut.
    with watching("cutting journeys") as told:
        built = journeys_step(target, None if show and not chosen else JourneySettings(**chosen), told)
    journeys_report(built)
    if show is not None:
        from attribution.journeys.reports import REPORTS  # noqa: PLC0415

        with watching(f"counting {show}"):
            table = REPORTS[show](built)
        write_frame(table, form, None, plain_table)
    findings = (*built.findings, *stitching_note(target.manifest()))
    tell(findings)
    finish(findings, strict)
