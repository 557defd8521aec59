"""``attribution mmm predict``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from attribution_cli.mmm_options import reading, reading_options
from attribution_cli.mmm_stored import force_option, heading
from attribution_cli.mmm_tables import Unit, block, ends
from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import finish, records, say, shown, tell, write_frame
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--panel", "panels", multiple=True, required=True, metavar="FILE", help="The plan.")
@click.option("--by", type=click.Choice(["geo"]), help="A row for each geo too.")
@click.option(
    "--exposure-from-spend", "convert", is_flag=True, help="Planned spend buys exposure at the last year's prices."
)
@click.option("--level", default=0.9, show_default=True, type=click.FloatRange(0.01, 0.99), help="Of intervals.")
@force_option
@strict_option
@format_options
@workspace_option
@reading_options
@click.pass_context
def predict(
    ctx: click.Context, /, name: str | None, panels: tuple[str, ...], by: str | None, convert: bool, level: float,
    force: bool, strict: bool, form: str, output: str | None, workspace: str | None, **options: Any,
) -> None:  # fmt: skip
    """Expected outcome of a plan of spend and controls, with intervals.

    The plan is a panel like that of the fit, without the outcome. Periods after the fit's window need every channel and
    control; they go on with its carry-over, seasons and trend. Rows inside the window replace what was there (columns
    that are left out stay as they were), and the change against it is shown.

    \b
    Example:
      attribution mmm predict --panel next-quarter.csv
    """
    from attribution.steps.mmm_predict import predict_step  # noqa: PLC0415

    with watching("predicting"):
        report = predict_step(
            open_workspace(ctx, workspace), panels, name, by=(by,) if by else (), convert=convert, level=level,
            force=force, settings=reading(options),
        )  # fmt: skip
    say(heading(report.stored, report.span))
    write_frame(report.table, form, output, _table)
    tell(report.findings)
    finish(report.findings, strict)


def _table(frame: pd.DataFrame) -> str:
    """Periods, their sum, and the change against what was spent."""
    rows, level = records(frame.astype(object)), f"{frame['interval_level'].iloc[0]:.0%}"
    geos = bool(frame["geo"].notna().any())
    unit = Unit.of(row["expected"] for row in rows)
    head = ["from", *(["geo"] if geos else []), "expected", f"{level} interval", f"{level} of outcomes", "observed"]
    lines = [head, *(_line(row, unit, geos) for row in rows if row["part"] != "change")]
    blocks = [block(unit.titled("Expected outcome"), lines, left=2 if geos else 1)]
    blocks += [_change(row) for row in rows if row["part"] == "change"]
    return "\n\n".join(blocks)


def _line(row: dict[str, Any], unit: Unit, geos: bool) -> list[str]:
    label = "all together" if row["part"] == "all" else row["date"]
    interval = ends(unit.show(row["expected_lower"]), unit.show(row["expected_upper"]))
    new = ends(unit.show(row["new_lower"]), unit.show(row["new_upper"]))
    cells = [unit.show(row["expected"]), interval, new, unit.show(row["observed"])]
    return [label, *([shown(row["geo"] or "")] if geos else []), *cells]


def _change(row: dict[str, Any]) -> str:
    unit = Unit.of((row["expected"], row["expected_lower"], row["expected_upper"]))
    title = unit.titled("Against what was spent, carry-over after the window included")
    interval = ends(unit.show(row["expected_lower"]), unit.show(row["expected_upper"]))
    return f"{click.style(title, bold=True)}\n{unit.show(row['expected'])}  ({row['interval_level']:.0%}: {interval})"
