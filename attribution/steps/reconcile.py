"""One answer from the workspace's media-mix fit, path fit and experiments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from attribution.credit.hazard import FAMILY as HAZARD
from attribution.credit.paths import Kept, kept_of, stored_fit
from attribution.errors import UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.journeys.journeys import Journeys
from attribution.mix.calendar import Calendar
from attribution.mix.stored import load_mix, mix_entry
from attribution.reconcile.keep import save_reconciled
from attribution.reconcile.matching import Matching, match
from attribution.reconcile.mix_side import mix_side
from attribution.reconcile.noticed import total_in, unlike
from attribution.reconcile.options import ReconcileOptions
from attribution.reconcile.overlap import Overlap, overlap
from attribution.reconcile.path_side import PathSide, kept_totals, path_cells, totals_of
from attribution.reconcile.people_tests import people_tests
from attribution.reconcile.reconciled import Reconciled, describe, reconcile
from attribution.steps.journeys import journeys_step
from attribution.workspace import Workspace
from attribution_models.paths.rules import Linear

# The fit that is taken without --paths: effects before credit, and of credit what follows chains.
PREFERRED = (HAZARD, "markov", "shapley", "linear")


@dataclass(frozen=True, slots=True, eq=False)
class ReconcileReport:
    """A result, and what it was made of.

    Attributes
    ----------
    credits : DataFrame
        Rows of the credits table at the grain that was asked for.
    disagreements : DataFrame
        One row per channel (`attribution.reconcile.reasons.COLUMNS`).
    entry : Mapping
        What the manifest says of it.
    result : Reconciled
    findings : tuple of Finding
    """

    credits: pd.DataFrame
    disagreements: pd.DataFrame
    entry: Mapping[str, Any]
    result: Reconciled
    findings: tuple[Finding, ...]


def reconcile_step(
    workspace: Workspace, mix: str | None = None, paths: str | None = None, options: ReconcileOptions | None = None
) -> ReconcileReport:
    """Reconcile, and keep the result, so that ``credits`` and ``compare`` show it as model ``reconciled``.

    Parameters
    ----------
    mix : str, optional
        A media-mix fit, as ``mmm-NAME`` or NAME; without: the only or the latest one.
    paths : str, optional
        A fit of journeys; without: hazard, else a Markov chain, else another.
    options : ReconcileOptions, optional

    Raises
    ------
    UsageError
        No media-mix fit, no fit of journeys, no such name; panel and journeys have no period in common.
    """
    options = options or ReconcileOptions()
    manifest = workspace.require()
    held = mix_entry(manifest, mix)
    fit = path_entry(manifest, paths)
    taken = {*manifest["fits"], *manifest.get("mixes", {})}
    if options.name in taken:
        raise UsageError(f'--name: "{options.name}" is a fit already. Choose another name.')
    journeys = journeys_step(workspace)
    findings = _stale(fit, journeys)
    side = mix_side(load_mix(workspace, str(held["name"])))
    found = overlap(journeys, side.stored.calendar, np.asarray(side.stored.structure.fitted.any(axis=0)))
    names = match(side.channels, journeys.channels, options.match).without_demand(_demand(journeys))
    seen = total_in(journeys, found, side.measure)
    source, more = _path_side(
        workspace, manifest, fit, journeys, found, side.stored.calendar, names, side.measure, options.by, seen
    )
    if not source.worth and side.revenue is None:
        # Hazard's credit has no replicates; what a conversion is worth is asked of the plainest credit there is.
        plain = path_cells(journeys, Kept("linear", Linear()), found, side.stored.calendar, names, side.measure)
        source = replace(source, worth=plain)
    tests = people_tests(workspace, manifest, side.measure)
    result = reconcile(side, source, tests, journeys, found, names, options)
    observed = float(side.observed[found.window.start : found.window.end + 1].sum())
    entry = describe(result, options, held, fit, source, journeys.digest)
    with workspace.write() as changed:
        save_reconciled(workspace, changed, entry, result.credits, result.finer, result.disagreements)
        changed["steps"].append({"step": "reconcile", **{k: entry[k] for k in ("name", "mix", "paths", "by")}})
    said = (*findings, *more, *unlike(seen, observed, side.measure), *result.findings)
    table = result.credits if result.finer is None else result.finer
    return ReconcileReport(table, result.disagreements, entry, result, said)


def path_entry(manifest: Mapping[str, Any], name: str | None = None) -> dict[str, Any]:
    """What the manifest says of a fit of journeys.

    Raises
    ------
    UsageError
        None was fitted, or none of that name.
    """
    fits: dict[str, dict[str, Any]] = manifest["fits"]
    if not fits:
        raise UsageError("No model of journeys was fitted yet. Fit one first: attribution fit markov --bootstrap 200.")
    if name is not None:
        hits = [n for n in sorted(fits) if name in (n, fits[n]["model"])]
        if not hits:
            raise UsageError(f'No fit of journeys "{name}".{did_you_mean(name, fits)} Fitted: {listed(sorted(fits))}.')
        return fits[name] if name in fits else fits[hits[0]]
    ranked = sorted(fits, key=lambda n: (_rank(fits[n]["model"]), n))
    return fits[ranked[0]]


def _rank(model: str) -> int:
    return PREFERRED.index(model) if model in PREFERRED else len(PREFERRED)


def _demand(journeys: Journeys) -> set[str]:
    """Direct traffic, and channels all of whose touches are visits: how demand shows, not what an ad made."""
    other = {u.channel for u in journeys.units if u.interaction != "visit"}
    direct = {c for c, flag in zip(journeys.channels, journeys.direct, strict=True) if flag}
    return direct | (set(journeys.channels) - other)


def _path_side(
    workspace: Workspace, manifest: dict[str, Any], fit: dict[str, Any], journeys: Journeys, found: Overlap,
    calendar: Calendar, names: Matching, measure: str, by: tuple[str, ...], seen: float,
) -> tuple[PathSide, list[Finding]]:  # fmt: skip
    """Totals and cells of a path fit."""
    name, model = str(fit["name"]), str(fit["model"])
    if fit["family"] != HAZARD:
        cells = path_cells(journeys, kept_of(fit), found, calendar, names, measure)
        finer = path_cells(journeys, kept_of(fit), found, calendar, names, measure, by) if by else ()
        return PathSide(name, model, "attributed", totals_of(cells), finer, name, cells), []
    frame, _ = stored_fit(workspace, manifest, name)
    whole = float(frame[measure].sum())
    totals = kept_totals(frame, names, measure, seen / whole if whole > 0 else 1.0)
    side = PathSide(name, model, str(frame["estimand"].iloc[0]), totals, (), "")
    if not by:
        return side, []
    others = {n: e for n, e in manifest["fits"].items() if e["family"] != HAZARD}
    if not others:
        raise UsageError(
            f"--by: {name} has no campaigns or weeks, and no other model of journeys was fitted to split by. Fit one: "
            "attribution fit markov --bootstrap 200."
        )
    other = path_entry({"fits": others})
    message = f"{name} has no {listed(by)}: channels are split by {other['name']}."
    cells = path_cells(journeys, kept_of(other), found, calendar, names, measure, by)
    return replace(side, cells=cells, split=str(other["name"])), [Finding("note", "split-by", message)]


def _stale(fit: Mapping[str, Any], journeys: Journeys) -> list[Finding]:
    if fit["journeys"] == journeys.digest:
        return []
    if fit["family"] == HAZARD:
        message = f"{fit['name']} was fitted on earlier data."
        return [Finding("warning", "stale", message, "Fit it again: attribution fit hazard.")]
    return [Finding("note", "refitted", f"{fit['name']} is fitted again here, because the journeys changed since.")]
