"""What ``run`` and ``demo`` show after each step."""

from __future__ import annotations

from typing import Any

import click

from attribution_cli.fit_hazard import tell_tuning
from attribution_cli.output import file_report, journeys_report, say, waste_table


def show_step(step: str, report: Any) -> None:
    """Show one step's report."""
    if report is None:
        return
    say(click.style(f"── {step}", bold=True))
    if step == "ingest":
        for file in report.files:
            file_report(file)
    elif step == "identity":
        from attribution_cli.identify import tell_identity  # noqa: PLC0415

        tell_identity(report)
    elif step == "journeys":
        journeys_report(report)
    elif step == "fit":
        say("Fitted: " + ", ".join(f.name for f in report.fits))
    elif step == "hazard":
        say("Fitted: hazard")
        tell_tuning(report.fit)
    elif step == "mmm":
        from attribution_cli.fit_mmm import show_mix  # noqa: PLC0415

        show_mix(report)
    elif step == "credits":
        say(f"{len(report):,} rows of credit.")
    elif step == "suppress":
        _suppressed(report)
    elif step == "report":
        say(str(report))


def _suppressed(report: Any) -> None:
    say(f"{len(report.suppression.people):,} people on the suppression list:")
    for file in report.files:
        say(f"  {file}")
    if report.waste is not None:
        say("Went to people who were customers already at that moment:")
        say(waste_table(report.waste))
