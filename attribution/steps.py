"""Steps over a workspace: what each command does, for the command line, `run` and Python alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.compare.agreement import agreement, errors
from attribution.compare.disagreements import Disagreement, disagreements
from attribution.compare.experiments import calibrate, lifts
from attribution.compare.gate import gate
from attribution.compare.stability import monthly_stability
from attribution.credit.hazard import FAMILY, HazardReport, fit_hazard, save_hazard
from attribution.credit.intervals import Uncertainty, ordered
from attribution.credit.paths import Fit, credits_of, fit_paths, joined, save_fits, spec_of, stored_fit
from attribution.credit.spend import Spend, read_spend
from attribution.credit.table import with_spend
from attribution.credit.touches import write_touch_credits
from attribution.engine import connect
from attribution.errors import UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.journeys.build import JourneyTables, build_journeys
from attribution.journeys.journeys import JourneyPart, Journeys
from attribution.journeys.reports import positions
from attribution.journeys.store import FORMAT, read_journeys, write_meta, write_part
from attribution.journeys.stream import event_stream
from attribution.settings import JourneySettings
from attribution.suppression.policy import Suppression, suppress
from attribution.suppression.waste import waste
from attribution.workspace import PRIVATE, Workspace, digest_of, versions
from attribution_models.paths.hazard import Hazard
from attribution_models.paths.order import OrderChoice, choose_order


def journeys_step(workspace: Workspace, settings: JourneySettings | None = None) -> Journeys:
    """Journeys of the workspace's tables, built where tables or settings changed.

    Parameters
    ----------
    workspace : Workspace
    settings : JourneySettings, optional
        None takes those of the last build, or the defaults.
    """
    manifest = workspace.require()
    settings = settings or _last_settings(manifest)
    digest = _journey_digest(manifest, settings)
    held = manifest["journeys"]
    if held is not None and held["digest"] == digest:
        return read_journeys(workspace.path / held["path"])
    with workspace.write() as changed:
        tables = JourneyTables(
            **{n: workspace.table(n, changed) for n in ("touchpoints", "conversions", "customers", "paths")}
        )
        folder = workspace.path / "journeys" / digest
        folder.mkdir(exist_ok=True, mode=0o700)

        def sink(index: int, part: JourneyPart) -> Path:
            place = folder / f"part-{index:05d}.arrow"
            write_part(place, part)
            place.chmod(PRIVATE)
            return place

        with connect(workspace.scratch()) as connection:
            journeys = build_journeys(connection, tables, settings, sink, digest=digest)
        write_meta(folder, journeys)
        changed["journeys"] = {
            "digest": digest,
            "path": str(folder.relative_to(workspace.path)),
            "settings": settings.as_dict(),
            "counts": journeys.counts,
        }
    return journeys


def _last_settings(manifest: dict[str, Any]) -> JourneySettings:
    held = manifest["journeys"]
    if held is None:
        return JourneySettings()
    known = held["settings"]
    return JourneySettings(**{**known, **{k: tuple(known[k]) for k in ("direct_names", "transforms")}})


def _journey_digest(manifest: dict[str, Any], settings: JourneySettings) -> str:
    """Files are named by their content, so their names stand for the tables."""
    files = {t: manifest["tables"].get(t, []) for t in ("touchpoints", "conversions", "customers", "paths")}
    # Customers are hashed by DuckDB, whose hash may change with its version.
    return digest_of(files, settings.as_dict(), FORMAT, versions()["duckdb"])


def spend_of(workspace: Workspace, manifest: dict[str, Any]) -> Spend | None:
    """What was spent, from the spend table or the cost of touches."""
    names = ("spend", "touchpoints", "conversions")
    with connect(workspace.scratch()) as connection:
        return read_spend(connection, *(workspace.table(n, manifest) for n in names))


def order_step(workspace: Workspace, seed: int = 1) -> OrderChoice:
    """Choose the order of the Markov chain on held-out customers of the workspace's journeys."""
    return choose_order(journeys_step(workspace), seed=seed)


def hazard_step(
    workspace: Workspace,
    *,
    positive: bool = False,
    lag: int = 0,
    signals: tuple[str, ...] = (),
    people: int | None = None,
) -> HazardReport:
    """Fit the time-to-event model on the workspace's uncut tables and keep it there."""
    try:
        spec = Hazard(positive=positive, lag=lag)
    except ValueError as error:
        raise UsageError(f"hazard: {error}") from None
    journeys = journeys_step(workspace)
    with workspace.write() as manifest, connect(workspace.scratch()) as connection:
        names = ("touchpoints", "conversions", "customers")
        tables = JourneyTables(**{n: workspace.table(n, manifest) for n in names})
        events = event_stream(
            connection,
            tables,
            observations=workspace.table("observations", manifest),
            signals=signals,
            direct_names=journeys.settings.direct_names,
            people=people,
        )
        report = fit_hazard(events, spec)
        save_hazard(workspace, manifest, report, journeys.digest, {"signals": list(signals), "people": people})
        spend = spend_of(workspace, manifest)
    costs = None if spend is None else spend.costs(False, {})
    return replace(report, credits=ordered(with_spend(report.credits, costs)))


@dataclass(frozen=True, slots=True)
class FitReport:
    """What a fit step made: the fits, their credits, and what was noticed."""

    fits: tuple[Fit, ...]
    credits: pd.DataFrame
    findings: tuple[Finding, ...]


def fit_step(
    workspace: Workspace,
    specs: Sequence[Any],
    *,
    name: str | None = None,
    touch_credits: Path | None = None,
    uncertainty: Uncertainty | None = None,
) -> FitReport:
    """Fit path models on the workspace's journeys and keep them there."""
    journeys = journeys_step(workspace)
    fits, findings = fit_paths(journeys, specs, name, uncertainty)
    with workspace.write() as manifest:
        spend = spend_of(workspace, manifest)
        save_fits(workspace, manifest, journeys, fits)
    if touch_credits is not None:
        write_touch_credits(touch_credits, journeys, fits)
    frame = credits_of(journeys, fits, spend)
    noticed = [*journeys.findings, *findings, *(() if spend is None else spend.findings)]
    return FitReport(fits, frame, tuple(noticed))


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
        A finer grain, or one kind of conversion: the stored specs are fitted again on those journeys.
    """
    manifest = workspace.require()
    if not manifest["fits"]:
        raise UsageError("Nothing was fitted yet. Fit something first: attribution fit rules.")
    chosen = _chosen(manifest, names)
    journeys = journeys_step(workspace)
    manifest = workspace.manifest()
    findings: list[Finding] = []
    stale = [n for n in chosen if manifest["fits"][n]["journeys"] != journeys.digest]
    whole = [n for n in chosen if manifest["fits"][n]["family"] == FAMILY]
    if set(whole) & set(stale):
        message = "hazard was fitted on earlier data."
        findings.append(Finding("warning", "stale", message, "Fit it again: attribution fit hazard."))
    stale = [n for n in stale if n not in whole]
    if stale:
        fits, _ = _refit(journeys, manifest, stale, again=True)
        with workspace.write() as changed:
            save_fits(workspace, changed, journeys, fits)
        manifest = workspace.manifest()
        message = f"{', '.join(stale)}: fitted again, because the journeys changed since."
        findings.append(Finding("note", "refitted", message))
    if not by and kind is None:
        spend = spend_of(workspace, manifest)
        costs = None if spend is None else spend.costs(False, {})
        frames = [with_spend(stored_fit(workspace, manifest, n)[0], costs) for n in chosen]
        return joined(frames), tuple(findings)
    if whole:
        findings.append(Finding("note", "no-grain", "hazard is left out: it is fitted on everybody's whole history."))
    fits, more = _refit(journeys, manifest, [n for n in chosen if n not in whole])
    spend = spend_of(workspace, manifest)
    return credits_of(journeys, fits, spend, by=by, kind=kind), (*findings, *more)


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


def _refit(
    journeys: Journeys, manifest: dict[str, Any], names: Sequence[str], again: bool = False
) -> tuple[tuple[Fit, ...], Any]:
    """Fit stored specs; ``again``: with the intervals they had."""
    fits: list[Fit] = []
    findings: list[Finding] = []
    specs = {n: spec_of(manifest["fits"][n]) for n in names}
    how = {n: Uncertainty(**manifest["fits"][n]["uncertainty"]) if again else Uncertainty() for n in names}
    for uncertainty in dict.fromkeys(how.values()):
        mine = {n: spec for n, spec in specs.items() if how[n] == uncertainty}
        unique = {spec.name: spec for spec in mine.values()}
        made, noticed = fit_paths(journeys, list(unique.values()), None, uncertainty)
        by_spec = {f.spec.name: f for f in made}
        fits += [replace(by_spec[spec.name], name=n) for n, spec in mine.items() if spec.name in by_spec]
        findings += noticed
    return tuple(sorted(fits, key=lambda f: list(names).index(f.name))), findings


@dataclass(frozen=True, slots=True)
class SuppressReport:
    """What a suppress step made."""

    suppression: Suppression
    waste: pd.DataFrame | None
    files: tuple[Path, ...]


def suppress_step(workspace: Workspace) -> SuppressReport:
    """List the customers, write the list, and tell what went to them already."""
    manifest = workspace.require()
    names = ("touchpoints", "conversions", "customers")
    touchpoints, conversions, customers = (workspace.table(n, manifest) for n in names)
    if conversions is None and customers is None:
        msg = (
            "Nobody is known to be a customer: the workspace holds no conversions with ids and no customers. Add some: "
            "attribution ingest --conversions FILE, or --customers FILE."
        )
        raise UsageError(msg)
    with workspace.write() as changed, connect(workspace.scratch()) as connection:
        found = suppress(connection, touchpoints, conversions, customers)
        spent = workspace.table("spend", manifest)
        lost = None if touchpoints is None else waste(connection, touchpoints, conversions, customers, spent)
        digest = digest_of({t: manifest["tables"].get(t, []) for t in names}, found.policy)
        folder = workspace.path / "lists" / f"suppression-{digest[:8]}"
        folder.mkdir(exist_ok=True, mode=0o700)
        files = (folder / "suppression.csv", folder / "suppression.parquet")
        _private(files[0], lambda path: found.people.to_csv(path, index=False, lineterminator="\n"))
        _private(files[1], lambda path: found.people.to_parquet(path, index=False))
        changed["lists"] = {
            "suppression": {
                "files": [str(f.relative_to(workspace.path)) for f in files],
                "policy": found.policy,
                "people": len(found.people),
                "reasons": {str(k): int(v) for k, v in found.people["reason"].value_counts().items()},
            }
        }
    return SuppressReport(found, lost, files)


def _private(path: Path, write: Any) -> None:
    path.touch(mode=PRIVATE)
    write(path)
    path.chmod(PRIVATE)


@dataclass(frozen=True, slots=True)
class CompareReport:
    """Models side by side.

    Attributes
    ----------
    credits : DataFrame
        Of all chosen fits.
    agreement, stability : DataFrame
    errors : DataFrame or None
        Against a truth, where one was given.
    experiments : DataFrame or None
        Measured lifts, where the workspace holds assignments.
    disagreements : tuple of Disagreement
    findings : tuple of Finding
        What the validity gate says, and what the fits noticed.
    """

    credits: pd.DataFrame
    agreement: pd.DataFrame
    stability: pd.DataFrame
    errors: pd.DataFrame | None
    experiments: pd.DataFrame | None
    disagreements: tuple[Disagreement, ...]
    findings: tuple[Finding, ...]


def compare_step(workspace: Workspace, names: Sequence[str] = (), truth: pd.DataFrame | None = None) -> CompareReport:
    """Set stored fits side by side.

    Parameters
    ----------
    names : sequence of str
        As in `credits_step`.
    truth : DataFrame, optional
        ``channel`` and ``conversions`` that are known to be true (a simulated world, an experiment).
    """
    table, findings = credits_step(workspace, names)
    manifest = workspace.manifest()
    journeys = journeys_step(workspace)
    paths = [str(n) for n in dict.fromkeys(table["fit"]) if manifest["fits"][n]["family"] != FAMILY]
    fits, _ = _refit(journeys, manifest, paths)
    held = positions(journeys)
    return CompareReport(
        credits=table,
        agreement=agreement(table),
        stability=monthly_stability(journeys, list(fits)),
        errors=None if truth is None else errors(table, truth),
        experiments=lifts_of(workspace, manifest),
        disagreements=disagreements(table, held),
        findings=(*gate(journeys, held), *findings),
    )


def lifts_of(workspace: Workspace, manifest: dict[str, Any]) -> pd.DataFrame | None:
    """Lifts of the workspace's experiments on people; None where there are none."""
    assignments, conversions = (workspace.table(n, manifest) for n in ("assignments", "conversions"))
    if assignments is None or conversions is None:
        return None
    with connect(workspace.scratch()) as connection:
        return lifts(connection, assignments, conversions)


def calibrated_step(workspace: Workspace, names: Sequence[str] = ()) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The credits of stored fits, calibrated to the workspace's experiments."""
    table, findings = credits_step(workspace, names)
    found = lifts_of(workspace, workspace.manifest())
    if found is None or found.empty:
        msg = (
            "calibrate: no experiment with both arms is in the workspace. Add one: attribution ingest "
            "--assignments FILE (experiment, unified_id, channel, arm, assigned_at)."
        )
        raise UsageError(msg)
    done, noticed = calibrate(table, found)
    return joined([done]), (*findings, *noticed)


def read_truth(path: Path) -> pd.DataFrame:
    """A truth as a file: ``channel`` and ``conversions`` (or ``incremental_conversions``).

    Raises
    ------
    UsageError
        Where the file or a column is missing.
    """
    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise UsageError(f'Cannot read "{path}": {type(error).__name__}.') from None
    frame = frame.rename(columns={"incremental_conversions": "conversions"})
    if not {"channel", "conversions"} <= set(frame.columns):
        raise UsageError(f'"{path}" needs the columns channel and conversions. Found: {listed(frame.columns)}.')
    media = ~frame["channel"].astype(str).str.fullmatch(r"\(all media\)")
    return frame.loc[media, ["channel", "conversions"]]
