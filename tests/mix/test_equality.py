"""The compiled joint density equals PyMC's, Jacobians included, in value and slope (methods: equality with PyMC, a)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from attribution_models.mix.density import Density
from attribution_models.mix.media import CONTRIBUTION_SCALE
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES

from tests.mix.pymc_here import pm  # noqa: F401  # isort: skip
from attribution_models.mix.reference import Reference


@cache  # PyMC takes a second or more to build a graph and its derivative
def both(name):
    """The compiled density of a case, nothing integrated out, and PyMC's."""
    case = CASES[name]
    s = structure(case.spec, case.data, case.lifts, integrate=False)
    return Density.of(s), Reference.of(s)


def on_pymcs_line(density, x):
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


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_compiled_joint_is_pymcs(name):
    density, reference = both(name)
    s = density.structure
    rng = np.random.default_rng(6)
    for x in rng.normal(0.0, 0.6, (3, s.size)):
        value, gradient = density(x)
        assert reference(on_pymcs_line(density, x))[0] == pytest.approx(value, rel=1e-11)
        step = 1e-6 * rng.normal(size=s.size)
        up, down = (reference(on_pymcs_line(density, x + sign * step))[0] for sign in (1, -1))
        assert (up - down) / 2 == pytest.approx(
            gradient @ step, abs=1e-8 * float(np.abs(step).max() * np.linalg.norm(gradient))
        )


@pytest.mark.parametrize("name", ["direct", "targets_national", "geo_targets", "geo_reach", "families"])
def test_gradients_are_the_same_where_both_use_one_line(name):
    density, reference = both(name)
    s = density.structure
    x = np.random.default_rng(7).normal(0.0, 0.6, s.size)
    np.testing.assert_allclose(density(x)[1], reference(x)[1], rtol=1e-9, atol=1e-10)
