"""Chains: the compiled density and the PyMC graph lead to one posterior, and a fit falls back where it has to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution_models.mix.convergence import Gate
from attribution_models.mix.density import Density
from attribution_models.mix.diagnostics import mcse
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit import fit
from attribution_models.mix.nuts import Tuning, sample
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.prior_draws import prior_draws, to_contributions
from attribution_models.mix.priors import Prior, half_normal
from attribution_models.mix.returns import returns
from attribution_models.mix.run_time import run_time
from attribution_models.mix.spec import Control, Noise
from attribution_models.mix.start import starts
from attribution_models.mix.structure import structure, uncovered_note
from tests.mix.cases import GEO, Case, adstock, channel, effect, mix
from tests.mix.panels import lift, panel

from tests.mix.pymc_here import pm  # noqa: F401  # isort: skip
from attribution_models.mix.graph_sampling import compile_graph, points_of, sample_graph

SHORT = Tuning(chains=2, tune=200, draws=300, seed=3)
LOOSE = Gate(rhat=1.2, ess=20)


def pooled() -> Case:
    spec = mix(
        channel("tv", adstock("geometric", 3), effect=effect("half-normal", 0.5), pooling=half_normal(0.3)),
        controls=(Control("price"),),
        noise=Noise(sigma=half_normal(0.5)),
        **GEO,
    )
    return Case(spec, panel(spec, geos=3, periods=14, seed=41, before=2))


def multiplied() -> Case:
    """A log link with a lift test: the one model that the compiled density does not cover."""
    spec = mix(channel("tv", adstock("geometric", 3)), link="log")
    data = panel(spec, periods=20, before=3, seed=42)
    return Case(spec, data, (lift(spec, data, 0, (0,), 6, 10),))


def test_draws_by_name_lie_on_the_kernels_line():
    density = Density.of(structure(*pooled(), integrate=False))
    drawn = prior_draws(density, 30, 1)
    values = {name: v for name, v in drawn.by_name().items() if name in density.structure.by_name}
    np.testing.assert_allclose(points_of(density, values), drawn.points, atol=1e-9)


@pytest.mark.slow
def test_the_graph_and_the_compiled_density_have_one_posterior():
    case = pooled()
    quick, joint = (Density.of(structure(*case, integrate=integrate)) for integrate in (True, False))
    told = []
    ours = Posterior.of(quick, sample(quick, starts(quick.structure, 1), replace(SHORT, chains=4, draws=1000)).draws, 1)
    # Nothing is integrated out here: spreads mix slowly, and a short run's own error is not to be believed.
    theirs = sample_graph(joint, compile_graph(joint), replace(SHORT, chains=4, tune=1000, draws=2000), told.append)
    assert "PyMC" in theirs.sampler
    assert theirs.draws.shape == (4, 2000, joint.size)
    assert [(p.done, p.total) for p in told] == [(0, 12_000), (12_000, 12_000)]
    assert theirs.gradients > 12_000
    one, other = ours.by_name(), Posterior.of(joint, theirs.draws, 1).by_name()
    assert set(one) == {name for name in other if not name.endswith("_z")}
    for name, draws in one.items():
        error = np.hypot(mcse(draws), mcse(other[name]))
        gap = np.abs(draws.mean(axis=(0, 1)) - other[name].mean(axis=(0, 1)))
        assert (gap < 4.5 * error).all(), name


@pytest.mark.slow
def test_what_is_not_covered_is_sampled_on_the_graph():
    case = multiplied()
    s = structure(*case)
    assert not any(term.integrate for term in s.terms)
    assert "lift tests under the log link" in uncovered_note(s)
    density = Density.of(s)
    for refused in (lambda: density(np.zeros(s.size)), lambda: sample(density, starts(s, 1), SHORT)):
        with pytest.raises(ValueError, match="does not cover"):
            refused()
    found = fit(s, SHORT, LOOSE, rounds=2)
    assert found.gate.passed
    assert "PyMC" in found.sampler
    # What was measured pulls the modelled lift towards it; without the test the compiled density is used.
    free = fit(structure(case.spec, case.data), SHORT, LOOSE, rounds=2)
    assert "PyMC" not in free.sampler
    measured = case.lifts[0]
    miss = [abs(lifted(f.posterior, measured).mean() - measured.lift) for f in (found, free)]
    assert miss[0] < miss[1]
    assert np.isfinite(returns(Effects.of(found.posterior)).roas.mean).all()


def lifted(posterior, test):
    """What a posterior says the test's exposure brought, by draw: e^μ (1 − e^{−β (h − h')}) in plain loops."""
    from tests.mix.plain import responses  # noqa: PLC0415

    s, found = posterior.structure, []
    for d in range(0, posterior.size, 20):
        one = replace(posterior, parameters=posterior.parameters[d : d + 1])
        h, less = (responses(s, None, one, media)[0, 0] for media in (s.media, test.without[None]))
        beta = posterior.beta[d, 0, 0]
        level = sum(posterior.coefficients[t.name][d] @ t.columns for t in s.terms)
        gone = np.exp(level + beta * h) * -np.expm1(-beta * (h - less)) * s.scales.outcome
        found.append(gone[test.start : test.end + 1].sum())
    return np.array(found)


def test_a_covered_model_has_no_note():
    s = structure(*pooled())
    assert not uncovered_note(s)
    assert run_time(Density.of(s), SHORT).seconds > 0
    other = structure(*multiplied())
    assert run_time(Density.of(other), SHORT).note == uncovered_note(other)


def test_autoregression_is_found():
    """Noise of known memory on a flat series: its interval holds the truth, and says that there is one."""
    spec = mix(channel("tv", "none"), noise=Noise(autoregression=Prior("uniform", (-1.0, 1.0))), history="zero")
    data = panel(spec, periods=160, seed=43)
    rng, noise = np.random.default_rng(5), np.zeros(160)
    for t in range(1, 160):
        noise[t] = 0.7 * noise[t - 1] + rng.normal()
    data = replace(data, outcome=(1000 + 60 * noise)[None])
    found = fit(structure(spec, data), replace(SHORT, draws=500), LOOSE)
    low, high = np.quantile(found.posterior.by_name()["rho"], (0.01, 0.99))
    assert 0.4 < low < 0.7 < high < 0.95


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "student-t", "autoregression": Prior("beta", (2.0, 2.0))}, "normal noise"),
        ({"autoregression": half_normal(1.0)}, "between -1 and 1"),
        ({"autoregression": Prior("fixed", (1.0,))}, "between -1 and 1"),
    ],
)
def test_autoregression_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        Noise(**options)


def test_contributions_and_coefficients_are_one_point():
    density = Density.of(structure(*pooled(), integrate=False))
    drawn = prior_draws(density, 5, 2)
    flat = drawn.points[0].copy()
    at = density.structure.by_name["beta"].start
    flat[:, at] = np.log(drawn.by_name()["beta"][0, :, 0])
    np.testing.assert_allclose(to_contributions(density, flat), drawn.points[0], atol=1e-9)
