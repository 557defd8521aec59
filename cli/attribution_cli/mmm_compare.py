"""``attribution mmm compare``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attribution_cli.mmm_options import reading, reading_options
from attribution_cli.mmm_sampling import fold_options, sampling_options, tuning
from attribution_cli.mmm_tables import Unit, block, ends, ratio
from attribution_cli.options import format_options, strict_option
from attribution_cli.output import finish, number, percent, records, say, shown, tell, write_frame
from attribution_cli.progress_bar import watching
from attribution_cli.sampling_bar import sampling_bar

if TYPE_CHECKING:
    import pandas as pd

NAMES = {"roas": "ROAS", "outcome_per_spend": "outcome per spend"}


@click.command()
@click.option("--panel", "panels", multiple=True, required=True, metavar="FILE", help="Outcome, spend and exposure.")
@click.option("--model", "models", multiple=True, required=True, metavar="FILE", help="A model file; two or more.")
@click.option("--lifts", multiple=True, metavar="FILE", help="Lift tests, in the fits to all rows.")
@click.option("--no-loo", is_flag=True, help="Without leave-one-out: models may then differ in l_max.")
@fold_options
@sampling_options
@strict_option
@format_options
@reading_options
def compare(
    panels: tuple[str, ...], models: tuple[str, ...], lifts: tuple[str, ...], no_loo: bool, folds: int, horizon: int,
    step: int | None, level: float, strict: bool, form: str, output: str | None, **options: Any,
) -> None:  # fmt: skip
    """Several models of one panel side by side: how they predict, and how far apart their returns on spend are.

    Names no winner: a model that predicts better may still have a wrong return. Where models that predict alike
    disagree on a return, the data do not settle it.

    \b
    Example:
      attribution mmm compare --panel weekly.csv --model mmm.toml --model longer-carry-over.toml
    """
    from attribution.steps.mmm_compare import FoldPlan, compare_mix_step  # noqa: PLC0415

    with watching("reading the panel") as told:
        report = compare_mix_step(
            panels, [Path(m) for m in models], FoldPlan(folds, horizon, step, level), lifts=lifts, by_loo=not no_loo,
            tuning=tuning(options), rounds=options["rounds"], settings=reading(options), told=sampling_bar(told),
        )  # fmt: skip
    say(f"{report.outcome}: {len(models)} models, {folds} fold{'s' if folds > 1 else ''} of {horizon} {report.unit}s.")
    write_frame(report.table, form, output, partial(_table, note=report.spec_table.note))
    tell(report.findings)
    finish(report.findings, strict)


def _table(frame: pd.DataFrame, note: str) -> str:
    import textwrap  # noqa: PLC0415

    rows = records(frame.astype(object))
    of = {part: [row for row in rows if row["part"] == part] for part in ("model", "return", "spread")}
    blocks = [_future(of["model"])]
    if any(row["loo_elpd"] is not None for row in of["model"]):
        blocks.append(_one_out(of["model"]))
    blocks.append(_returns(of["return"], of["spread"]))
    return "\n\n".join([*blocks, textwrap.fill(note, 100, break_on_hyphens=False)])


def _future(rows: list[dict[str, Any]]) -> str:
    size = Unit.of(row["crps"] for row in rows)
    crps = f"CRPS ({size.word})" if size.word else "CRPS"
    head = ["model", "rows", "log density", "± se", "to the first", "± se", crps, "wMAPE"]
    lines = [[*head, f"inside {rows[0]['interval_level']:.0%}"]]
    for i, row in enumerate(rows):
        apart = ("", "") if i == 0 else (f"{row['future_difference']:+,.1f}", number(row["future_difference_se"]))
        lines.append([
            shown(row["model"]) + ("" if row["converged"] else "  not converged"),
            number(row["rows"], 0),
            number(row["future_elpd"]),
            number(row["future_se"]),
            *apart,
            size.show(row["crps"]),
            percent(row["wmape"]),
            percent(row["coverage"]),
        ])  # fmt: skip
    return block("Forecasts: the future left out", lines)


def _one_out(rows: list[dict[str, Any]]) -> str:
    lines = [["model", "log density", "± se", "unreliable rows"]]
    lines += [
        [shown(r["model"]), number(r["loo_elpd"]), number(r["loo_se"]), number(r["loo_unreliable"], 0)] for r in rows
    ]
    return block("Leave-one-out (LOO): each row's neighbours in time known", lines)


def _returns(rows: list[dict[str, Any]], spread: list[dict[str, Any]]) -> str:
    name = NAMES[rows[0]["quantity"]] if rows else "ROAS"
    lines = [["channel", "model", name, "90% interval", "means of all models", ""]]
    if rows:
        lines[0][3] = f"{rows[0]['interval_level']:.0%} interval"
    for channel in spread:
        own = [row for row in rows if row["channel"] == channel["channel"]]
        for i, row in enumerate(own):
            means = ends(ratio(channel["lower"]), ratio(channel["upper"])) if i == 0 else ""
            first = [shown(row["channel"]) if i == 0 else "", shown(row["model"]), ratio(row["mean"])]
            lines.append([*first, ends(ratio(row["lower"]), ratio(row["upper"])), means, row["mark"]])
    return block("Return on spend, carry-over after the window included", lines, left=2)
