"""``attribution uplift``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from attribution_cli.options import format_options, given, open_workspace, strict_option, workspace_option
from attribution_cli.output import columns, finish, say, tell, write_frame
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.option("--experiment", required=True, metavar="NAME", help="Which experiment of the assignments.")
@click.option("--channel", metavar="NAME", help="Which channel, where the experiment is on several.")
@click.option(
    "--outcome", type=click.Choice(["conversions", "value"]), default="conversions", show_default=True,
    help="Whether people buy, or what they spend.",
)  # fmt: skip
@click.option("--days", type=int, default=28, show_default=True, help="Days after the assignment that count.")
@click.option(
    "--features", multiple=True, metavar="COLUMN",
    help="A column of the customers that tells people apart, beside their history before; several with commas.",
)  # fmt: skip
@click.option("--margin", type=float, metavar="M", help="What a conversion, or a unit of value, contributes.")
@click.option("--cost", type=float, metavar="C", help="What advertising to one person costs.")
@click.option("--repeats", type=int, default=20, show_default=True, help="Cross-fits; 20 is the least.")
@click.option("--groups", type=int, metavar="N", help="Groups of equal size [2, by the sign of the predicted effect].")
@click.option("--planned", type=float, metavar="SHARE", help="Share that was to be held out; the split is checked.")
@format_options
@strict_option
@workspace_option
@click.pass_context
def uplift(
    ctx: click.Context, /, form: str, output: str | None, strict: bool, workspace: str | None,
    features: tuple[str, ...], **options: Any,
) -> None:  # fmt: skip
    """Print what a randomised experiment shows of groups of people, and keep each person's verdict.

    People are scored by models that did not see them and grouped by that; the effect in a group is the experiment's own
    difference. Verdicts: harm shown, benefit below cost shown (with --margin and --cost), else undecided. The rules
    harm-shown and below-cost of [suppression] list people by it. Needs the extra: uplift.

    \b
    Example:
      attribution uplift --experiment spring --planned 0.1
      attribution uplift --experiment spring --outcome value --margin 0.3 --cost 0.12 --features loyalty_tier
    """
    from attribution.steps.uplift import uplift_step  # noqa: PLC0415
    from attribution.suppression.uplift_people import UpliftQuestion  # noqa: PLC0415

    names = tuple(dict.fromkeys(name.strip() for part in features for name in part.split(",") if name.strip()))
    with watching("reading people") as told:
        report = uplift_step(open_workspace(ctx, workspace), UpliftQuestion(features=names, **given(options)), told)
    write_frame(report.table, form, output, _table)
    say(f"People are told apart by: {', '.join(report.features)}.")
    curve = report.curve
    say(f"Order of people by score: qini {curve.qini:+.5f} per person exposed, auuc {curve.auuc:+.5f} per person.")
    for file in report.files:
        say(f"  {file}")
    tell(report.findings)
    finish(report.findings, strict)


def _table(frame: pd.DataFrame) -> str:
    """One group a line; effects per person."""
    priced = frame["p_below_cost"].notna().any()
    head = ["group", "verdict", "people", "effect", "lower", "upper", "p harm", *(["p below cost"] if priced else [])]
    rows = [head]
    for row in frame.to_dict("records"):
        numbers = [_signed(row[name]) for name in ("effect", "lower", "upper")]
        chances = [_chance(row[name]) for name in ("p_harm", *(["p_below_cost"] if priced else []))]
        rows.append([row["group"], row["verdict"], f"{row['people']:,.0f}", *numbers, *chances])
    return columns(rows, left=2)


def _signed(effect: float) -> str:
    """An effect per person with its sign; nothing where it is not known."""
    return "" if effect != effect else f"{effect:+.4f}"  # noqa: PLR0124  (NaN)


def _chance(p: float) -> str:
    """A p-value; nothing where there is none."""
    return "" if p != p else f"{p:.4f}"  # noqa: PLR0124  (NaN)
