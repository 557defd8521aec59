"""``attribution fit mmm``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attribution_cli.mmm_options import reading, reading_options
from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import finish, say, write_frame

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.option("--panel", "panels", multiple=True, required=True, metavar="FILE", help="Outcome, spend and exposure.")
@click.option("--model", required=True, metavar="FILE", type=click.Path(), help="The model file.")
@click.option("--lifts", multiple=True, metavar="FILE", help="Lift tests, as part of the likelihood.")
@click.option("--chains", default=4, show_default=True, type=click.IntRange(min=2), help="Chains per round.")
@click.option("--tune", default=600, show_default=True, type=click.IntRange(min=50), help="Draws that are thrown away.")
@click.option(
    "--draws", default=1000, show_default=True, type=click.IntRange(min=50), help="Draws per chain and round."
)
@click.option("--target-accept", default=0.9, show_default=True, type=click.FloatRange(0.5, 0.999), help="Care.")
@click.option("--seed", default=1, show_default=True, help="Of all random numbers.")
@strict_option
@format_options
@workspace_option
@reading_options
@click.pass_context
def mmm(
    ctx: click.Context, /, panels: tuple[str, ...], model: str, lifts: tuple[str, ...], chains: int, tune: int,
    draws: int, target_accept: float, seed: int, strict: bool, form: str, output: str | None, workspace: str | None,
    **options: Any,
) -> None:  # fmt: skip
    """Media mix: what spend added to the outcome, by a Bayesian model of the panel.

    Chains run until every parameter has R-hat at most 1.01, 400 effective draws and no divergence, in up to four
    rounds. A fit that does not get there is kept as failed, with a checklist, and the exit code is 1.

    \b
    Example:
      attribution fit mmm --panel weekly.csv --model mmm.toml
    """
    from attribution.steps.mmm import Tuning, mmm_step  # noqa: PLC0415

    target = open_workspace(ctx, workspace)
    report = mmm_step(
        target, panels, Path(model), lifts, settings=reading(options), wait=_progress(),
        tuning=Tuning(chains=chains, tune=tune, draws=draws, target_accept=target_accept, seed=seed),
        begin=lambda built: say(f"Sampling {built.size} parameters …"),
    )  # fmt: skip
    rounds = report.fit.rounds
    say(
        f"{report.name}: {len(rounds)} round{'s' if len(rounds) > 1 else ''}, {sum(r.seconds for r in rounds):.1f} s, "
        f"R-hat at most {report.fit.gate.worst_rhat:.3f}, at least {report.fit.gate.least_ess:,.0f} effective draws."
    )
    write_frame(report.parameters, form, output, _table)
    finish(report.findings, strict)


def _progress() -> Callable[[int, Any], None] | None:
    """A line on a terminal that says which round runs and for how long."""
    if not sys.stderr.isatty():
        return None

    def wait(number: int, running: Any) -> None:
        seconds = 0.0
        while not running.is_finished():
            running.wait(0.5)
            seconds += 0.5
            click.echo(f"\rround {number}: {seconds:.0f} s", err=True, nl=False)
        click.echo("\r" + " " * 30 + "\r", err=True, nl=False)

    return wait


def _table(frame: pd.DataFrame) -> str:
    """Parameters in columns, rounded."""
    shown = frame.copy()
    for name in ("mean", "sd", "q5", "median", "q95"):
        shown[name] = [f"{v:.4g}" for v in frame[name]]
    shown["rhat"] = [f"{v:.3f}" for v in frame["rhat"]]
    for name in ("ess_bulk", "ess_tail"):
        shown[name] = [f"{v:,.0f}" for v in frame[name]]
    return shown.drop(columns="mcse").to_string(index=False)
