"""``attribution lint``."""

from __future__ import annotations

import sys
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from attribution_cli.options import format_options
from attribution_cli.output import columns, say, write_frame
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    import pandas as pd

DATE = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("platform")
@click.argument("file", type=click.Path())
@click.option("--list", "list_name", metavar="NAME", help="Which of the platform's lists it is [guessed].")
@click.option("--made-on", type=DATE, metavar="DATE", help="When the file was made [the file's own date].")
@click.option("--as-of", type=DATE, metavar="DATE", help="The day for which expiry is asked [today].")
@click.option("--strict", is_flag=True, help="Exit 1 on warnings as well.")
@format_options
def lint(
    platform: str, file: str, list_name: str | None, made_on: datetime | None, as_of: datetime | None, strict: bool,
    form: str, output: str | None,
) -> None:  # fmt: skip
    """Check an audience file against what PLATFORM imports, whoever made it.

    Header, encoding, hashes, phone numbers, device ids, duplicates, limits and expiry. Prints line numbers, never
    values; exits 1 where something is wrong.

    \b
    Example:
      attribution lint meta customers.csv
    """
    from attribution.activation.lint import lint_file  # noqa: PLC0415
    from attribution.activation.reports import faults_frame  # noqa: PLC0415

    with watching("reading the file"):
        report = lint_file(platform, file, list_name=list_name, made_on=_day(made_on), as_of=_day(as_of))
    rules = f"rules {report.spec} of {report.spec_dated}"
    say(f"{file}: {report.title}, list {report.list}, {rules}, {report.bytes:,} bytes.")
    write_frame(faults_frame(report), form, output, _table)
    if report.unverified:
        say("Not read in the platform's own words:")
        for rule in report.unverified:
            say(f"  {rule}")
    if not report.clean or (strict and report.faults):
        sys.exit(1)


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def _table(frame: pd.DataFrame) -> str:
    """One fault a line, errors first."""
    if frame.empty:
        return "Nothing is wrong with it."
    cells = [
        [row["severity"], row["message"], row["column"], f"{row['count']:,}", row["lines"]]
        for row in frame.to_dict("records")
    ]
    return columns([["", "what", "where", "count", "lines"], *cells], left=3)
