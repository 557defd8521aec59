"""``attribution compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attribution_cli.options import open_workspace, strict_option, workspace_option
from attribution_cli.output import announce_compile, columns, finish, number, percent, put, records, shown, tell
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    import pandas as pd

    from attribution.steps.compare import CompareReport


@click.command()
@click.option(
    "--model", "models", multiple=True, metavar="NAME", help="A fit (markov-2), model (markov) or family (rules) [all]."
)
@click.option(
    "--truth",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="CSV of channel and conversions that are known to be true.",
)
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How it is written.",
)
@click.option("--force", is_flag=True, help="Exit 0 though a media-mix fit did not converge; it is said all the same.")
@strict_option
@workspace_option
@click.pass_context
def compare(
    ctx: click.Context,
    /,
    models: tuple[str, ...],
    truth: str | None,
    form: str,
    force: bool,
    strict: bool,
    workspace: str | None,
) -> None:
    """Models side by side: shares, agreement, stability, the biggest disagreements and why.

    Shares are over channels, so that models which estimate different things can be set side by side.

    \b
    Examples:
      attribution compare
      attribution compare --model markov --model last --truth truth.csv -f json
    """
    from attribution.steps.compare import compare_step, read_truth  # noqa: PLC0415

    target = open_workspace(ctx, workspace)
    target.require()
    announce_compile()
    known = None if truth is None else read_truth(Path(truth))
    with watching("comparing models") as told:
        report = compare_step(target, models, known, force=force, told=told)
    click.echo(_json(report)) if form == "json" else put(_text(report))
    tell(report.findings)
    finish(report.findings, strict)


def _json(report: CompareReport) -> str:
    import json  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    data: dict[str, Any] = {
        "credits": records(report.credits),
        "agreement": records(report.agreement),
        "stability": records(report.stability),
        "disagreements": [{**asdict(d), "sentence": d.sentence} for d in report.disagreements],
        "findings": [f.as_dict() for f in report.findings],
    }
    if report.experiments is not None:
        data["experiments"] = records(report.experiments)
    if report.lift_tests is not None:
        data["lift_tests"] = records(report.lift_tests)
    if report.conflicts is not None:
        data["conflicts"] = records(report.conflicts)
    if report.errors is not None:
        data["errors"] = records(report.errors)
    return json.dumps(data, ensure_ascii=False, indent=1)


def _text(report: CompareReport) -> str:
    from attribution.compare.agreement import shares  # noqa: PLC0415

    found = shares(report.credits)
    blocks = [_titled("Shares of credit over channels", _shares(found.rename(columns=_gate_failed(report.credits))))]
    if len(report.agreement):
        rows = [["", "", "credit to move", "rank agreement"]]
        rows += [
            [r["fit_a"], r["fit_b"], percent(r["total_variation"]), number(r["rank_agreement"], 2)]
            for r in report.agreement.sort_values("total_variation", ascending=False).to_dict("records")
        ]
        text = columns(rows, left=2)
        if report.agreement["across_estimands"].any():
            kinds = ", ".join(sorted(set(report.credits["estimand"])))
            text += f"\nThese models estimate different things ({kinds}): shares were renormalised over channels."
        if report.agreement["channels"].nunique() > 1 or (report.agreement["channels"] < len(found)).any():
            text += "\nPairs that do not know the same channels are compared over those that both know."
        blocks.append(_titled("Distance between models (largest first)", text))
    if len(report.stability):
        rows = [["", "months", "mean shift", "largest", "in"]]
        rows += [
            [r["fit"], str(r["months"]), percent(r["mean_shift"]), percent(r["largest_shift"]), r["largest_at"]]
            for r in report.stability.to_dict("records")
        ]
        blocks.append(_titled("Credit that moves from month to month", columns(rows)))
    if report.errors is not None:
        rows = [["", "error of shares", "error of total"]]
        rows += [
            [r["fit"], percent(r["share_error"]), percent(r["total_error"])] for r in report.errors.to_dict("records")
        ]
        blocks.append(_titled("Against the truth", columns(rows)))
    if report.experiments is not None and len(report.experiments):
        blocks.append(_titled("Lift in randomised experiments, and what the models claim", _experiments(report)))
    if report.lift_tests is not None:
        blocks.append(_titled("Lift tests on panels, and what the media-mix fits say of them", _lift_tests(report)))
    if report.conflicts is not None:
        blocks += _scores(report.conflicts)
    if report.disagreements:
        sentences = "\n".join(f"- {shown(d.sentence)}" for d in report.disagreements)
        blocks.append(_titled("Biggest disagreements", sentences))
    return "\n\n".join(blocks)


def _experiments(report: CompareReport) -> str:
    """Lifts, and each fit's claim with its conflict; with validation declared, claims beside those lifts alone."""
    assert report.experiments is not None
    assert report.conflicts is not None
    from attribution.compare.conflicts import LIFT_TEST  # noqa: PLC0415
    from attribution.compare.experiments import VALIDATE  # noqa: PLC0415

    found = report.conflicts[report.conflicts["estimator"] != LIFT_TEST]
    fits = list(dict.fromkeys(found["fit"]))
    keys = ["experiment", "channel", "estimator", "fit"]
    claims = {tuple(r[k] for k in keys): r for r in found.to_dict("records")}
    kept = (report.experiments["use"] == VALIDATE).any()
    rows = [["", "", "use", "exposed", "held out", "lift", "90% interval", *(f"{shown(f)} (z)" for f in fits)]]
    for row in report.experiments.to_dict("records"):
        mine = [claims[(row["experiment"], row["channel"], row["estimator"], f)] for f in fits]
        beside = [f"{number(c['claim'], 0)} ({number(c['conflict'], 1)})" for c in mine]
        span = f"{number(row['lower'], 0)} to {number(row['upper'], 0)}"
        counts = [f"{row['exposed']:,}", f"{row['held_out']:,}", number(row["lift"], 0), span]
        hidden = kept and row["use"] != VALIDATE
        rows.append(
            [shown(row["channel"]), row["estimator"], row["use"], *counts, *(["-"] * len(fits) if hidden else beside)]
        )
    return columns(rows, left=3) + (
        "\nz: claim less lift, in standard errors of both, the lift's with 10% for carrying it over."
    )


def _lift_tests(report: CompareReport) -> str:
    """Each test beside the modelled counterfactual of the same window and geos."""
    assert report.lift_tests is not None
    rows = [["", "", "use", "", "window", "lift", "error", "claim", "90% interval", "z"]]
    for row in report.lift_tests.to_dict("records"):
        named = [shown(row["experiment"]), shown(row["channel"]), row["use"], shown(row["fit"])]
        span = f"{number(row['claim_lower'], 0)} to {number(row['claim_upper'], 0)}"
        numbers = [number(row[k], 0) for k in ("lift", "lift_error", "claim")]
        rows.append([*named, f"{row['start']} to {row['end']}", *numbers, span, number(row["conflict"], 1)])
    return columns(rows, left=4) + (
        "\nclaim: what the fit says that the test's spend brought in its window and geos. z: claim less lift, in "
        "standard\nerrors of both, the lift's with 10% for carrying it over. A fit has seen tests of its likelihood "
        "and priors."
    )


def _scores(conflicts: pd.DataFrame) -> list[str]:
    from attribution.compare.conflicts import scores  # noqa: PLC0415

    found = scores(conflicts)
    if not len(found):
        return []
    rows = [["", "experiments", "error", "root mean square z"]]
    rows += [
        [shown(r["fit"]), str(r["experiments"]), percent(r["error"]), number(r["conflict"], 1)]
        for r in found.to_dict("records")
    ]
    return [_titled("Scored against the experiments kept for validation", columns(rows))]


def _gate_failed(credits: pd.DataFrame) -> dict[str, str]:
    """Names of fits that did not converge, with that beside them."""
    if "mark" not in credits:
        return {}
    failed = credits.loc[credits["mark"].str.contains("gate failed"), "fit"]
    return {str(name): f"{name} (gate failed)" for name in failed}


def _titled(title: str, text: str) -> str:
    return click.style(title, bold=True) + "\n" + text


def _shares(table: pd.DataFrame) -> str:
    rows = [["", *(shown(c) for c in table.columns)]]
    rows += [[shown(i), *(percent(v) for v in row)] for i, row in zip(table.index, table.to_numpy(), strict=True)]
    return columns(rows)
