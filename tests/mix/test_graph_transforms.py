"""Carry-over and curves of the graph against the compiled kernels, in value and derivative."""

from __future__ import annotations

import numpy as np
import pytest

from attribution_models.mix import adstock, saturation

from tests.mix.pymc_here import pm  # isort: skip
import pytensor
import pytensor.tensor as pt

from attribution_models.mix.graph_transforms import carry, lag_weights, saturate, spectral_scale
from attribution_models.mix.reference import UNCOMPILED

FIRST, SECOND = pt.dscalars("first", "second")


def shape_points(kind, number=6):
    rng = np.random.default_rng(3)
    if kind.startswith("weibull"):
        return rng.uniform([0.3, 0.4], [5.0, 6.0], (number, 2))
    return rng.uniform([0.02, 0.1], [0.98, 4.0], (number, 2))


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("kind", adstock.KINDS)
def test_weights_are_the_kernels(kind, normalize):
    l_max = 1 if kind == "none" else 7
    w = lag_weights(kind, normalize, l_max, FIRST, SECOND)
    blend = np.random.default_rng(2).normal(size=l_max)
    slopes = pytensor.grad(pt.dot(w, blend), [FIRST, SECOND], disconnected_inputs="ignore")
    evaluate = pytensor.function([FIRST, SECOND], [w, *slopes], mode=UNCOMPILED, on_unused_input="ignore")
    for first, second in shape_points(kind):
        expected = [np.zeros(l_max) for _ in range(3)]
        adstock.lag_weights.py_func(adstock.KINDS[kind].code, normalize, first, second, *expected)
        got, *slope = evaluate(first, second)
        np.testing.assert_allclose(got, expected[0], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(slope, [d @ blend for d in expected[1:]], rtol=1e-8, atol=1e-10)


def test_equal_weights_of_a_flat_density_are_one():
    w = pytensor.function([FIRST, SECOND], lag_weights("weibull-pdf", False, 1, FIRST, SECOND), mode=UNCOMPILED)
    assert w(2.0, 3.0).tolist() == [1.0]


@pytest.mark.parametrize("kind", saturation.KINDS)
def test_curves_are_the_kernels(kind):
    a = pt.dvector("a")
    h = saturate(kind, FIRST, SECOND, a)
    slopes = pytensor.grad(h.sum(), [a, FIRST, SECOND], disconnected_inputs="ignore")
    evaluate = pytensor.function([FIRST, SECOND, a], [h, *slopes], mode=UNCOMPILED, on_unused_input="ignore")
    exposure = np.array([-1.5, 0.0, 1e-9, 0.03, 0.7, 1.0, 4.0])
    code = saturation.KINDS[kind].code
    for first, second in np.random.default_rng(4).uniform([0.1, 0.3], [0.95, 3.0], (6, 2)):
        want = np.array([saturation.saturate.py_func(code, first, second, x) for x in exposure])
        parts = np.array(
            [saturation.slopes.py_func(code, first, second, *pair) for pair in zip(exposure, want, strict=True)]
        )
        got, by_a, by_first, by_second = evaluate(first, second, exposure)
        np.testing.assert_allclose(got, want, rtol=1e-12)
        np.testing.assert_allclose(by_a, parts[:, 0], rtol=1e-9)
        np.testing.assert_allclose([by_first, by_second], parts[:, 1:].sum(axis=0), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(("before", "l_max"), [(0, 1), (0, 4), (2, 4), (6, 4), (3, 1)])
def test_carry_reads_the_exposure_before_the_window_and_zeros_before_that(before, l_max):
    rng = np.random.default_rng(5)
    x, w, periods = rng.random((2, before + 8)), rng.random(l_max), 8
    got = carry(pt.constant(w), l_max, pt.constant(x), before, periods).eval(mode=UNCOMPILED)
    for g in range(2):
        for t in range(periods):
            terms = [w[j] * x[g, before + t - j] for j in range(l_max) if before + t - j >= 0]
            assert got[g, t] == pytest.approx(sum(terms))


@pytest.mark.parametrize(("covariance", "peer"), [("matern52", "Matern52"), ("expquad", "ExpQuad")])
def test_spectral_densities_are_those_of_pymc(covariance, peer):
    frequencies = np.array([0.01, 0.2, 0.9, 3.0])
    process = getattr(pm.gp.cov, peer)(1, ls=1.7)
    want = 0.6 * np.sqrt(process.power_spectral_density(frequencies[:, None]).eval(mode=UNCOMPILED).ravel())
    got = spectral_scale(covariance, frequencies, pt.constant(np.array(0.6)), pt.constant(np.array(1.7)))
    np.testing.assert_allclose(got.eval(mode=UNCOMPILED), want, rtol=1e-6)
