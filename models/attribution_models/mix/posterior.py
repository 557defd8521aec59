"""Posterior draws by name: sampled parameters, effects of channels and geos, and coefficients of the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.density import Density
from attribution_models.mix.draw_kernel import draw_values
from attribution_models.mix.groups import Parameter
from attribution_models.mix.linear_kernel import multipliers_of
from attribution_models.mix.media import CONTRIBUTION_SCALE
from attribution_models.mix.nuts import available
from attribution_models.mix.stages import draw_stages
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Draws of a fitted model.

    Attributes
    ----------
    structure : Structure
    points : array (chains, draws, n)
        On the sampled line: all that is saved of a fit, with `seed`.
    seed : int
        Of the numbers that draw integrated coefficients back.
    parameters : array (chains · draws, n + constants)
        Values of sampled parameters.
    beta : array (chains · draws, C, G)
        β_gc on the scaled outcome.
    coefficients : Mapping of str to array (chains · draws, size)
        Linear terms by name, multiplied out: what their columns are multiplied by.
    """

    structure: Structure
    points: Floats
    seed: int
    parameters: Floats
    beta: Floats
    coefficients: Mapping[str, Floats]

    @classmethod
    def of(cls, density: Density, points: Floats, seed: int) -> Posterior:
        """Work out the values of sampled points, and draw integrated coefficients back exactly."""
        s, t = density.structure, density.tables
        flat = np.ascontiguousarray(points.reshape(-1, density.size))
        noise = np.random.default_rng([seed, 7]).normal(size=(len(flat), len(t.integrated)))
        p = np.empty((len(flat), density.size + len(t.constants)))
        beta = np.empty((len(flat), len(s.channels), len(s.data.geos)))
        drawn = np.empty_like(noise)
        stages = draw_stages(s)
        edges = np.linspace(0, len(flat), 4 * available() + 1).astype(int)

        def part(i: int) -> None:
            draw_values(flat, noise, density.addresses, stages, p, beta, drawn, edges[i], edges[i + 1])

        with ThreadPoolExecutor(available()) as pool:
            list(pool.map(part, range(len(edges) - 1)))
        return cls(s, points, seed, p, beta, _terms(density, p, drawn))

    @property
    def size(self) -> int:
        """Number of draws in all."""
        return len(self.parameters)

    def value(self, parameter: Parameter) -> Floats:
        """Draws of one parameter, sampled or constant: array (D,)."""
        if not parameter.group:
            return np.full(self.size, parameter.constant)
        return np.asarray(self.parameters[:, self.structure.index(parameter)])

    def by_name(self) -> dict[str, Floats]:
        """Every quantity with its shape: (chains, draws, …); β per channel and geo, coefficients and parameters."""
        lead = self.points.shape[:2]
        found = {
            group.name: self.parameters[:, group.start : group.start + group.size].copy().reshape(*lead, *group.shape)
            for group in self.structure.groups
        }
        for c, plan in enumerate(self.structure.channels):
            if plan.mode == CONTRIBUTION_SCALE:
                # Sampled as β H; shown, as its prior has it, as β.
                column = found[plan.effect.group].reshape(self.size, -1)[:, plan.effect.element]
                column[:] = self.beta[:, c, 0] / self._factor(c)
        for term in self.structure.terms:
            if term.prior.fixed:
                continue  # a constant is no quantity that chains could agree about
            shape = tuple(len(c) for c in term.coords)
            found.setdefault(term.name, self.coefficients[term.name].reshape(*lead, *shape))
        return found

    def standard_draws(self) -> dict[str, Floats]:
        """What the PyMC graph has in place of integrated coefficients with a spread: standard draws, by its names."""
        lead, found = self.points.shape[:2], {}
        density = Density.of(self.structure)
        scale = np.empty((self.size, len(density.tables.integrated)))
        multipliers_of(density.tables.integrated, density.tables.integrated_numbers, self.parameters, scale)
        at = 0
        for term in self.structure.terms:
            if not term.integrate:
                continue
            if term.spread is not None:
                drawn = self.coefficients[term.name] / scale[:, at : at + term.size]
                found[term.vector] = drawn.reshape(*lead, *(len(c) for c in term.coords))
            at += term.size
        return found

    def _factor(self, c: int) -> Floats | float:
        plan = self.structure.channels[c]
        if plan.spread is None:
            return 1.0
        groups = self.structure.by_name
        eta = self.value(plan.spread)
        z = self.parameters[:, groups["geo_effect"].start + plan.row * len(self.structure.data.geos)]
        return np.exp(eta * z)


def _terms(density: Density, p: Floats, drawn: Floats) -> dict[str, Floats]:
    """Coefficients by term: integrated ones with their prior mean, sampled ones times their multipliers."""
    found, at, own = {}, 0, 0
    for term in density.structure.terms:
        if term.integrate:
            found[term.name] = drawn[:, at : at + term.size] + term.prior.values[0]
            at += term.size
        else:
            places = density.tables.coefficient[own : own + term.size]
            found[term.name] = p[:, places] * _multipliers(density, p, own, term.size)
            own += term.size
    return found


def _multipliers(density: Density, p: Floats, first: int, size: int) -> Floats:
    layout = density.tables.sampled[first : first + size]
    numbers = density.tables.sampled_numbers[first : first + size]
    found = np.empty((len(p), size))
    multipliers_of(layout, numbers, p, found)
    return found
