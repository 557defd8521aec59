"""How likely the evidence is, given the channels' totals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.reconcile.evidence import Beliefs, Experiment, MixTotals, PathTotals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Share of what was observed below which a total counts as this much, in logs: a total of zero or less has none.
FLOOR = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    r"""Path totals and experiments on the channels of a mix model, and on channels that only paths know.

    With p a path total, T a total, a = log p − log T = b + d + e the error of the path model, b ~ N(0, σ_b²) common to
    all channels, d_c ~ N(0, τ²) each channel's own, e ~ N(0, V) what resampling moves:

        a ~ N(0, Σ),   Σ = σ_b² 1 1ᵀ + τ² I + V,

    b and d integrated out. For channels k of both (M) and of paths alone (P):

        log p(paths | T) = −½ a_Mᵀ Σ_MM⁻¹ a_M,
        a_P | a_M ~ N(Σ_PM Σ_MM⁻¹ a_M, S),   S = Σ_PP − Σ_PM Σ_MM⁻¹ Σ_MP,   T_P = p_P exp(−a_P − ½ diag S),
        log p(experiments | T) = −½ Σ (lift − share · T_c)² / deviation².

    In plain words: how far path totals are above the mix model's on the channels that both know tells how far they are
    above the truth elsewhere; what is left over is each channel's own error. For channels of paths alone that error is
    centred so that it does not move their mean: a log-normal one about the median would raise it.

    Attributes
    ----------
    names : tuple of str
        The mix model's channels, then those of paths alone.
    shared : array of int
        Places of the channels of both.
    """

    names: tuple[str, ...]
    shared: Ints
    logs: Floats
    alone: Floats
    whitened: Floats
    slope: Floats
    root: Floats
    common: Floats
    left: float
    floor: float
    tested: Ints
    share: Floats
    lift: Floats
    deviation: Floats

    @classmethod
    def of(
        cls, mix: MixTotals, paths: PathTotals | None, experiments: tuple[Experiment, ...], beliefs: Beliefs
    ) -> Evidence:
        """Put it together; experiments on channels that nobody knows are an error.

        Raises
        ------
        ValueError
        """
        paths = paths or PathTotals((), np.zeros(0), np.zeros((0, 0)))
        both = [k for k, name in enumerate(paths.names) if name in mix.names]
        rest = [k for k in range(len(paths.names)) if k not in both]
        names = (*mix.names, *(paths.names[k] for k in rest))
        if unknown := [e.channel for e in experiments if e.channel not in names]:
            raise ValueError(f"No model knows the tested channel {unknown[0]}.")
        sigma = paths.log_covariance + beliefs.discrepancy**2 * np.eye(len(paths.names)) + beliefs.bias**2
        precision = np.asarray(np.linalg.inv(sigma[np.ix_(both, both)]), np.float64)
        slope = sigma[np.ix_(rest, both)] @ precision
        spread = sigma[np.ix_(rest, rest)] - slope @ sigma[np.ix_(both, rest)]
        common = beliefs.bias**2 * precision.sum(axis=0)
        return cls(
            names=names,
            shared=np.array([mix.names.index(paths.names[k]) for k in both], np.int64),
            logs=np.log(paths.totals[both]),
            alone=np.log(paths.totals[rest]) - np.diag(spread) / 2,
            whitened=np.asarray(np.linalg.cholesky(precision) if both else precision, np.float64),
            slope=slope,
            root=np.asarray(np.linalg.cholesky(spread) if rest else np.zeros((0, 0)), np.float64),
            common=common,
            left=beliefs.bias * float(np.sqrt(max(1.0 - common.sum(), 0.0))),
            floor=FLOOR * mix.observed,
            tested=np.array([names.index(e.channel) for e in experiments], np.int64),
            share=np.array([e.share for e in experiments]),
            lift=np.array([e.lift for e in experiments]),
            deviation=np.array([e.deviation for e in experiments]),
        )

    def errors(self, totals: Floats) -> Floats:
        """a_M of each row of the mix model's totals (N, C)."""
        return np.asarray(self.logs - np.log(np.maximum(totals[:, self.shared], self.floor)))

    def with_alone(self, totals: Floats, room: Floats, normal: Floats) -> Floats:
        """Totals (N, C + P): those of paths alone from standard normal numbers (N, P), within the baseline's room."""
        if not len(self.alone):
            return totals
        wrong = self.errors(totals) @ self.slope.T + normal @ self.root.T
        found = np.exp(np.minimum(self.alone - wrong, 600.0))
        fits = np.minimum(1.0, np.maximum(room, 0.0) / np.maximum(found.sum(axis=1), 1e-300))
        return np.concatenate([totals, found * fits[:, None]], axis=1)

    def residuals(self, totals: Floats) -> Floats:
        """Numbers r (N, m) of all totals (N, C + P), standard normal where all is right: log likelihood −½ |r|²."""
        paths = self.errors(totals) @ self.whitened
        apart = (self.lift - self.share * totals[:, self.tested]) / self.deviation
        return np.concatenate([paths, apart], axis=1)

    def bias(self, totals: Floats) -> tuple[float, float]:
        """Mean and standard deviation of b over rows of totals: b | a ~ N(σ_b² 1ᵀ Σ⁻¹ a, σ_b² (1 − σ_b² 1ᵀ Σ⁻¹ 1))."""
        means = self.errors(totals) @ self.common
        return float(means.mean()), float(np.hypot(means.std(), self.left))
