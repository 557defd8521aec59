"""Checks of a fitted mix model as findings."""

from __future__ import annotations

from collections.abc import Iterable

from attribution.findings import Finding
from attribution_models.mix.convergence import GateResult
from attribution_models.mix.fit_checks import Check


def fit_findings(checks: Iterable[Check]) -> tuple[Finding, ...]:
    """Turn checks into findings; `count` is the number of channels, parameters or geos concerned."""
    return tuple(Finding(c.severity, c.code, c.message, c.remedy, len(c.about)) for c in checks)


def gate_findings(result: GateResult) -> tuple[Finding, ...]:
    """Turn a failed gate into an error for each limit that was missed; the first one carries the checklist."""
    todo = " ".join(result.checklist)
    return tuple(
        Finding("error", "fit-not-converged", failure, todo if i == 0 else "")
        for i, failure in enumerate(result.failures)
    )
