"""``attribution suppress``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import finish, say, tell, waste_table, write_frame

if TYPE_CHECKING:
    from attribution.steps.suppress_uploads import UploadOptions, Uploads
    from attribution.suppression.rules import SuppressionPolicy


@click.command()
@click.option(
    "--config", "configuration", metavar="FILE", type=click.Path(dir_okay=False),
    help="Take the policy from [suppression] of an attribution.toml [everybody known as a customer].",
)  # fmt: skip
@click.option("--platform", "platforms", multiple=True, metavar="NAME", help="Make this platform's files; repeatable.")
@click.option("--consent-default", type=click.Choice(["granted"]), help="What customers without a consent column gave.")
@click.option("--basis", metavar="TEXT", help="Legal basis of the upload, kept in the manifest.")
@click.option("--region", metavar="CC", help="Country of phone numbers that name none.")
@click.option("--made-on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Day of the files [today, UTC].")
@format_options
@strict_option
@workspace_option
@click.pass_context
def suppress(
    ctx: click.Context, /, form: str, output: str | None, strict: bool, workspace: str | None,
    configuration: str | None, **options: Any,
) -> None:  # fmt: skip
    """List people who are customers already, and print what was spent on them.

    The list (CSV and Parquet, readable by you only) holds customer_id, reason, rule and since. On stdout:
    impressions, clicks and spend per channel that went to people who already were customers at that moment.
    --platform makes the files that an ad platform imports, of people who gave consent; --config takes rules and
    windows from a file.

    \b
    Example:
      attribution suppress
      attribution suppress --platform google-ads --platform meta --basis "consent in the shop's account"
    """
    from attribution.steps.suppress import suppress_step  # noqa: PLC0415

    policy = None if configuration is None else _policy(configuration)
    report = suppress_step(open_workspace(ctx, workspace), _uploads(**options), policy)
    if report.waste is not None:
        write_frame(report.waste, form, output, waste_table)
    people = report.suppression.people
    say(f"{len(people):,} people on the list (policy {report.suppression.policy}):")
    if policy is not None:
        for reason, number in people["reason"].value_counts().items():
            say(f"  {number:,} {reason}")
    for file in report.files:
        say(f"  {file}")
    if report.uploads is not None:
        _told(report.uploads)
    tell(report.suppression.findings)
    finish(report.suppression.findings, strict)


def _policy(configuration: str) -> SuppressionPolicy:
    """The policy of a configuration file; one without rules is refused, as it was asked for."""
    from attribution.configuration import read_configuration  # noqa: PLC0415
    from attribution.errors import UsageError  # noqa: PLC0415

    policy = read_configuration(Path(configuration)).suppression
    if not policy.rules:
        msg = f'"{configuration}" has no rules under [suppression]. Add some, as rules = ["recent", "active"].'
        raise UsageError(msg)
    return policy


def _uploads(
    platforms: tuple[str, ...], consent_default: Literal["granted"] | None, basis: str | None, region: str | None,
    made_on: datetime | None,
) -> UploadOptions | None:  # fmt: skip
    """What is to be made for platforms; None where nothing is."""
    from attribution.errors import UsageError  # noqa: PLC0415
    from attribution.steps.suppress_uploads import UploadOptions  # noqa: PLC0415
    from attribution.suppression.consent import ConsentChoice  # noqa: PLC0415

    if not platforms:
        if consent_default or basis or region or made_on:
            raise UsageError("--consent-default, --basis, --region and --made-on are for files: name a --platform.")
        return None
    choice = ConsentChoice(consent_default, basis)
    dated = {} if made_on is None else {"made_on": made_on.date()}
    return UploadOptions(tuple(dict.fromkeys(platforms)), choice, region, **dated)


def _told(uploads: Uploads) -> None:
    """Files of each platform, when they lapse, and rules that nobody read in the platform's words."""
    for upload in uploads.platforms:
        made, counts = upload.made, upload.counts
        lapses = f", lapses on {made.expires_on}" if made.expires_on else ""
        may = f"{counts.uploadable:,} of {counts.listed:,} listed people"
        say(f"{made.platform}: {may} (rules {made.spec} of {made.spec_dated}){lapses}")
        for file in made.files:
            say(f"  {file.path}  {file.rows:,} rows")
        say(f"  {upload.manifest}")
        for rule in made.unverified:
            say(f"  not read in the platform's own words: {rule}")
