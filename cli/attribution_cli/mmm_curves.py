"""``attribution mmm curves``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from attribution_cli.mmm_stored import draws_options, force_option, heading, window_options
from attribution_cli.mmm_tables import Unit, block, ends, legend, ratio, signed
from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import bar, finish, percent, records, say, shown, tell, write_frame
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
BEYOND = "beyond"
LEGEND = f"{BEYOND}: above what was observed (of a response curve: most of the exposure); no data speak there"


@click.command()
@click.argument("name", required=False, metavar="[NAME]")
@click.option(
    "--kind", type=click.Choice(["response", "saturation", "adstock", "time-varying"]), default="response",
    show_default=True,
    help="Outcome against spend; the curve of one period's exposure; the carry-over; how effects drift in time.",
)  # fmt: skip
@click.option("--channel", "channels", multiple=True, metavar="CHANNEL", help="Only this one; may be repeated.")
@click.option("--points", metavar="N", type=click.IntRange(min=2), help="Points of a curve [21].")
@click.option(
    "--up-to", default=2.0, show_default=True, type=click.FloatRange(min=1.0), help="Largest multiple of spend."
)
@window_options
@draws_options
@force_option
@strict_option
@format_options
@workspace_option
@click.pass_context
def curves(
    ctx: click.Context, /, name: str | None, kind: Any, channels: tuple[str, ...], points: int | None, up_to: float,
    first: str | None, last: str | None, level: float, draws: int | None, force: bool, strict: bool, form: str,
    output: str | None, workspace: str | None,
) -> None:  # fmt: skip
    """Curves of each channel, with intervals: response to spend, saturation, carry-over; and drift of all effects.

    A response curve multiplies all spend of the window: what it brings against none, until its effects have died away.
    Points where most of the exposure would be above anything observed are marked: no data speak there.

    \b
    Examples:
      attribution mmm curves --channel tv
      attribution mmm curves --kind adstock -f csv
    """
    from attribution.steps.mmm_curves import curves_step  # noqa: PLC0415

    with watching("working out curves"):
        report = curves_step(
            open_workspace(ctx, workspace), name, kind=kind, channels=channels, points=points, up_to=up_to, first=first,
            last=last, level=level, draws=draws, force=force,
        )  # fmt: skip
    say(heading(report.stored, report.span))
    tables = {"response": _response, "saturation": _saturation, "adstock": partial(_adstock, unit=report.unit)}
    blocks = _varying if kind == "time-varying" else partial(_blocks, one=tables[kind])
    write_frame(report.table, form, output, blocks)
    tell(report.findings)
    finish(report.findings, strict)


def _blocks(frame: pd.DataFrame, one: Any) -> str:
    """A block for each channel."""
    rows, level = records(frame), f"{frame['interval_level'].iloc[0]:.0%} interval"
    names = dict.fromkeys(row["channel"] for row in rows)
    blocks = [one([row for row in rows if row["channel"] == name], level) for name in names]
    notes = [LEGEND if any(row.get("beyond") for row in rows) else "", legend(row["mark"] for row in rows)]
    return "\n\n".join(blocks) + "".join(f"\n\n{note}" for note in notes if note)


def _response(rows: list[Row], level: str) -> str:
    """Outcome against spend, with the return (of means) on all of it, and on what the point before has not."""
    worth = "revenue" if "revenue" in rows[0] else "outcome"
    unit, money = Unit.of(row["outcome_upper"] for row in rows), Unit.of(row["spend"] for row in rows)
    spend = f"spend ({money.word})" if money.word and money.word != unit.word else "spend"
    most = max(row["outcome"] for row in rows)
    lines, before = [["× spend", spend, "outcome", level, "return", "marginal", ""]], None
    for row in rows:
        cells = [ratio(row["multiplier"]), money.show(row["spend"]), unit.show(row["outcome"])]
        cells.append(ends(unit.show(row["outcome_lower"]), unit.show(row["outcome_upper"])))
        cells.append(ratio(row[worth] / row["spend"]) if row["spend"] else "")
        step = (row["spend"] or 0.0) - (before["spend"] or 0.0) if before else 0.0
        cells.append(ratio((row[worth] - before[worth]) / step) if before and step > 0 else "")
        note = "◂ current" if row["current"] else BEYOND if row["beyond"] else ""
        lines.append([*cells, f"{bar(row['outcome'], most):20}  {note}"])
        before = row
    return block(unit.titled(_name(rows)), lines, left=0, drawn=True)


def _saturation(rows: list[Row], level: str) -> str:
    """The response to a period's exposure."""
    most = max(row["response"] for row in rows)
    unit = Unit.of(row["exposure"] for row in rows)
    exposure = f"exposure of a period ({unit.word})" if unit.word else "exposure of a period"
    lines = [[exposure, "response", level, ""]]
    for row in rows:
        interval = ends(ratio(row["response_lower"]), ratio(row["response_upper"]))
        shape = f"{bar(row['response'], most):20}  {BEYOND if row['beyond'] else ''}"
        lines.append([unit.show(row["exposure"]), ratio(row["response"]), interval, shape])
    return block(_name(rows), lines, left=0, drawn=True)


def _adstock(rows: list[Row], level: str, unit: str) -> str:
    """Weight of each period after the exposure."""
    kept = [row for row in rows if row["weight_upper"] > 0]
    most = max(row["weight"] for row in rows)
    lines = [[f"{unit}s after", "share of the effect", level, ""]]
    for row in kept:
        interval = ends(percent(row["weight_lower"]), percent(row["weight_upper"]))
        lines.append([f"{row['lag']:.0f}", percent(row["weight"]), interval, f"{bar(row['weight'], most):20}"])
    return block(_name(rows), lines, left=0, drawn=True)


def _varying(frame: pd.DataFrame) -> str:
    """What multiplies all effects, by period."""
    rows = records(frame)
    most = max(row["multiplier"] for row in rows)
    lines = [["from", "effects ×", f"{frame['interval_level'].iloc[0]:.0%} interval", ""]]
    for row in rows:
        interval = ends(ratio(row["multiplier_lower"]), ratio(row["multiplier_upper"]))
        lines.append([row["date"], ratio(row["multiplier"]), interval, f"{bar(row['multiplier'], most):20}"])
    return block("effects of all channels", lines, left=0, drawn=True)


def _name(rows: list[Row]) -> str:
    return signed(shown(rows[0]["channel"]), rows[0]["mark"])
