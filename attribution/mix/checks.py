"""Checks before a fit: what the data can tell a model, and what the model leaves open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from attribution.errors import AttributionError, counted, listed
from attribution.findings import Finding
from attribution.mix.lifts import read_lifts
from attribution.mix.model_file import read_model
from attribution.mix.panel import Panel, read_panel
from attribution.settings import IngestSettings
from attribution_models.mix.data_checks import Regressors, parameters, time_saturation, variation
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import Structure, structure

SEVERITIES = ("error", "warning", "info", "note")
INFLATED = 10.0
CORRELATED = 0.9
STEADY = 0.1
RARE = 0.05
SATURATED = 0.5
FEW_GEOS = 5
FEW_ROWS = 3.0
# Days; less than two years by a little, so that 104 weeks are enough.
TWO_YEARS = 700
SEARCH = re.compile(r"(^|[^a-z])(paid.?search|search|sem|ppc|adwords)([^a-z]|$)")
DEMAND = re.compile(r"quer(y|ies)|search.?vol|gqv|google.?trends|search.?interest|(^|_)(demand|interest)")


def check_model(
    spec: MixSpec, panel: Panel, *, allow_saturated: bool = False, lifts: bool = False
) -> tuple[Finding, ...]:
    """Check a model and its panel before the fit.

    Parameters
    ----------
    spec : MixSpec
    panel : Panel
    allow_saturated : bool
        A national channel beside near-saturated time effects is a warning instead of an error.
    lifts : bool
        Whether there are lift tests.

    Raises
    ------
    AttributionError
        Where the model cannot be built on the panel at all.
    """
    try:
        s = structure(spec, panel.data)
    except ValueError as error:
        raise AttributionError(f"{panel.name}: {error}") from None
    return (
        *panel.findings,
        *model_findings(spec),
        *_collinear(s),
        *(() if lifts else _untested(spec)),
        *_varying(s),
        *_enough(s, panel),
        *_national(s, allow_saturated=allow_saturated),
        *_pooled(s),
        *_drifting(s),
    )


def model_findings(spec: MixSpec) -> Iterator[Finding]:
    """What a model leaves open, whatever the data."""
    undeclared = [c.column for c in spec.controls if c.role == "undeclared" and not c.treatment]
    if undeclared:
        message = f"Controls without a declared role: {listed(undeclared)}. What a control takes away depends on it."
        remedy = (
            'Say role = "confounder" (moves media and outcome) or "predictor" (moves the outcome only); leave out what '
            "media themselves move."
        )
        yield Finding("warning", "control-undeclared", message, remedy, len(undeclared))
    search = [c.name for c in spec.channels if c.paid and SEARCH.search(f"{c.name} {c.spend}".lower())]
    if search and not any(DEMAND.search(c.column.lower()) for c in spec.controls):
        message = (
            f"Paid search ({listed(search)}) without a control for query volume: who searches wants to buy already."
        )
        remedy = "Add a column of query volume for category and brand as a confounder, or a lift test."
        yield Finding("warning", "search-without-queries", message, remedy)
    if spec.geo is not None and spec.population is None:
        message = "Geos without population: outcome and media are compared as totals, not per head."
        yield Finding("info", "no-population", message, "Name a column: data.population.")


def _collinear(s: Structure) -> Iterator[Finding]:
    found = Regressors.of(s)
    # A channel's spend as a control moves with the channel by design: it is neither's fault.
    meant = set(s.spec.stand_ins)
    kept = [k for k, name in enumerate(found.names) if k < found.media or name not in meant]
    found = replace(found, names=tuple(found.names[k] for k in kept), values=found.values[kept])
    factors = found.inflation()
    high = [k for k in range(len(factors)) if factors[k] > INFLATED]
    if high:
        shown = listed((f"{found.names[k]} ({factors[k]:.3g})" for k in high), 8)
        message = (
            f"Variance inflation above {INFLATED:g}: {shown}. These columns move together; their effects trade places."
        )
        remedy = "Put channels together, leave a control out, or bring lift tests or informative priors."
        yield Finding("warning", "collinear", message, remedy, len(high))
    rho = found.correlation()
    pairs = [(i, j) for i in range(found.media) for j in range(i) if abs(rho[i, j]) > CORRELATED]
    if pairs:
        shown = listed((f"{found.names[j]} and {found.names[i]} ({rho[i, j]:.2f})" for i, j in pairs), 5)
        message = f"Channels with a correlation above {CORRELATED:g}: {shown}."
        yield Finding("warning", "correlated", message, "The data cannot tell which of the two works.", len(pairs))


def _untested(spec: MixSpec) -> Iterator[Finding]:
    if spec.stand_ins:
        message = (
            f"Spend as a control beside its channel, for demand that moves with it: {listed(spec.stand_ins)}. Without "
            "lift tests nothing tells the two apart."
        )
        remedy = "Give the tests (--lifts FILE), or take the control out."
        yield Finding("warning", "spend-as-control", message, remedy, len(spec.stand_ins))


def _varying(s: Structure) -> Iterator[Finding]:
    for c, channel in enumerate(s.spec.channels):
        found = variation(s, c)
        if 0 < found.coefficient < STEADY:
            message = f"{channel.name} hardly varies (standard deviation {found.coefficient:.1%} of its mean)."
            remedy = "Vary its spend, or bring a lift test: its prior decides."
            yield Finding("warning", "channel-steady", message, remedy)
        if found.active < RARE:
            message = f"{channel.name} is active in {found.active:.1%} of the cells only."
            yield Finding("warning", "channel-rare", message, "Few cells say all there is about it; see its interval.")


def _enough(s: Structure, panel: Panel) -> Iterator[Finding]:
    rows, unknown = int(s.fitted.sum()), parameters(s)
    if rows < FEW_ROWS * unknown:
        message = (
            f"{rows:,} fitted rows for {unknown:,} parameters ({rows / unknown:.1f} each): priors will decide much."
        )
        remedy = "Put channels together, leave controls out, take fewer seasons or knots, or bring more history."
        yield Finding("warning", "few-rows", message, remedy)
    masked = int(np.argmax(s.fitted.any(axis=0)))
    if masked:
        message = f"The first {masked} {panel.calendar.unit}s are not fitted: media before them are unknown."
        yield Finding(
            "note", "history-masked", message, "Rows of media before the first outcome would bring them back."
        )
    days = len(s.data.dates) * s.data.days
    if s.spec.seasonality.yearly and days < 540:
        message = f"{days / 7:.0f} weeks with yearly seasons: one year's ups and downs cannot be told from media."
        yield Finding("warning", "short", message, "Bring two years or more, or take fewer seasonal modes.")


def _national(s: Structure, *, allow_saturated: bool) -> Iterator[Finding]:
    """What is the same in all geos competes with effects of time that are the same in all geos."""
    if len(s.data.geos) == 1:
        return
    national = [c.name for c in s.spec.channels if c.national]
    taken = time_saturation(s)
    if national and taken > SATURATED:
        message = (
            f"National channels ({listed(national)}) beside time effects that take {taken:.0%} of the periods: nothing "
            "is left to see the channels by."
        )
        remedy = "Take fewer knots or no period effect, or --allow-saturated."
        yield Finding("warning" if allow_saturated else "error", "national-saturated", message, remedy)


def _pooled(s: Structure) -> Iterator[Finding]:
    geos = len(s.data.geos)
    if not 1 < geos < FEW_GEOS:
        return
    spread = [c.name for c in s.spec.channels if c.pooling is not None and not c.pooling.fixed and not c.national]
    spread += [c.column for c in s.spec.controls if c.pooling is not None and not c.pooling.fixed]
    level = s.spec.intercept.pooling
    spread += ["intercept"] if s.spec.intercept.common and level is not None and not level.fixed else []
    if spread:
        message = (
            f"{geos} geos say little about the spread between geos ({listed(spread, 5)}): it stays near its prior."
        )
        remedy = "Fix it (pooling = 0.3), or switch it off (pooling = false)."
        yield Finding("warning", "few-geos", message, remedy, geos)


def _drifting(s: Structure) -> Iterator[Finding]:
    """What moves the baseline can stand for effects that drift, and the other way round."""
    if s.varying is None:
        return
    kind = s.spec.trend.kind
    free = [f"trend {kind}"] if kind in ("knots", "gaussian-process") else []
    free += ["period_effect"] if s.spec.period_effect is not None and len(s.data.geos) > 1 else []
    if free:
        message = (
            f"Effects that drift (time_varying) beside {listed(free)}: both explain a slow change, and the data may "
            "not say which it was."
        )
        remedy = "Keep one of them: a linear trend, or effects that stay the same; lift tests at several dates tell."
        yield Finding("warning", "effects-drift", message, remedy)
    days = len(s.data.dates) * s.data.days
    if days < TWO_YEARS:
        message = f"{days / 7:.0f} weeks with effects that drift (time_varying): a drift cannot be told from a season."
        yield Finding("warning", "drift-short", message, "Bring two years or more, or let effects stay the same.")


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check_files` found.

    Attributes
    ----------
    summary : str
        The size of panel and model, in a line.
    findings : tuple of Finding
        Worst first.
    """

    summary: str
    findings: tuple[Finding, ...]


def check_files(
    panels: Sequence[str],
    model: Path | MixSpec,
    lifts: Sequence[str] = (),
    *,
    allow_saturated: bool = False,
    settings: IngestSettings | None = None,
) -> Checked:
    """Read model, panel and lift tests, and check them together; see `check_model`."""
    spec = model if isinstance(model, MixSpec) else read_model(model)
    panel = read_panel(panels, spec, settings)
    found = [*check_model(spec, panel, allow_saturated=allow_saturated, lifts=bool(lifts))]
    tests = 0
    if lifts:
        read = read_lifts(lifts, spec, panel, settings=settings)
        found += read.findings
        tests = len(read.likelihood) + len(read.prior) + len(read.validate)
    return Checked(_summary(spec, panel, tests), tuple(sorted(found, key=lambda f: SEVERITIES.index(f.severity))))


def _summary(spec: MixSpec, panel: Panel, tests: int) -> str:
    data, unit = panel.data, panel.calendar.unit
    geos = f" of {len(data.geos)} geos" if spec.geo is not None else ""
    parts = [
        f"{len(data.dates)} {unit}s{geos}, {data.dates[0]} to {panel.calendar.last_day(len(data.dates) - 1)}",
        f"{counted(len(spec.channels), 'channel')}, {counted(len(spec.controls), 'control')}",
        f"{parameters(structure(spec, data)):,} parameters",
    ]
    return "; ".join([*parts, *([counted(tests, "lift test")] if tests else [])]) + "."


def findings_frame(findings: Sequence[Finding]) -> pd.DataFrame:
    """Findings as a table: severity, code, message, remedy, count."""
    columns = ["severity", "code", "message", "remedy", "count"]
    return pd.DataFrame([f.as_dict() for f in findings], columns=columns)
