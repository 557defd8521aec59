"""Several media-mix models of one panel side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from attribution.errors import UsageError, listed
from attribution.findings import Finding
from attribution.mix.candidates import (
    Entrant,
    Fitted,
    check_comparable,
    entrants,
    fit_entrant,
    on_common_folds,
)
from attribution.mix.compare_frame import compare_frame
from attribution.mix.rolling import FoldPlan, Told, rolled_findings
from attribution.settings import IngestSettings
from attribution_models.mix.fit import ROUNDS
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.spec_table import SpecTable, spec_table

__all__ = ["CompareMixReport", "FoldPlan", "Tuning", "compare_mix_step"]


@dataclass(frozen=True, slots=True, eq=False)
class CompareMixReport:
    """Models side by side, and what should be known about them.

    Attributes
    ----------
    spec_table : SpecTable
    table : DataFrame
        `compare_frame.compare_frame`.
    unit : str
        What a period is called.
    outcome : str
    findings : tuple of Finding
        With severity error where a fit did not converge.
    """

    spec_table: SpecTable
    table: pd.DataFrame
    unit: str
    outcome: str
    findings: tuple[Finding, ...]


def compare_mix_step(
    panels: Sequence[str],
    models: Sequence[Path],
    plan: FoldPlan | None = None,
    *,
    lifts: Sequence[str] = (),
    by_loo: bool = True,
    tuning: Tuning | None = None,
    rounds: int = ROUNDS,
    settings: IngestSettings | None = None,
    told: Told | None = None,
) -> CompareMixReport:
    """Read all models, refuse what cannot be compared, then fit each to all rows and to every fold.

    Raises
    ------
    UsageError
        Other outcomes, rows or units; too short a panel; a model that no fold could be fitted to.
    """
    plan, tuning = plan or FoldPlan(), tuning or Tuning()
    read = entrants(panels, models, lifts, settings)
    check_comparable(read, by_loo=by_loo)
    for entrant in read:
        plan.origins(entrant.spec, entrant.panel)
    fits = [fit_entrant(e, tuning, plan, rounds=rounds, by_loo=by_loo, level=plan.level, told=told) for e in read]
    fitted, lost = on_common_folds(fits)
    try:
        table = spec_table({f.entrant.name: f.candidate for f in fitted})
    except ValueError as error:
        raise UsageError(str(error)) from None
    findings = tuple(dict.fromkeys((*_read(read), *_fitted(fits), *_lost(lost, read[0]), *_lifted(read))))
    return CompareMixReport(
        table, compare_frame(table, fitted), read[0].panel.calendar.unit, read[0].spec.outcome, findings
    )


def _read(read: Sequence[Entrant]) -> Iterator[Finding]:
    for entrant in read:
        yield from entrant.findings


def _fitted(fits: Sequence[Fitted]) -> Iterator[Finding]:
    for model in fits:
        name, gate = model.entrant.name, model.fit.gate
        if not gate.passed:
            message = f"{name}: the fit to all rows did not converge; do not read its returns. "
            yield Finding("error", "fit-not-converged", message + " ".join(gate.failures), " ".join(gate.checklist))
        if model.rolled is not None:
            yield from rolled_findings(model.rolled, model.entrant.panel, name)
        if model.loo is not None and model.loo.unreliable:
            message = (
                f"{name}: leave-one-out is not reliable for {model.loo.unreliable} of {len(model.loo.pointwise):,} "
                f"rows (Pareto k above {model.loo.limit:.2f})."
            )
            yield Finding("warning", "loo-unreliable", message, "Go by leave-future-out.", model.loo.unreliable)


def _lost(lost: tuple[int, ...], first: Entrant) -> Iterator[Finding]:
    if lost:
        dates = listed((str(first.panel.data.dates[origin]) for origin in lost), 5)
        message = f"Folds that one model could not fit are left out for all of them: those before {dates}."
        yield Finding("warning", "folds-left-out", message, "", len(lost))


def _lifted(read: Sequence[Entrant]) -> Iterator[Finding]:
    if any(entrant.structure.lifts for entrant in read):
        message = "Lift tests are part of the fits to all rows; folds are fitted without them."
        yield Finding("note", "lifts-not-in-folds", message)
