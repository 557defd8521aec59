"""The sampler's line: its maps beside SciPy's normal distribution, the way back, and the density on it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr, ndtr
from scipy.stats import norm

from attribution_models.mix.bend_kernel import PROBIT, SOFT, STRAIGHT
from attribution_models.mix.bends import SOFTENED, Bends
from attribution_models.mix.callback import bent_function
from attribution_models.mix.density import Density
from attribution_models.mix.media import CONTRIBUTION_SCALE
from attribution_models.mix.priors import INTERVAL, half_normal
from attribution_models.mix.start import starts
from attribution_models.mix.structure import structure
from tests.mix.cases import GEO, adstock, channel, effect, mix
from tests.mix.panels import panel


@pytest.fixture(scope="module")
def bends() -> Bends:
    spec = mix(
        channel("tv", adstock("geometric", 3), effect=effect("half-normal", 0.5), pooling=half_normal(0.3)),
        channel("radio", adstock("geometric", 3), effect=effect("log-normal", -1.0, 0.5)),
        **GEO,
    )
    return Bends.of(Density.of(structure(spec, panel(spec, geos=3, periods=14, seed=41, before=2))))


def density_on(bends, z):
    gradient, value = np.empty(z.size), np.empty(1)
    status = bent_function().ctypes(z.size, *(a.ctypes.data for a in (z, gradient, value, bends.table)))
    return status, value[0], gradient


def test_shares_and_effects_that_reach_zero_are_bent_and_nothing_else(bends):
    s = bends.density.structure
    wanted = np.full(s.size, STRAIGHT)
    for group in s.groups:
        for e in range(group.size):
            if group.prior(e).transform == INTERVAL:
                wanted[group.start + e] = PROBIT
    assert (wanted == PROBIT).sum() >= 2
    wanted[s.index(s.channels[0].effect)] = SOFT
    assert s.channels[1].mode == CONTRIBUTION_SCALE
    assert "log-normal" not in SOFTENED
    np.testing.assert_array_equal(bends.kinds, wanted)


@pytest.mark.parametrize("z", [-38.0, -20.1, -19.9, -3.0, -0.2, 0.0, 0.3, 4.0, 21.0, 37.0])
def test_the_maps_are_the_normal_distributions(bends, z):
    x = bends.straight(np.full(bends.kinds.size, z))
    np.testing.assert_allclose(x[bends.kinds == STRAIGHT], z)
    np.testing.assert_allclose(x[bends.kinds == PROBIT], log_ndtr(z) - log_ndtr(-z), rtol=1e-12, atol=1e-15)
    # g is the integral of Φ up to z; over φ(z), so that no tail underflows.
    below, _ = quad(lambda u: np.exp(log_ndtr(z - u) - log_ndtr(z)), 0, np.inf if z < 0 else z + 12, limit=200)
    soft = bends.kinds == SOFT
    assert soft.sum() == 1
    np.testing.assert_allclose(x[soft] - bends.log_scales[soft], np.log(below) + log_ndtr(z), rtol=1e-8, atol=1e-8)


def test_every_point_has_its_place_on_the_line(bends):
    rng = np.random.default_rng(2)
    for spread in (0.1, 3.0, 200.0):
        x = rng.normal(0, spread, bends.kinds.size)
        np.testing.assert_allclose(bends.straight(bends.bent(x)), x, rtol=1e-9, atol=1e-11)


def test_the_density_on_the_line_is_the_other_times_the_slope(bends):
    start = starts(bends.density.structure, 5)
    for seed in range(4):
        z = bends.bent(start(seed))
        status, value, gradient = density_on(bends, z)
        assert status == 0
        step = 1e-5
        ahead, behind = (np.array([bends.straight(z + way * step * e) for e in np.eye(z.size)]) for way in (1, -1))
        log_slope = np.log(np.diag(ahead - behind) / (2 * step)).sum()
        np.testing.assert_allclose(value, bends.density(bends.straight(z))[0] + log_slope, rtol=1e-8)
        for i, e in enumerate(np.eye(z.size)):
            up, down = (density_on(bends, z + way * step * e)[1] for way in (1, -1))
            np.testing.assert_allclose(gradient[i], (up - down) / (2 * step), rtol=2e-5, atol=2e-5)


def test_a_uniform_share_is_a_normal_on_the_line_and_a_uniform_effect_its_lower_half(bends):
    # dp/dz of p = Φ(z) is φ(z), and dc/dz of c = s g(z) is s Φ(z): by differences of the map itself.
    z, step = np.linspace(-6, 6, 25), 1e-5
    for way in z:
        up, down = (bends.straight(np.full(bends.kinds.size, way + s)) for s in (step, -step))
        p = bends.kinds == PROBIT
        slope = (1 / (1 + np.exp(-up[p])) - 1 / (1 + np.exp(-down[p]))) / (2 * step)
        np.testing.assert_allclose(slope, norm.pdf(way), rtol=1e-4, atol=1e-10)
        c, scale = bends.kinds == SOFT, np.exp(bends.log_scales[bends.kinds == SOFT])
        slope = (np.exp(up[c]) - np.exp(down[c])) / (2 * step) / scale
        np.testing.assert_allclose(slope, ndtr(way), rtol=1e-4, atol=1e-10)


def test_no_number_is_no_point(bends):
    z = np.zeros(bends.kinds.size)
    for bad in (np.nan, np.inf, -np.inf, 1e300):
        z[bends.kinds == SOFT] = bad
        assert density_on(bends, z)[0] != 0
