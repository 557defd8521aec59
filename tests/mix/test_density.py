"""The compiled density against itself: gradients by finite differences, and the integral by its own identity."""

from __future__ import annotations

import numpy as np
import pytest

from attribution_models.mix.density import KINDS, Density, design
from attribution_models.mix.linear_kernel import multipliers_of
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES
from tests.mix.plain import responses


def points(size, number=3, seed=5):
    return np.random.default_rng(seed).normal(scale=0.6, size=(number, size))


def densities(name, *, integrate):
    case = CASES[name]
    return Density.of(structure(case.spec, case.data, case.lifts, integrate=integrate))


@pytest.mark.parametrize("integrate", [True, False], ids=["integrated", "joint"])
@pytest.mark.parametrize("name", CASES)
def test_the_gradient_is_the_slope(name, integrate):
    density = densities(name, integrate=integrate)
    for x in points(density.size, 2):
        value, gradient = density(x)
        assert np.isfinite(value)
        step = 1e-6
        for i in np.random.default_rng(1).permutation(density.size)[:25]:
            up, down = x.copy(), x.copy()
            up[i] += step
            down[i] -= step
            slope = (density(up)[0] - density(down)[0]) / (2 * step)
            assert gradient[i] == pytest.approx(slope, rel=2e-5, abs=2e-5 * max(1, np.abs(gradient).max()))


def integrating(name):
    case = CASES[name]
    return any(t.integrate for t in structure(case.spec, case.data, case.lifts).terms)


@pytest.mark.parametrize("name", [n for n in CASES if integrating(n)])
def test_integrated_and_joint_density_differ_by_the_conditional(name):
    """log p(θ, y) = log p(θ, b, y) − log N(b; m(θ), S(θ)) for any b (methods: equality with PyMC, b)."""
    inner, joint = densities(name, integrate=True), densities(name, integrate=False)
    s = inner.structure
    terms = [t for t in s.terms if t.integrate]
    theta = points(inner.size, 1)[0]
    post = Posterior.of(inner, theta[None, None], 1)
    x, deviations = design(s, terms) * s.fitted, []
    for term in terms:
        deviations += [deviation(inner, post, term, j) for j in range(term.size)]
    scale = np.array(deviations)
    sigma = np.array(
        [post.parameters[0, inner.tables.sigma[g if len(s.noise) > 1 else 0]] for g in range(len(s.data.geos))]
    )
    weight = s.fitted / sigma[:, None] ** 2
    wide = x.reshape(len(x), -1)
    precision = np.eye(len(x)) + scale[:, None] * scale * ((wide * weight.ravel()) @ wide.T)
    media = np.einsum("cg,cgt->gt", post.beta[0], responses_of(inner, theta))
    sampled = sum(
        (
            np.tensordot(post.coefficients[t.name][0], t.full(len(s.data.geos)), axes=1)
            for t in s.terms
            if not t.integrate
        ),
        start=np.zeros_like(media),
    )
    residual = (inner.tables.outcome - media - sampled) * s.fitted
    mean = np.linalg.solve(precision, scale * (wide @ (weight * residual).ravel()))
    for z in (np.zeros(len(x)), np.random.default_rng(3).normal(size=len(x))):
        full = np.empty(joint.size)
        spread(inner, joint, theta, terms, z, full)
        _, log_det = np.linalg.slogdet(precision)
        gap = z - mean
        conditional = -0.5 * gap @ precision @ gap + 0.5 * log_det - 0.5 * len(x) * np.log(2 * np.pi)
        # Coefficients with a prior of their own are b = mean + sd z: their density carries the standard deviation.
        own = sum(t.size * np.log(t.prior.values[1]) for t in terms if t.spread is None)
        assert joint(full)[0] - (conditional - own) == pytest.approx(inner(theta)[0], rel=1e-9)


def deviation(density, post, term, j):
    if term.spread is None:
        return term.prior.values[1]
    first = 0
    for other in density.structure.terms:
        if other is term:
            break
        first += other.size if other.integrate else 0
    out = np.empty((1, term.size))
    rows = slice(first, first + term.size)
    multipliers_of(density.tables.integrated[rows], density.tables.integrated_numbers[rows], post.parameters, out)
    assert term.spread.kind in KINDS
    return out[0, j]


def responses_of(density, theta):
    """h of every channel, by the difference that a unit of β makes to the posterior's own kernels."""
    return responses(density.structure, theta, Posterior.of(density, theta[None, None], 1))


def spread(inner, joint, theta, terms, z, full):
    """Write the joint's point: sampled parameters where they are, coefficients from standard draws."""
    names = joint.structure.by_name
    for group in inner.structure.groups:
        at = names[group.name].start
        full[at : at + group.size] = theta[group.start : group.start + group.size]
    first = 0
    for term in terms:
        at, draws = names[term.vector].start, z[first : first + term.size]
        mean, sd = term.prior.values
        full[at : at + term.size] = mean + sd * draws
        first += term.size


@pytest.mark.parametrize("name", ["national_default", "geo_national_channel", "geo_targets", "geo_gaussian_process"])
def test_drawn_back_coefficients_have_the_moments_of_their_conditional(name):
    """Mean and covariance by a full matrix (methods: equality with PyMC, c), with and without a sigma for each geo."""
    density = densities(name, integrate=True)
    s = density.structure
    terms = [t for t in s.terms if t.integrate]
    theta, draws = points(density.size, 1)[0], 40_000
    post = Posterior.of(density, np.broadcast_to(theta, (1, draws, density.size)), 1)
    scale = np.array([deviation(density, post, t, j) for t in terms for j in range(t.size)])
    sigma = np.array([post.parameters[0, density.tables.sigma[g % len(s.noise)]] for g in range(len(s.data.geos))])
    wide = (design(s, terms) * s.fitted / sigma[:, None]).reshape(len(scale), -1)
    media = np.einsum("cg,cgt->gt", post.beta[0], responses_of(density, theta))
    left = ((density.tables.outcome - media) * s.fitted / sigma[:, None]).ravel()
    covariance = np.linalg.inv(np.diag(scale**-2) + wide @ wide.T)
    drawn = np.concatenate([post.coefficients[t.name] - t.prior.values[0] for t in terms], axis=1)
    spread = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(drawn.mean(axis=0), covariance @ (wide @ left), atol=6 * spread.max() / np.sqrt(draws))
    unit = covariance / spread / spread[:, None]
    np.testing.assert_allclose(np.cov(drawn.T) / spread / spread[:, None], unit, atol=6 * 2**0.5 / np.sqrt(draws))
