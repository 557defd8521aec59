"""Fit path models on journeys and keep the fits in a workspace."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from attribution.credit.columns import ordered
from attribution.credit.intervals import (
    Made,
    Replicates,
    Uncertainty,
    intervals_of,
    orders_told,
    replicates_of,
    with_intervals,
)
from attribution.credit.specs import family_of, make, model_of, settings_of
from attribution.credit.spend import Spend
from attribution.credit.table import credits_frame, empty_frame, with_spend
from attribution.errors import UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.journeys.journeys import Journeys
from attribution.progress import Told, silent
from attribution.workspace import PRIVATE, Workspace, digest_of
from attribution_models.paths.credit import PathCredit
from attribution_models.paths.markov import Markov, MarkovFit
from attribution_models.paths.registry import FAMILIES, PathFit
from attribution_models.paths.rules import TimeDecay


@dataclass(frozen=True, slots=True)
class Kept:
    """What it takes to fit again: the name a fit is kept by, its spec, how its intervals are made."""

    name: str
    spec: Any
    uncertainty: Uncertainty = field(default_factory=Uncertainty)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted path model under the name it is kept by.

    Attributes
    ----------
    name : str
        ``markov-2``, or what ``--name`` said.
    spec : object
        The frozen description that was fitted.
    result : PathFit
        Credit per channel, and whatever the model adds (a chain's transitions).
    intervals : Made or None
        What the bootstrap or the posterior says.
    uncertainty : Uncertainty
        How they were made.
    """

    name: str
    spec: Any
    result: PathFit
    intervals: Made | None = None
    uncertainty: Uncertainty = field(default_factory=Uncertainty)

    @property
    def credit(self) -> PathCredit:
        """Credit per channel."""
        return self.result.credit

    @property
    def kept(self) -> Kept:
        """What it takes to fit it again."""
        return Kept(self.name, self.spec, self.uncertainty)


def fit_paths(
    paths: Any,
    specs: Sequence[Any],
    name: str | None = None,
    uncertainty: Uncertainty | None = None,
    *,
    drawn: Replicates | None = None,
    told: Told = silent,
) -> tuple[tuple[Fit, ...], tuple[Finding, ...]]:
    """Fit path models; all rules in one scan, all intervals in another.

    Parameters
    ----------
    paths : Journeys or JourneyView
    specs : sequence of specs
        ``Markov(order=2)``, ``Linear()``, … from `attribution_models.paths`.
    name : str, optional
        Keep the (single) fit under this name.
    uncertainty : Uncertainty, optional
        How intervals are made; None makes none.
    drawn : Replicates, optional
        What all journeys share, where these are a part of them; drawn here if not given.
    told : Told
        Called with what is fitted, and with how many replicates are made.

    Returns
    -------
    tuple of (fits in the order of the specs, findings)

    Raises
    ------
    UsageError
        Where one name is given to several fits, or a model cannot be fitted on these journeys.
    """
    if name is not None and len(specs) != 1:
        raise UsageError(f"name: {len(specs)} models are fitted; one name fits one of them.")
    findings: list[Finding] = []
    if not getattr(paths, "journeys", paths).timed:
        kept = [s for s in specs if not isinstance(s, TimeDecay)]
        if len(kept) < len(specs):
            message = "Aggregated paths hold no times: time-decay is left out."
            findings.append(Finding("note", "no-times", message, "Ingest touchpoints with times for it."))
        if not kept:
            raise UsageError("time-decay needs the time of each touch, and aggregated paths hold none.")
        specs = kept
    done: dict[str, PathFit] = {}
    for family in dict.fromkeys(family_of(s) for s in specs):
        mine = [s for s in specs if family_of(s) == family]
        told(f"fitting {family}", 0, 0)
        try:
            results = FAMILIES[family].fit(paths, mine)
        except ValueError as error:
            raise UsageError(str(error)) from None
        done |= {spec.name: result for spec, result in zip(mine, results, strict=True)}
    how = uncertainty or Uncertainty()
    if drawn is None:
        drawn = replicates_of(paths, how, told)
        findings += orders_told(drawn, next((s.order for s in specs if isinstance(s, Markov)), 0))
    made, noticed = intervals_of(paths, list(specs), [done[s.name] for s in specs], how, drawn, told)
    fits = (Fit(name or s.name, s, done[s.name], found, how) for s, found in zip(specs, made, strict=True))
    return tuple(fits), (*findings, *noticed)


def credits_of(journeys: Journeys, fits: Iterable[Fit], spend: Spend | None = None) -> pd.DataFrame:
    """The credits table of fits, by channel. Finer grains: `attribution.credit.finer`."""
    labels = tuple((c, None) for c in journeys.channels)
    costs = None if spend is None else spend.costs(False, {})
    return joined([with_spend(fit_frame(f, labels, {}), costs) for f in fits])


def fit_frame(fit: Fit, labels: tuple[tuple[str, str | None], ...], group: Mapping[str, Any]) -> pd.DataFrame:
    """Rows of one fit with their intervals, without spend; labels and group as in `credits_frame`."""
    return with_intervals(credits_frame(fit.name, model_of(fit.spec), fit.credit, labels, group), fit.intervals)


def joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows of several fits as one table; a fit without intervals has them missing."""
    return ordered(pd.concat(frames, ignore_index=True)) if frames else empty_frame()


def save_fits(workspace: Workspace, manifest: dict[str, Any], journeys: Journeys, fits: Iterable[Fit]) -> None:
    """Write each fit's spec, credits and free parameters, and name them in the manifest."""
    for fit in fits:
        digest = digest_of(fit.name, settings_of(fit.spec), journeys.digest, asdict(fit.uncertainty))
        folder = workspace.path / "fits" / f"{_safe(fit.name)}-{digest}"
        folder.mkdir(exist_ok=True, mode=0o700)
        frame = credits_of(journeys, [fit])
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), folder / "credits.parquet")
        if isinstance(fit.result, MarkovFit):
            _write_transitions(folder / "transitions.parquet", fit.result)
        meta: dict[str, Any] = {
            "name": fit.name,
            "model": model_of(fit.spec),
            "family": family_of(fit.spec),
            "spec": settings_of(fit.spec),
            "journeys": journeys.digest,
            "uncertainty": asdict(fit.uncertainty),
        }
        if isinstance(fit.result, MarkovFit):
            meta |= {"states": fit.result.states, "conversion_probability": fit.result.conversion_probability}
        (folder / "fit.json").write_text(json.dumps(meta, ensure_ascii=False, indent=1), encoding="utf-8")
        for file in folder.iterdir():
            file.chmod(PRIVATE)
        manifest["fits"][fit.name] = {"path": str(folder.relative_to(workspace.path)), **meta}


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in name)[:80]


def _write_transitions(path: Path, fit: MarkovFit) -> None:
    chain = fit.transitions
    table = pa.table(
        {
            "source": [" > ".join(chain.decode(int(s))) for s in chain.source],
            "target": [" > ".join(chain.decode(int(t))) for t in chain.target],
            "weight": chain.weight,
        }
    )
    pq.write_table(table, path)


def stored_fit(workspace: Workspace, manifest: dict[str, Any], name: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A fit's credits, without spend, and its description.

    Raises
    ------
    UsageError
        Where no fit has that name.
    """
    if name not in manifest["fits"]:
        known = manifest["fits"]
        hint = f" Fitted: {listed(known)}." if known else " Fit one first: attribution fit rules."
        raise UsageError(f'No fit "{name}".{did_you_mean(name, known)}{hint}')
    entry = manifest["fits"][name]
    frame = pq.read_table(workspace.path / entry["path"] / "credits.parquet").to_pandas()
    return frame, entry


def kept_of(entry: dict[str, Any]) -> Kept:
    """What a manifest says of a fit."""
    how = entry["uncertainty"]
    orders = tuple(how.get("orders", ()))
    return Kept(entry["name"], make(entry["model"], entry["spec"]), Uncertainty(**{**how, "orders": orders}))
