"""``attribution mmm effects``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from attribution_cli.mmm_stored import draws_options, force_option, heading, window_options
from attribution_cli.mmm_tables import Unit, block, ends, legend, ratio, share, signed
from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import bar, finish, records, say, shown, tell, write_frame
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


@click.command()
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--by", metavar="GRAIN,…", help="Of each period, week or month, and of each geo: month,geo.")
@window_options
@draws_options
@force_option
@strict_option
@format_options
@workspace_option
@click.pass_context
def effects(
    ctx: click.Context, /, name: str | None, by: str | None, first: str | None, last: str | None, level: float,
    draws: int | None, force: bool, strict: bool, form: str, output: str | None, workspace: str | None,
) -> None:  # fmt: skip
    """What each channel brought, and what its spend returned, with intervals.

    Contributions, the baseline and what is unattributed add up to the observed outcome. ROAS, marginal ROAS and CPA
    are counterfactual: spend off inside the window only, its effects followed until they have died away.

    \b
    Examples:
      attribution mmm effects
      attribution mmm effects --from 2024-01-01 --by month -f csv -o months.csv
    """
    from attribution.steps.mmm_effects import effects_step  # noqa: PLC0415

    grains = tuple(grain.strip() for grain in by.split(",")) if by else ()
    with watching("working out effects"):
        report = effects_step(
            open_workspace(ctx, workspace), name, by=grains, first=first, last=last, level=level, draws=draws,
            force=force,
        )  # fmt: skip
    say(heading(report.stored, report.span))
    write_frame(report.table, form, output, _table)
    tell(report.findings)
    finish(report.findings, strict)


def _table(frame: pd.DataFrame) -> str:
    rows, level = records(frame), f"{frame['interval_level'].iloc[0]:.0%} interval"
    grains = [grain for grain in ("geo", "period", "week", "month") if grain in frame.columns]
    media = [row for row in rows if row["kind"] in ("paid", "organic")]
    blocks = [_grouped(rows, grains, level)] if grains else [_brought(rows, level), _when(media, level)]
    if not grains and any(row["roas"] is not None or row["cpa"] is not None for row in media):
        blocks.append(_returned(media, level))
    return "\n\n".join([*blocks, *filter(None, [legend(row["mark"] for row in media)])])


def _brought(rows: list[Row], level: str) -> str:
    """Contributions, adding up to what was observed."""
    unit = Unit.of(row["contribution"] for row in rows)
    most = max(row["share"] or 0.0 for row in rows if row["kind"] != "rest")
    lines = [["channel", "contribution", level, "share", level, ""]]
    for row in rows:
        amounts = [unit.show(row[f"contribution{end}"]) for end in ("", "_lower", "_upper")]
        shares = [share(row[f"share{end}"]) for end in ("", "_lower", "_upper")]
        shape = "" if row["kind"] == "rest" else bar(row["share"], most)
        lines.append([_name(row), amounts[0], ends(*amounts[1:]), shares[0], ends(*shares[1:]), shape])
    total = sum(row["contribution"] for row in rows)
    lines.append(["observed", unit.show(total), "", share(sum(row["share"] or 0.0 for row in rows)), "", ""])
    return block(unit.titled("What each channel brought"), lines, drawn=True)


def _when(media: list[Row], level: str) -> str:
    """Spend, and when what it brought came."""
    unit = Unit.of(row["incremental"] for row in media)
    money = Unit.of(row["spend"] for row in media)
    spend = f"spend ({money.word})" if money.word and money.word != unit.word else "spend"
    lines = [["channel", spend, "in window", "carried in", "carried out", "of its spend", level]]
    for row in media:
        parts = [unit.show(row[part]) for part in ("in_window", "carried_in", "carried_out", "incremental")]
        interval = ends(unit.show(row["incremental_lower"]), unit.show(row["incremental_upper"]))
        lines.append([_name(row), money.show(row["spend"]), *parts, interval])
    return block(unit.titled("When it came (of its spend = in window + carried out)"), lines)


def _returned(media: list[Row], level: str) -> str:
    """Return on spend."""
    measures = [m for m in ("roas", "mroas", "cpa") if any(row[m] is not None for row in media)]
    words = {"roas": "ROAS", "mroas": "marginal ROAS", "cpa": "CPA"}
    lines = [["channel", *(text for m in measures for text in (words[m], level))]]
    for row in media:
        cells = []
        for measure in measures:
            cells += [ratio(row[measure]), ends(ratio(row[f"{measure}_lower"]), ratio(row[f"{measure}_upper"]))]
        if row["kind"] == "paid":
            lines.append([_name(row), *cells])
    return block("What a unit of spend returned", lines)


def _grouped(rows: list[Row], grains: list[str], level: str) -> str:
    """One line per group and channel; a group's name stands on its first line."""
    unit, money = Unit.of(row["contribution"] for row in rows), Unit.of(row["spend"] for row in rows)
    measure = "roas" if any(row["roas"] is not None for row in rows) else "cpa"
    spend = f"spend ({money.word})" if money.word and money.word != unit.word else "spend"
    lines = [[*grains, "channel", spend, "contribution", level, "ROAS" if measure == "roas" else "CPA", level]]
    before: list[str] = []
    for row in rows:
        group = [shown(row[grain]) for grain in grains]
        amounts = [unit.show(row[f"contribution{end}"]) for end in ("", "_lower", "_upper")]
        found = [ratio(row[f"{measure}{end}"]) for end in ("", "_lower", "_upper")]
        cells = [money.show(row["spend"]), amounts[0], ends(*amounts[1:]), found[0], ends(*found[1:])]
        lines.append([*([""] * len(group) if group == before else group), _name(row), *cells])
        before = group
    return block(unit.titled("What each channel brought"), lines, left=len(grains) + 1)


def _name(row: Row) -> str:
    return signed(shown(row["channel"]), row["mark"])
