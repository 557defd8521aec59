"""``attribution plan test``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import finish, say, tell, write_frame
from attribution_cli.plan_options import future_option, limit_options, options_within
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.option("--fit", metavar="NAME", help="The media-mix fit [the latest].")
@click.option("--budget", type=float, metavar="AMOUNT", help="Of the plan [what was spent in the window].")
@click.option("--window", metavar="PERIODS", help="Of the plan, as in attribution plan [the last quarter].")
@future_option
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Of imagined results.")
@click.option("--level", default=0.9, show_default=True, type=click.FloatRange(0.01, 0.99), help="Of intervals.")
@click.option("--force", is_flag=True, help="A fit that did not converge is a warning, no error.")
@limit_options
@strict_option
@format_options
@workspace_option
@click.pass_context
def test(
    ctx: click.Context, /, fit: str | None, level: float, force: bool, strict: bool, form: str, output: str | None,
    workspace: str | None, **given: Any,
) -> None:  # fmt: skip
    """What to test next: for each channel, what a lift test would be worth to the plan, how long, and how sharp.

    A test is imagined again and again: its result, what the model would learn from it, and the plan made anew. What
    that plan brings more, on average, is what the test is worth. Each test switches a channel off in half of the
    market, drawn by lot; with geos the best channel is looked at geo by geo as well.

    \b
    Example:
      attribution plan test --budget 500000 --window +13
    """
    from attribution.steps.plan_test import next_test_step  # noqa: PLC0415

    with watching("weighing tests"):
        report = next_test_step(open_workspace(ctx, workspace), fit, options_within(given, level), force=force)
    say(f"{report.stored.name}: plan of {report.asked.horizon.span[0]} to {report.asked.horizon.span[1]}.")
    write_frame(report.table, form, output, _table)
    tell(report.findings)
    finish(report.findings, strict)


def _table(frame: pd.DataFrame) -> str:
    from attribution_cli.mmm_tables import Unit, block, ends, share  # noqa: PLC0415
    from attribution_cli.output import percent, records, shown  # noqa: PLC0415

    rows = records(frame)
    unit = Unit.of(row["expected_upper"] for row in rows)
    level = f"{rows[0]['interval_level']:.0%} interval"
    head = ["channel", "where", "worth", "of the plan", "money moved", f"{rows[0]['unit']}s"]
    lines = [[*head, "expected effect", level, "detectable", "power"]]
    for row in rows:
        gained = "" if row["gain_share"] is None else f"{row['gain_share']:.2%}"
        lines.append([
            shown(row["channel"]),
            shown(row["geo"] or "half the market"),
            unit.show(row["gain"]),
            gained,
            share(row["moved"]),
            f"{row['periods']:.0f}",
            unit.show(row["expected"]),
            ends(unit.show(row["expected_lower"]), unit.show(row["expected_upper"])),
            unit.show(row["detectable"]),
            percent(row["power"]),
        ])  # fmt: skip
    return block(unit.titled("What to test next: a channel off there, for so long"), lines, left=2)
