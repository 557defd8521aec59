"""``attribution mmm folds``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attribution_cli.mmm_options import reading, reading_options
from attribution_cli.mmm_sampling import fold_options, sampling_options, tuning
from attribution_cli.mmm_tables import Unit, block
from attribution_cli.options import format_options, strict_option
from attribution_cli.output import finish, number, percent, records, say, tell, write_frame
from attribution_cli.progress_bar import watching
from attribution_cli.sampling_bar import sampling_bar

if TYPE_CHECKING:
    import pandas as pd

HEAD = ["rows", "log density", "per row", "CRPS", "MAPE", "wMAPE", "naive wMAPE"]


@click.command()
@click.option("--panel", "panels", multiple=True, required=True, metavar="FILE", help="Outcome, spend and exposure.")
@click.option("--model", required=True, metavar="FILE", type=click.Path(), help="The model file.")
@fold_options
@sampling_options
@strict_option
@format_options
@reading_options
def folds(
    panels: tuple[str, ...], model: str, folds: int, horizon: int, step: int | None, level: float, strict: bool,
    form: str, output: str | None, **options: Any,
) -> None:  # fmt: skip
    """How well a model predicts: fitted to the past, scored on what came, from several origins.

    The last fold ends with the panel. Spend and controls of the predicted periods are known to the model, their
    outcomes and everything later are not. "naive" is last year's outcome of the same period (or the latest ones).

    \b
    Example:
      attribution mmm folds --panel weekly.csv --model mmm.toml --folds 4 --horizon 8
    """
    from attribution.steps.mmm_folds import FoldPlan, folds_step  # noqa: PLC0415

    plan = FoldPlan(folds, horizon, step, level)
    with watching("reading the panel") as told:
        report = folds_step(
            panels, Path(model), plan, tuning=tuning(options), rounds=options["rounds"], settings=reading(options),
            told=sampling_bar(told),
        )  # fmt: skip
    scores = report.rolled.scores
    unit = f"{report.unit}{'s' if horizon > 1 else ''}"
    say(f"{scores.outcome}: {folds} fold{'s' if folds > 1 else ''} of {horizon} {unit}.")
    write_frame(report.table, form, output, partial(_table, unit=report.unit))
    tell(report.findings)
    finish(report.findings, strict)


def _table(frame: pd.DataFrame, unit: str) -> str:
    """Scores by fold with their sum, and by distance from the origin."""
    size = Unit.of(frame["crps"])
    inside = f"inside {frame['interval_level'].iloc[0]:.0%}"
    head = [*(f"{name} ({size.word})" if name == "CRPS" and size.word else name for name in HEAD), inside]
    rows = records(frame.astype(object))
    of = {part: [r for r in rows if r["part"] == part] for part in ("fold", "distance", "all")}
    by_fold = [["from", *head], *([r["origin"] + _mark(r), *_cells(r, size)] for r in of["fold"])]
    by_fold += [["all", *_cells(r, size)] for r in of["all"]]
    blocks = [block("By origin", by_fold)]
    if len(of["distance"]) > 1:
        lines = [[f"{unit} after", *head], *([f"{r['distance']:.0f}", *_cells(r, size)] for r in of["distance"])]
        blocks.append(block("By distance from the origin", lines))
    return "\n\n".join(blocks)


def _mark(row: dict[str, Any]) -> str:
    return "  failed" if row["rows"] is None else "  not converged" if row["converged"] is False else ""


def _cells(row: dict[str, Any], size: Unit) -> list[str]:
    return [
        "" if row["rows"] is None else f"{row['rows']:,.0f}",
        number(row["elpd"]),
        number(row["elpd_per_row"], 2),
        size.show(row["crps"]),
        percent(row["mape"]),
        percent(row["wmape"]),
        percent(row["naive_wmape"]),
        percent(row["coverage"]),
    ]
