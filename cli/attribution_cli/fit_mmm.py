"""``attribution fit mmm``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attribution_cli.mmm_options import reading, reading_options
from attribution_cli.options import format_options, open_workspace, strict_option, workspace_option
from attribution_cli.output import credits_table, finish, put, say, tell, write_frame
from attribution_cli.progress_bar import duration, watching
from attribution_cli.sampling_bar import sampling_bar

if TYPE_CHECKING:
    from attribution.steps.mmm import MixOptions, MixReport, RunTime


@click.command()
@click.option("--panel", "panels", multiple=True, required=True, metavar="FILE", help="Outcome, spend and exposure.")
@click.option("--model", metavar="FILE", type=click.Path(), help="The model file; with --refresh, that of the old fit.")
@click.option("--lifts", multiple=True, metavar="FILE", help="Lift tests, as part of the likelihood.")
@click.option("--name", metavar="NAME", help="Keep the fit as mmm-NAME [the model file's name].")
@click.option("--refresh", metavar="FIT", help="Bring an earlier fit up to date: keep its scales, say what moved.")
@click.option("--prior-check", is_flag=True, help="Say what the priors allow before the data, and stop.")
@click.option("--placebo", is_flag=True, help="Fit once more for each channel, with its future spend beside it.")
@click.option("--checks/--no-checks", default=True, show_default=True, help="Judge the fit.")
@click.option("--parameters", is_flag=True, help="Print parameters and their diagnostics instead of credits.")
@click.option("--level", default=0.9, show_default=True, type=click.FloatRange(0.01, 0.999), help="Of the intervals.")
@click.option("--chains", default=4, show_default=True, type=click.IntRange(min=2), help="Chains per round.")
@click.option("--tune", default=600, show_default=True, type=click.IntRange(min=50), help="Draws that are thrown away.")
@click.option(
    "--draws", default=1000, show_default=True, type=click.IntRange(min=50), help="Draws per chain and round."
)
@click.option(
    "--max-rounds", default=4, show_default=True, type=click.IntRange(min=1), help="Sample on until the gate passes."
)
@click.option("--target-accept", default=0.9, show_default=True, type=click.FloatRange(0.5, 0.999), help="Care.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Of all random numbers.")
@click.option("--allow-saturated", is_flag=True, help="National channels beside near-saturated time effects only warn.")
@click.option("--force", is_flag=True, help="Exit 0 though the gate did not pass; every output says that it did not.")
@strict_option
@format_options
@workspace_option
@reading_options
@click.pass_context
def mmm(
    ctx: click.Context, /, panels: tuple[str, ...], model: str | None, lifts: tuple[str, ...], prior_check: bool,
    parameters: bool, strict: bool, form: str, output: str | None, workspace: str | None, **options: Any,
) -> None:  # fmt: skip
    """Media mix: what spend added to the outcome, by a Bayesian model of the panel.

    Chains run until every parameter has R-hat at most 1.01, 400 effective draws and no divergence, in up to four
    rounds. A fit that does not get there is kept as failed, with a checklist, and the exit code is 1.

    Channels, (baseline) and (unattributed) add up to what was observed. ROAS is what the spend brought until its
    effect had died away, over the spend; mROAS the same for one per cent more.

    \b
    Examples:
      attribution fit mmm --panel weekly.csv --model mmm.toml
      attribution fit mmm --panel weekly.csv --refresh mmm
    """
    from attribution.steps.mmm import mmm_step  # noqa: PLC0415

    target = open_workspace(ctx, workspace)
    model_file = None if model is None else Path(model)
    chosen = _options(options)
    if prior_check:
        _prior_check(target, panels, model_file, lifts, chosen, reading(options), strict)
        return
    with watching("reading the panel") as told:
        report = mmm_step(
            target, panels, model_file, lifts, chosen, settings=reading(options), told=sampling_bar(told), begin=_begin
        )
    write_frame(
        report.stored.parameters if parameters else report.credits, form, output,
        _parameters if parameters else credits_table,
    )  # fmt: skip
    show_mix(report)
    tell(report.findings)
    finish(report.findings, strict)


def _options(options: dict[str, Any]) -> MixOptions:
    from attribution.steps.mmm import MixOptions, Tuning  # noqa: PLC0415

    names = ("chains", "tune", "draws", "target_accept", "seed")
    own = ("name", "refresh", "checks", "placebo", "allow_saturated", "force", "level")
    tuning = Tuning(**{n: options[n] for n in names})
    return MixOptions(tuning=tuning, rounds=options["max_rounds"], **{n: options[n] for n in own})


def _prior_check(
    target: Any, panels: tuple[str, ...], model: Path | None, lifts: tuple[str, ...], chosen: MixOptions,
    settings: Any, strict: bool,
) -> None:  # fmt: skip
    from attribution.steps.mmm import prior_report, ready_mix  # noqa: PLC0415
    from attribution_cli.mix_table import prior_table  # noqa: PLC0415

    with watching("drawing from the priors"):
        check, findings = prior_report(ready_mix(target, panels, model, lifts, chosen, settings), chosen.tuning.seed)
    if check is not None:
        put(prior_table(check))
    tell(findings)
    finish(findings, strict)


def _begin(found: RunTime | str) -> None:
    """Say how long it will take, before it starts."""
    if isinstance(found, str):
        say(f"{found} …")
        return
    if found.note:
        say(f"{found.note} {found.parameters:,} parameters …")
        return
    low, high = found.between
    long = f"about {duration(found.seconds)} a round ({duration(low)} to {duration(high)})"
    say(f"Sampling {found.parameters:,} parameters; {long if high > 3 else 'a second or two a round'} …")


def show_mix(report: MixReport) -> None:
    """What is said of a fit beside its credits: sampling, guard rails, drift."""
    from attribution_cli.mix_table import drift_table, rails_table  # noqa: PLC0415

    rounds, gate = report.fit.rounds, report.fit.gate
    say(
        f"{report.name}: {'gate passed' if gate.passed else 'gate failed'} after {len(rounds)} "
        f"round{'s' if len(rounds) > 1 else ''}, {sum(r.seconds for r in rounds):.1f} s; R-hat at most "
        f"{gate.worst_rhat:.3f}, at least {gate.least_ess:,.0f} effective draws."
    )
    if report.rails is not None:
        from attribution.mix.guard_rails import rails_frame  # noqa: PLC0415

        say(rails_table(rails_frame(report.rails.as_dict())))
    if report.drift is not None:
        first = report.drift.iloc[0]
        say(f"Against {report.stored.entry['refreshed_from']}, on the {first['periods']} periods of both, "
            f"{first['first']} to {first['last']}:")  # fmt: skip
        say(drift_table(report.drift))


def _parameters(frame: Any) -> str:
    from attribution_cli.mix_table import parameters_table  # noqa: PLC0415

    return parameters_table(frame)
