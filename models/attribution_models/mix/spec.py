"""What a media-mix model is: a frozen description, apart from the data and from how it is fitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from attribution_models.mix.adstock import Adstock
from attribution_models.mix.priors import Prior, half_normal, normal
from attribution_models.mix.saturation import Saturation
from attribution_models.mix.time_varying import TimeVarying

Target = Literal["coefficient", "contribution", "roi", "mroi"]
Order = Literal["adstock-first", "saturation-first"]
Role = Literal["confounder", "predictor", "undeclared"]


@dataclass(frozen=True, slots=True)
class Effect:
    """How large a channel's effect is, and on what scale its prior stands.

    Attributes
    ----------
    target : str
        ``coefficient``: β of the scaled model. ``contribution``: Σ contribution / Σ outcome. ``roi``: Σ contribution
        × revenue per outcome / Σ spend. ``mroi``: the same for one per cent more exposure.
        The last three are exact re-parametrisations: β = quantity × K / H(adstock, saturation, geo effects), with K the
        outcome or spend and H the contribution of β = 1 (Zhang et al. 2024; Meridian).
    prior : Prior
        Of that quantity.
    """

    target: Target = "coefficient"
    prior: Prior = field(default_factory=lambda: half_normal(2.0))

    def __post_init__(self) -> None:
        if self.target not in ("coefficient", "contribution", "roi", "mroi"):
            raise ValueError(f'No effect prior on "{self.target}"; coefficient, contribution, roi or mroi.')
        if self.prior.fixed:
            raise ValueError("An effect needs a distribution, not a constant.")


@dataclass(frozen=True, slots=True)
class Channel:
    """One medium.

    Attributes
    ----------
    name : str
        As shown.
    exposure : str
        Column that acts: impressions, clicks or spend. For reach and frequency: reach.
    spend : str or None
        Column of cost; None for organic media.
    frequency : str or None
        Column of mean frequency: then h = adstock(reach · saturation(frequency)).
    adstock, saturation : Adstock, Saturation
    order : str
        ``adstock-first`` or ``saturation-first``.
    effect : Effect
    pooling : Prior or None
        Of η_c, the spread of log β_gc between geos: β_gc = β_c exp(η_c z_gc), z_gc ~ N(0, 1). None: one β for all geos.
    national : bool
        In a geo panel: the column repeats one national figure, which is shared out by population and has one β.
    missing : str
        What an empty cell means: ``error``, ``zero`` or ``impute`` (the channel's mean).
    """

    name: str
    exposure: str
    spend: str | None = None
    frequency: str | None = None
    adstock: Adstock = field(default_factory=Adstock)
    saturation: Saturation = field(default_factory=Saturation)
    order: Order = "adstock-first"
    effect: Effect = field(default_factory=Effect)
    pooling: Prior | None = field(default_factory=lambda: half_normal(1.0))
    national: bool = False
    missing: Literal["error", "zero", "impute"] = "error"

    @property
    def paid(self) -> bool:
        """Whether spend is known."""
        return self.spend is not None


@dataclass(frozen=True, slots=True)
class Control:
    """A column that moves the outcome and is no medium (query volume, price, weather), or a non-media treatment.

    Attributes
    ----------
    column : str
    prior : Prior
        Of its coefficient. Normal: integrated out. Another family, or a sign, is sampled.
    sign : int
        0, or +1 / −1: the coefficient has that sign, and the prior is cut off at zero (`directed`).
    role : str
        ``confounder``, ``predictor`` or ``undeclared``. A mediator does not belong into the model.
    treatment : bool
        An own action (price, promotion), whose contribution is a row of its own.
    scale : str
        ``none``, ``max`` or ``standard`` (mean 0, standard deviation 1).
    pooling : Prior or None
        Of the spread of the coefficient between geos; None: one coefficient.
    missing : str
        ``error``, ``zero`` or ``impute`` (interpolated in time).
    """

    column: str
    prior: Prior = field(default_factory=lambda: normal(0.0, 2.0))
    sign: Literal[-1, 0, 1] = 0
    role: Role = "undeclared"
    treatment: bool = False
    scale: Literal["none", "max", "standard"] = "standard"
    pooling: Prior | None = None
    missing: Literal["error", "zero", "impute"] = "error"

    def __post_init__(self) -> None:
        if self.sign:
            _ = self.directed

    @property
    def directed(self) -> Prior:
        """Prior of sign × coefficient; of the coefficient where there is no sign.

        Normal(0, σ) becomes half-normal, Normal(μ, σ) truncated at zero, Laplace(0, b) exponential; what is above zero
        anyway is the size.

        Raises
        ------
        ValueError
            For a family that a sign does not cut in two.
        """
        if not self.sign:
            return self.prior
        match self.prior:
            case Prior("normal", (mu, sigma)):
                cut = Prior("truncated-normal", (self.sign * mu, sigma, 0.0, float("inf")))
                return cut if mu else half_normal(sigma)
            case Prior("laplace", (0.0, b)):
                return Prior("exponential", (1 / b,))
            case Prior(family) if family != "fixed" and self.prior.bounds[0] >= 0:
                return self.prior
        raise ValueError(
            f"Control {self.column}: a sign needs a normal prior, laplace around 0, or one above zero; "
            f"got {self.prior}. Leave the sign out, or change the prior."
        )


@dataclass(frozen=True, slots=True)
class Trend:
    """How the baseline moves in the long run.

    Attributes
    ----------
    kind : str
        ``none``; ``linear``: a slope and changes of slope at evenly spaced points; ``knots``: linear interpolation
        between coefficients at knots (Meridian); ``gaussian-process``: Hilbert-space approximation.
    points : int
        Change points, knots, or basis functions.
    at : tuple of int
        Periods of the knots or change points, counted from 0; empty: evenly spaced.
    prior : Prior
        Of the slope and its changes, or of the knots; must be normal or laplace.
    scale, length : Prior
        Of a Gaussian process: its standard deviation, and its length scale in periods.
    covariance : str
        ``expquad`` or ``matern52``.
    """

    kind: Literal["none", "linear", "knots", "gaussian-process"] = "none"
    points: int = 0
    at: tuple[int, ...] = ()
    prior: Prior = field(default_factory=lambda: normal(0.0, 0.5))
    scale: Prior = field(default_factory=lambda: half_normal(0.5))
    length: Prior = field(default_factory=lambda: Prior("inverse-gamma", (4.0, 150.0)))
    covariance: Literal["expquad", "matern52"] = "matern52"


@dataclass(frozen=True, slots=True)
class Seasonality:
    """Fourier terms sin(2π m t / P), cos(2π m t / P), m = 1 … modes, of yearly, monthly and weekly periods."""

    yearly: int = 2
    monthly: int = 0
    weekly: int = 0
    prior: Prior = field(default_factory=lambda: normal(0.0, 0.5))


@dataclass(frozen=True, slots=True)
class Event:
    """A dated happening: 1 from start to end (inclusive, ISO dates), as a share of the period that it covers."""

    name: str
    dates: tuple[tuple[str, str], ...]
    prior: Prior = field(default_factory=lambda: normal(0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Holidays:
    """Public holidays of a country (package ``holidays``), one coefficient per holiday name or one for all."""

    country: str
    subdivision: str | None = None
    each: bool = False
    prior: Prior = field(default_factory=lambda: normal(0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Noise:
    """Residual distribution.

    Attributes
    ----------
    kind : str
        ``normal`` or ``student-t``.
    sigma : Prior
    nu : Prior
        Degrees of freedom of ``student-t``.
    by_geo : bool
        A sigma for each geo.
    autoregression : Prior or None
        Of ρ, how much of a period's noise is left in the next one: ε_gt = ρ ε_g,t−1 + new noise, with σ the standard
        deviation of ε itself. For normal noise; its support must lie between −1 and 1. None: periods are independent.
    """

    kind: Literal["normal", "student-t"] = "normal"
    sigma: Prior = field(default_factory=lambda: half_normal(2.0))
    nu: Prior = field(default_factory=lambda: Prior("gamma", (2.0, 0.1)))
    by_geo: bool = False
    autoregression: Prior | None = None

    def __post_init__(self) -> None:
        if self.autoregression is None:
            return
        if self.kind != "normal":
            raise ValueError("Autoregression needs normal noise; leave one of student-t and autoregression out.")
        lower, upper = self.autoregression.bounds
        if not -1 <= lower <= upper <= 1 or abs(lower + upper) == 2:
            raise ValueError(
                f"The prior of autoregression must lie between -1 and 1; got {self.autoregression}. "
                "Write beta (0 to 1), or uniform or truncated-normal with ends."
            )


@dataclass(frozen=True, slots=True)
class Intercept:
    """The level of the baseline; with geos one per geo.

    Attributes
    ----------
    prior : Prior
        Of the common level; where `common` is off, of each geo's own.
    pooling : Prior or None
        Of the spread of geo levels around the common one; None: one level for all geos.
    common : bool
        Whether there is a common level (off: geos are independent, as Meridian's τ_g).
    """

    prior: Prior = field(default_factory=lambda: normal(0.0, 2.0))
    pooling: Prior | None = field(default_factory=lambda: half_normal(1.0))
    common: bool = True


@dataclass(frozen=True, slots=True)
class Scaling:
    """How data are brought to order one before priors apply.

    Attributes
    ----------
    outcome : str
        ``max``, ``mean`` (divide) or ``standard`` (subtract the mean, divide by the standard deviation).
    media : str
        ``max``, or ``median`` of what is above zero.
    per_capita : bool
        Divide outcome and media by population first, where the panel has it.
    """

    outcome: Literal["max", "mean", "standard"] = "max"
    media: Literal["max", "median"] = "max"
    per_capita: bool = True


@dataclass(frozen=True, slots=True)
class MixSpec:
    """A media-mix model.

    With y* the scaled outcome of geo g in period t (its logarithm under ``link = "log"``):

        y*_gt = intercept_g + Σ_k γ_gk z_gkt + trend_t + season_t + events_t + v_t Σ_c β_gc h_c(x_gc)_t + ε_gt

    Attributes
    ----------
    outcome, date : str
        Columns.
    channels : tuple of Channel
    geo, population : str or None
        Columns of a geo panel.
    revenue_per_outcome : str, float or None
        Column or number that turns outcome into revenue; None: the outcome is money already, or has no known worth.
    revenue : bool
        Whether the outcome is money.
    controls, events, holidays, trend, seasonality, intercept, noise, scaling
    period_effect : Prior or None
        Of the spread of a common effect of each period (geo panels).
    time_varying : TimeVarying or None
        What v_t is made of; None: effects stay the same, v_t = 1.
    link : str
        ``identity``, or ``log``: effects multiply.
    history : str
        Media before the first outcome: ``mask`` (the first l_max − 1 outcomes are not fitted, unless the panel has
        media rows before) or ``zero`` (as if there had been none; for comparison with other tools).
    name : str
    """

    outcome: str
    channels: tuple[Channel, ...]
    date: str = "date"
    geo: str | None = None
    population: str | None = None
    revenue_per_outcome: str | float | None = None
    revenue: bool = True
    controls: tuple[Control, ...] = ()
    events: tuple[Event, ...] = ()
    holidays: tuple[Holidays, ...] = ()
    trend: Trend = field(default_factory=Trend)
    seasonality: Seasonality = field(default_factory=Seasonality)
    intercept: Intercept = field(default_factory=Intercept)
    noise: Noise = field(default_factory=Noise)
    scaling: Scaling = field(default_factory=Scaling)
    period_effect: Prior | None = None
    time_varying: TimeVarying | None = None
    link: Literal["identity", "log"] = "identity"
    history: Literal["mask", "zero"] = "mask"
    name: str = "mmm"

    def __post_init__(self) -> None:
        if not self.channels:
            raise ValueError("A media-mix model needs at least one channel.")
        names = [c.name for c in self.channels] + [c.column for c in self.controls if c.treatment]
        doubled = sorted({n for n in names if names.count(n) > 1})
        if doubled:
            raise ValueError(f"Channels and treatments need names of their own; twice: {', '.join(doubled)}.")
        for kind, known in (
            ("Controls", [c.column for c in self.controls]),
            ("Events", [event.name for event in self.events]),
        ):
            twice = sorted({n for n in known if known.count(n) > 1})
            if twice:
                raise ValueError(f"{kind} need names of their own; twice: {', '.join(twice)}.")
        for channel in self.channels:
            self._check(channel)
        self._check_shared()

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """Columns of controls that are a channel's spend, and stand for demand that moves with it."""
        spends = {channel.spend for channel in self.channels}
        return tuple(control.column for control in self.controls if control.column in spends)

    def _check_shared(self) -> None:
        """Channels that share the parameters of a carry-over or curve must say the same about them."""
        known: dict[tuple[str, str], tuple[str, dict[str, Prior]]] = {}
        for channel in self.channels:
            for which, form in (("adstock", channel.adstock), ("saturation", channel.saturation)):
                if not form.shared:
                    continue
                first, priors = known.setdefault((which, form.kind), (channel.name, form.parameters))
                if priors != form.parameters:
                    raise ValueError(
                        f"{first} and {channel.name} share {which} {form.kind} but give it different priors; "
                        "write the same ones, or shared = false for one of them."
                    )

    def _check(self, channel: Channel) -> None:
        target = channel.effect.target
        if target in ("roi", "mroi") and channel.spend is None:
            raise ValueError(f"{channel.name}: a prior on {target} needs a spend column; use contribution.")
        if target != "coefficient" and self.link == "log":
            raise ValueError(f"{channel.name}: a prior on {target} needs the identity link; use coefficient.")
