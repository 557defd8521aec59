"""``attribution mmm check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attribution_cli.mmm_options import reading, reading_options
from attribution_cli.options import format_options, strict_option
from attribution_cli.output import finish, say, write_frame
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.argument("panel", nargs=-1, required=True, metavar="PANEL...")
@click.option("--model", required=True, metavar="FILE", type=click.Path(), help="The model file.")
@click.option("--lifts", multiple=True, metavar="FILE", help="Lift tests, to be checked as well.")
@click.option("--allow-saturated", is_flag=True, help="National channels beside near-saturated time effects only warn.")
@strict_option
@format_options
@reading_options
def check(
    panel: tuple[str, ...], model: str, lifts: tuple[str, ...], allow_saturated: bool, strict: bool, form: str,
    output: str | None, **options: Any,
) -> None:  # fmt: skip
    """What a panel can tell a model: gaps, collinear or steady channels, parameters for each row, open roles.

    \b
    Example:
      attribution mmm check weekly.csv --model mmm.toml
    """
    from attribution.mix.checks import check_files, findings_frame  # noqa: PLC0415

    with watching("checking panel and model"):
        done = check_files(panel, Path(model), lifts, allow_saturated=allow_saturated, settings=reading(options))
    say(done.summary)
    write_frame(findings_frame(done.findings), form, output, _table)
    finish(done.findings, strict)


def _table(frame: pd.DataFrame) -> str:
    """One finding a line, worst first."""
    if frame.empty:
        return "Nothing found against it."
    rows = zip(frame["severity"], frame["message"], frame["remedy"], strict=True)
    return "\n".join(f"{severity}: {message}{' ' + remedy if remedy else ''}" for severity, message, remedy in rows)
