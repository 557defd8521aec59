"""``attribution plan compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import finish, say, tell, write_frame

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--level", default=0.9, show_default=True, type=click.FloatRange(0.01, 0.99), help="Of intervals.")
@strict_option
@format_options
@workspace_option
@click.pass_context
def compare(
    ctx: click.Context, /, names: tuple[str, ...], level: float, strict: bool, form: str, output: str | None,
    workspace: str | None,
) -> None:  # fmt: skip
    """Kept plans side by side: money by channel, what it brings, and how they differ, draw by draw.

    The first one named (or made) is what the others are set against.

    \b
    Example:
      attribution plan compare plan shift lean
    """
    from attribution.steps.plan_compare import compare_plans  # noqa: PLC0415

    report = compare_plans(open_workspace(ctx, workspace), names, level=level)
    windows = dict.fromkeys(" to ".join(plan.entry["window"]) for plan in report.plans)
    say(f"{len(report.plans)} plan{'s' if len(report.plans) > 1 else ''}, {', '.join(windows)}.")
    write_frame(report.table, form, output, _table)
    tell(report.findings)
    finish(report.findings, strict)


def _table(frame: pd.DataFrame) -> str:
    """Money with a column for each plan, and a line for each plan's totals."""
    from attribution_cli.mmm_tables import Unit, block, ends, ratio, share  # noqa: PLC0415
    from attribution_cli.output import percent, records, shown  # noqa: PLC0415

    rows = records(frame.astype(object))
    plans = list(dict.fromkeys(row["plan"] for row in rows))
    money = {(row["plan"], row["channel"]): row["spend"] for row in rows if row["spend"] is not None}
    channels = list(dict.fromkeys(channel for _, channel in money))
    unit = Unit.of(money.values())
    lines = [["channel", *(shown(p) for p in plans)]]
    lines += [[shown(c), *(unit.show(money.get((p, c))) for p in plans)] for c in channels]
    what = "revenue" if rows[0].get("revenue") is not None else "outcome"
    level = f"{rows[0]['interval_level']:.0%} interval"
    name = "roas" if "roas" in rows[0] else "outcome_per_spend"
    totals = [row for row in rows if row["channel"] == "(total)"]
    size = Unit.of(row[f"{what}_upper"] for row in totals)
    head = ["plan", what, level, "ROAS" if name == "roas" else "per unit", f"over {shown(plans[0])}", level]

    def line(row: dict[str, Any]) -> list[str]:
        cells = [shown(row["plan"]), size.show(row[what])]
        cells += [ends(size.show(row[f"{what}_lower"]), size.show(row[f"{what}_upper"])), ratio(row[name])]
        cells += [size.show(row["over_first"])]
        cells += [ends(size.show(row["over_first_lower"]), size.show(row["over_first_upper"]))]
        return [*cells, percent(row["over_first_probability"]), share(row["outside_share"] or None)]

    found = [[*head, "better", "outside"], *(line(row) for row in totals)]
    return block(unit.titled("Spend"), lines) + "\n\n" + block(size.titled("What it brings"), found)
