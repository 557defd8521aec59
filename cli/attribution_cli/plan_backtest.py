"""``attribution plan backtest``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from attribution_cli.mmm_sampling import sampling_options, tuning
from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import finish, say, tell, write_frame
from attribution_cli.plan_options import limit_options, options_within, risk_options
from attribution_cli.sampling_bar import sampling_bar

if TYPE_CHECKING:
    import pandas as pd

    from attribution.steps.plan_backtest import BacktestReport


@click.command()
@click.option("--fit", metavar="NAME", help="The media-mix fit [the latest].")
@click.option("--periods", type=click.IntRange(min=1), metavar="N", help="Plan the last N periods [a quarter].")
@click.option("--level", default=0.9, show_default=True, type=click.FloatRange(0.01, 0.99), help="Of intervals.")
@click.option("--force", is_flag=True, help="A fit that did not converge is a warning, no error.")
@risk_options
@limit_options
@sampling_options
@strict_option
@format_options
@workspace_option
@click.pass_context
def backtest(
    ctx: click.Context, /, fit: str | None, periods: int | None, level: float, force: bool, strict: bool, form: str,
    output: str | None, workspace: str | None, **given: Any,
) -> None:  # fmt: skip
    """What it would have planned a quarter ago, and what the model now thinks of that plan.

    The model is fitted anew to the outcomes before; its plan splits the money that was spent since. Then the fit of
    today, which has seen what came, says what that plan would have brought.

    \b
    Example:
      attribution plan backtest --periods 13 --objective expected
    """
    from attribution.steps.plan_backtest import backtest_step  # noqa: PLC0415

    options = options_within(given, level)
    report = backtest_step(
        open_workspace(ctx, workspace), fit, options, periods=periods, tuning=tuning(given),
        rounds=given["rounds"], force=force, told=sampling_bar(),
    )  # fmt: skip
    say(f"{report.stored.name}: {report.span[0]} to {report.span[1]}, planned with what was known before.")
    say(f"Plans then and now: the best for {options.aim.words}.")
    write_frame(report.table, form, output, partial(_table, report=report))
    tell(report.findings)
    finish(report.findings, strict)


def _table(frame: pd.DataFrame, report: BacktestReport) -> str:
    from attribution_cli.mmm_tables import Unit, block, ends  # noqa: PLC0415
    from attribution_cli.output import percent, records, shown  # noqa: PLC0415

    rows = records(frame)
    level = f"{rows[0]['interval_level']:.0%} interval"
    money, size = Unit.of(row["spend"] for row in rows), Unit.of(row["now_upper"] for row in rows)
    lines = [["channel", "spent", "plan then", "plan now", "promised", level, "now", level]]
    for row in rows:
        cells = [shown(row["channel"]), *(money.show(row[c]) for c in ("spend", "spend_then", "spend_now"))]
        for name in ("promised", "now"):
            cells += [size.show(row[name]), ends(size.show(row[f"{name}_lower"]), size.show(row[f"{name}_upper"]))]
        lines.append(cells)
    title = "Plan in hindsight: what it brings more than what was spent"
    words = f" (spend in {money.word})" if money.word else ""
    if all(
        abs(row["spend_then"] - row["spend"]) <= 1e-6 * rows[-1]["spend"] for row in rows if row["spend"] is not None
    ):
        text = "The plan then was to split the money as it was split: nothing was surely better."
    else:
        text = f"By all that is known now the plan would have been better with a probability of {percent(report.kept)}."
    return block(size.titled(title) + words, lines) + "\n\n" + text
