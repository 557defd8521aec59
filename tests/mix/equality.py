"""How far the compiled density is from PyMC's, and the integrated one from its own definition; used by tests and study."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from attribution_models.mix.density import Density, design
from attribution_models.mix.linear_kernel import multipliers_of
from attribution_models.mix.media import CONTRIBUTION_SCALE
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.structure import structure
from tests.mix.cases import Case
from tests.mix.plain import responses


class Conditional(NamedTuple):
    """Normal distribution of the integrated coefficients, less their prior mean, given everything else."""

    mean: np.ndarray
    precision: np.ndarray
    scale: np.ndarray

    def log_density(self, z: np.ndarray) -> float:
        """Of standard draws z = coefficient / prior standard deviation."""
        matrix = self.precision * self.scale * self.scale[:, None]
        gap = z - self.mean / self.scale
        _, log_det = np.linalg.slogdet(matrix)
        return float(-0.5 * gap @ matrix @ gap + 0.5 * log_det - 0.5 * len(z) * np.log(2 * np.pi))


def densities(case: Case) -> tuple[Density, Density]:
    """What can be integrated out integrated out; and everything sampled."""
    inner, joint = (structure(case.spec, case.data, case.lifts, integrate=integrate) for integrate in (True, False))
    return Density.of(inner), Density.of(joint)


def on_pymcs_line(density: Density, x: np.ndarray) -> np.ndarray:
    """Move log contributions to log β, which keeps the density: d log β = d log contribution at given H."""
    s, moved = density.structure, x.copy()
    drawn = Posterior.of(density, x[None, None], 1)
    values = np.append(drawn.parameters[0], 0.0)
    for c, plan in enumerate(s.channels):
        if plan.mode == CONTRIBUTION_SCALE:
            beta = np.log(drawn.beta[0, c, 0])
            if plan.spread is not None:
                spread = values[s.index(plan.spread)] if plan.spread.group else plan.spread.constant
                beta -= spread * values[s.by_name["geo_effect"].start + plan.row * len(s.data.geos)]
            moved[s.index(plan.effect)] = beta
    return moved


def joint_gaps(density: Density, reference, x: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Relative errors of the joint density and of its slope in a random direction, beside PyMC's."""
    value, gradient = density(x)
    found = reference(on_pymcs_line(density, x))[0]
    step = 1e-6 * rng.normal(size=x.size)
    up, down = (reference(on_pymcs_line(density, x + sign * step))[0] for sign in (1, -1))
    size = float(np.abs(step).max() * np.linalg.norm(gradient))
    return abs(found - value) / max(abs(value), 1.0), abs((up - down) / 2 - gradient @ step) / size


def conditional(density: Density, theta: np.ndarray) -> Conditional:
    """By full matrices, from the structure's own columns and plain loops for the media."""
    s = density.structure
    terms = [t for t in s.terms if t.integrate]
    post = Posterior.of(density, theta[None, None], 1)
    scale = np.empty((1, len(density.tables.integrated)))
    multipliers_of(density.tables.integrated, density.tables.integrated_numbers, post.parameters, scale)
    sigma = np.array([post.parameters[0, density.tables.sigma[g % len(s.noise)]] for g in range(len(s.data.geos))])
    weight = (s.fitted / sigma[:, None]).ravel()
    wide = design(s, terms).reshape(scale.size, s.outcome.size) * weight
    geos = len(s.data.geos)
    mean = np.einsum("cg,cgt->gt", post.beta[0], responses(s, theta, post))
    for term in s.terms:
        if not term.integrate:
            mean += np.tensordot(post.coefficients[term.name][0], term.full(geos), axes=1)
    left = (density.tables.outcome - mean).ravel() * weight
    precision = np.diag(scale[0] ** -2) + wide @ wide.T
    return Conditional(np.linalg.solve(precision, wide @ left), precision, scale[0])


def integral_gap(inner: Density, joint: Density, theta: np.ndarray, z: np.ndarray) -> float:
    """Relative error of log p(θ, y) = log p(θ, b, y) − log N(b; m(θ), S(θ)) at standard draws z."""
    terms = [t for t in inner.structure.terms if t.integrate]
    full, names, first = np.empty(joint.size), joint.structure.by_name, 0
    for group in inner.structure.groups:
        at = names[group.name].start
        full[at : at + group.size] = theta[group.start : group.start + group.size]
    for term in terms:
        mean, deviation = term.prior.values
        at = names[term.vector].start
        full[at : at + term.size] = mean + deviation * z[first : first + term.size]
        first += term.size
    # Coefficients with a prior of their own are b = mean + sd z: their density carries the standard deviation.
    own = sum(t.size * np.log(t.prior.values[1]) for t in terms)
    found = joint(full)[0] - conditional(inner, theta).log_density(z) + own
    want = inner(theta)[0]
    return abs(found - want) / max(abs(want), 1.0)
