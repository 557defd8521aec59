"""``attribution seeds``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from attribution_cli.options import given, open_workspace, strict_option, workspace_option
from attribution_cli.output import finish, say, tell
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    from attribution.steps.seeds import SeedOptions, SeedReport


@click.command()
@click.option(
    "--platform", "platforms", multiple=True, required=True, metavar="NAME", help="Make its files; repeatable."
)
@click.option("--top", type=float, metavar="SHARE", help="Share of the customers who may be in a seed [0.1].")
@click.option("--people", type=int, metavar="N", help="So many people in place of a share.")
@click.option("--horizon", default="365d", show_default=True, metavar="365d", help="Time over which value counts.")
@click.option(
    "--value", "basis", type=click.Choice(["predicted", "observed"]), default="predicted", show_default=True,
    help="What purchases to come are worth, or those of the last days were.",
)  # fmt: skip
@click.option("--consent-default", type=click.Choice(["granted"]), help="What customers without a consent column gave.")
@click.option("--basis", "legal", metavar="TEXT", help="Legal basis of the upload, kept in the manifest.")
@click.option("--region", metavar="CC", help="Country of phone numbers that name none.")
@click.option("--made-on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Day of the files [today, UTC].")
@click.option(
    "--config", "configuration", metavar="FILE", type=click.Path(dir_okay=False),
    help="Take the words of status from [suppression.words] of an attribution.toml.",
)  # fmt: skip
@strict_option
@workspace_option
@click.pass_context
def seeds(ctx: click.Context, /, strict: bool, workspace: str | None, **options: Any) -> None:
    """Make look-alike seed files: the customers of highest value, for platforms that find people like them.

    Value is what customers are expected to bring over the horizon. Only consent, opt-outs, complaints, employees and
    test accounts keep somebody out; active customers are what a seed is of. Formats with a column for it get the value.

    \b
    Example:
      attribution seeds --platform meta --platform tiktok --top 0.05
      attribution seeds --platform google-ads --people 5000 --horizon 180d
    """
    from attribution.steps.seeds import seeds_step  # noqa: PLC0415

    with watching("valuing customers") as told:
        report = seeds_step(open_workspace(ctx, workspace), _options(**options), told)
    _told(report)
    tell(report.findings)
    finish(report.findings, strict)


def _options(
    platforms: tuple[str, ...], horizon: str, basis: Literal["predicted", "observed"],
    consent_default: Literal["granted"] | None, legal: str | None, region: str | None, made_on: datetime | None,
    configuration: str | None, **size: Any,
) -> SeedOptions:  # fmt: skip
    """What was asked for."""
    from attribution.configuration import read_configuration  # noqa: PLC0415
    from attribution.settings import MICROSECONDS, duration  # noqa: PLC0415
    from attribution.steps.seeds import SeedOptions  # noqa: PLC0415
    from attribution.steps.suppress_uploads import UploadOptions  # noqa: PLC0415
    from attribution.suppression.consent import ConsentChoice  # noqa: PLC0415
    from attribution.suppression.seeds import SeedSize  # noqa: PLC0415

    if size["top"] is not None and size["people"] is not None:
        raise click.UsageError("--top is a share and --people a number: give one of them.")
    dated = {} if made_on is None else {"made_on": made_on.date()}
    uploads = UploadOptions(tuple(dict.fromkeys(platforms)), ConsentChoice(consent_default, legal), region, **dated)
    days = duration(horizon, "--horizon") / MICROSECONDS["d"]
    policy = {} if configuration is None else {"policy": read_configuration(Path(configuration)).suppression}
    return SeedOptions(uploads, SeedSize(**given(size)), days, basis, **policy)


def _told(report: SeedReport) -> None:
    """Whom the seed holds, and the files of each platform."""
    say(
        f"{report.people:,} of {report.fit:,} customers who may be in a seed ({report.rank_share:.1%}, highest value "
        f"first, by {report.model}); {report.customers:,} have bought."
    )
    for upload in report.platforms:
        made = upload.made
        lapses = f", lapses on {made.expires_on}" if made.expires_on else ""
        say(f"{made.platform} (rules {made.spec} of {made.spec_dated}){lapses}")
        for file in made.files:
            say(f"  {file.path}  {file.rows:,} rows")
        say(f"  {upload.manifest}")
        for rule in made.unverified:
            say(f"  not read in the platform's own words: {rule}")
