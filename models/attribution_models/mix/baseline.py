"""The baseline as columns: level, trend, seasons, holidays, events, controls, period effects."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.columns import DENSE, GEO, TIME, Spread, Term
from attribution_models.mix.data import MixData
from attribution_models.mix.groups import Parameter
from attribution_models.mix.priors import Prior, normal
from attribution_models.mix.scales import Scales
from attribution_models.mix.spec import Control, Event, MixSpec, Trend

STANDARD = normal(0.0, 1.0)
COMPONENTS = ("intercept", "trend", "season", "events", "controls")


@dataclass(frozen=True, slots=True)
class Hyper:
    """A parameter that terms are spread by: sampled, or a constant."""

    name: str
    prior: Prior

    @property
    def parameter(self) -> Parameter:
        """Where its value comes from."""
        return Parameter(constant=self.prior.values[0]) if self.prior.fixed else Parameter(self.name)


def baseline(spec: MixSpec, data: MixData, scales: Scales) -> tuple[tuple[Term, ...], tuple[Hyper, ...]]:
    """Every linear term of the model, and the sampled spreads that they use."""
    terms: list[Term] = []
    hypers: list[Hyper] = []
    parts = (
        _levels(spec, data),
        _trend(spec, data),
        _seasons(spec, data),
        _events(spec, data),
        _controls(spec, data, scales),
        _periods(spec, data),
    )
    for item in chain(*parts):
        if isinstance(item, Term):
            terms.append(item)
        else:
            hypers.append(item)
    return tuple(terms), tuple(hypers)


Parts = Iterator[Term | Hyper]


def _levels(spec: MixSpec, data: MixData) -> Parts:
    periods, geos = len(data.dates), len(data.geos)
    ones = np.ones((1, periods))
    if spec.intercept.common or geos == 1:
        yield Term("intercept", "intercept", (), (), TIME, ones, spec.intercept.prior)
    if geos == 1:
        return
    each = np.ones((geos, periods))
    own = Term(
        "intercept_geo", "intercept", ("geo",), (data.geos,), GEO, each, spec.intercept.prior, tuple(range(geos))
    )
    if not spec.intercept.common:
        yield own
    elif spec.intercept.pooling is not None:
        hypers, prior, spread = _spread("intercept_spread", spec.intercept.pooling)
        yield from hypers
        yield replace(own, prior=prior, spread=spread)


def _spread(name: str, prior: Prior) -> tuple[tuple[Hyper, ...], Prior, Spread | None]:
    """What a spread makes of standard draws: a sampled one multiplies them, a fixed one is their standard deviation."""
    if prior.fixed:
        return (), normal(0.0, prior.values[0]), None
    hyper = Hyper(name, prior)
    return (hyper,), STANDARD, Spread("spread", hyper.parameter)


def _trend(spec: MixSpec, data: MixData) -> Parts:
    trend, periods = spec.trend, len(data.dates)
    if trend.kind == "none":
        return
    if trend.kind == "gaussian-process":
        scale, length = Hyper("trend_scale", trend.scale), Hyper("trend_length", trend.length)
        yield from (scale, length)
        columns, frequencies = hilbert_basis(periods, trend.points or 20)
        spread = Spread(trend.covariance, scale.parameter, length.parameter, frequencies)
        labels = tuple(str(j + 1) for j in range(len(columns)))
        yield Term("trend", "trend", ("trend_basis",), (labels,), TIME, columns, STANDARD, spread=spread)
        return
    at = trend_points(trend, periods)
    columns = hinges(periods, at) if trend.kind == "linear" else knot_weights(periods, at)
    first = ("slope",) if trend.kind == "linear" else ()
    labels = first + tuple(str(data.dates[a]) for a in at)
    dim = "change_point" if trend.kind == "linear" else "knot"
    yield Term("trend", "trend", (dim,), (labels,), TIME, columns, trend.prior)


def trend_points(trend: Trend, periods: int) -> tuple[int, ...]:
    """Periods of knots (both ends among them) or of change points (neither end), in order, each once."""
    if trend.at:
        if not 0 <= min(trend.at) <= max(trend.at) < periods:
            raise ValueError(f"Trend points {trend.at} do not lie within the {periods} periods, counted from 0.")
        return tuple(sorted(set(trend.at)))
    if trend.kind == "linear":
        inner = np.linspace(0, periods - 1, trend.points + 2)[1:-1]
        return tuple(sorted({round(float(a)) for a in inner} - {0, periods - 1}))
    return tuple(sorted({round(float(a)) for a in np.linspace(0, periods - 1, max(trend.points, 2))}))


def hinges(periods: int, at: tuple[int, ...]) -> NDArray[np.float64]:
    """T / T, and max(0, t − point) / T for each change point."""
    t = np.arange(periods) / max(periods - 1, 1)
    return np.vstack([t, *(np.maximum(0.0, t - a / max(periods - 1, 1)) for a in at)])


def knot_weights(periods: int, at: tuple[int, ...]) -> NDArray[np.float64]:
    """Weights of linear interpolation between the two nearest knots (Meridian's ``l1_distance_weights``)."""
    points = np.array(at, dtype=float)
    return np.vstack([np.interp(np.arange(periods), points, row) for row in np.eye(len(points))])


def hilbert_basis(
    periods: int, size: int, factor: float = 1.5, length: int | None = None
) -> tuple[NDArray[np.float64], tuple[float, ...]]:
    """Basis functions of a Gaussian process on centred time, in periods, on [−B, B] with B = factor · T / 2.

    Parameters
    ----------
    periods, size : int
        T, and how many functions.
    length : int, optional
        Periods that they are wanted for, counted from the first: beyond the edge B, where every function is zero, they
        stay so. T of them without.

    Returns
    -------
    array (size, length), and the functions' frequencies
    """
    edge = max(factor * (periods - 1) / 2, 1.0)
    t = np.minimum(np.arange(length or periods) - (periods - 1) / 2, edge)
    roots = np.arange(1, size + 1) * math.pi / (2 * edge)
    return np.sqrt(1 / edge) * np.sin(roots[:, None] * (t[None, :] + edge)), tuple(float(r) for r in roots)


def _seasons(spec: MixSpec, data: MixData) -> Parts:
    columns, labels = fourier(spec, data.dates)
    if labels:
        yield Term("fourier", "season", ("fourier_mode",), (labels,), TIME, columns, spec.seasonality.prior)


def fourier(spec: MixSpec, dates: NDArray[np.datetime64]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Sine and cosine columns; yearly and monthly by day of the year, weekly by day of the week."""
    year = dates.astype("datetime64[Y]")
    of_year = (dates.astype("datetime64[D]") - year.astype("datetime64[D]")).astype(float) + 1
    of_week = ((dates.astype("datetime64[D]").astype(int) + 3) % 7).astype(float)
    kinds = (("yearly", of_year, 365.25), ("monthly", of_year, 365.25 / 12), ("weekly", of_week, 7.0))
    columns, labels = [np.zeros((0, len(dates)))], []
    for name, at, period in kinds:
        for m in range(1, getattr(spec.seasonality, name) + 1):
            angle = 2 * math.pi * m * at / period
            columns.append(np.vstack([np.sin(angle), np.cos(angle)]))
            labels += [f"{name} sin {m}", f"{name} cos {m}"]
    return np.vstack(columns), tuple(labels)


def _events(spec: MixSpec, data: MixData) -> Parts:
    priors: dict[Prior, list[tuple[str, NDArray[np.float64]]]] = {}
    for event in (*spec.events, *holiday_events(spec, data)):
        share = covered(data, event)
        if share.any():
            priors.setdefault(event.prior, []).append((event.name, share))
    for number, (prior, found) in enumerate(priors.items(), 1):
        name = "event" if number == 1 else f"event_{number}"
        labels = tuple(label for label, _ in found)
        yield Term(name, "events", (name,), (labels,), TIME, np.vstack([c for _, c in found]), prior)


def covered(data: MixData, event: Event) -> NDArray[np.float64]:
    """Share of each period's days that an event covers."""
    ranges = [np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + 1) for first, last in event.dates]
    days = np.unique(np.concatenate([np.zeros(0, "datetime64[D]"), *ranges]))  # a day named twice counts once
    starts = data.dates.astype("datetime64[D]")
    counts = np.searchsorted(days, starts + data.days) - np.searchsorted(days, starts)
    return np.asarray(counts / data.days)


def holiday_events(spec: MixSpec, data: MixData) -> tuple[Event, ...]:
    """Public holidays inside the window, by name or together."""
    if not spec.holidays:
        return ()
    import holidays  # noqa: PLC0415

    first = int(str(data.dates[0].astype("datetime64[Y]")))
    last = int(str((data.dates[-1] + np.timedelta64(data.days, "D")).astype("datetime64[Y]")))
    found: dict[tuple[str, Prior], list[str]] = {}
    for wanted in spec.holidays:
        calendar = holidays.country_holidays(wanted.country, wanted.subdivision, years=range(first, last + 1))
        for day, name in sorted(calendar.items()):
            label = name if wanted.each else f"holidays {wanted.country}"
            found.setdefault((label, wanted.prior), []).append(day.isoformat())
    return tuple(Event(label, tuple((d, d) for d in days), prior) for (label, prior), days in found.items())


def _controls(spec: MixSpec, data: MixData, scales: Scales) -> Parts:
    groups: dict[tuple[Prior, int, str], list[int]] = {}
    for k, control in enumerate(spec.controls):
        groups.setdefault((control.directed, control.sign, component(control)), []).append(k)
    for number, ((prior, sign, counted), members) in enumerate(groups.items(), 1):
        name = "control" if number == 1 else f"control_{number}"
        labels = tuple(spec.controls[k].column for k in members)
        z = np.stack([scaled_control(data, scales, k) for k in members]) * (sign or 1)
        yield Term(name, counted, (name,), (labels,), DENSE, z, prior, controls=labels)
    for k, control in enumerate(spec.controls):
        if control.pooling is not None and len(data.geos) > 1:
            yield from _pooled(control, scaled_control(data, scales, k), data)


def component(control: Control) -> str:
    """What a control is counted under: itself for a treatment, set apart from a part of the baseline of that name."""
    if not control.treatment:
        return "controls"
    return f"{control.column} (treatment)" if control.column in COMPONENTS else control.column


def scaled_control(data: MixData, scales: Scales, k: int) -> NDArray[np.float64]:
    """z* of one control, (G, T)."""
    z: NDArray[np.float64] = (data.controls[k] - scales.control_center[k]) / scales.control[k]
    return z


def _pooled(control: Control, z: NDArray[np.float64], data: MixData) -> Parts:
    assert control.pooling is not None
    hypers, prior, spread = _spread(f"control_{control.column}_spread", control.pooling)
    yield from hypers
    geos = tuple(range(len(data.geos)))
    yield Term(
        f"control_{control.column}_geo", component(control), ("geo",), (data.geos,), GEO, z, prior, geos, spread,
        controls=(control.column,) * len(geos),
    )  # fmt: skip


def _periods(spec: MixSpec, data: MixData) -> Parts:
    if spec.period_effect is None or len(data.geos) == 1:
        return
    hypers, prior, spread = _spread("period_spread", spec.period_effect)
    yield from hypers
    labels = tuple(str(d) for d in data.dates)
    yield Term("period_effect", "trend", ("date",), (labels,), TIME, np.eye(len(data.dates)), prior, spread=spread)
