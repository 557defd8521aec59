"""Configurations that between them hold every feature of the mix model, on tiny panels."""

from __future__ import annotations

from typing import NamedTuple

from attribution_models.mix.adstock import Adstock
from attribution_models.mix.data import MixData
from attribution_models.mix.lifts import Lift
from attribution_models.mix.priors import Prior, half_normal, normal
from attribution_models.mix.saturation import Saturation
from attribution_models.mix.spec import (
    Channel,
    Control,
    Effect,
    Event,
    Holidays,
    Intercept,
    MixSpec,
    Noise,
    Scaling,
    Seasonality,
    Trend,
)
from attribution_models.mix.time_varying import TimeVarying
from tests.mix.panels import lift, panel


class Case(NamedTuple):
    """What `structure` takes."""

    spec: MixSpec
    data: MixData
    lifts: tuple[Lift, ...] = ()


LAPLACE = Prior("laplace", (0.0, 1.0))
BOUNDED = Prior("truncated-normal", (0.8, 0.8, 0.1, 10.0))
FROM_ABOVE = Prior("truncated-normal", (0.5, 0.8, float("-inf"), 2.0))
FROM_BELOW = Prior("truncated-normal", (0.5, 0.8, 0.05, float("inf")))
NO_SEASON = Seasonality(yearly=0)
GEO = {"geo": "geo", "population": "population"}


def adstock(kind: str, l_max: int = 4, *, normalize: bool = True, shared: bool = False, **priors: Prior) -> Adstock:
    return Adstock(kind, l_max, normalize, tuple(priors.items()), shared)


def saturation(kind: str, *, shared: bool = False, **priors: Prior) -> Saturation:
    return Saturation(kind, tuple(priors.items()), shared)


def channel(name: str, carry: Adstock | str = "geometric", curve: Saturation | str = "logistic", **options) -> Channel:
    return Channel(
        name,
        f"{name}_exposure",
        f"{name}_spend",
        adstock=adstock(carry) if isinstance(carry, str) else carry,
        saturation=saturation(curve) if isinstance(curve, str) else curve,
        **options,
    )


def roi(prior: Prior | None = None) -> Effect:
    return Effect("roi", prior or Prior("log-normal", (0.2, 0.9)))


def mroi(prior: Prior | None = None) -> Effect:
    return Effect("mroi", prior or Prior("log-normal", (0.0, 0.5)))


def share(prior: Prior | None = None) -> Effect:
    return Effect("contribution", prior or Prior("beta", (2.0, 20.0)))


def effect(family: str, *values: float) -> Effect:
    return Effect("coefficient", Prior(family, values))


def mix(*channels: Channel, seasonality: Seasonality = NO_SEASON, **options) -> MixSpec:
    return MixSpec("sales", channels, seasonality=seasonality, **options)


def national_default() -> Case:
    spec = mix(
        channel("tv"),
        channel("search"),
        channel("radio"),
        controls=(Control("price", scale="max"),),
        seasonality=Seasonality(yearly=2),
    )
    return Case(spec, panel(spec, periods=26))


def national_student() -> Case:
    spec = mix(
        channel("tv", "delayed", saturation("hill", slope=Prior("gamma", (4.0, 3.0))), order="saturation-first"),
        channel("search", "binomial", "michaelis-menten", order="saturation-first"),
        controls=(Control("price", prior=LAPLACE, role="confounder"), Control("weather", sign=-1)),
        seasonality=Seasonality(yearly=1, prior=LAPLACE),
        noise=Noise("student-t"),
        history="zero",
    )
    return Case(spec, panel(spec, seed=2, missing=((0, 3), (0, 11))))


def weibull() -> Case:
    spec = mix(
        channel("tv", "weibull-cdf", "tanh", effect=effect("log-normal", -1.0, 0.7)),
        channel("search", "weibull-pdf", "root", effect=effect("gamma", 2.0, 4.0)),
        channel("radio", adstock("weibull-pdf", 5, normalize=False), "hill", order="saturation-first"),
        trend=Trend("linear", 2),
    )
    return Case(spec, panel(spec, seed=3, before=2))


def unnormalised() -> Case:
    spec = mix(
        channel("tv", adstock("geometric", 3, normalize=False), "tanh", order="saturation-first"),
        channel("search", adstock("delayed", 4, normalize=False), "michaelis-menten"),
        channel("radio", adstock("weibull-cdf", 4, normalize=False), "root", effect=roi()),
        scaling=Scaling("mean", "median"),
    )
    return Case(spec, panel(spec, seed=4, before=6, known=4))


def direct() -> Case:
    spec = mix(
        channel("tv", "none", "none", effect=effect("normal", 0.2, 0.3)),
        channel("search", "none", "root", effect=effect("student-t", 4.0, 0.1, 0.5)),
        channel("radio", "geometric", "none", effect=effect("laplace", 0.0, 0.4)),
        trend=Trend("linear", 0),
        scaling=Scaling("standard"),
        intercept=Intercept(prior=normal(0.3, 0.5)),
    )
    return Case(spec, panel(spec, seed=5))


def targets_national() -> Case:
    spec = mix(
        channel("tv", "geometric", "hill", effect=roi()),
        channel("search", "binomial", "logistic", effect=mroi()),
        channel("radio", "delayed", "tanh", effect=share()),
        revenue_per_outcome=2.5,
        trend=Trend("knots", 4),
    )
    return Case(spec, panel(spec, seed=6, worth=2.5, missing=((0, 7),)))


def geo_pooled() -> Case:
    spec = mix(channel("tv"), channel("search", "binomial", "hill"), controls=(Control("price"),), **GEO)
    return Case(spec, panel(spec, geos=3, periods=14, seed=7))


def geo_targets() -> Case:
    spec = mix(
        channel("tv", "geometric", "hill", effect=roi()),
        channel("search", "binomial", "root", effect=mroi(), order="saturation-first"),
        channel("radio", "geometric", "none", effect=share(), pooling=None),
        noise=Noise(by_geo=True),
        revenue_per_outcome=3.0,
        trend=Trend("knots", 3),
        **GEO,
    )
    return Case(spec, panel(spec, geos=3, seed=8, worth=3.0, missing=((0, 5), (2, 6), (2, 7))))


def geo_national_channel() -> Case:
    spec = mix(
        channel("tv", national=True),
        channel("search", "delayed", "tanh", effect=effect("normal", 0.2, 0.3), pooling=half_normal(0.3)),
        controls=(Control("promo", treatment=True, pooling=half_normal(0.5)), Control("price", pooling=half_normal(1))),
        period_effect=half_normal(0.2),
        **GEO,
    )
    return Case(spec, panel(spec, geos=3, periods=12, seed=9))


def geo_independent() -> Case:
    spec = mix(
        channel("tv", effect=effect("exponential", 2.0)),
        channel("search", effect=effect("inverse-gamma", 3.0, 1.0), pooling=Prior("exponential", (2.0,))),
        intercept=Intercept(prior=normal(0.5, 0.4), common=False),
        noise=Noise("student-t", by_geo=True),
        controls=(Control("price", sign=1, treatment=True),),
        geo="geo",
    )
    return Case(spec, panel(spec, geos=3, periods=12, seed=10))


def geo_one_level() -> Case:
    spec = mix(
        channel("tv", adstock("geometric", shared=True), saturation("hill", shared=True), pooling=None),
        channel("search", adstock("geometric", shared=True), saturation("hill", shared=True)),
        channel("radio", adstock("geometric"), saturation("hill", kappa=FROM_BELOW)),
        intercept=Intercept(pooling=None),
        scaling=Scaling(per_capita=False),
        trend=Trend("linear", at=(4, 9), prior=LAPLACE),
        **GEO,
    )
    return Case(spec, panel(spec, geos=3, periods=14, seed=11))


def gaussian_process() -> Case:
    spec = mix(channel("tv"), channel("search", effect=roi()), trend=Trend("gaussian-process", 6))
    return Case(spec, panel(spec, seed=12, missing=((0, 19),)))


def geo_gaussian_process() -> Case:
    spec = mix(
        channel("tv"),
        channel("search", "none", "logistic"),
        trend=Trend("gaussian-process", 5, covariance="expquad", scale=Prior("gamma", (2.0, 4.0))),
        noise=Noise(sigma=Prior("exponential", (3.0,)), by_geo=True),
        **GEO,
    )
    return Case(spec, panel(spec, geos=3, periods=12, seed=13))


def reach() -> Case:
    spec = mix(
        channel("tv", "geometric", saturation("hill", slope=Prior("log-normal", (0.7, 0.4))), frequency="tv_frequency"),
        channel("video", "binomial", "hill", frequency="video_frequency", effect=roi()),
        channel("radio", "weibull-cdf", "logistic", frequency="radio_frequency", effect=mroi(), order="adstock-first"),
        trend=Trend("knots", at=(0, 6, 19)),
    )
    return Case(spec, panel(spec, seed=14, before=3))


def geo_reach() -> Case:
    spec = mix(
        channel("tv", "geometric", "hill", frequency="tv_frequency", effect=mroi()),
        channel("video", "delayed", "root", frequency="video_frequency", effect=share(), pooling=None),
        period_effect=half_normal(0.2),
        **GEO,
    )
    return Case(spec, panel(spec, geos=3, periods=12, seed=15))


def lifts() -> Case:
    spec = mix(channel("tv"), channel("search", "delayed", "hill", order="saturation-first", effect=roi()))
    data = panel(spec, seed=16, before=2)
    tests = (
        lift(spec, data, 0, (0,), 6, 10),
        lift(spec, data, 1, (0,), 8, 13, 0.2),
        lift(spec, data, 1, (0,), 2, 4, 2),
    )
    return Case(spec, data, tests)


def geo_lifts() -> Case:
    spec = mix(
        channel("tv", "binomial", "michaelis-menten"),
        channel("search", effect=share(Prior("uniform", (0.01, 0.4)))),
        channel("video", "geometric", "hill", frequency="video_frequency", effect=effect("normal", 0.1, 0.3)),
        noise=Noise("student-t"),
        **GEO,
    )
    data = panel(spec, geos=3, periods=14, seed=17, missing=((1, 8),))
    tests = (
        lift(spec, data, 0, (0, 2), 6, 9),
        lift(spec, data, 1, (1,), 7, 10, 0.5),
        lift(spec, data, 2, (1, 2), 5, 8),
    )
    return Case(spec, data, tests)


def fixed() -> Case:
    half = Prior("fixed", (0.5,))
    spec = mix(
        channel("tv", adstock("geometric", alpha=half), saturation("logistic", lam=Prior("fixed", (2.0,)))),
        channel("search", adstock("delayed", alpha=half), saturation("hill", slope=Prior("fixed", (1.7,)))),
        channel("radio", adstock("geometric"), saturation("hill", kappa=half, slope=BOUNDED)),
        noise=Noise("student-t", sigma=Prior("fixed", (0.3,)), nu=Prior("fixed", (4.0,))),
    )
    return Case(spec, panel(spec, seed=18))


def geo_fixed_spreads() -> Case:
    third = Prior("fixed", (0.3,))
    spec = mix(
        channel("tv", pooling=third),
        channel("search", "binomial", "hill", effect=roi(), pooling=third),
        controls=(Control("price", pooling=third),),
        intercept=Intercept(pooling=third),
        period_effect=third,
        noise=Noise(by_geo=True),
        **GEO,
    )
    return Case(spec, panel(spec, geos=3, periods=12, seed=24))


def families() -> Case:
    spec = mix(
        channel("tv", adstock("geometric", alpha=Prior("uniform", (0.1, 0.8))), saturation("hill", kappa=FROM_BELOW),
                effect=Effect("coefficient", FROM_BELOW)),
        channel("search", adstock("delayed", theta=Prior("uniform", (0.0, 3.0))),
                saturation("tanh", kappa=Prior("inverse-gamma", (4.0, 3.0))), effect=share(Prior("uniform", (0.01, 0.3)))),
        channel("radio", adstock("geometric", alpha=Prior("beta", (2.0, 2.0))),
                saturation("logistic", lam=Prior("exponential", (0.5,))), effect=roi(BOUNDED)),
        controls=(
            Control("price", prior=Prior("student-t", (5.0, 0.1, 0.6)), scale="none"),
            Control("rivals", prior=Prior("truncated-normal", (0.0, 0.5, -1.0, 0.5))),
            Control("weather", prior=Prior("log-normal", (-1.0, 0.5)), scale="max"),
        ),
        intercept=Intercept(prior=Prior("gamma", (3.0, 6.0))),
        noise=Noise(sigma=Prior("inverse-gamma", (3.0, 0.6))),
    )  # fmt: skip
    return Case(spec, panel(spec, seed=19))


def mixed_families() -> Case:
    spec = mix(
        channel("tv", effect=effect("half-normal", 1.0)),
        channel("search", adstock("geometric", alpha=Prior("beta", (2.0, 5.0))), effect=effect("half-normal", 0.5)),
        channel("radio", "geometric", saturation("logistic", lam=half_normal(2.0)), effect=effect("normal", 0, 0.5)),
        events=(
            Event("sale", (("2023-02-01", "2023-02-09"),)),
            Event("launch", (("2023-03-06", "2023-03-06"),), LAPLACE),
        ),
        holidays=(Holidays("US"), Holidays("DE", each=True, prior=normal(0.0, 0.3))),
    )
    return Case(spec, panel(spec, seed=20))


def daily() -> Case:
    spec = mix(
        channel("tv", adstock("geometric", 6)),
        channel("search", "none", "michaelis-menten"),
        seasonality=Seasonality(yearly=1, monthly=1, weekly=2),
        trend=Trend("knots", 3, prior=Prior("laplace", (0.0, 0.3))),
    )
    return Case(spec, panel(spec, periods=30, days=1, seed=21))


def log_link() -> Case:
    spec = mix(
        channel("tv"),
        channel("search", "binomial", "hill", effect=effect("normal", 0.1, 0.2)),
        link="log",
        controls=(Control("price"),),
    )
    return Case(spec, panel(spec, seed=22))


def geo_log_link() -> Case:
    spec = mix(channel("tv"), channel("search", pooling=None), link="log", noise=Noise("student-t"), **GEO)
    return Case(spec, panel(spec, geos=3, periods=12, seed=23, missing=((1, 6),)))


def supports() -> Case:
    spec = mix(
        channel("tv", "none", saturation("hill", kappa=BOUNDED), effect=effect("normal", 0.2, 0.3)),
        channel("search", "none", saturation("hill", kappa=FROM_BELOW), effect=effect("normal", 0.2, 0.3)),
        controls=(Control("price", FROM_ABOVE), Control("weather", FROM_BELOW), Control("rivals", normal(-1, 1), -1)),
    )
    return Case(spec, panel(spec, seed=25))


def constants() -> Case:
    half = Prior("fixed", (0.5,))
    spec = mix(
        channel("tv"),
        controls=(Control("price", half), Control("weather")),
        seasonality=Seasonality(1, prior=half),
        events=(Event("sale", (("2023-02-01", "2023-02-09"),), half),),
        trend=Trend("gaussian-process", 4, scale=half, length=Prior("fixed", (9.0,))),
    )
    return Case(spec, panel(spec, seed=26))


def autoregressive() -> Case:
    spec = mix(
        channel("tv"),
        channel("search", effect=roi()),
        controls=(Control("price"),),
        noise=Noise(autoregression=Prior("uniform", (-1.0, 1.0))),
    )
    return Case(spec, panel(spec, seed=27, missing=((0, 8), (0, 12), (0, 13))))


def geo_autoregressive() -> Case:
    spec = mix(
        channel("tv"),
        noise=Noise(by_geo=True, autoregression=Prior("beta", (2.0, 2.0))),
        period_effect=half_normal(0.2),
        **GEO,
    )
    return Case(spec, panel(spec, geos=3, periods=12, seed=28, missing=((0, 5), (1, 11), (2, 3), (2, 4))))


def time_varying() -> Case:
    spec = mix(
        channel("search", "binomial", "hill", effect=roi()),
        channel("radio", "delayed", "tanh", effect=mroi(), order="saturation-first"),
        channel("video", "geometric", "hill", frequency="video_frequency", effect=share()),
        channel("tv"),
        time_varying=TimeVarying(4),
    )
    data = panel(spec, seed=30, before=2, missing=((0, 9),))
    return Case(spec, data, (lift(spec, data, 3, (0,), 6, 10), lift(spec, data, 2, (0,), 8, 11, 0.3)))


def geo_time_varying() -> Case:
    spec = mix(
        channel("tv", national=True, effect=effect("normal", 0.1, 0.3)),
        channel("search", "geometric", "root", effect=mroi()),
        time_varying=TimeVarying(3, Prior("gamma", (2.0, 4.0)), Prior("fixed", (9.0,)), "expquad"),
        trend=Trend("gaussian-process", 3),
        noise=Noise(by_geo=True),
        **GEO,
    )
    data = panel(spec, geos=3, periods=12, seed=31, missing=((0, 5), (1, 5), (2, 5), (2, 7)))
    return Case(spec, data, (lift(spec, data, 1, (0, 2), 6, 9),))


def log_time_varying() -> Case:
    spec = mix(
        channel("tv"),
        channel("search", pooling=None),
        link="log",
        time_varying=TimeVarying(3, scale=Prior("fixed", (0.6,))),
        **GEO,
    )
    return Case(spec, panel(spec, geos=3, periods=12, seed=32))


def log_lifts() -> Case:
    """Not covered by the compiled density."""
    spec = mix(
        channel("tv"),
        channel("video", "geometric", "hill", frequency="video_frequency", effect=effect("normal", 0.1, 0.3)),
        controls=(Control("price"),),
        link="log",
        **GEO,
    )
    data = panel(spec, geos=3, periods=14, seed=29)
    return Case(spec, data, (lift(spec, data, 0, (0, 2), 6, 9), lift(spec, data, 1, (1,), 5, 8, 0.4)))


CASES: dict[str, Case] = {
    make.__name__: make()
    for make in (
        national_default,
        national_student,
        weibull,
        unnormalised,
        direct,
        targets_national,
        geo_pooled,
        geo_targets,
        geo_national_channel,
        geo_independent,
        geo_one_level,
        gaussian_process,
        geo_gaussian_process,
        reach,
        geo_reach,
        lifts,
        geo_lifts,
        fixed,
        geo_fixed_spreads,
        families,
        mixed_families,
        daily,
        log_link,
        geo_log_link,
        supports,
        constants,
        autoregressive,
        geo_autoregressive,
        time_varying,
        geo_time_varying,
        log_time_varying,
    )
}
