"""What ``run`` and ``demo`` show after each step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from attribution_cli.fit_hazard import tell_tuning
from attribution_cli.output import file_report, journeys_report, say, waste_table


def show_step(step: str, report: Any) -> None:
    """Show one step's report."""
    if report is None:
        return
    say(click.style(f"── {step}", bold=True))
    _SHOWN[step](report)


def _ingested(report: Any) -> None:
    for file in report.files:
        file_report(file)


def _joined(report: Any) -> None:
    from attribution_cli.identify import tell_identity  # noqa: PLC0415

    tell_identity(report)


def _fitted(report: Any) -> None:
    say("Fitted: " + ", ".join(f.name for f in report.fits))


def _timed(report: Any) -> None:
    say("Fitted: hazard")
    tell_tuning(report.fit)


def _mixed(report: Any) -> None:
    from attribution_cli.fit_mmm import show_mix  # noqa: PLC0415

    show_mix(report)


def _reconciled(report: Any) -> None:
    from attribution_cli.reconcile import disagreements_table, tell_reconciled  # noqa: PLC0415

    tell_reconciled(report)
    say(disagreements_table(report.disagreements))


def _planned(report: Any) -> None:
    from attribution_cli.plan import tell_plan  # noqa: PLC0415
    from attribution_cli.plan_tables import channel_table  # noqa: PLC0415

    tell_plan(report)
    say(channel_table(report.table, report=report))


def _suppressed(report: Any) -> None:
    say(f"{len(report.suppression.people):,} people on the suppression list:")
    for file in report.files:
        say(f"  {file}")
    if report.waste is not None:
        say("Went to people who were customers already at that moment:")
        say(waste_table(report.waste))


_SHOWN: dict[str, Callable[[Any], None]] = {
    "ingest": _ingested,
    "identity": _joined,
    "journeys": journeys_report,
    "fit": _fitted,
    "hazard": _timed,
    "mmm": _mixed,
    "reconcile": _reconciled,
    "plan": _planned,
    "credits": lambda table: say(f"{len(table):,} rows of credit."),
    "suppress": _suppressed,
    "report": lambda path: say(str(path)),
}
