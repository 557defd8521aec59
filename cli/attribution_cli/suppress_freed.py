"""``attribution suppress --match-rates``: its options, and what is said of what a list frees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from attribution_cli.options import F
from attribution_cli.output import columns, number, percent, say, shown

if TYPE_CHECKING:
    import pandas as pd

    from attribution.findings import Finding
    from attribution.steps.suppress_freed import FreedOptions
    from attribution.suppression.freed import Freed


def freed_options(command: F) -> F:
    """``--match-rates``, ``--margin`` and ``--period``."""
    command = click.option("--period", metavar="28d", help="Whose impressions count, and how far it is told [28d].")(
        command
    )
    command = click.option("--margin", type=float, metavar="SHARE", help="Contribution as a share of value [1].")(
        command
    )
    return click.option(
        "--match-rates", metavar="FILE",
        help="Tell what the list frees on platforms: platform, uploaded and matched of earlier uploads.",
    )(command)  # fmt: skip


def money_of(
    match_rates: str | None, margin: float | None, period: str | None
) -> tuple[FreedOptions | None, tuple[Finding, ...]]:
    """What was asked for, and what was noticed in the file; None where nothing was."""
    from attribution.errors import UsageError  # noqa: PLC0415
    from attribution.settings import MICROSECONDS, duration  # noqa: PLC0415
    from attribution.steps.suppress_freed import FreedOptions  # noqa: PLC0415
    from attribution.suppression.matches import read_match_rates  # noqa: PLC0415

    if match_rates is None:
        if margin is not None or period is not None:
            raise UsageError("--margin and --period are of what the list frees: name a file with --match-rates.")
        return None, ()
    days = duration(period or "28d", "--period") / MICROSECONDS["d"]
    if days != int(days):
        raise UsageError(f'--period: "{period}" is no number of whole days. Write 28d.')
    reports, noted = read_match_rates(match_rates)
    return FreedOptions(reports, margin, int(days)), noted


def freed_table(frame: pd.DataFrame) -> str:
    """What is freed, by platform."""
    level = f"{frame['level'].iloc[0]:.0%} interval"
    rows = [["platform", "channels", "people", "to them", "match rate", "freed", level, "spend freed", level]]
    for row in frame.to_dict("records"):
        ends = [f"{number(row[f'{what}_lower'], digits)} to {number(row[f'{what}_upper'], digits)}"
                for what, digits in (("freed", 0), ("spend_freed", 2))]  # fmt: skip
        counts = [f"{row['people']:,}", number(row["listed"], 0), percent(row["match_rate"]), number(row["freed"], 0)]
        rows.append([row["platform"], shown(row["channels"]), *counts, ends[0], number(row["spend_freed"], 2), ends[1]])
    return columns(rows, left=2)


def told_freed(freed: Freed) -> None:
    """The net, and what has to be believed."""
    say(freed.said)
    say(f"Freed in the {freed.period.days} days after {freed.period}, if all of this holds:")
    for sentence in freed.assumptions:
        say(f"  - {sentence}")
