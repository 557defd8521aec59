"""A medium of a mix world: what it costs, when it is bought, how it carries over and saturates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

AdstockKind = Literal["geometric", "delayed"]
SaturationKind = Literal["logistic", "hill"]
Pattern = Literal["always-on", "flighting", "seasonal"]


@dataclass(frozen=True, slots=True)
class TrueAdstock:
    """Carry-over a_t = Σ_l w_l x_{t−l}, l = 0 … l_max − 1, with weights that add up to 1.

    Attributes
    ----------
    kind : {"geometric", "delayed"}
        w_l ∝ α^l, or w_l ∝ α^{(l − θ)²} (Jin et al. 2017).
    alpha : float
        What is left after a period, in (0, 1).
    theta : float
        Periods until the peak of ``delayed``.
    """

    kind: AdstockKind = "geometric"
    alpha: float = 0.5
    theta: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(AdstockKind):
            raise ValueError(f"Adstock is geometric or delayed; got {self.kind!r}.")
        if not 0 < self.alpha < 1 or self.theta < 0:
            raise ValueError(f"Adstock needs alpha in (0, 1) and theta >= 0; got {self.alpha} and {self.theta}.")


@dataclass(frozen=True, slots=True)
class TrueSaturation:
    """The curve h(a); a = 1 is the channel's mean exposure per person.

    Attributes
    ----------
    kind : {"logistic", "hill"}
        h = (1 − e^{−λa}) / (1 + e^{−λa}), or h = a^s / (κ^s + a^s).
    lam : float
        λ of ``logistic``.
    kappa, slope : float
        Half-saturation κ and slope s of ``hill``.
    """

    kind: SaturationKind = "logistic"
    lam: float = 1.0
    kappa: float = 1.0
    slope: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(SaturationKind):
            raise ValueError(f"Saturation is logistic or hill; got {self.kind!r}.")
        if min(self.lam, self.kappa, self.slope) <= 0:
            raise ValueError(f"Saturation needs parameters above 0; got {self}.")


@dataclass(frozen=True, slots=True)
class MixChannel:
    """One medium; money is per person and week, whatever the period.

    Attributes
    ----------
    name : str
        Column names begin with it: ``tv_spend``, ``tv_impressions``.
    spend : float
        Mean spend. Of organic media: mean exposures divided by a thousand, with a price of 1.
    share : float
        Contribution at the mean exposure, held, as a share of the baseline's level; 0: the channel does nothing.
    exposure : str
        What is counted: impressions, clicks, views.
    cpm : float
        Mean price of a thousand exposures.
    price_variation : float
        Standard deviation of the logarithm of the price, which wanders slowly.
    paid : bool
        False: organic, exposure without spend.
    adstock, saturation : TrueAdstock, TrueSaturation
    pattern : {"always-on", "flighting", "seasonal"}
        Bought all the time; in pulses with nothing between; with the year.
    on, off : float
        Mean weeks of a pulse and between pulses.
    variation : float
        Standard deviation of the logarithm of spend around its pattern, common to geos.
    together : float
        Standard deviation that the channel shares with all others that have one: above `variation`, collinear.
    follows : float
        d log spend / d demand, demand in standard deviations: targeting that follows demand (confounding).
    dispersion : float
        η: geo effects are β_gc = β_c exp(η z_gc), z standard normal.
    """

    name: str
    spend: float
    share: float
    exposure: str = "impressions"
    cpm: float = 10.0
    price_variation: float = 0.1
    paid: bool = True
    adstock: TrueAdstock = TrueAdstock()
    saturation: TrueSaturation = TrueSaturation()
    pattern: Pattern = "always-on"
    on: float = 4.0
    off: float = 4.0
    variation: float = 0.4
    together: float = 0.0
    follows: float = 0.0
    dispersion: float = 0.2

    def __post_init__(self) -> None:
        if self.pattern not in get_args(Pattern):
            raise ValueError(f"{self.name}: a pattern is {', '.join(get_args(Pattern))}; got {self.pattern!r}.")
        if self.spend <= 0 or self.cpm <= 0 or self.on <= 0 or self.off <= 0:
            raise ValueError(f"{self.name}: spend, cpm, on and off must be above 0.")
        if min(self.share, self.price_variation, self.variation, self.together, self.dispersion) < 0:
            raise ValueError(f"{self.name}: share and spreads must be 0 or more.")

    @property
    def exposure_column(self) -> str:
        """Column of exposure in the panel."""
        return f"{self.name}_{self.exposure}"

    @property
    def spend_column(self) -> str | None:
        """Column of spend; None for organic media."""
        return f"{self.name}_spend" if self.paid else None
