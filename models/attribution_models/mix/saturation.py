"""Saturation: how the effect of exposure flattens as there is more of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from attribution_models.mix.compiling import inner
from attribution_models.mix.priors import Prior, half_normal

NONE, LOGISTIC, HILL, MICHAELIS_MENTEN, TANH, ROOT = range(6)


@dataclass(frozen=True, slots=True)
class SaturationKind:
    """A form of saturation: the code of its kernel and its parameters with their default priors."""

    code: int
    parameters: Mapping[str, Prior]


KINDS: Mapping[str, SaturationKind] = MappingProxyType({
    "none": SaturationKind(NONE, MappingProxyType({})),
    "logistic": SaturationKind(LOGISTIC, MappingProxyType({"lam": Prior("gamma", (3.0, 1.0))})),
    "hill": SaturationKind(
        HILL,
        MappingProxyType({"kappa": Prior("truncated-normal", (0.8, 0.8, 0.1, 10.0)), "slope": Prior("fixed", (1.0,))}),
    ),
    "michaelis-menten": SaturationKind(MICHAELIS_MENTEN, MappingProxyType({"kappa": half_normal(1.0)})),
    "tanh": SaturationKind(TANH, MappingProxyType({"kappa": half_normal(1.0)})),
    "root": SaturationKind(ROOT, MappingProxyType({"alpha": Prior("beta", (1.0, 2.0))})),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Saturation:
    """The curve h(a) that the channel's coefficient multiplies; a is scaled exposure.

    =================  ====================================================
    kind               h(a)
    =================  ====================================================
    logistic           (1 − e^{−λa}) / (1 + e^{−λa})
    hill               a^s / (κ^s + a^s); slope s is 1 unless it has a prior
    michaelis-menten   a / (κ + a)
    tanh               tanh(a / κ)
    root               a^α
    none               a
    =================  ====================================================

    Attributes
    ----------
    kind : str
        A key of `KINDS`.
    priors : tuple of (str, Prior)
        For parameters that shall differ from the default of the kind.
    shared : bool
        One set of parameters for all channels of this kind that say so.
    """

    kind: str = "logistic"
    priors: tuple[tuple[str, Prior], ...] = ()
    shared: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f'No saturation "{self.kind}"; there are {", ".join(KINDS)}.')
        unknown = sorted(set(dict(self.priors)) - set(KINDS[self.kind].parameters))
        if unknown:
            raise ValueError(f"Saturation {self.kind} has no parameter {', '.join(unknown)}.")

    @property
    def parameters(self) -> dict[str, Prior]:
        """Prior of each parameter."""
        return dict(KINDS[self.kind].parameters) | dict(self.priors)


@inner
def saturate(kind: int, first: float, second: float, a: float) -> float:
    """Evaluate h(a); a negative a counts as 0."""
    if kind == NONE:
        return a
    if a <= 0:
        return 0.0
    if kind == LOGISTIC:
        return math.tanh(0.5 * first * a)
    if kind == HILL:
        return 1 / (1 + math.exp(second * math.log(first / a)))
    if kind == MICHAELIS_MENTEN:
        return a / (first + a)
    if kind == TANH:
        return math.tanh(a / first)
    return float(a**first)


@inner
def slopes(kind: int, first: float, second: float, a: float, h: float) -> tuple[float, float, float]:
    """Derivatives of h in a and in both parameters, given h = `saturate`; at a = 0 parameters have no effect."""
    if kind == NONE:
        return 1.0, 0.0, 0.0
    if a <= 0:
        return 0.0, 0.0, 0.0
    if kind == LOGISTIC:
        bend = 0.5 * (1 - h * h)
        return bend * first, bend * a, 0.0
    if kind == HILL:
        bend = h * (1 - h)
        return second * bend / a, -second * bend / first, bend * math.log(a / first)
    if kind == MICHAELIS_MENTEN:
        below = (first + a) ** 2
        return first / below, -a / below, 0.0
    if kind == TANH:
        bend = (1 - h * h) / first
        return bend, -bend * a / first, 0.0
    return first * h / a, h * math.log(a), 0.0
