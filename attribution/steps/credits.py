"""The credits table of stored fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from attribution.credit.finer import credits_by
from attribution.credit.hazard import FAMILY
from attribution.credit.paths import joined, kept_of, save_fits, stored_fit
from attribution.credit.table import with_spend
from attribution.errors import UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.journeys.journeys import Journeys
from attribution.steps.journeys import journeys_step
from attribution.steps.refit import refit
from attribution.steps.spend import spend_of
from attribution.workspace import Workspace


def credits_step(
    workspace: Workspace,
    names: Sequence[str] = (),
    *,
    by: tuple[str, ...] = (),
    kind: str | None = None,
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The credits table of stored fits.

    Parameters
    ----------
    names : sequence of str
        Fits (``markov-2``), models (``markov``) or families (``rules``); none takes all.
    by, kind
        A finer grain, or one kind of conversion: the stored specs are fitted again on those journeys, with
        intervals where the fits have them.
    """
    manifest = workspace.require()
    if not manifest["fits"]:
        raise UsageError("Nothing was fitted yet. Fit something first: attribution fit rules.")
    chosen = _chosen(manifest, names)
    journeys = journeys_step(workspace)
    findings = _brought_up_to_date(workspace, journeys, chosen)
    manifest = workspace.manifest()
    spend = spend_of(workspace, manifest)
    if not by and kind is None:
        costs = None if spend is None else spend.costs(False, {})
        frames = [with_spend(stored_fit(workspace, manifest, n)[0], costs) for n in chosen]
        return joined(frames), tuple(findings)
    entries = [manifest["fits"][n] for n in chosen]
    kept = [kept_of(e) for e in entries if e["family"] != FAMILY]
    if len(kept) < len(entries):
        findings.append(Finding("note", "no-grain", "hazard is left out: it is fitted on everybody's whole history."))
    frame, more = credits_by(journeys, kept, spend, by=by, kind=kind)
    return frame, (*findings, *more)


def _brought_up_to_date(workspace: Workspace, journeys: Journeys, names: Sequence[str]) -> list[Finding]:
    """Fit again what was fitted on other journeys, and say so."""
    fits = workspace.manifest()["fits"]
    findings: list[Finding] = []
    stale = [n for n in names if fits[n]["journeys"] != journeys.digest]
    if any(fits[n]["family"] == FAMILY for n in stale):
        message = "hazard was fitted on earlier data."
        findings.append(Finding("warning", "stale", message, "Fit it again: attribution fit hazard."))
    stale = [n for n in stale if fits[n]["family"] != FAMILY]
    if stale:
        made, _ = refit(journeys, [kept_of(fits[n]) for n in stale])
        with workspace.write() as changed:
            save_fits(workspace, changed, journeys, made)
        message = f"{', '.join(stale)}: fitted again, because the journeys changed since."
        findings.append(Finding("note", "refitted", message))
    return findings


def _chosen(manifest: dict[str, Any], names: Sequence[str]) -> list[str]:
    fits = manifest["fits"]
    if not names:
        return sorted(fits)
    chosen: dict[str, None] = {}
    for name in names:
        hits = [n for n in sorted(fits) if name in (n, fits[n]["model"], fits[n]["family"])]
        if not hits:
            raise UsageError(f'No fit "{name}".{did_you_mean(name, fits)} Fitted: {listed(sorted(fits))}.')
        chosen |= dict.fromkeys(hits)
    return list(chosen)
