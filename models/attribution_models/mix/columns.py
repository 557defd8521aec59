"""The linear part of the mean: columns, each with a coefficient = multiplier × standard draw, grouped into terms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.groups import Parameter
from attribution_models.mix.priors import Prior

GEO, TIME, DENSE = 0, 1, 2
UNUSED = Parameter(constant=1.0)


@dataclass(frozen=True, slots=True)
class Spread:
    """What multiplies standard normal coefficients: a sampled spread, or the spectral density of a Gaussian process.

    For a Gaussian process on basis functions √(1/B) sin(√λ_j (t + B)) with √λ_j = jπ/2B, coefficient j has the
    standard deviation √S(√λ_j) (Solin and Särkkä 2020), with scale η and length ℓ:

        expquad    S(ω) = η² √(2π) ℓ exp(−ℓ² ω² / 2)
        matern52   S(ω) = η² (16/3) 5^{5/2} ℓ⁻⁵ (5 / ℓ² + ω²)⁻³

    Attributes
    ----------
    kind : str
        ``spread``, ``expquad`` or ``matern52``.
    scale, length : Parameter
        Sampled or constant; only a Gaussian process has a length.
    frequencies : array
        √λ_j, one per column, for the Gaussian process.
    """

    kind: str
    scale: Parameter
    length: Parameter = UNUSED
    frequencies: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """Columns that belong together, and one vector of coefficients.

    Attributes
    ----------
    name : str
        Of the coefficients, in results; where they are sampled as standard draws these are ``name_z`` (`vector`).
    component : str
        What it is counted under: ``intercept``, ``trend``, ``season``, ``events``, ``controls`` or a treatment's name.
    dims : tuple of str
    coords : tuple of tuple of str
        One per dim.
    shape : str
        ``GEO``: column i is 1-dimensional in time for geo ``geos[i]``; ``TIME``: the same for all geos; ``DENSE``.
    columns : array (k, T) or (k, G, T)
    prior : Prior
        Of every coefficient, or of the standard draws where `spread` is given: then it is Normal(0, 1).
    geos : tuple of int
        For GEO terms.
    spread : Spread or None
    integrate : bool
        Whether the coefficients are integrated out.
    controls : tuple of str
        Which column of the panel each coefficient belongs to, for controls and treatments.
    """

    name: str
    component: str
    dims: tuple[str, ...]
    coords: tuple[tuple[str, ...], ...]
    kind: int
    columns: NDArray[np.float64]
    prior: Prior
    geos: tuple[int, ...] = ()
    spread: Spread | None = None
    integrate: bool = True
    controls: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Number of coefficients."""
        return len(self.columns)

    @property
    def vector(self) -> str:
        """Name of the vector that is sampled: the coefficients, or standard draws that their spread multiplies."""
        return self.name if self.spread is None else f"{self.name}_z"

    def coefficient(self, element: int) -> Parameter:
        """Where a coefficient that is not integrated out comes from."""
        if self.prior.fixed:
            return Parameter(constant=self.prior.values[0])
        return Parameter(self.vector, element)

    def full(self, geos: int) -> NDArray[np.float64]:
        """Columns as (k, G, T)."""
        if self.kind == DENSE:
            return self.columns
        if self.kind == TIME:
            return np.repeat(self.columns[:, None, :], geos, axis=1)
        wide = np.zeros((self.size, geos, self.columns.shape[1]))
        wide[np.arange(self.size), list(self.geos)] = self.columns
        return wide
