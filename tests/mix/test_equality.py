"""The compiled joint density equals PyMC's, Jacobians included, in value and slope (methods: equality with PyMC, a)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from attribution_models.mix.density import Density
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES
from tests.mix.equality import joint_gaps

from tests.mix.pymc_here import pm  # noqa: F401  # isort: skip
from attribution_models.mix.reference import Reference


@cache  # PyMC takes a second or more to build a graph and its derivative
def both(name):
    """The compiled density of a case, nothing integrated out, and PyMC's."""
    case = CASES[name]
    s = structure(case.spec, case.data, case.lifts, integrate=False)
    return Density.of(s), Reference.of(s)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_compiled_joint_is_pymcs(name):
    density, reference = both(name)
    rng = np.random.default_rng(6)
    for x in rng.normal(0.0, 0.6, (3, density.size)):
        value, slope = joint_gaps(density, reference, x, rng)
        assert value < 1e-11
        assert slope < 1e-8


@pytest.mark.parametrize("name", ["direct", "targets_national", "geo_targets", "geo_reach", "families"])
def test_gradients_are_the_same_where_both_use_one_line(name):
    density, reference = both(name)
    s = density.structure
    x = np.random.default_rng(7).normal(0.0, 0.6, s.size)
    np.testing.assert_allclose(density(x)[1], reference(x)[1], rtol=1e-9, atol=1e-10)
