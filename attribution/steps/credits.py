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
from attribution.identity.uses import stitching_note
from attribution.journeys.journeys import Journeys
from attribution.progress import Told, silent
from attribution.steps.journeys import journeys_step
from attribution.steps.refit import refit
from attribution.steps.spend import spend_of
from attribution.tables import GRAINS
from attribution.workspace import Workspace


def credits_step(
    workspace: Workspace,
    names: Sequence[str] = (),
    *,
    by: tuple[str, ...] = (),
    kind: str | None = None,
    mixes: bool = True,
    force: bool = False,
    told: Told = silent,
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The credits table of stored fits.

    Parameters
    ----------
    names : sequence of str
        Fits (``markov-2``), models (``markov``) or families (``rules``); none takes all.
    by, kind
        A finer grain, or one kind of conversion: path models are fitted again on those journeys, with intervals where
        the fits have them; media-mix models sum their contributions. A fit without that grain is left out with a note.
    mixes : bool
        Whether media-mix fits belong to it.
    force : bool
        Media-mix fits that did not converge are a warning, not an error.
    told : Told
        Called with what is fitted again.
    """
    manifest = workspace.require()
    paths, mixed, reconciled = chosen_fits(manifest, names, mixes=mixes)
    frames, findings = [], []
    if by:
        _check_grains(by)
        paths, left = _with_grain(paths, by)
        findings += left
    if mixed:
        found, noticed = _mix_frames(workspace, [manifest["mixes"][n] for n in mixed], by, kind, force=force)
        frames += found
        findings += noticed
    if reconciled:
        found, noticed = _reconciled_frames(workspace, manifest, reconciled, by, kind)
        frames += found
        findings += noticed
    if paths:
        found, noticed = _path_frames(workspace, paths, by, kind, told)
        frames = [*found, *frames]
        findings += noticed
    if not frames:
        raise UsageError(" ".join(["by: no fit that was asked for has this grain.", *(f.message for f in findings)]))
    table = joined(frames)
    return table.assign(mark=table["mark"].fillna("")) if "mark" in table else table, tuple(findings)


def _path_frames(
    workspace: Workspace, chosen: Sequence[str], by: tuple[str, ...], kind: str | None, told: Told
) -> tuple[list[pd.DataFrame], list[Finding]]:
    """Rows of models of journeys."""
    journeys = journeys_step(workspace, told=told)
    findings = _brought_up_to_date(workspace, journeys, chosen, told)
    manifest = workspace.manifest()
    spend = spend_of(workspace, manifest)
    findings += stitching_note(manifest)
    if not by and kind is None:
        costs = None if spend is None else spend.costs(False, {})
        return [with_spend(stored_fit(workspace, manifest, n)[0], costs) for n in chosen], findings
    entries = [manifest["fits"][n] for n in chosen]
    kept = [kept_of(e) for e in entries if e["family"] != FAMILY]
    if len(kept) < len(entries):
        findings.append(Finding("note", "no-grain", "hazard is left out: it is fitted on everybody's whole history."))
    frame, more = credits_by(journeys, kept, spend, by=by, kind=kind, told=told)
    return [frame], [*findings, *more]


def _mix_frames(
    workspace: Workspace, entries: Sequence[dict[str, Any]], by: tuple[str, ...], kind: str | None, *, force: bool
) -> tuple[list[pd.DataFrame], list[Finding]]:
    """Rows of media-mix models."""
    from attribution.credit.mix_fits import credits_of_mixes, gate_told, with_grain  # noqa: PLC0415

    kept, findings = with_grain(entries, by, kind)
    return list(credits_of_mixes(workspace, kept, by)), [*findings, *gate_told(kept, force=force)]


def _reconciled_frames(
    workspace: Workspace, manifest: dict[str, Any], names: Sequence[str], by: tuple[str, ...], kind: str | None
) -> tuple[list[pd.DataFrame], list[Finding]]:
    """Rows of reconciled results."""
    from attribution.reconcile.keep import kept_credits, stale, with_grain  # noqa: PLC0415

    kept, findings = with_grain([manifest["reconciled"][n] for n in names], by, kind)
    findings += [finding for entry in kept for finding in stale(manifest, entry)]
    return [kept_credits(workspace, entry, by) for entry in kept], findings


def _check_grains(by: Sequence[str]) -> None:
    from attribution.credit.mix_fits import check_any_grain  # noqa: PLC0415

    check_any_grain(by)


def _with_grain(names: Sequence[str], by: Sequence[str]) -> tuple[list[str], list[Finding]]:
    """Fits of journeys have every grain but the periods of a panel."""
    wrong = [grain for grain in by if grain not in GRAINS]
    if not wrong or not names:
        return list(names), []
    message = f"{listed(names, 5)} left out: journeys have no {listed(wrong)}; they have weeks and months."
    return [], [Finding("note", "no-grain", message)]


def _brought_up_to_date(workspace: Workspace, journeys: Journeys, names: Sequence[str], told: Told) -> list[Finding]:
    """Fit again what was fitted on other journeys, and say so."""
    fits = workspace.manifest()["fits"]
    findings: list[Finding] = []
    stale = [n for n in names if fits[n]["journeys"] != journeys.digest]
    if any(fits[n]["family"] == FAMILY for n in stale):
        message = "hazard was fitted on earlier data."
        findings.append(Finding("warning", "stale", message, "Fit it again: attribution fit hazard."))
    stale = [n for n in stale if fits[n]["family"] != FAMILY]
    if stale:
        made, _ = refit(journeys, [kept_of(fits[n]) for n in stale], told)
        with workspace.write() as changed:
            save_fits(workspace, changed, journeys, made)
        message = f"{', '.join(stale)}: fitted again, because the journeys changed since."
        findings.append(Finding("note", "refitted", message))
    return findings


def chosen_fits(
    manifest: dict[str, Any], names: Sequence[str], *, mixes: bool = True
) -> tuple[list[str], list[str], list[str]]:
    """Names of the fits of journeys, of the media-mix fits and of the reconciled results that are asked for.

    Raises
    ------
    UsageError
        Nothing was fitted, or nothing of that name.
    """
    kinds = (manifest["fits"], *((manifest.get(k, {}) if mixes else {}) for k in ("mixes", "reconciled")))
    fits = {name: entry for kind in kinds for name, entry in kind.items()}
    if not fits:
        raise UsageError("Nothing was fitted yet. Fit something first: attribution fit rules.")
    # A failed refresh stands beside the fit that it did not replace, and is read by its own name only.
    usual = [n for n in sorted(fits) if "beside" not in fits[n]]
    chosen: dict[str, None] = {} if names else dict.fromkeys(usual)
    for name in names:
        hits = [n for n in usual if name in (n, fits[n]["model"], fits[n]["family"])] or [n for n in fits if n == name]
        if not hits:
            raise UsageError(f'No fit "{name}".{did_you_mean(name, fits)} Fitted: {listed(sorted(fits))}.')
        chosen |= dict.fromkeys(hits)
    paths, mixed, reconciled = ([n for n in chosen if n in kind] for kind in kinds)
    return paths, mixed, reconciled
