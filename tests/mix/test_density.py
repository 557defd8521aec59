"""The compiled density against itself: gradients by finite differences, and the integral by its own identity."""

from __future__ import annotations

import numpy as np
import pytest

from attribution_models.mix.posterior import Posterior
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES
from tests.mix.equality import conditional, densities, integral_gap


def points(size, number=3, seed=5):
    return np.random.default_rng(seed).normal(scale=0.6, size=(number, size))


@pytest.mark.parametrize("integrate", [True, False], ids=["integrated", "joint"])
@pytest.mark.parametrize("name", CASES)
def test_the_gradient_is_the_slope(name, integrate):
    density = densities(CASES[name])[0 if integrate else 1]
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
    return any(t.integrate for t in structure(*CASES[name]).terms)


@pytest.mark.parametrize("name", [n for n in CASES if integrating(n)])
def test_integrated_and_joint_density_differ_by_the_conditional(name):
    """log p(θ, y) = log p(θ, b, y) − log N(b; m(θ), S(θ)) for any b (methods: equality with PyMC, b)."""
    inner, joint = densities(CASES[name])
    theta, k = points(inner.size, 1)[0], len(inner.tables.integrated)
    for z in (np.zeros(k), np.random.default_rng(3).normal(size=k)):
        assert integral_gap(inner, joint, theta, z) < 1e-9


@pytest.mark.parametrize("name", ["national_default", "geo_national_channel", "geo_targets", "geo_gaussian_process"])
def test_drawn_back_coefficients_have_the_moments_of_their_conditional(name):
    """Mean and covariance by a full matrix (methods: equality with PyMC, c), with and without a sigma for each geo."""
    density, _ = densities(CASES[name])
    terms = [t for t in density.structure.terms if t.integrate]
    theta, draws = points(density.size, 1)[0], 40_000
    post = Posterior.of(density, np.broadcast_to(theta, (1, draws, density.size)), 1)
    want = conditional(density, theta)
    covariance = np.linalg.inv(want.precision)
    drawn = np.concatenate([post.coefficients[t.name] - t.prior.values[0] for t in terms], axis=1)
    spread = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(drawn.mean(axis=0), want.mean, atol=6 * spread.max() / np.sqrt(draws))
    unit = covariance / spread / spread[:, None]
    np.testing.assert_allclose(np.cov(drawn.T) / spread / spread[:, None], unit, atol=6 * 2**0.5 / np.sqrt(draws))
