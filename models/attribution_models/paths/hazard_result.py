"""What a hazard fit returns: effects, credits and their sandwich intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from attribution_models.paths.hazard_credit import all_credits, products
from attribution_models.paths.hazard_likelihood import Likelihood, lowest_base
from attribution_models.paths.hazard_setup import Setup, Tuning
from attribution_models.paths.hazard_slope import credit_slopes
from attribution_models.paths.hazard_tape import over
from attribution_models.paths.hazard_tuning import Choice

if TYPE_CHECKING:
    from attribution_models.paths.hazard import Hazard

Floats = NDArray[np.float64]

WARNING: Final = (
    "Corrected for demand that shows in the data: calendar, time since entry, own earlier conversions, visits by "
    "signal channels, strata. Media that follow intent which the data do not show get credit for what would have "
    "happened anyway; only an experiment can tell how much."
)


@dataclass(frozen=True, slots=True, eq=False)
class HazardEffects:
    """Conversions that a first touch of each kind adds over all time, nothing else happening; NaN for signals.

    Attributes
    ----------
    estimate, standard_error, lower, upper : float64[K]
        Conversions per touch, either sign.
    """

    estimate: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True, eq=False)
class HazardCredit:
    """Credit per channel; channels + baseline + unattributed = observed.

    Rows of the arrays are the channels, in the order of ``Events.channels``, and then ``(baseline)``.

    Attributes
    ----------
    conversions, value : float64[C + 1]
        Credit; value in currency units. Negative where a channel's touches lower the intensity.
    conversions_se, value_se : float64[C + 1]
        Standard errors, clustered by person.
    conversions_lower, conversions_upper, value_lower, value_upper : float64[C + 1]
        Ends of the intervals.
    unattributed_conversions, unattributed_value : float
        Conversions outside every time at risk.
    observed_conversions, observed_value : float
        Totals of the input.
    level : float
        Level of the intervals.
    interval_kind, estimand : str
        ``sandwich`` and ``incremental_direct``.
    """

    conversions: Floats
    value: Floats
    conversions_se: Floats
    value_se: Floats
    conversions_lower: Floats
    conversions_upper: Floats
    value_lower: Floats
    value_upper: Floats
    unattributed_conversions: float
    unattributed_value: float
    observed_conversions: float
    observed_value: float
    level: float
    interval_kind: str = "sandwich"
    estimand: str = "incremental_direct"


@dataclass(frozen=True, slots=True, eq=False)
class HazardFit:
    """A fitted hazard model.

    Attributes
    ----------
    spec : Hazard
    tuning : Tuning
        Chosen half-life, fatigue and share kept.
    tuning_error : float64[3]
        Standard errors of log2 of the half-life, of 1 / fatigue and of the share kept.
    theta, covariance : float64[P], float64[P, P]
        Coefficients and their sandwich covariance (zero for what is held at a bound).
    log_likelihood : float
        Without the penalty.
    effects : HazardEffects
    credit : HazardCredit
    untouched_share : float
        Share of the time at risk that lies before any touch.
    """

    spec: Hazard
    tuning: Tuning
    tuning_error: Floats
    theta: Floats
    covariance: Floats
    log_likelihood: float
    effects: HazardEffects
    credit: HazardCredit
    untouched_share: float
    warning: str = WARNING

    @property
    def name(self) -> str:
        """Name of the fit."""
        return self.spec.name


def result(
    spec: Hazard,
    setup: Setup,
    choice: Choice,
    likelihood: Likelihood,
    found: tuple[Floats, float, Floats, NDArray[np.bool_]],
) -> HazardFit:
    """Turn the maximum into effects and credits.

    Let H be the Hessian of the penalised log-likelihood, u_i the score of person i, q_i the credits of the person's
    conversions, and J = ∂ Σ q_i / ∂θ. Then to first order a credit moves with person i by q_i + J (−H)⁻¹ u_i, and

        Cov(θ) = H⁻¹ (Σ u_i u_iᵀ) H⁻¹,     Var(credit) = Σ (q_i + J (−H)⁻¹ u_i)² − (Σ q_i)² / people:

    what a bootstrap of customers would give, without refits. All are taken at max(β, 0): where effects are below zero
    the floor bends the likelihood, and its curvature there would tell how firm the floor is and not what the data
    know; an effect that comes out below zero by chance is as uncertain as one that comes out above. To both comes
    D V Dᵀ, V the covariance of half-life, fatigue and the share kept, and D the derivative along their profile
    (`hazard_tuning`).
    """
    theta, value, _, free = found
    covariance, spread = _sandwich(likelihood, _unbent(likelihood, theta), free, setup)
    spread += choice.credit_slope @ choice.covariance @ choice.credit_slope.T
    credit = all_credits(setup, likelihood.shape, theta, likelihood.threads)
    off = theta - likelihood.center
    return HazardFit(
        spec=spec,
        tuning=choice.tuning,
        tuning_error=choice.error,
        theta=theta,
        covariance=covariance + choice.theta_slope @ choice.covariance @ choice.theta_slope.T,
        log_likelihood=value + 0.5 * float(off @ likelihood.penalty @ off),
        effects=_effects(spec, setup, likelihood, theta, covariance, choice),
        credit=_by_channel(spec, setup, credit, spread),
        untouched_share=likelihood.exposure.untouched / likelihood.exposure.total,
    )


def _unbent(likelihood: Likelihood, theta: Floats) -> Floats:
    """Give θ with effects of at least 0, where the intensity is linear in them."""
    base = theta.size - likelihood.shape.is_effect.size
    effects = np.concatenate([np.zeros(base, np.bool_), likelihood.shape.is_effect])
    return np.where(effects, np.maximum(theta, 0.0), theta)


def _sandwich(likelihood: Likelihood, theta: Floats, free: NDArray[np.bool_], setup: Setup) -> tuple[Floats, Floats]:
    """Covariances of θ and of the credits at a point."""
    hessian = likelihood(theta, True)[2]
    inverse = np.zeros_like(hessian)
    inverse[np.ix_(free, free)] = np.linalg.pinv(-hessian[np.ix_(free, free)], hermitian=True)
    meat, people = _meat(likelihood, theta, setup)
    size = theta.size
    credit = all_credits(setup, likelihood.shape, theta, likelihood.threads)
    movement = np.concatenate([_slope(likelihood, theta, setup) @ inverse, np.eye(credit.size)], axis=1)
    spread = movement @ meat @ movement.T - np.outer(credit, credit) / people
    return inverse @ meat[:size, :size] @ inverse, spread


def _slope(likelihood: Likelihood, theta: Floats, setup: Setup) -> Floats:
    """∂ credits / ∂θ."""
    slope = np.zeros((2 * (setup.signals.size + 1), theta.size))
    for part in over(
        likelihood.tapes,
        lambda tape: credit_slopes(tape, likelihood.grid, likelihood.shape, theta, setup.signals.size),
        likelihood.threads,
    ):
        slope += part
    return slope


def _meat(likelihood: Likelihood, theta: Floats, setup: Setup) -> tuple[Floats, float]:
    lowest = lowest_base(theta, likelihood.grid)
    kinds = setup.signals.size
    width = theta.size + 2 * (kinds + 1)
    total = np.zeros((width, width))
    for part in over(
        likelihood.tapes,
        lambda tape: products(tape, likelihood.grid, likelihood.shape, theta, lowest, kinds),
        likelihood.threads,
    ):
        total += part
    return total, float(sum(tape.weight.sum() for tape in likelihood.tapes))


def _effects(
    spec: Hazard, setup: Setup, likelihood: Likelihood, theta: Floats, covariance: Floats, choice: Choice
) -> HazardEffects:
    shape = likelihood.shape
    base = theta.size - shape.is_effect.size
    days = setup.grid.days / (1.0 - shape.power[0, 1])
    column = base + shape.kind_columns[:-1]
    estimate = np.where(setup.signals, np.nan, theta[column] * days)
    moved = np.diag(choice.effect_slope @ choice.covariance @ choice.effect_slope.T)
    error = np.where(setup.signals, np.nan, np.sqrt(np.diag(covariance)[column] * days**2 + moved))
    reach = float(norm.ppf(0.5 + spec.level / 2)) * error
    return HazardEffects(estimate, error, estimate - reach, estimate + reach)


def _by_channel(spec: Hazard, setup: Setup, credit: Floats, spread: Floats) -> HazardCredit:
    kinds, channels = setup.signals.size, setup.channels
    to_channel = np.zeros((channels + 1, kinds + 1))
    to_channel[setup.kind_channel, np.arange(kinds)] = 1.0
    to_channel[channels, kinds] = 1.0
    z = float(norm.ppf(0.5 + spec.level / 2))
    half = kinds + 1
    conversions, value = to_channel @ credit[:half], to_channel @ credit[half:]
    variances = [
        np.diag(to_channel @ spread[part, part] @ to_channel.T) for part in (slice(None, half), slice(half, None))
    ]
    conversions_se, value_se = (np.sqrt(np.maximum(v, 0.0)) for v in variances)
    return HazardCredit(
        conversions=conversions,
        value=value,
        conversions_se=conversions_se,
        value_se=value_se,
        conversions_lower=conversions - z * conversions_se,
        conversions_upper=conversions + z * conversions_se,
        value_lower=value - z * value_se,
        value_upper=value + z * value_se,
        unattributed_conversions=float(setup.observed[0] - setup.placed[0]),
        unattributed_value=float(setup.observed[1] - setup.placed[1]),
        observed_conversions=float(setup.observed[0]),
        observed_value=float(setup.observed[1]),
        level=spec.level,
    )
