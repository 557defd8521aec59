"""What effects of media that drift in time are: a frozen description."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from attribution_models.mix.priors import Prior, half_normal


@dataclass(frozen=True, slots=True)
class TimeVarying:
    """Effects of media that drift in time, those of all channels together: β_gc h_c(x_gc)_t v_t.

        v_t = softplus(f_t) / mean of softplus(f) over the fitted periods,  softplus(u) = log(1 + eᵘ)

    with f a Gaussian process around log(e − 1), where softplus is 1, on the basis functions of `spec.Trend`. The mean
    of v is 1, so that β is the mean effect and priors keep their meaning. As PyMC-Marketing's ``time_varying_media``.
    The multiplier acts in the period of the outcome, not in that of the spend.

    Attributes
    ----------
    points : int
        Basis functions; each one is a sampled parameter.
    scale, length : Prior
        Standard deviation of f, and its length scale in periods.
    covariance : str
        ``expquad`` or ``matern52``.
    """

    points: int = 10
    scale: Prior = field(default_factory=lambda: half_normal(0.5))
    length: Prior = field(default_factory=lambda: Prior("inverse-gamma", (4.0, 150.0)))
    covariance: Literal["expquad", "matern52"] = "matern52"

    def __post_init__(self) -> None:
        if self.points < 1:
            raise ValueError(f"Time-varying effects need at least one basis function; got {self.points}.")
        for name in ("scale", "length"):
            prior: Prior = getattr(self, name)
            if prior.bounds[0] < 0 or (prior.fixed and prior.values[0] <= 0):
                raise ValueError(
                    f"The {name} of time-varying effects must lie above zero; got {prior}. "
                    "Write half-normal, inverse-gamma, gamma, log-normal or exponential."
                )
