"""Carry-over and curve as PyTensor expressions: the definition that the compiled kernels are tested against."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import pytensor.tensor as pt

Tensor: TypeAlias = Any


def lag_weights(kind: str, normalize: bool, l_max: int, first: Tensor, second: Tensor) -> Tensor:
    """Weights w_l, l = 0 … l_max − 1, of `Adstock`; α (and θ), or λ and k.

    Returns
    -------
    tensor (l_max,)
    """
    if kind == "none":
        return pt.constant(np.eye(1, l_max)[0])
    lag = np.arange(float(l_max))
    if kind == "geometric":
        w = first**lag
    elif kind == "delayed":
        w = pt.exp((lag - second) ** 2 * pt.log(first))
    elif kind == "binomial":
        w = pt.exp((1 / first - 1) * np.log1p(-lag / l_max))
    elif kind == "weibull-cdf":
        w = weibull_survival(lag, first, second)
    else:
        w = weibull_density(lag, first, second)
    return w / pt.sum(w) if normalize else w


def weibull_survival(lag: Any, lam: Tensor, k: Tensor) -> Tensor:
    """Π_{j ≤ l} exp(−(j / λ)^k); 1 at l = 0, where the power has no derivative in k."""
    decay = pt.exp(k * (np.log(np.maximum(lag, 1.0)) - pt.log(lam)))
    return pt.exp(-pt.cumsum(pt.where(lag > 0, decay, 0.0)))


def weibull_density(lag: Any, lam: Tensor, k: Tensor) -> Tensor:
    """Weibull density at l + 1, least weight moved to 0 and largest to 1; all ones where they are the same."""
    ratio = np.log(lag + 1) - pt.log(lam)
    density = pt.exp(pt.log(k / lam) + (k - 1) * ratio - pt.exp(k * ratio))
    floor = pt.min(density)
    span = pt.max(density) - floor
    varies = span > 0
    return pt.where(varies, (density - floor) / pt.where(varies, span, 1.0), 1.0)


def saturate(kind: str, first: Tensor, second: Tensor, a: Tensor) -> Tensor:
    """Curve h(a) of `Saturation`; zero for a ≤ 0 (but for the straight line).

    Where a is not positive the formula sees a 1 instead, since an infinite slope times zero is no number.
    """
    if kind == "none":
        return a
    positive = a > 0
    return pt.where(positive, _curve(kind, first, second, pt.where(positive, a, 1.0)), 0.0)


def _curve(kind: str, first: Tensor, second: Tensor, a: Tensor) -> Tensor:
    if kind == "logistic":
        # (1 − e^{−λa}) / (1 + e^{−λa})
        return pt.tanh(0.5 * first * a)
    if kind == "hill":
        # a^s / (κ^s + a^s), without powers that overflow.
        return pt.sigmoid(second * (pt.log(a) - pt.log(first)))
    if kind == "michaelis-menten":
        return a / (first + a)
    if kind == "tanh":
        return pt.tanh(a / first)
    return a**first


def carry(weights: Tensor, l_max: int, x: Tensor, before: int, periods: int) -> Tensor:
    """Σ_l w_l x_{P + t − l} for t = 0 … T − 1; what lies before the first number counts as zero.

    Parameters
    ----------
    x : tensor (G, P + T)
    before, periods : int
        P and T.

    Returns
    -------
    tensor (G, T)
    """
    ahead = l_max - 1
    padded = pt.concatenate([pt.zeros((x.shape[0], ahead)), x], axis=1) if ahead else x
    lagged = ahead + before + np.arange(periods)[:, None] - np.arange(l_max)[None, :]
    return pt.dot(padded[:, lagged], weights)


SQRT_2PI = math.sqrt(2 * math.pi)
MATERN52 = 16 / 3 * 5**2.5


def spectral_scale(covariance: str, frequencies: Any, scale: Tensor, length: Tensor) -> Tensor:
    """√S(ω): standard deviation of each basis function's coefficient, see `Spread`."""
    if covariance == "expquad":
        return scale * pt.sqrt(SQRT_2PI * length) * pt.exp(-0.25 * (length * frequencies) ** 2)
    return scale * pt.sqrt(MATERN52 * length**-5.0 * (5 / length**2 + frequencies**2) ** -3.0)
