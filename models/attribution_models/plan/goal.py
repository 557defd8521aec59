"""What a plan is judged by: one number of its draws, with exact derivatives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, ndtr

Floats = NDArray[np.float64]
Kind = Literal["expected", "quantile", "cvar", "beat-today"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# A weight below this share of an equal one is none.
NEGLIGIBLE = 1e-6
# A step from "worse" to "better" is drawn out over this share of the gain's standard deviation.
SOFT = 0.05


@dataclass(frozen=True, slots=True)
class Goal:
    """A functional F of the gains Δ_d of a plan over what it is set against, one per posterior draw.

    ===========  =====================================================================================
    expected     mean of Δ
    quantile     the q-quantile of Δ: Σ_i w_i Δ_(i) over ordered draws, w_i the beta weights of Harrell
                 and Davis (1982), which make it smooth
    cvar         mean of the lowest share q of the draws (conditional value at risk; Rockafellar and
                 Uryasev 2000)
    beat-today   share of draws with Δ > 0, each step drawn out: mean of Φ(Δ / spread)
    ===========  =====================================================================================

    Attributes
    ----------
    kind : str
    q : float
        Of ``quantile`` and ``cvar``; 0.05 is the lower end of the 90 % interval that is shown.
    spread : float
        Of ``beat-today``, in units of the outcome; 0 until `tuned`.
    """

    kind: Kind = "expected"
    q: float = 0.05
    spread: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f'No objective "{self.kind}"; there are {", ".join(KINDS)}.')
        if not 0 < self.q < 1:
            raise ValueError(f"quantile lies between 0 and 1; got {self.q}.")

    @property
    def words(self) -> str:
        """What the plan is the best for, as a reader would say it."""
        match self.kind:
            case "quantile":
                return f"the gain that is reached in {1 - self.q:.0%} of what the model holds possible"
            case "cvar":
                return f"the mean gain in the worst {self.q:.0%} of what the model holds possible"
            case "beat-today":
                return "the probability of a gain"
            case _:
                return "the expected gain"

    @property
    def linear(self) -> bool:
        """Whether draws have the same weight in every plan."""
        return self.kind == "expected"

    def tuned(self, gains: Floats) -> Goal:
        """Fit the width of a step to how uncertain gains are."""
        deviation = float(gains.std())
        return replace(self, spread=SOFT * deviation if deviation > 0 else 1.0)

    def of(self, gains: Floats) -> tuple[float, Floats]:
        """F, and its derivative in the gain of every draw."""
        size = len(gains)
        if self.kind == "expected":
            return float(gains.mean()), np.full(size, 1 / size)
        if self.kind == "beat-today":
            z = gains / self.spread
            slope = np.exp(-0.5 * z * z) / (np.sqrt(2 * np.pi) * self.spread * size)
            return float(ndtr(z).mean()), slope
        order = np.argsort(gains, kind="stable")
        weights = quantile_weights(size, self.q) if self.kind == "quantile" else tail_weights(size, self.q)
        slope = np.empty(size)
        slope[order] = weights
        return float(slope @ gains), slope


@lru_cache(maxsize=8)
def quantile_weights(size: int, q: float) -> Floats:
    """Weights of ordered draws in the Harrell-Davis quantile; they add up to 1."""
    edges = betainc((size + 1) * q, (size + 1) * (1 - q), np.linspace(0.0, 1.0, size + 1))
    weights = np.diff(edges)
    # Draws that do not count need no derivative.
    weights[weights <= NEGLIGIBLE / size] = 0.0
    return np.asarray(weights / weights.sum())


@lru_cache(maxsize=8)
def tail_weights(size: int, q: float) -> Floats:
    """Weights of ordered draws in the mean of the lowest share q; a draw on the edge counts in part."""
    inside = np.clip(q * size - np.arange(size), 0.0, 1.0)
    return np.asarray(inside / inside.sum())
