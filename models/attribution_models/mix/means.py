"""The mean of every row in every posterior draw, one geo at a time: memory holds one geo's draws and no more."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.columns import DENSE, TIME, Term
from attribution_models.mix.density import tables_of
from attribution_models.mix.groups import Parameter
from attribution_models.mix.media_multiplier import media_multiplier
from attribution_models.mix.nuts import available
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.predict_kernel import add_media
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """Draws of a fitted model beside the rows whose mean is wanted: fitted ones, held-out ones, or future ones.

    Attributes
    ----------
    structure : Structure
        Of the rows: its media, terms and outcome are read; scales are the fit's.
    parameters : array (D, n + constants)
    beta : array (D, C, G)
    channel : array (C, 16)
        `tables.Tables.channel`.
    coefficients : Mapping of str to array (D, size)
        By term of `structure`.
    sigma : array (D, G)
        Of the noise, on the scaled outcome.
    multiplier : array (D, T) or (1, T)
        v_t, what multiplies every effect of media in the periods of `structure`.
    nu : array (D,) or None
        Degrees of freedom of Student-t noise.
    rho : array (D,) or None
        Autoregression of normal noise.
    """

    structure: Structure
    parameters: Floats
    beta: Floats
    channel: Ints
    coefficients: Mapping[str, Floats]
    sigma: Floats
    multiplier: Floats
    nu: Floats | None
    rho: Floats | None = None

    @classmethod
    def of(
        cls, posterior: Posterior, rows: Structure | None = None, coefficients: Mapping[str, Floats] | None = None
    ) -> Means:
        """Read a posterior; for other rows than its own, `rows` with terms that `coefficients` has."""
        fit = posterior.structure
        sigma = np.stack([value(posterior, p) for p in fit.noise], axis=1)
        periods = (rows or fit).outcome.shape[1]
        return cls(
            structure=rows or fit,
            parameters=np.ascontiguousarray(posterior.parameters),
            beta=posterior.beta,
            channel=tables_of(fit)[0].channel,
            coefficients=posterior.coefficients if coefficients is None else coefficients,
            sigma=np.repeat(sigma, len(fit.data.geos), axis=1) if sigma.shape[1] == 1 else sigma,
            multiplier=media_multiplier(fit, posterior.parameters, periods),
            nu=None if fit.nu is None else value(posterior, fit.nu),
            rho=None if fit.rho is None else value(posterior, fit.rho),
        )

    @property
    def size(self) -> int:
        """Number of draws, D."""
        return len(self.parameters)

    @property
    def log(self) -> bool:
        """Whether effects multiply."""
        return self.structure.spec.link == "log"

    def baseline(self, geo: int) -> Floats:
        """All linear terms of one geo on the scaled mean, without media: array (D, T)."""
        found = np.zeros((self.size, self.structure.outcome.shape[1]))
        for term in self.structure.terms:
            members = [j for j in range(term.size) if not term.geos or term.geos[j] == geo]
            if members:
                found += self.coefficients[term.name][:, members] @ _columns(term, geo)[members]
        return found

    def scaled(self, geo: int) -> Floats:
        """Mean of one geo on the scaled outcome (its logarithm under the log link): array (D, T)."""
        found = self.baseline(geo)
        beta = np.ascontiguousarray(self.beta[:, :, geo])
        media = np.ascontiguousarray(self.structure.media[:, geo])
        reach = np.ascontiguousarray(self.structure.reach[:, geo])
        edges = np.linspace(0, self.size, 2 * available() + 1).astype(int)

        def part(first: int, last: int) -> None:
            add_media(self.parameters, beta, self.channel, media, reach, self.multiplier, first, last, found)

        with ThreadPoolExecutor(available()) as pool:
            list(pool.map(part, edges[:-1], edges[1:]))
        return found

    def outcome(self, geo: int, scaled: Floats) -> Floats:
        """Turn the scaled mean of one geo into the outcome's unit.

        Identity link: population · (centre + scale · s). Log link: population · scale · eˢ, which is the outcome's
        median given the parameters; noise multiplies it.
        """
        scales = self.structure.scales
        population = scales.population[geo]
        if self.log:
            return np.asarray(population * scales.outcome * np.exp(scaled))
        return np.asarray(population * (scales.center + scales.outcome * scaled))

    def noise(self, geo: int, seed: int) -> Floats:
        """Noise of one geo on the scaled outcome, one number for each draw and row: array (D, T).

        With autoregression a path of it, whatever the residuals of fitted rows are.
        """
        rng = np.random.default_rng([seed, 11, geo])
        shape = (self.size, self.structure.outcome.shape[1])
        sigma = self.sigma[:, geo, None]
        if self.rho is not None:
            return np.asarray(sigma * _path(self.rho, rng.normal(size=shape)))
        if self.nu is None:
            return np.asarray(sigma * rng.normal(size=shape))
        nu = self.nu[:, None]
        return np.asarray(sigma * rng.normal(size=shape) / np.sqrt(rng.chisquare(nu, size=shape) / nu))

    def innovations(self, geo: int, residual: Floats) -> tuple[Floats, Floats]:
        """What is new in each residual over σ, (D, T), given the fitted row before it, and its deviation over σ.

        Without autoregression the residuals themselves, and ones.
        """
        one = np.ones((1, 1))
        if self.rho is None:
            return residual, one
        rows = np.flatnonzero(self.structure.fitted[geo])
        new, deviation = residual.copy(), np.ones_like(residual)
        a = self.rho[:, None] ** np.diff(rows)
        new[:, rows[1:]] -= a * residual[:, rows[:-1]]
        deviation[:, rows[1:]] = np.sqrt(1 - a**2)
        return new, deviation


def _path(rho: Floats, normal: Floats) -> Floats:
    """A stationary autoregression of standard deviation 1 from independent numbers, (D, T)."""
    found, fresh = normal.copy(), np.sqrt(1 - rho**2)
    for t in range(1, normal.shape[1]):
        found[:, t] = rho * found[:, t - 1] + fresh * normal[:, t]
    return found


def value(posterior: Posterior, parameter: Parameter) -> Floats:
    """Draws of one parameter, sampled or constant: array (D,)."""
    return posterior.value(parameter)


def _columns(term: Term, geo: int) -> Floats:
    """Columns of a term as one geo has them, (k, T)."""
    if term.kind == DENSE:
        return np.asarray(term.columns[:, geo])
    assert term.kind == TIME or term.geos
    return term.columns
