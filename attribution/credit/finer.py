"""Credits at a finer grain: every model fitted again inside each group of journeys, intervals included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pandas as pd

from attribution.credit.grains import views
from attribution.credit.intervals import Replicates, Uncertainty, replicates_of
from attribution.credit.paths import Fit, Kept, fit_frame, fit_paths, joined
from attribution.credit.spend import Spend
from attribution.credit.table import with_spend
from attribution.findings import Finding
from attribution.journeys.journeys import Journeys
from attribution.progress import Told, silent

FEW = "few-conversions"


def credits_by(
    journeys: Journeys,
    kept: Iterable[Kept],
    spend: Spend | None = None,
    *,
    by: tuple[str, ...] = (),
    kind: str | None = None,
    told: Told = silent,
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The credits table of fits inside each group, and what to know about the intervals.

    A fit is resampled as it was, customer by customer and with the same draws in every group: replicate r
    holds the same copies of a customer everywhere, scaled by n / Σ W of *all* journeys. Observed totals of the
    groups therefore add up to the whole's in every replicate; so do channels under rules and Shapley.

    Parameters
    ----------
    journeys : Journeys
    kept : iterable of Kept
        What to fit in each group.
    spend : Spend, optional
    by, kind, told
        As `views` takes them.
    """
    kept = tuple(kept)
    drawn = {how: replicates_of(journeys, how, told, parts=True) for how in dict.fromkeys(k.uncertainty for k in kept)}
    frames: list[pd.DataFrame] = []
    findings: list[Finding] = []
    seen = 0
    for group, view in views(journeys, by, kind, told):
        seen += len(view.labels)
        costs = None if spend is None else spend.costs("campaign" in by, group)
        made, noticed = _fitted(view, kept, drawn)
        frames += [with_spend(fit_frame(f, view.labels, group), costs) for f in made]
        findings += noticed
    return joined(frames), tuple(_summed(findings, seen))


def _fitted(
    view: object, kept: Sequence[Kept], drawn: dict[Uncertainty, Replicates | None]
) -> tuple[list[Fit], list[Finding]]:
    """Fit on a view, under the names that fits are kept by, in their order."""
    made: dict[str, Fit] = {}
    noticed: list[Finding] = []
    for how, shared in drawn.items():
        mine = [k for k in kept if k.uncertainty == how]
        unique = list({k.spec.name: k.spec for k in mine}.values())
        again, found = fit_paths(view, unique, None, how, drawn=shared)
        by_spec = {f.spec.name: f for f in again}
        made |= {k.name: replace(by_spec[k.spec.name], name=k.name) for k in mine if k.spec.name in by_spec}
        noticed += found
    return [made[k.name] for k in kept if k.name in made], list(dict.fromkeys(noticed))


def _summed(findings: Sequence[Finding], seen: int) -> list[Finding]:
    """One finding in place of one per group."""
    few = sum(f.count for f in findings if f.code == FEW)
    rest = list(dict.fromkeys(f for f in findings if f.code != FEW))
    if not few:
        return rest
    message = f"Fewer than 20 converting journeys hold {few:,} of {seen:,} rows: do not trust their intervals."
    return [*rest, Finding("note", FEW, message, "", few)]
