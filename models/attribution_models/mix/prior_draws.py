"""Draws of the prior, in the same shape as draws of the posterior."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.density import Density
from attribution_models.mix.draw_kernel import draw_values
from attribution_models.mix.linear_kernel import multipliers_of
from attribution_models.mix.media import CONTRIBUTION_SCALE
from attribution_models.mix.posterior import Posterior, _terms
from attribution_models.mix.stages import draw_stages
from attribution_models.mix.start import draw, unconstrain
from attribution_models.mix.structure import Structure
from attribution_models.mix.tables import SPREAD, SPREAD_START

Floats = NDArray[np.float64]


def prior_points(structure: Structure, n: int, seed: int) -> Floats:
    """Draws of the prior on the sampled line, array (n, size)."""
    return _points(Density.of(structure), n, seed)


def prior_draws(density: Density, n: int, seed: int) -> Posterior:
    """Draws of the prior with everything that a posterior has; integrated coefficients come from their prior."""
    points = _points(density, n, seed)
    p, beta = _values(density, points)
    noise = np.random.default_rng([seed, 8]).normal(size=(n, len(density.tables.integrated)))
    scale = np.empty_like(noise)
    multipliers_of(density.tables.integrated, density.tables.integrated_numbers, p, scale)
    return Posterior(density.structure, points[None], seed, p, beta, _terms(density, p, noise * scale))


def _points(density: Density, n: int, seed: int) -> Floats:
    """Each element from its prior."""
    s, rng = density.structure, np.random.default_rng([seed, 6])
    found = np.empty((n, s.size))
    for group in s.groups:
        for e in range(group.size):
            prior = group.prior(e)
            found[:, group.start + e] = unconstrain(prior, draw(prior, rng, n))
    return to_contributions(density, found)


def to_contributions(density: Density, found: Floats) -> Floats:
    """Move channels on the contribution scale from log β, which priors and PyMC know, to log β + log H; in place."""
    s = density.structure
    scaled = [(c, s.index(plan.effect)) for c, plan in enumerate(s.channels) if plan.mode == CONTRIBUTION_SCALE]
    own = {i: found[:, i].copy() for _, i in scaled}
    for i in own:
        found[:, i] = 0.0
    p, beta = _values(density, found)
    for c, i in scaled:
        # β H = 1 there, so that β of the first geo is its factor over H.
        found[:, i] = own[i] + np.log(_factor(density, c, p) / beta[:, c, 0])
    return found


def _factor(density: Density, c: int, p: Floats) -> Floats:
    """exp(η z) of the first geo."""
    row = density.tables.channel[c]
    if row[SPREAD] < 0:
        return np.ones(len(p))
    return np.asarray(np.exp(p[:, row[SPREAD]] * p[:, row[SPREAD_START]]))


def _values(density: Density, points: Floats) -> tuple[Floats, Floats]:
    """Values of parameters and effects; no coefficients."""
    s, none = density.structure, np.empty((len(points), 0))
    p = np.empty((len(points), density.size + len(density.tables.constants)))
    beta = np.empty((len(points), len(s.channels), len(s.data.geos)))
    draw_values(points, none, density.addresses, draw_stages(s), p, beta, none.copy(), 0, len(points))
    return p, beta
