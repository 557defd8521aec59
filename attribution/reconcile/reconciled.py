"""One answer from a media-mix fit, a path fit and experiments on people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from attribution.credit.mix_fits import gate_told
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.journeys.journeys import Journeys
from attribution.mix.marks import PRIOR_DOMINATED, known_of, marks
from attribution.reconcile.facts import facts_of
from attribution.reconcile.frames import MIX_ONLY, PATHS_ONLY, credit_rows
from attribution.reconcile.grid import Grid
from attribution.reconcile.matching import Matching
from attribution.reconcile.mix_side import MixSide
from attribution.reconcile.noticed import noticed, through_search
from attribution.reconcile.options import ReconcileOptions
from attribution.reconcile.overlap import Overlap
from attribution.reconcile.path_side import PathSide
from attribution.reconcile.people_tests import PeopleTest, as_evidence
from attribution.reconcile.reasons import disagreement_frame
from attribution.reconcile.rows import reconciled_rows
from attribution.reconcile.second_measure import Second, second_measure
from attribution_models.reconcile.evidence import Beliefs
from attribution_models.reconcile.totals import Totals, reconcile_totals


@dataclass(frozen=True, slots=True, eq=False)
class Reconciled:
    """A result.

    Attributes
    ----------
    totals : Totals
    beliefs : Beliefs
    credits : DataFrame
        Rows of the credits table, by channel.
    finer : DataFrame or None
        By what was asked for.
    disagreements : DataFrame
        `reasons.COLUMNS`.
    tests : int
        Experiments that it holds.
    span : tuple of str
        First and last day.
    findings : tuple of Finding
    second : Second or None
        The measure that the mix model does not count, where it can be known.
    """

    totals: Totals
    beliefs: Beliefs
    credits: pd.DataFrame
    finer: pd.DataFrame | None
    disagreements: pd.DataFrame
    tests: int
    span: tuple[str, str]
    findings: tuple[Finding, ...]
    second: Second | None = None


def reconcile(
    side: MixSide, paths: PathSide, tests: Sequence[PeopleTest], journeys: Journeys, found: Overlap, names: Matching,
    options: ReconcileOptions,
) -> Reconciled:  # fmt: skip
    """Put the sources together: totals (`reconcile_totals`), then rows below the channel (`reconciled_rows`).

    Raises
    ------
    UsageError
        Nothing was observed in the overlap; a test counts twice.
    """
    try:
        mix = side.totals(found.window)
    except ValueError:
        raise UsageError(
            f"The panel's outcome from {found.span[0]} to {found.span[1]} adds up to nothing; there is none to share."
        ) from None
    beliefs = Beliefs.of(paths.estimand, options.discrepancy)
    known = (*mix.names, *(n for n in paths.totals.names if n not in mix.names))
    evidence, findings = as_evidence(tuple(tests), side, found, names, known)
    totals = reconcile_totals(mix, paths.totals, evidence, beliefs, options.seed)
    said = marks(known_of(side.stored))
    why = facts_of(side, journeys, found, names, said, paths.estimand)
    second, told = second_measure(totals, side, paths.worth, journeys, found, options.seed)
    frames = [_frame(totals, second, side, paths, found, options, said, by) for by in dict.fromkeys(((), options.by))]
    findings_of_all = (
        *gate_told((side.stored.entry,), force=True), *found.findings, *names.findings(), *findings, *told,
        *through_search(side.channels, names.alone_panel), *noticed(totals, mix, paths, side, frames[0]),
    )  # fmt: skip
    return Reconciled(
        totals, beliefs, frames[0], frames[1] if options.by else None,
        disagreement_frame(totals, mix, paths.totals, evidence, why, options.level), len(evidence), found.span,
        findings_of_all, second,
    )  # fmt: skip


def _frame(
    totals: Totals, second: Second | None, side: MixSide, paths: PathSide, found: Overlap, options: ReconcileOptions,
    said: Mapping[str, str], by: tuple[str, ...],
) -> pd.DataFrame:  # fmt: skip
    """The credits table at one grain."""
    grain = next((g for g in by if g != "campaign"), None)
    grid = Grid.of_overlap(found, side, grain)
    rows = reconciled_rows(totals, side, paths.cells if by else (), found, grid, options.seed, second)
    known = {name: _mark(name, side, paths, said) for name in totals.names}
    return credit_rows(
        options.name, rows, side, found, grid, known, campaigns="campaign" in by, level=options.level, second=second
    )


def _mark(name: str, side: MixSide, paths: PathSide, said: Mapping[str, str]) -> str:
    """What the reader of a channel's number has to know."""
    if name not in side.channels:
        return PATHS_ONLY
    if name not in paths.totals.names:
        return ", ".join([MIX_ONLY, *([PRIOR_DOMINATED] if PRIOR_DOMINATED in said.get(name, "") else [])])
    return ""


def describe(result: Reconciled, options: ReconcileOptions, mix: Mapping[str, Any], path: Mapping[str, Any],
             paths: PathSide, digest: str) -> dict[str, Any]:  # fmt: skip
    """What the manifest says of a result, as plain data."""
    totals = result.totals
    return {
        "name": options.name,
        "version": 1,
        "model": "reconciled",
        "family": "reconciled",
        "mix": str(mix["name"]),
        "mix_path": str(mix["path"]),
        "paths": paths.fit,
        "paths_path": str(path["path"]),
        "split": paths.split,
        "journeys": digest,
        "by": list(options.by),
        "window": list(result.span),
        "experiments": result.tests,
        "second": None if result.second is None else [result.second.measure, result.second.source],
        "spec": {
            "discrepancy": result.beliefs.discrepancy,
            "bias": result.beliefs.bias,
            "level": options.level,
            "seed": options.seed,
            "match": [list(pair) for pair in options.match],
        },
        "method": totals.method,
        "effective": totals.effective,
        "path_bias": {"mean": totals.bias[0], "sd": totals.bias[1]},
    }
