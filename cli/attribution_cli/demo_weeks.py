"""What ``attribution demo`` says of its weeks: reconciliation and plan, beside the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution_cli.output import number, percent

if TYPE_CHECKING:
    import pandas as pd

    from attribution.run import RunReport
    from attribution.steps.plan import PlanReport
    from attribution.steps.reconcile import ReconcileReport


def together_text(report: RunReport, reconciled: ReconcileReport, truth: pd.DataFrame) -> str:
    """How far shares and intervals are from the truth, beside those that they are made of."""
    from attribution.demo_weeks import errors_of_sources, missed_by_intervals  # noqa: PLC0415

    entry, table = reconciled.entry, reconciled.disagreements
    paid = sorted(set(report.credits.loc[report.credits["cost"] > 0, "channel"]))
    found = errors_of_sources(table, truth, paid)
    path, mix, both = (percent(found[name]) for name in ("path", "mix", "reconciled"))
    missed, channels = missed_by_intervals(table, truth), len(table)
    start, end = entry["window"]
    return (
        f"From {start} to {end} the shares of paid media are {path} from the truth by {entry['paths']}, {mix} by "
        f"{entry['mix']}, which sees nothing but weekly spend and orders, and {both} by both together (reconciled). "
        f"The 90% intervals hold what the channel caused for {_holds(missed['mix'], channels)} by {entry['mix']}, and "
        f"for {_holds(missed['reconciled'], channels)} reconciled{_missing(missed['reconciled'])}."
    )


def _holds(missed: list[str], channels: int) -> str:
    return f"{channels - len(missed)} of {channels} channels"


def _missing(missed: list[str]) -> str:
    """Which intervals are wrong, and what would put them right."""
    if not missed:
        return ""
    return f": those of {', '.join(missed)} are wrong here. Only an experiment would show that"


def planned_text(plan: PlanReport, people: int, seed: int) -> str:
    """What the plan promises, and what it would really have brought."""
    from attribution.demo_weeks import really_brings  # noqa: PLC0415

    gain, (start, end) = plan.split_gain, plan.span
    low, mean, high = (number(float(getattr(gain, name)), 0) for name in ("lower", "mean", "upper"))
    return (
        f"The {number(float(plan.z.sum()), 0)} spent from {start} to {end}, split for the highest expected value, "
        f"promise {mean} more revenue ({low} to {high}). In this market that split would really have brought "
        f"{number(really_brings(plan, people, seed), 0)} more by the end of the data. The default is more careful: it "
        "moves money only where the worst tenth of what the model holds possible gains too (cvar)."
    )
