"""``attribution reconcile``: one answer from paths, media mix and experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import (
    announce_compile,
    columns,
    credits_table,
    finish,
    number,
    say,
    shown,
    tell,
    write_frame,
)
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    import pandas as pd

    from attribution.steps.reconcile import ReconcileReport


@click.command()
@click.option("--mix", metavar="NAME", help="The media-mix fit [the latest].")
@click.option("--paths", metavar="FIT", help="The fit of journeys [hazard, else markov, else another].")
@click.option("--by", multiple=True, metavar="GRAIN", help="campaign, and one of week and month; with commas.")
@click.option(
    "--discrepancy", type=float, metavar="TAU",
    help="How far each channel's path total may be off, in logs [0.7 for hazard, 1.4 for credit].",
)  # fmt: skip
@click.option("--match", "pairs", multiple=True, metavar="PANEL=PATH", help="One channel under two names; repeatable.")
@click.option(
    "--name", metavar="NAME", default="reconciled", show_default=True, help="Keep the result under this name."
)
@click.option("--level", type=float, default=0.9, show_default=True, help="Of the intervals.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same numbers.")
@click.option(
    "--show", type=click.Choice(["credits", "disagreements"]), default="credits", show_default=True,
    help="What is printed or written.",
)  # fmt: skip
@strict_option
@format_options
@workspace_option
@click.pass_context
def reconcile(
    ctx: click.Context, mix: str | None, paths: str | None, by: tuple[str, ...], discrepancy: float | None,
    pairs: tuple[str, ...], name: str, level: float, seed: int, show: str, strict: bool, form: str,
    output: str | None, workspace: str | None,
) -> None:  # fmt: skip
    """One answer from a media-mix fit, a fit of journeys and experiments on people.

    Totals are those of the media-mix model, its lift tests inside, moved by experiments (but those kept for validation)
    and, less, by path totals: biased evidence, never the truth. Below the channel they are split by path credit. The
    result is kept; credits, compare and report show it as model "reconciled".

    \b
    Examples:
      attribution reconcile
      attribution reconcile --by campaign,week -f csv -o reconciled.csv
      attribution reconcile --paths markov-1 --discrepancy 1 --name with-markov
      attribution reconcile --match tv=Television --show disagreements
    """
    from attribution.reconcile.options import ReconcileOptions, parse_match  # noqa: PLC0415
    from attribution.steps.reconcile import reconcile_step  # noqa: PLC0415

    grains = tuple(g.strip() for part in by for g in part.split(",") if g.strip())
    options = ReconcileOptions(grains, discrepancy, parse_match(pairs), name, level, seed)
    target = open_workspace(ctx, workspace)
    target.require()
    announce_compile()
    with watching("reconciling"):
        report = reconcile_step(target, mix, paths, options)
    tell_reconciled(report)
    if show == "disagreements":
        write_frame(report.disagreements, form, output, disagreements_table)
    else:
        write_frame(report.credits, form, output, credits_table)
        if form == "table" and output is None:
            say(f"\n{disagreements_table(report.disagreements)}")
    tell(report.findings)
    finish(report.findings, strict)


def tell_reconciled(report: ReconcileReport) -> None:
    """What it was made of, and how far paths are from the rest."""
    entry, bias = report.entry, report.result.totals.bias
    tests = f"{entry['experiments']} experiment{'' if entry['experiments'] == 1 else 's'}"
    say(f"{entry['name']}: {entry['mix']}, {entry['paths']} and {tests}, {' to '.join(entry['window'])}.")
    if entry["split"] and entry["split"] != entry["paths"] and entry["by"]:
        say(f"Split below the channel by {entry['split']}.")
    say(
        f"Path totals are about {_times(bias[0])} times what channels bring ({_times(bias[0] - bias[1])} to "
        f"{_times(bias[0] + bias[1])}); each may be off by another {_times(entry['spec']['discrepancy'])} times.\n"
    )


def _times(log: float) -> str:
    from math import exp  # noqa: PLC0415

    return f"{exp(log):.2g}"


def disagreements_table(frame: pd.DataFrame) -> str:
    """Per channel: what paths, mix model and all together say, and why the first two differ."""
    rows = [["channel", "paths", "mix model", "reconciled", "interval", "apart (sd)", "  why"]]
    for r in frame.to_dict("records"):
        ends = f"{number(r['reconciled_lower'], 0)} to {number(r['reconciled_upper'], 0)}"
        apart = "" if r["apart"] != r["apart"] else f"{r['apart']:+.1f}"
        amounts = [number(r[c], 0) for c in ("path", "mix", "reconciled")]
        rows.append([shown(r["channel"]), *amounts, ends, apart, ""])
    lines = columns([row[:-1] for row in rows]).split("\n")
    told = ["why", *(str(reason) for reason in frame["reason"])]
    width = max(len(line) for line in lines)
    return "\n".join(f"{line.ljust(width)}  {why}".rstrip() for line, why in zip(lines, told, strict=True))
