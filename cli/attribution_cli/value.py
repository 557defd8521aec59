"""``attribution value``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import columns, finish, number, percent, say, tell, write_frame
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    from typing import Literal

    import pandas as pd


@click.command()
@click.option(
    "--tiers", default="10", show_default=True, metavar="N",
    help="Number of tiers of equal size, or the share of customers in each from the top, as 0.2,0.3,0.5.",
)  # fmt: skip
@click.option("--horizon", default="365d", show_default=True, metavar="365d", help="Time over which value counts.")
@click.option(
    "--value", "basis", type=click.Choice(["predicted", "observed"]), default="predicted", show_default=True,
    help="What purchases to come are worth, or those of the last days were.",
)  # fmt: skip
@click.option(
    "--by", type=click.Choice(["tier", "customer"]), default="tier", show_default=True,
    help="A row per tier, or per customer: that one names people and goes to a file (-o) only.",
)  # fmt: skip
@click.option(
    "--config", "configuration", metavar="FILE", type=click.Path(dir_okay=False),
    help="Tell stages by the windows of [suppression] of an attribution.toml.",
)  # fmt: skip
@format_options
@strict_option
@workspace_option
@click.pass_context
def value(
    ctx: click.Context, /, tiers: str, horizon: str, basis: Literal["predicted", "observed"], by: str,
    configuration: str | None, form: str, output: str | None, strict: bool, workspace: str | None,
) -> None:  # fmt: skip
    """Print what customers are worth, by tier, and at which stage they are.

    Value is what customers are expected to bring over the horizon; tier 1 is the highest. alive is the mean chance that
    a customer of the tier still buys. Prospects have touches and no purchase.

    \b
    Example:
      attribution value
      attribution value --tiers 0.1,0.4,0.5 --horizon 180d
      attribution value --by customer -f csv -o customers.csv
    """
    from attribution.configuration import read_configuration  # noqa: PLC0415
    from attribution.settings import MICROSECONDS, duration  # noqa: PLC0415
    from attribution.steps.value import value_step  # noqa: PLC0415

    if by == "customer" and output is None:
        raise click.UsageError("--by customer names people: name a file with -o FILE; only you can read it.")
    policy = None if configuration is None else read_configuration(Path(configuration)).suppression
    days = duration(horizon, "--horizon") / MICROSECONDS["d"]
    with watching("valuing customers") as told:
        report = value_step(open_workspace(ctx, workspace), _tiers(tiers), days, basis, policy, told)
    if by == "customer":
        write_frame(report.customers, form, output, lambda frame: str(frame.to_string(index=False)), private=True)
    else:
        write_frame(report.tiers, form, output, _table)
    say(f"Value by {report.model}, over {report.horizon_days:g} days; {len(report.customers):,} customers have bought.")
    tell(report.findings)
    finish(report.findings, strict)


def _tiers(text: str) -> int | tuple[float, ...]:
    """A number of tiers, or their shares."""
    try:
        return int(text) if text.strip().isdigit() else tuple(float(part) for part in text.split(","))
    except ValueError:
        raise click.UsageError(f'--tiers "{text}": give a number, as 10, or shares, as 0.2,0.3,0.5.') from None


def _table(frame: pd.DataFrame) -> str:
    """One tier a line."""
    stages = list(frame.columns[5:])
    rows = [["tier", "customers", "value each", "share", "alive", *stages]]
    for row in frame.to_dict("records"):
        money = [number(row["value_each"], 2), percent(row["value_share"]), percent(row["alive"])]
        rows.append([row["tier"], f"{row['customers']:,}", *money, *(f"{row[stage]:,}" for stage in stages)])
    return columns(rows)
