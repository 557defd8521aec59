"""Random configurations of the mix model, each by its number: the second sweep of `study_mmm_equality`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from attribution_models.mix import adstock, saturation
from attribution_models.mix.priors import Prior, half_normal, normal
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
)  # fmt: skip
from attribution_models.mix.time_varying import TimeVarying
from tests.mix.cases import Case, channel, mix
from tests.mix.cases import adstock as carry
from tests.mix.cases import saturation as curve
from tests.mix.panels import lift, panel

T = TypeVar("T")
NONE = float("inf")
POSITIVE = (
    half_normal(0.6), Prior("log-normal", (-0.5, 0.6)), Prior("gamma", (2.0, 3.0)), Prior("inverse-gamma", (4.0, 2.0)),
    Prior("exponential", (2.0,)), Prior("truncated-normal", (0.5, 0.6, 0.0, NONE)),
    Prior("truncated-normal", (0.5, 0.6, 0.1, 3.0)), Prior("uniform", (0.1, 2.0)), Prior("fixed", (0.4,)),
)  # fmt: skip
SIGNED = (
    normal(0.0, 0.5), normal(0.2, 0.4), Prior("laplace", (0.1, 0.4)), Prior("student-t", (5.0, 0.0, 0.4)),
    Prior("truncated-normal", (0.1, 0.5, -1.0, 1.0)), Prior("truncated-normal", (0.1, 0.5, -NONE, 1.0)),
    Prior("uniform", (-0.5, 0.8)), Prior("fixed", (0.3,)), half_normal(0.5),
)  # fmt: skip
UNIT = (Prior("beta", (2.0, 3.0)), Prior("uniform", (0.05, 0.9)), Prior("fixed", (0.4,)))
SHARE = (Prior("beta", (2.0, 20.0)), Prior("uniform", (0.01, 0.4)), Prior("log-normal", (-2.0, 0.5)))
CUT = (0, 0, 0, 1, -1)
WORTH = 2.0


class _Dice:
    """Choices that depend on nothing but a configuration's number."""

    def __init__(self, number: int, stream: int = 23) -> None:
        self.rng = np.random.default_rng([number, stream])

    def one(self, options: Sequence[T]) -> T:
        return options[int(self.rng.integers(len(options)))]

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def sampled(self, options: Sequence[Prior]) -> Prior:
        return self.one([prior for prior in options if not prior.fixed])


def featured(number: int) -> Case:
    """Make the configuration of a number."""
    dice = _Dice(number)
    geos, log = dice.one((1, 1, 2, 3)), dice.chance(0.2)
    place: dict[str, Any] = {"geo": "geo", "population": dice.one((None, "population"))} if geos > 1 else {}
    channels = tuple(_channel(dice, c, geos, log=log) for c in range(int(dice.rng.integers(1, 4))))
    spec = mix(
        *channels,
        controls=tuple(_control(dice, k) for k in range(int(dice.rng.integers(0, 4)))),
        events=tuple(Event(f"event {e}", dates, dice.one(SIGNED)) for e, dates in enumerate(_dates(dice))),
        holidays=tuple(Holidays(c, each=dice.chance(0.5), prior=dice.one(SIGNED[:3])) for c in dice.one(((), ("US",)))),
        trend=_trend(dice),
        seasonality=Seasonality(dice.one((0, 1)), dice.one((0, 0, 1)), prior=dice.one(SIGNED[:4])),
        intercept=Intercept(dice.one(SIGNED), dice.one((None, half_normal(1.0), *POSITIVE[-2:])), dice.chance(0.7)),
        noise=_noise(dice),
        scaling=Scaling(dice.one(("max", "mean") if log else ("max", "mean", "standard")), dice.one(("max", "median"))),
        period_effect=dice.one((None, None, *POSITIVE[:1], *POSITIVE[-1:])),
        revenue_per_outcome=dice.one((None, WORTH)),
        link="log" if log else "identity",
        history=dice.one(("mask", "zero")),
        time_varying=_time_varying(_Dice(number, 29)),
        **place,
    )
    return _with_data(dice, spec, geos, number, log=log)


def _channel(dice: _Dice, c: int, geos: int, *, log: bool) -> Channel:
    name = ("tv", "search", "radio")[c]
    form, bend = dice.one(list(adstock.KINDS)), dice.one(list(saturation.KINDS))
    known = {"alpha": UNIT, "theta": POSITIVE, "lam": POSITIVE, "k": POSITIVE}
    shape = {n: dice.one(known[n]) for n in adstock.KINDS[form].parameters if dice.chance(0.5)}
    bent = {
        n: dice.one(UNIT if n == "alpha" else POSITIVE) for n in saturation.KINDS[bend].parameters if dice.chance(0.5)
    }
    frequency = f"{name}_frequency" if dice.chance(0.2) else None
    return channel(
        name,
        carry(form, int(dice.rng.integers(1, 5)), normalize=dice.chance(0.7), **shape),
        curve(bend, **bent),
        order=dice.one(("adstock-first", "saturation-first")),
        effect=_effect(dice, log=log),
        pooling=dice.one((None, *POSITIVE)),
        national=geos > 1 and dice.chance(0.2),
        frequency=frequency,
    )


def _effect(dice: _Dice, *, log: bool) -> Effect:
    target = "coefficient" if log else dice.one(("coefficient", "coefficient", "contribution", "roi", "mroi"))
    if target == "coefficient":
        return Effect(target, dice.sampled((*POSITIVE, *SIGNED)))
    return Effect(target, dice.sampled(SHARE if target == "contribution" else POSITIVE))  # type: ignore[arg-type]


def _control(dice: _Dice, k: int) -> Control:
    sign = dice.one(CUT)
    allowed = (normal(0.0, 0.5), normal(0.2, 0.4), Prior("laplace", (0.0, 0.4)), *POSITIVE[:-1]) if sign else SIGNED
    return Control(
        ("price", "intercept", "trend")[k], dice.one(allowed), sign, treatment=dice.chance(0.4),  # type: ignore[arg-type]
        scale=dice.one(("none", "max", "standard")), pooling=dice.one((None, None, *POSITIVE)),
    )  # fmt: skip


def _dates(dice: _Dice) -> tuple[tuple[tuple[str, str], ...], ...]:
    both = ((("2023-01-20", "2023-02-03"),), (("2023-02-14", "2023-02-14"), ("2023-02-13", "2023-02-15")))
    return both[: int(dice.rng.integers(0, 3))]


def _trend(dice: _Dice) -> Trend:
    kind = dice.one(("none", "linear", "knots", "gaussian-process"))
    at = dice.one(((), (2, 6)))
    return Trend(
        kind, dice.one((0, 2, 4)) if kind != "gaussian-process" else 4, at, dice.one(SIGNED[:3]), dice.one(POSITIVE),
        Prior("fixed", (6.0,)) if dice.chance(0.3) else Prior("inverse-gamma", (4.0, 20.0)),
        dice.one(("expquad", "matern52")),
    )  # type: ignore[arg-type] # fmt: skip


def _time_varying(dice: _Dice) -> TimeVarying | None:
    if dice.chance(0.7):
        return None
    length = Prior("fixed", (6.0,)) if dice.chance(0.3) else Prior("inverse-gamma", (4.0, 20.0))
    return TimeVarying(dice.one((1, 3, 5)), dice.one(POSITIVE), length, dice.one(("expquad", "matern52")))  # type: ignore[arg-type]


def _noise(dice: _Dice) -> Noise:
    kind = dice.one(("normal", "normal", "normal", "student-t"))
    memory = None if kind == "student-t" else dice.one((None, None, None, Prior("uniform", (-1.0, 1.0)), *UNIT))
    return Noise(kind, dice.one(POSITIVE), by_geo=dice.chance(0.4), autoregression=memory)  # type: ignore[arg-type]


def _with_data(dice: _Dice, spec: MixSpec, geos: int, number: int, *, log: bool) -> Case:
    periods, before = 12, dice.one((0, 0, 3))
    gaps = tuple((int(dice.rng.integers(geos)), int(dice.rng.integers(4, periods))) for _ in range(dice.one((0, 1, 3))))
    known = dice.one((None, max(before - 1, 0)))
    worth = WORTH if spec.revenue_per_outcome else 1.0
    data = panel(
        spec, geos=geos, periods=periods, before=before, known=known, worth=worth, missing=gaps, seed=number % 1000
    )
    if log or not dice.chance(0.3):
        return Case(spec, data)
    tests = [
        lift(spec, data, c, tuple(range(geos))[: int(dice.rng.integers(1, geos + 1))], 4, 8, dice.one((0.0, 0.4, 2.0)))
        for c in range(len(spec.channels))
    ]
    return Case(spec, data, tuple(tests[: int(dice.rng.integers(1, 3))]))
