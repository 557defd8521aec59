"""``attribution suppress``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from attribution_cli.lazy import LazyGroup
from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import finish, say, tell, waste_table, write_frame
from attribution_cli.progress_bar import watching
from attribution_cli.suppress_freed import freed_options, freed_table, money_of, told_freed
from attribution_cli.suppress_marks import mark, mark_options, told_changes

if TYPE_CHECKING:
    from attribution.steps.suppress_uploads import UploadOptions, Uploads
    from attribution.suppression.rules import SuppressionPolicy


COMMANDS = {"evaluate": "What suppression did, by the share that was held out of it."}


@click.group(cls=LazyGroup, loads=COMMANDS, prefix="attribution_cli.suppress_", invoke_without_command=True)
@click.option(
    "--config", "configuration", metavar="FILE", type=click.Path(dir_okay=False),
    help="Take the policy from [suppression] of an attribution.toml [everybody known as a customer].",
)  # fmt: skip
@click.option("--platform", "platforms", multiple=True, metavar="NAME", help="Make this platform's files; repeatable.")
@click.option("--consent-default", type=click.Choice(["granted"]), help="What customers without a consent column gave.")
@click.option("--basis", metavar="TEXT", help="Legal basis of the upload, kept in the manifest.")
@click.option("--region", metavar="CC", help="Country of phone numbers that name none.")
@click.option("--made-on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Day of the files [today, UTC].")
@mark_options
@freed_options
@format_options
@strict_option
@workspace_option
@click.pass_context
def suppress(
    ctx: click.Context, /, form: str, output: str | None, strict: bool, workspace: str | None,
    configuration: str | None, marks: tuple[str, ...], uploaded_on: datetime | None, match_rates: str | None,
    margin: float | None, period: str | None, **options: Any,
) -> None:  # fmt: skip
    """List people who are customers already, and print what was spent on them.

    The list (CSV and Parquet, readable by you only) holds customer_id, reason, rule and since. On stdout:
    impressions, clicks and spend per channel that went to people who already were customers at that moment.
    --platform makes the files that an ad platform imports, of people who gave consent; --config takes rules and
    windows from a file. Once files are uploaded, --mark-uploaded says so: the next ones come with files that add and
    remove. With --match-rates stdout has what the list frees in the next period instead: impressions and spend by
    platform, as an interval.

    \b
    Example:
      attribution suppress
      attribution suppress --platform google-ads --platform meta --basis "consent in the shop's account"
      attribution suppress --match-rates matches.csv --margin 0.3
      attribution suppress evaluate --outcomes orders.csv
    """
    if ctx.invoked_subcommand is not None:
        _none_before(ctx)
        return
    from attribution.steps.suppress import suppress_step  # noqa: PLC0415

    policy = None if configuration is None else _policy(configuration)
    target, uploads = open_workspace(ctx, workspace), _uploads(**options)
    money, noted = money_of(match_rates, margin, period)
    if (marks and uploads is None and policy is None and money is None) or (uploaded_on is not None and not marks):
        mark(target, marks, uploaded_on)
        return
    with watching("listing customers") as told:
        report = suppress_step(target, uploads, policy, money, told)
    if report.freed is not None:
        write_frame(report.freed.table, form, output, freed_table)
        told_freed(report.freed)
        if report.waste is not None:
            say("Went to people who were customers already at that moment:")
            say(waste_table(report.waste))
    elif report.waste is not None:
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
    findings = (*noted, *report.suppression.findings)
    tell(findings)
    mark(target, marks, uploaded_on)
    finish(findings, strict)


def _none_before(ctx: click.Context) -> None:
    """Refuse options that stand before a sub-command: they would say nothing there."""
    typed = click.core.ParameterSource.COMMANDLINE
    early = [p.opts[0] for p in ctx.command.params if p.name and ctx.get_parameter_source(p.name) == typed]
    if early:
        raise click.UsageError(f"Write {', '.join(early)} behind {ctx.invoked_subcommand}, not before it.")


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
        told_changes(upload.changes)
        say(f"  {upload.manifest}")
        for rule in made.unverified:
            say(f"  not read in the platform's own words: {rule}")
