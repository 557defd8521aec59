"""The models that simulation-based calibration is run on, each with its fixed panel and scales.

A case has everything but results: media, controls, scales, and lift tests that found nothing yet. Outcomes and lifts
come from the model's own prior predictive distribution, so no panel has to look like a real one. Priors are defaults
but for the noise, which is less, or data of this size would say little; in geo panels effects and their spread between
geos have priors of the size that real panels show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.adstock import Adstock
from attribution_models.mix.cells import Window
from attribution_models.mix.data import MixData
from attribution_models.mix.lifts import Lift
from attribution_models.mix.priors import Prior, half_normal, normal
from attribution_models.mix.saturation import Saturation
from attribution_models.mix.scales import Scales
from attribution_models.mix.spec import Channel, Control, Effect, Intercept, MixSpec, Noise, Seasonality, Trend
from attribution_models.mix.structure import Structure, structure

Floats = NDArray[np.float64]
LAGS = 6
GEOS = ("north", "south", "east", "west", "middle")
WORTH = 2.5  # revenue per outcome
LEVEL = 1000.0  # outcome per unit of the scaled one
# Effects of a geo panel: below one half of the outcome, and alike between geos within a factor of two or so.
SOME: dict[str, Any] = {"effect": Effect(prior=half_normal(0.5)), "pooling": half_normal(0.5)}
GEO: dict[str, Any] = {
    "geo": "geo",
    "population": "population",
    "noise": Noise(sigma=Prior("log-normal", (-1.8, 0.4))),
}


@dataclass(frozen=True)
class Case:
    """A model and its panel.

    Attributes
    ----------
    spec : MixSpec
    data : MixData
        Outcomes are numbers where one is observed, NaN where none is.
    lifts : tuple of Lift
        Without their results.
    scales : Scales
    window : Window
        Of ROAS and marginal ROAS: it ends before the data do, so that all that is carried out lies in the panel.
    """

    spec: MixSpec
    data: MixData
    lifts: tuple[Lift, ...]
    scales: Scales
    window: Window

    def structure(self, *, integrate: bool = True) -> Structure:
        """Spec and panel without results."""
        return structure(self.spec, self.data, self.lifts, scales=self.scales, integrate=integrate)

    def observed(self, outcome: Floats, lifts: Floats) -> Structure:
        """Spec and panel with scaled outcomes of the fitted rows, geo by geo, and results of the lift tests."""
        scaled = np.full(self.data.outcome.shape, np.nan)
        scaled[self.structure().fitted] = outcome
        y = self.scales.population[:, None] * (self.scales.center + self.scales.outcome * scaled)
        tests = tuple(replace(test, lift=float(lift)) for test, lift in zip(self.lifts, lifts, strict=True))
        return structure(self.spec, replace(self.data, outcome=y), tests, scales=self.scales)


def national() -> Case:
    """Three channels of the default form, a trend that bends, seasons, a control; media before the window are known."""
    spec = _spec(
        *(_channel(name, "geometric", "logistic") for name in ("tv", "search", "radio")),
        controls=(Control("price"),),
        trend=Trend("linear", 1),
        seasonality=Seasonality(yearly=2),
    )
    return _case(spec, seed=11, periods=80, before=LAGS - 1)


def geo_pooled() -> Case:
    """Five geos with pooled effects and levels, a treatment; gaps, and first rows masked."""
    spec = _spec(
        _channel("tv", "geometric", "hill", **SOME),
        _channel("search", "geometric", "logistic", **SOME),
        controls=(Control("promotion", treatment=True, pooling=half_normal(0.5)),),
        **GEO,
    )
    return _case(spec, seed=12, geos=5, periods=40, missing=((1, 12), (1, 13), (4, 30)), center=LEVEL)


def roi_prior() -> Case:
    """Priors on ROI, one on marginal ROI; knots; an outcome that is counted and has a worth."""
    roi = Effect("roi", Prior("log-normal", (0.2, 0.9)))
    spec = _spec(
        _channel("tv", "geometric", "hill", effect=roi),
        _channel("search", "geometric", "logistic", effect=Effect("mroi", Prior("log-normal", (0.0, 0.5)))),
        _channel("video", "geometric", "hill", effect=roi),
        trend=Trend("knots", 4),
        intercept=Intercept(normal(1.0, 0.5)),
        noise=Noise(sigma=half_normal(0.1)),
        revenue_per_outcome=WORTH,
        revenue=False,
    )
    return _case(spec, seed=13, periods=80, missing=((0, 20),), worth=WORTH)


def lift_tests() -> Case:
    """Four geos; a holdout of one channel in two of them, and a smaller and a heavier plan of the other."""
    spec = _spec(
        _channel("tv", "geometric", "logistic", **SOME),
        _channel("search", "geometric", "hill", **(SOME | {"pooling": None})),
        **GEO,
    )
    case = _case(spec, seed=14, geos=4, periods=32, before=LAGS - 1)
    tests = (
        _lift(case, "tv holdout", 0, (0, 2), 8, 14, 0.0, 300.0),
        _lift(case, "search cut", 1, (0, 1, 2, 3), 18, 22, 0.5, 200.0),
        _lift(case, "search heavier elsewhere", 1, (3,), 12, 16, 1.5, 60.0),
    )
    return replace(case, lifts=tests)


CASES: Mapping[str, Callable[[], Case]] = {
    "national": national,
    "geo-pooled": geo_pooled,
    "roi-prior": roi_prior,
    "lift-tests": lift_tests,
}


def _spec(*channels: Channel, **options: Any) -> MixSpec:
    usual: dict[str, Any] = {"noise": Noise(sigma=half_normal(0.2)), "seasonality": Seasonality(yearly=0)}
    return MixSpec("sales", channels, **(usual | options))


def _channel(name: str, carry: str, curve: str, **options: Any) -> Channel:
    return Channel(
        name,
        f"{name}_exposure",
        f"{name}_spend",
        adstock=Adstock(carry, LAGS),
        saturation=Saturation(curve),
        **options,
    )


def _case(
    spec: MixSpec,
    *,
    seed: int,
    periods: int,
    geos: int = 1,
    before: int = 0,
    worth: float = 1.0,
    missing: tuple[tuple[int, int], ...] = (),
    center: float = 0.0,
) -> Case:
    """Draw a panel: bursts of exposure, at a cost of its own per channel that makes it a few per cent of revenue."""
    rng = np.random.default_rng(seed)
    wide = (len(spec.channels), geos, before + periods)
    exposure = rng.gamma(2.0, 50.0, wide) * (rng.random(wide) < 0.75)
    population = rng.uniform(0.5, 2.0, geos) if spec.population else np.ones(geos)
    exposure *= population[None, :, None]
    outcome = np.full((geos, periods), LEVEL)
    for g, t in missing:
        outcome[g, t] = np.nan
    money = exposure[..., before:] / exposure[..., before:].mean(axis=(1, 2), keepdims=True)
    share = rng.uniform(0.03, 0.08, (len(spec.channels), 1, 1))
    data = MixData(
        dates=np.datetime64("2023-01-02") + 7 * np.arange(periods) * np.timedelta64(1, "D"),
        geos=GEOS[:geos] if geos > 1 else ("national",),
        outcome=outcome,
        exposure=exposure,
        spend=share * money * LEVEL * worth,
        controls=rng.normal(3.0, 1.5, (len(spec.controls), geos, periods)),
        population=population,
        revenue_per_outcome=np.full((geos, periods), worth),
        history=before,
    )
    scales = replace(Scales.of(spec, data), center=center, outcome=LEVEL)
    return Case(spec, data, (), scales, Window(LAGS + 4, periods - LAGS - 2))


def _lift(
    case: Case, name: str, channel: int, geos: tuple[int, ...], start: int, end: int, left: float, deviation: float
) -> Lift:
    """Describe a test of periods start … end − 1 whose carry-over counts too: exposure would have been `left` times."""
    without = case.structure().media[channel, list(geos)].copy()
    first = case.data.before
    without[:, first + start : first + end] *= left
    return Lift(name, channel, geos, start, end + LAGS - 2, without, 0.0, deviation)
