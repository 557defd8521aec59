"""``attribution suppress evaluate``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import columns, finish, percent, say, tell, write_frame
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    import pandas as pd

    from attribution.steps.suppress_evaluate import Evaluation

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option(
    "--outcomes", required=True, metavar="FILE",
    help="What people bought since: customer_id or unified_id, timestamp and, if any, value.",
)  # fmt: skip
@click.option("--impressions", metavar="FILE", help="What they were shown since: the same ids, timestamp; a row each.")
@click.option("--experiment", metavar="NAME", help="Which experiment, where there are several.")
@click.option(
    "--start", type=DAY, metavar="DATE", help="First day that counts [of the first upload, else of the list]."
)
@click.option("--end", type=DAY, metavar="DATE", help="Last day that counts [of the outcomes].")
@click.option("--force", is_flag=True, help="Go on where the split is not the planned one, and say so.")
@format_options
@strict_option
@workspace_option
@click.pass_context
def evaluate(
    ctx: click.Context, /, form: str, output: str | None, strict: bool, workspace: str | None,
    start: datetime | None, end: datetime | None, **options: Any,
) -> None:  # fmt: skip
    """What suppression did, by the share that was held out of it.

    Compares the people as they were assigned, matched by a platform or not: buyers, purchases and value per listed
    person, suppressed minus held out, as they are and with what they bought before taken out. Fix the last day before
    you look: each look is another chance to be wrong.

    \b
    Example:
      attribution suppress evaluate --outcomes orders.csv --start 2026-06-01 --end 2026-06-28
    """
    from attribution.steps.suppress_evaluate import EvaluateOptions, evaluate_step  # noqa: PLC0415

    first, last = (None if day is None else day.date() for day in (start, end))
    asked = EvaluateOptions(start=first, end=last, **options)
    with watching("comparing the arms") as told:
        found = evaluate_step(open_workspace(ctx, workspace), asked, told)
    write_frame(found.table, form, output, _table)
    _told(found)
    tell(found.findings)
    finish(found.findings, strict)


def _table(frame: pd.DataFrame) -> str:
    """Effects per 1,000 people would hide what is a share: they are shown as they are."""
    head = ["outcome", "method", "suppressed", "held out", "effect", "95% interval", "p", "explained", "detectable"]
    rows = [head]
    for row in frame.to_dict("records"):
        means = [f"{row[name]:.4g}" for name in ("suppressed", "held_out")]
        ends = f"{row['lower']:+.4g} to {row['upper']:+.4g}"
        least = "" if row["detectable"] != row["detectable"] else f"{row['detectable']:.3g}"
        effect = [
            f"{row['effect']:+.4g}",
            ends,
            ("<0.001" if row["p"] < 0.001 else f"{row['p']:.3f}"),
            percent(row["explained"]),
            least,
        ]
        rows.append([row["outcome"], row["method"], *means, *effect])
    return columns(rows, left=2)


def _told(found: Evaluation) -> None:
    """The window, what could be shown, the split, and what it means."""
    ratio, power = found.ratio, found.power
    say(f'Experiment "{found.experiment}", {found.period}: suppressed minus held out, per listed person.')
    say(f"Held out: {ratio.observed:.2%}, planned {ratio.expected:.2%} (p = {ratio.p:.2g}).")
    if power["detectable"] is not None:
        before = f"{100 * power['detectable']:.3g} points of buyers within {power['days']} days"
        say(
            f"Told beforehand: differences from {before} on can be found (80 % power); {power['rate']:.1%} bought then."
        )
    for sentence in found.said:
        say(sentence)
