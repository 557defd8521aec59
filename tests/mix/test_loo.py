"""Leave-one-out against ArviZ, against exact refits, and the likelihood against the density that was sampled."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from attribution_models.mix.density import Density
from attribution_models.mix.likelihood import log_likelihood
from attribution_models.mix.loo import Loo, leave_one_out, loo, relative_efficiency
from attribution_models.mix.means import Means
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.psis import pareto_fit, pareto_quantiles, reliable, smoothed_weights, tail_length
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES

RNG = np.random.default_rng(8)


def posterior(name, draws=6, scale=0.3, chains=2):
    case = CASES[name]
    density = Density.of(structure(case.spec, case.data, case.lifts))
    points = np.random.default_rng(5).normal(scale=scale, size=(chains, draws, density.size))
    return Posterior.of(density, points, 1)


def ratios(draws=1000, rows=12):
    """Log likelihoods of a normal mean, a few outliers among the rows."""
    mean, y = RNG.normal(scale=0.2, size=(draws, 1)), RNG.normal(size=rows)
    y[0] = 6.0
    return stats.norm.logpdf(y, mean, 1.0)


def arviz_psis(ratio, efficiency):
    """Log weights and k of ArviZ, and the length of the tail that it smooths."""
    arviz = pytest.importorskip("arviz", reason="ArviZ is not installed; it comes with the mix model's graph")
    if int(arviz.__version__.split(".")[0]) >= 1:
        base = pytest.importorskip("arviz_stats.base").array_stats
        found = [base.psislw(-row.reshape(1, -1), r_eff=efficiency) for row in ratio.T]
        weights, k = np.stack([np.ravel(w) for w, _ in found]), np.array([float(np.ravel(k)[0]) for _, k in found])
        n = len(ratio)
        return weights, k, int(3 * math.sqrt(n / efficiency) if n * efficiency > 225 else n / 5)
    weights, k = arviz.psislw(ratio.T, efficiency)
    return weights, k, tail_length(len(ratio), efficiency)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("draws", "efficiency"), [(1000, 1.0), (400, 0.7), (4000, 0.9)])
def test_arviz_smooths_the_same_way(draws, efficiency):
    ratio = -ratios(draws)
    weights, k, tail = arviz_psis(ratio, efficiency)
    found, shape = smoothed_weights(ratio, tail)
    np.testing.assert_allclose(shape, k, rtol=1e-8)
    np.testing.assert_allclose(found.T, weights, rtol=1e-8, atol=1e-10)


def test_weights_are_normalised_and_capped():
    ratio = RNG.standard_cauchy((500, 3))
    found, shape = smoothed_weights(ratio, 60)
    np.testing.assert_allclose(np.exp(found).sum(axis=0), 1)
    assert (shape > 0.7).all()
    body = np.argsort(ratio[:, 0])[:-60]
    gap = found[body, 0] - ratio[body, 0]
    np.testing.assert_allclose(gap, gap[0])
    assert (found[:, 0] <= ratio[:, 0].max() + gap[0] + 1e-9).all()


def test_flat_and_short_tails_are_not_fitted():
    flat = np.zeros((100, 2))
    flat[:, 1] = RNG.normal(size=100)
    found, shape = smoothed_weights(flat, 20)
    assert np.isinf(shape[0])
    assert np.isfinite(shape[1])
    np.testing.assert_allclose(found[:, 0], -np.log(100))
    assert np.isinf(smoothed_weights(flat, 4)[1]).all()


def test_the_tails_fit_finds_its_shape():
    p = (np.arange(2000) + 0.5) / 2000
    shape, scale = pareto_fit(np.stack([2 * ((1 - p) ** -k - 1) / k for k in (0.3, 0.6)]))
    np.testing.assert_allclose(shape, [0.3, 0.6], atol=0.02)
    np.testing.assert_allclose(scale, 2, rtol=0.03)
    np.testing.assert_allclose(pareto_quantiles(p, np.array([0.0]), np.array([2.0]))[0], -2 * np.log1p(-p))


def test_one_observation_left_out_exactly():
    """Normal mean with known variance: the density without a row is known."""
    y, prior = RNG.normal(size=15), 2.0
    precision = 1 / prior**2 + len(y)
    draws = RNG.normal(y.sum() / precision, precision**-0.5, size=(40000, 1))
    found, shape, in_sample = leave_one_out(stats.norm.logpdf(y, draws, 1.0), tail_length(40000))
    rest = precision - 1
    exact = stats.norm.logpdf(y, (y.sum() - y) / rest, np.sqrt(1 + 1 / rest))
    np.testing.assert_allclose(found, exact, atol=0.01)
    assert (shape < 0.5).all()
    assert (in_sample > found).all()


@pytest.mark.parametrize(
    "name", ["national_default", "national_student", "geo_independent", "log_link", "fixed", "direct"]
)
def test_the_likelihood_in_outcome_units(name):
    post = posterior(name)
    s, means = post.structure, Means.of(post)
    for g in range(len(s.data.geos)):
        y, worth = s.data.outcome[g], s.scales.population[g] * s.scales.outcome
        mean = means.scaled(g)
        sigma = means.sigma[:, [g]]
        if s.spec.link == "log":
            expected = stats.lognorm.logpdf(y, sigma, scale=worth * np.exp(mean))
        else:
            centre = s.scales.population[g] * s.scales.center
            at = centre + worth * mean
            noise = stats.norm(at, worth * sigma) if means.nu is None else stats.t(means.nu[:, None], at, worth * sigma)
            expected = noise.logpdf(y)
        np.testing.assert_allclose(log_likelihood(means, g), expected, rtol=1e-9)


def test_the_likelihood_is_that_of_the_sampled_density():
    """Two outcomes that differ in one row: the joint density differs by that row's likelihood."""
    case = CASES["national_default"]
    base = structure(case.spec, case.data, integrate=False)
    seen = int(np.flatnonzero(base.fitted[0])[2])
    rows = np.ones(len(case.data.dates), bool)
    rows[seen] = False
    less = structure(case.spec, case.data, scales=base.scales, integrate=False, rows=rows)
    point = RNG.normal(scale=0.3, size=base.size)
    gap = Density.of(base)(point)[0] - Density.of(less)(point)[0]
    post = Posterior.of(Density.of(base), point[None, None], 1)
    own = log_likelihood(Means.of(post), 0)[0, seen] + np.log(base.scales.outcome)
    assert gap == pytest.approx(own, rel=1e-9)


@pytest.mark.parametrize("name", ["national_default", "geo_independent"])
def test_loo_is_its_parts(name):
    post = posterior(name, draws=200, scale=0.05)
    found = loo(post, efficiency=1.0)
    means, s = Means.of(post), post.structure
    assert isinstance(found, Loo)
    assert found.rows.shape == (s.fitted.sum(), 2)
    assert s.fitted[tuple(found.rows.T)].all()
    assert found.elpd == pytest.approx(found.pointwise.sum())
    ll = log_likelihood(means, 0)[:, s.fitted[0]]
    np.testing.assert_allclose(found.pointwise[: ll.shape[1]], leave_one_out(ll, tail_length(400))[0])
    assert found.limit == pytest.approx(reliable(400))
    assert found.unreliable == (found.shape > found.limit).sum()


def test_rows_without_an_outcome_are_left_out():
    post = posterior("national_student", draws=30)
    found = loo(post)
    assert len(found.pointwise) == post.structure.fitted.sum() < post.structure.outcome.size
    assert np.isfinite(found.pointwise).all()


def test_efficiency_falls_with_autocorrelation():
    ll = RNG.normal(size=(2000, 4))
    slow = np.repeat(ll[:200], 10, axis=0)
    assert relative_efficiency(ll, 4) > 0.8
    assert relative_efficiency(slow, 4) < 0.25
