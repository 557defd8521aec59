"""``attribution journeys``."""

from __future__ import annotations

from typing import Any

import click

from attribution_cli.options import given, journey_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import announce_compile, finish, journeys_report, tell


@click.command()
@journey_options
@strict_option
@workspace_option
@click.pass_context
def journeys(ctx: click.Context, /, strict: bool, workspace: str | None, **options: Any) -> None:
    """Cut touches and conversions into journeys, once; later steps use them.

    A customer's touches are cut at each conversion. What follows the last conversion is a journey that
    never converts.

    \b
    Examples:
      attribution journeys --lookback 30d
      attribution journeys --lookback-impressions 1d --lookback-clicks 30d --direct drop-unless-only
      attribution journeys --transform exposure --transform remove-if-last-and-not-all:Direct
    """
    from attribution.settings import JourneySettings  # noqa: PLC0415
    from attribution.steps import journeys_step  # noqa: PLC0415

    settings = JourneySettings(**given(options))
    target = open_workspace(ctx, workspace)
    target.require()
    announce_compile()
    built = journeys_step(target, settings)
    journeys_report(built)
    tell(built.findings)
    finish(built.findings, strict)
