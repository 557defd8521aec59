"""The tables of a model file, as frozen structures: what keys there are, and what they may hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Distribution = Literal[
    "normal", "laplace", "half-normal", "log-normal", "gamma", "inverse-gamma", "exponential", "beta", "uniform",
    "truncated-normal", "student-t", "fixed",
]  # fmt: skip
AdstockKind = Literal["none", "geometric", "delayed", "binomial", "weibull-cdf", "weibull-pdf"]
SaturationKind = Literal["none", "logistic", "hill", "michaelis-menten", "tanh", "root"]
Missing = Literal["error", "zero", "impute"]
Count = Annotated[int, Meta(ge=0)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A table of the file; keys that it does not know are errors."""


class PriorTable(Section, frozen=True, kw_only=True):
    """A distribution, for instance { dist = "half-normal", sigma = 2 }; a plain number in its place is a constant."""

    dist: Distribution
    mu: float | None = None
    sigma: float | None = None
    b: float | None = None
    alpha: float | None = None
    beta: float | None = None
    lam: float | None = None
    lower: float | None = None
    upper: float | None = None
    nu: float | None = None
    value: float | None = None


PriorValue = float | PriorTable
Pooling = bool | float | PriorTable


class ModelTable(Section, frozen=True, kw_only=True):
    """The model as a whole."""

    name: str = "mmm"
    link: Annotated[Literal["identity", "log"], Meta(description="log: effects multiply")] = "identity"
    history: Annotated[
        Literal["mask", "zero"],
        Meta(description="mask: outcomes whose media lie before the panel are not fitted; zero: no media before it"),
    ] = "mask"


class DataTable(Section, frozen=True, kw_only=True):
    """Which column is what."""

    outcome: str
    date: str = "date"
    revenue: Annotated[bool, Meta(description="whether the outcome is money")] = True
    revenue_per_outcome: Annotated[str | float | None, Meta(description="column or number")] = None
    geo: str | None = None
    population: str | None = None


class ScalingTable(Section, frozen=True, kw_only=True):
    """How data are brought to order one before priors apply."""

    outcome: Literal["max", "mean", "standard"] = "max"
    media: Literal["max", "median"] = "max"
    per_capita: bool = True


class AdstockTable(Section, frozen=True, kw_only=True):
    """Carry-over: its form, its length in periods, and priors of its parameters."""

    kind: AdstockKind = "geometric"
    l_max: Annotated[int, Meta(ge=1)] = 8
    normalize: bool = True
    shared: bool = False
    alpha: PriorValue | None = None
    theta: PriorValue | None = None
    lam: PriorValue | None = None
    k: PriorValue | None = None


class SaturationTable(Section, frozen=True, kw_only=True):
    """Diminishing returns: their form, and priors of its parameters."""

    kind: SaturationKind = "logistic"
    shared: bool = False
    lam: PriorValue | None = None
    kappa: PriorValue | None = None
    slope: PriorValue | None = None
    alpha: PriorValue | None = None


class EffectTable(Section, frozen=True, kw_only=True):
    """One prior on how large the effect is, named by what it stands on."""

    coefficient: PriorValue | None = None
    contribution: Annotated[PriorValue | None, Meta(description="share of the outcome")] = None
    roi: Annotated[PriorValue | None, Meta(description="return per unit of spend")] = None
    mroi: Annotated[PriorValue | None, Meta(description="return of one per cent more")] = None


class DefaultsTable(Section, frozen=True, kw_only=True):
    """What holds for every channel that does not say otherwise."""

    adstock: AdstockTable = AdstockTable()
    saturation: SaturationTable = SaturationTable()
    effect: EffectTable = EffectTable()


class ChannelTable(Section, frozen=True, kw_only=True):
    """One medium; without exposure its spend acts, without spend it is organic."""

    name: str
    exposure: str | None = None
    spend: str | None = None
    frequency: Annotated[str | None, Meta(description="mean frequency; exposure is reach then")] = None
    national: bool = False
    order: Literal["adstock-first", "saturation-first"] = "adstock-first"
    missing: Annotated[Missing, Meta(description="what an empty cell means")] = "error"
    adstock: AdstockTable = AdstockTable()
    saturation: SaturationTable = SaturationTable()
    effect: EffectTable = EffectTable()
    pooling: Annotated[Pooling, Meta(description="spread of the effect between geos; false: one effect")] = True


class ControlTable(Section, frozen=True, kw_only=True):
    """A column that moves the outcome and is no medium, or an own action (treatment)."""

    column: str
    role: Literal["confounder", "predictor", "mediator", "undeclared"] = "undeclared"
    prior: PriorValue | None = None
    sign: Literal[-1, 0, 1] = 0
    treatment: bool = False
    scale: Literal["none", "max", "standard"] = "standard"
    pooling: Pooling = False
    missing: Missing = "error"


class EventTable(Section, frozen=True, kw_only=True):
    """Something that happened on days, or from one day to another (both included)."""

    name: str
    dates: tuple[str | tuple[str, str], ...]
    prior: PriorValue | None = None


class HolidaysTable(Section, frozen=True, kw_only=True):
    """Public holidays of a country."""

    country: str
    subdivision: str | None = None
    each: Annotated[bool, Meta(description="a coefficient for each holiday")] = False
    prior: PriorValue | None = None


class TrendTable(Section, frozen=True, kw_only=True):
    """How the baseline moves in the long run."""

    kind: Literal["none", "linear", "knots", "gaussian-process"] = "none"
    points: Count = 0
    at: tuple[Count, ...] = ()
    prior: PriorValue | None = None
    scale: PriorValue | None = None
    length: PriorValue | None = None
    covariance: Literal["expquad", "matern52"] = "matern52"


class SeasonalityTable(Section, frozen=True, kw_only=True):
    """Numbers of Fourier modes."""

    yearly: Count = 2
    monthly: Count = 0
    weekly: Count = 0
    prior: PriorValue | None = None


class InterceptTable(Section, frozen=True, kw_only=True):
    """The level of the baseline."""

    prior: PriorValue | None = None
    pooling: Pooling = True
    common: bool = True


class NoiseTable(Section, frozen=True, kw_only=True):
    """The distribution of what is left."""

    kind: Literal["normal", "student-t"] = "normal"
    sigma: PriorValue | None = None
    nu: PriorValue | None = None
    by_geo: bool = False
    autoregression: PriorValue | None = None


class TimeVaryingTable(Section, frozen=True, kw_only=True):
    """Effects of media that drift in time, those of all channels together; an empty table takes every default."""

    points: Annotated[int, Meta(ge=1, description="basis functions")] = 10
    scale: Annotated[PriorValue | None, Meta(description="how far they drift")] = None
    length: Annotated[PriorValue | None, Meta(description="how slowly, in periods")] = None
    covariance: Literal["expquad", "matern52"] = "matern52"


class ModelFile(Section, frozen=True, kw_only=True):
    """A media-mix model."""

    data: DataTable
    channel: tuple[ChannelTable, ...]
    model: ModelTable = ModelTable()
    scaling: ScalingTable = ScalingTable()
    defaults: DefaultsTable = DefaultsTable()
    control: tuple[ControlTable, ...] = ()
    event: tuple[EventTable, ...] = ()
    holidays: tuple[HolidaysTable, ...] = ()
    trend: TrendTable = TrendTable()
    seasonality: SeasonalityTable = SeasonalityTable()
    intercept: InterceptTable = InterceptTable()
    noise: NoiseTable = NoiseTable()
    period_effect: Annotated[PriorTable | None, Meta(description="spread of an effect common to all geos")] = None
    time_varying: Annotated[TimeVaryingTable | None, Meta(description="effects of media drift in time")] = None


def model_schema() -> dict[str, Any]:
    """JSON schema of a model file, for editors."""
    return msgspec.json.schema(ModelFile)
