"""``attribution ingest``."""

from __future__ import annotations

from typing import Any

import click

from attribution_cli.options import given, open_workspace, strict_option, workspace_option
from attribution_cli.output import announce_compile, file_report, finish, journeys_report, tell
from attribution_cli.progress_bar import watching

TABLES = ("touchpoints", "conversions", "paths", "customers", "identities", "spend", "assignments", "observations")


def _table_options(command: Any) -> Any:
    for table in reversed(TABLES):
        command = click.option(
            f"--{table}", multiple=True, metavar="FILE", help=f"File, glob, folder or - with {table}."
        )(command)
    return command


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]…")
@_table_options
@click.option("--column", "columns", multiple=True, metavar="TABLE.FIELD=HEADER", help="The header that holds a field.")
@click.option("--timezone", metavar="ZONE", help="Zone of times that state none [UTC].")
@click.option("--delimiter", metavar="CHAR", help="Set instead of found.")
@click.option("--encoding", metavar="NAME", help="Set instead of found.")
@click.option("--header", metavar="A,B,C", help="Column names, for files without a header row.")
@click.option("--timestamp-format", metavar="PATTERN", help="iso, epoch-seconds, or a pattern like '%d.%m.%Y %H:%M'.")
@click.option("--path-separator", metavar="TEXT", help="Between the channels of a path; set instead of found.")
@click.option("--missing-channel", metavar="NAME", help="Keep touches without a channel under this name.")
@click.option("--conversion-token", metavar="TEXT", help="In wide journeys: the token that means a conversion.")
@click.option("--as-of", metavar="DATE", help="Count later rows as outside the window.")
@click.option("--no-journeys", is_flag=True, help="Do not build journeys at the end.")
@strict_option
@workspace_option
@click.pass_context
def ingest(
    ctx: click.Context, /, files: tuple[str, ...], columns: tuple[str, ...], no_journeys: bool, strict: bool,
    workspace: str | None, **options: Any,
) -> None:  # fmt: skip
    """Read files into the workspace; every row is kept, counted or quarantined.

    A FILE without an option is recognised by its headers. Delimiter, encoding, header and time format are
    found by looking. ``-`` reads a pipe; ``shop.duckdb::touches`` and ``shop.sqlite::SELECT …`` read a
    database; compressed files and globs work.

    \b
    Examples:
      attribution ingest --touchpoints touches.csv --conversions orders.csv
      attribution ingest 'exports/*.csv.gz' --timezone Europe/Berlin
      attribution ingest --paths paths.csv
      attribution ingest --touchpoints log.csv --column touchpoints.channel=source
    """
    from attribution.ingest.ingest import ingest as run  # noqa: PLC0415
    from attribution.settings import IngestSettings  # noqa: PLC0415
    from attribution.steps.journeys import journeys_step  # noqa: PLC0415

    inputs: dict[str | None, tuple[str, ...]] = {None: files} | {t: options.pop(t) for t in TABLES}
    settings = IngestSettings(columns=_columns(columns), **given(options))
    target = open_workspace(ctx, workspace)
    with watching("reading") as told:
        report = run(target, {t: f for t, f in inputs.items() if f}, settings, told)
    for file in report.files:
        file_report(file)
    findings = list(report.findings)
    held = set(target.manifest()["tables"])
    if not no_journeys and held & {"touchpoints", "conversions", "paths"}:
        announce_compile()
        with watching("cutting journeys") as told:
            journeys = journeys_step(target, told=told)
        journeys_report(journeys)
        findings += journeys.findings
    tell(findings)
    finish(findings, strict)


def _columns(pairs: tuple[str, ...]) -> dict[str, str]:
    columns = {}
    for pair in pairs:
        target, equals, header = pair.partition("=")
        if not equals or "." not in target or not header:
            raise click.BadParameter(
                f'"{pair}" is not TABLE.FIELD=HEADER, like touchpoints.channel=source.', param_hint="--column"
            )
        columns[target.strip()] = header
    return columns
