"""What can be told about a model's data before it is fitted: collinearity, variation, parameters for each row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.columns import TIME
from attribution_models.mix.structure import Structure


@dataclass(frozen=True, slots=True, eq=False)
class Regressors:
    """Scaled media and controls on the fitted rows, less their mean in each geo (which the baseline explains).

    Attributes
    ----------
    names : tuple of str
    media : int
        The first so many are media.
    values : array (K, n)
    """

    names: tuple[str, ...]
    media: int
    values: NDArray[np.float64]

    @classmethod
    def of(cls, s: Structure) -> Regressors:
        """Take them from a structure."""
        acting = (s.media * s.reach)[:, :, s.data.before :]
        controls = s.data.controls - s.scales.control_center[:, None, None]
        wide = np.concatenate([acting, controls / s.scales.control[:, None, None]])
        centred = []
        for g in range(wide.shape[1]):
            rows = wide[:, g, s.fitted[g]]
            centred.append(rows - rows.mean(axis=1, keepdims=True) if rows.shape[1] else rows)
        names = (*(c.name for c in s.spec.channels), *(c.column for c in s.spec.controls))
        return cls(names, len(s.spec.channels), np.concatenate(centred, axis=1))

    def correlation(self) -> NDArray[np.float64]:
        """Pairwise correlations; 0 with what does not vary."""
        length = np.sqrt((self.values**2).sum(axis=1))
        unit = self.values / np.where(length > 0, length, 1.0)[:, None]
        found = np.clip(unit @ unit.T, -1.0, 1.0)
        np.fill_diagonal(found, 1.0)
        return found

    def inflation(self) -> NDArray[np.float64]:
        """Variance inflation factors 1 / (1 − R²_k), R²_k of regressing k on all others.

        They are the diagonal of the inverse correlation matrix; infinite where one is a sum of others, or where there
        are more of them than rows.
        """
        names, rows = self.values.shape
        if not names:
            return np.zeros(0)
        if rows <= names:
            return np.full(names, np.inf)
        values, vectors = np.linalg.eigh(self.correlation())
        singular = values < names * 1e-12
        factors = (vectors**2) @ np.where(singular, 0.0, 1 / np.where(singular, 1.0, values))
        factors[(vectors[:, singular] ** 2).sum(axis=1) > 1e-9] = np.inf
        return np.asarray(np.maximum(factors, 1.0))


@dataclass(frozen=True, slots=True)
class Variation:
    """How a channel's exposure moves.

    Attributes
    ----------
    coefficient : float
        Standard deviation over mean, within geos.
    active : float
        Share of cells above zero.
    """

    coefficient: float
    active: float


def variation(s: Structure, channel: int) -> Variation:
    """Variation of one channel's exposure in the window, in time within each geo."""
    x = s.data.exposure[channel][:, s.data.before :]
    mean = float(x.mean())
    within = float(np.sqrt(((x - x.mean(axis=1, keepdims=True)) ** 2).mean()))
    return Variation(within / mean if mean > 0 else 0.0, float((x > 0).mean()))


def parameters(s: Structure) -> int:
    """How many unknowns the model has, integrated ones included."""
    return s.size + sum(t.size for t in s.terms if t.integrate)


def time_saturation(s: Structure) -> float:
    """Share of the periods' degrees of freedom that common time effects take: 1 leaves nothing to a national medium."""
    shared = [t.columns for t in s.terms if t.kind == TIME]
    if not shared:
        return 0.0
    return float(np.linalg.matrix_rank(np.concatenate(shared)) / s.outcome.shape[1])
