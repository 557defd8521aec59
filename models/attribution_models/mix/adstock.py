"""Adstock: how the effect of exposure is spread over the periods after it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import inner, once
from attribution_models.mix.priors import Prior, half_normal

NONE, GEOMETRIC, DELAYED, BINOMIAL, WEIBULL_CDF, WEIBULL_PDF = range(6)


@dataclass(frozen=True, slots=True)
class AdstockKind:
    """A form of carry-over: the code of its kernel and its parameters with their default priors."""

    code: int
    parameters: Mapping[str, Prior]


_WEIBULL = MappingProxyType({"lam": Prior("gamma", (4.0, 2.0)), "k": Prior("gamma", (9.0, 3.0))})
KINDS: Mapping[str, AdstockKind] = MappingProxyType({
    "none": AdstockKind(NONE, MappingProxyType({})),
    "geometric": AdstockKind(GEOMETRIC, MappingProxyType({"alpha": Prior("beta", (1.0, 3.0))})),
    "delayed": AdstockKind(
        DELAYED, MappingProxyType({"alpha": Prior("beta", (1.0, 3.0)), "theta": half_normal(1.0)})
    ),
    "binomial": AdstockKind(BINOMIAL, MappingProxyType({"alpha": Prior("beta", (1.0, 3.0))})),
    "weibull-cdf": AdstockKind(WEIBULL_CDF, _WEIBULL),
    "weibull-pdf": AdstockKind(WEIBULL_PDF, _WEIBULL),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Adstock:
    """Carry-over a_t = Σ_l w_l x_{t−l} over l = 0 … l_max − 1.

    ==============  ==================================================================
    kind            weight w_l before normalising
    ==============  ==================================================================
    geometric       α^l
    delayed         α^{(l − θ)²} (Jin et al. 2017)
    binomial        (1 − l / l_max)^{1/α − 1} (Meridian)
    weibull-cdf     Π_{j ≤ l} exp(−(j / λ)^k): a decay rate that changes with age (Robyn)
    weibull-pdf     Weibull density at l + 1, least weight moved to 0 and largest to 1 (Robyn)
    none            1 at l = 0
    ==============  ==================================================================

    Attributes
    ----------
    kind : str
        A key of `KINDS`.
    l_max : int
        Number of periods, the exposure's own included.
    normalize : bool
        Divide by Σ w, so that a constant exposure stays what it is.
    priors : tuple of (str, Prior)
        For parameters that shall differ from the default of the kind.
    shared : bool
        One set of parameters for all channels of this kind that say so.
    """

    kind: str = "geometric"
    l_max: int = 8
    normalize: bool = True
    priors: tuple[tuple[str, Prior], ...] = ()
    shared: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f'No adstock "{self.kind}"; there are {", ".join(KINDS)}.')
        if self.l_max < 1:
            raise ValueError(f"adstock l_max must be 1 or more; got {self.l_max}.")
        unknown = sorted(set(dict(self.priors)) - set(KINDS[self.kind].parameters))
        if unknown:
            raise ValueError(f"Adstock {self.kind} has no parameter {', '.join(unknown)}.")

    @property
    def length(self) -> int:
        """Periods that an exposure acts in."""
        return 1 if self.kind == "none" else self.l_max

    @property
    def parameters(self) -> dict[str, Prior]:
        """Prior of each parameter."""
        return dict(KINDS[self.kind].parameters) | dict(self.priors)


@inner
def lag_weights(
    kind: int,
    normalize: bool,
    first: float,
    second: float,
    w: NDArray[np.float64],
    d_first: NDArray[np.float64],
    d_second: NDArray[np.float64],
) -> None:
    """Write the weights and their derivatives in both parameters; arrays of l_max numbers.

    Parameters are α (and θ), or λ and k; see `Adstock` for the formulas.
    """
    n = w.size
    for j in range(n):
        w[j], d_first[j], d_second[j] = 0.0, 0.0, 0.0
    if kind == NONE:
        w[0] = 1.0
        return
    if kind == GEOMETRIC:
        power, before = 1.0, 0.0
        for j in range(n):
            w[j], d_first[j] = power, j * before
            before = power
            power *= first
    elif kind == DELAYED:
        log_alpha = math.log(first)
        for j in range(n):
            e = (j - second) ** 2
            w[j] = math.exp(e * log_alpha)
            d_first[j] = e * w[j] / first
            d_second[j] = -2 * (j - second) * log_alpha * w[j]
    elif kind == BINOMIAL:
        for j in range(n):
            base = math.log1p(-j / n)
            w[j] = math.exp((1 / first - 1) * base)
            d_first[j] = -w[j] * base / (first * first)
    elif kind == WEIBULL_CDF:
        _weibull_survival(first, second, w, d_first, d_second)
    else:
        _weibull_density(first, second, w, d_first, d_second)
    if normalize:
        _normalize(w, d_first, d_second)


@once
def _weibull_survival(
    lam: float, k: float, w: NDArray[np.float64], d_lam: NDArray[np.float64], d_k: NDArray[np.float64]
) -> None:
    total, by_lam, by_k = 0.0, 0.0, 0.0
    w[0] = 1.0
    for j in range(1, w.size):
        ratio = math.log(j / lam)
        power = math.exp(k * ratio)
        total -= power
        by_lam += k / lam * power
        by_k -= power * ratio
        w[j] = math.exp(total)
        d_lam[j], d_k[j] = w[j] * by_lam, w[j] * by_k


@once
def _weibull_density(
    lam: float, k: float, w: NDArray[np.float64], d_lam: NDArray[np.float64], d_k: NDArray[np.float64]
) -> None:
    for j in range(w.size):
        ratio = math.log((j + 1) / lam)
        power = math.exp(k * ratio)
        w[j] = math.exp(math.log(k / lam) + (k - 1) * ratio - power)
        d_lam[j] = w[j] * (k / lam) * (power - 1)
        d_k[j] = w[j] * (1 / k + ratio - power * ratio)
    low, high = 0, 0
    for j in range(w.size):
        low = j if w[j] < w[low] else low
        high = j if w[j] > w[high] else high
    floor, span = w[low], w[high] - w[low]
    if span <= 0:
        for j in range(w.size):
            w[j], d_lam[j], d_k[j] = 1.0, 0.0, 0.0
        return
    lam_floor, lam_span = d_lam[low], d_lam[high] - d_lam[low]
    k_floor, k_span = d_k[low], d_k[high] - d_k[low]
    for j in range(w.size):
        above = (w[j] - floor) / span
        d_lam[j] = (d_lam[j] - lam_floor - above * lam_span) / span
        d_k[j] = (d_k[j] - k_floor - above * k_span) / span
        w[j] = above


@once
def _normalize(w: NDArray[np.float64], d_first: NDArray[np.float64], d_second: NDArray[np.float64]) -> None:
    total, s_first, s_second = 0.0, 0.0, 0.0
    for j in range(w.size):
        total += w[j]
        s_first += d_first[j]
        s_second += d_second[j]
    for j in range(w.size):
        w[j] /= total
        d_first[j] = (d_first[j] - w[j] * s_first) / total
        d_second[j] = (d_second[j] - w[j] * s_second) / total
