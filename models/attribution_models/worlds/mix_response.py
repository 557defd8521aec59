"""What exposure does: adstock, saturation and the coefficient of a geo."""

from __future__ import annotations

import numpy as np

from attribution_models.worlds.mix_chance import Floats
from attribution_models.worlds.mix_channel import TrueAdstock, TrueSaturation


def lag_weights(adstock: TrueAdstock, l_max: int) -> Floats:
    """Weights w_l of lags 0 … l_max − 1, which add up to 1.

    Source: Jin et al. (2017), "Bayesian methods for media mix modeling with carryover and shape effects".
    """
    lag = np.arange(l_max)
    power = lag if adstock.kind == "geometric" else (lag - adstock.theta) ** 2
    weights = adstock.alpha**power
    return np.asarray(weights / weights.sum())


def carried(exposure: Floats, weights: Floats) -> Floats:
    """a_t = Σ_l w_l x_{t−l} along the last axis; nothing was before the first period."""
    total = np.zeros_like(exposure)
    for lag, weight in enumerate(weights[: exposure.shape[-1]]):
        total[..., lag:] += weight * exposure[..., : exposure.shape[-1] - lag]
    return total


def saturated(saturation: TrueSaturation, a: Floats) -> Floats:
    """h(a), see `TrueSaturation`; a is 0 or more."""
    if saturation.kind == "logistic":
        return np.asarray(np.tanh(0.5 * saturation.lam * a))
    power = a**saturation.slope
    return np.asarray(power / (saturation.kappa**saturation.slope + power))
