"""Specifications that are rare but allowed: constants anywhere, names that meet, several supports, odd knots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution_models.mix.continuation import continuation
from attribution_models.mix.density import Density
from attribution_models.mix.parameter_table import parameter_table
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.priors import Prior, half_normal, normal
from attribution_models.mix.spec import Control, Event, Holidays, Intercept, Noise, Seasonality, Trend
from attribution_models.mix.structure import structure
from tests.mix.cases import BOUNDED, FROM_ABOVE, FROM_BELOW, GEO, adstock, channel, mix, saturation
from tests.mix.panels import panel

HALF = Prior("fixed", (0.5,))
TREATMENTS = ("trend", "events", "intercept", "season", "controls")
CORNERS = {
    "gp scale": (mix(channel("tv"), trend=Trend("gaussian-process", 5, scale=HALF)), 1),
    "gp length": (mix(channel("tv"), trend=Trend("gaussian-process", 5, length=Prior("fixed", (9.0,)))), 1),
    "gp both": (
        mix(channel("tv"), trend=Trend("gaussian-process", 4, scale=HALF, length=Prior("fixed", (9.0,)),
            covariance="expquad")), 1),
    "control": (mix(channel("tv"), controls=(Control("price", prior=HALF), Control("weather"))), 1),
    "pooled constant control": (mix(channel("tv"), controls=(Control("price", HALF, pooling=half_normal(1)),), **GEO), 3),
    "intercept": (mix(channel("tv"), intercept=Intercept(prior=HALF)), 1),
    "own intercepts": (mix(channel("tv"), intercept=Intercept(prior=HALF, common=False), **GEO), 3),
    "slope": (mix(channel("tv"), trend=Trend("linear", 1, prior=HALF)), 1),
    "season": (mix(channel("tv"), seasonality=Seasonality(1, prior=HALF)), 1),
    "event": (mix(channel("tv"), events=(Event("sale", (("2023-02-01", "2023-02-09"),), HALF),)), 1),
    "sigma": (mix(channel("tv"), noise=Noise(sigma=HALF, by_geo=True), **GEO), 3),
    "supports": (
        mix(
            channel("tv", curve=saturation("hill", kappa=BOUNDED)),
            channel("search", curve=saturation("hill", kappa=FROM_BELOW)),
            controls=(Control("price", prior=FROM_ABOVE), Control("weather", prior=FROM_BELOW)),
        ), 1),
    "columns named as parameters": (
        mix(
            channel("tv"),
            controls=tuple(Control(name, pooling=half_normal(1)) for name in ("intercept", "control", "2", "trend")),
            trend=Trend("gaussian-process", 4),
            **GEO,
        ), 3),
    "treatments named as components": (
        mix(
            channel("tv"),
            controls=(*(Control(name, treatment=True) for name in TREATMENTS), Control("price")),
            trend=Trend("linear", 1),
            seasonality=Seasonality(1),
            events=(Event("sale", (("2023-02-01", "2023-02-09"),)),),
        ), 1),
    "signed with a mean": (
        mix(channel("tv"), controls=(
            Control("price", normal(-0.3, 0.2), sign=-1), Control("promo", Prior("laplace", (0.0, 0.5)), sign=1),
            Control("rivals", Prior("log-normal", (-1.0, 0.5)), sign=-1), Control("weather", half_normal(0.5), sign=-1),
        )), 1),
    "knots out of order": (mix(channel("tv"), trend=Trend("knots", at=(19, 0, 6, 6))), 1),
    "more knots than periods": (mix(channel("tv"), trend=Trend("knots", 50)), 1),
    "more change points than periods": (mix(channel("tv"), trend=Trend("linear", 50)), 1),
}  # fmt: skip


@pytest.mark.parametrize("integrate", [True, False], ids=["integrated", "joint"])
@pytest.mark.parametrize("name", CORNERS)
def test_every_corner_has_a_density_and_names_of_its_own(name, integrate):
    spec, geos = CORNERS[name]
    s = structure(spec, panel(spec, geos=geos), integrate=integrate)
    for kind in (s.groups, s.terms):
        names = [item.name for item in kind]
        assert len(set(names)) == len(names)
    for term in s.terms:
        assert np.prod([len(c) for c in term.coords], dtype=int) == term.size
    density = Density.of(s)
    x = np.random.default_rng(2).normal(0, 0.4, density.size)
    value, gradient = density(x)
    for i in range(density.size):
        step = np.zeros_like(x)
        step[i] = 1e-6
        slope = (density(x + step)[0] - density(x - step)[0]) / 2e-6
        assert gradient[i] == pytest.approx(slope, rel=1e-4, abs=1e-4)
    assert np.isfinite(value)


@pytest.mark.parametrize("name", ["gp both", "control", "own intercepts", "slope", "season", "event"])
def test_constants_are_no_line_of_the_table(name):
    """A constant never moves, and would fail the gate of every fit that has one."""
    spec, geos = CORNERS[name]
    density = Density.of(structure(spec, panel(spec, geos=geos)))
    draws = np.random.default_rng(1).normal(scale=0.3, size=(2, 20, density.size))
    found = parameter_table(Posterior.of(density, draws, 1))
    assert (found.sd > 0).all()
    assert len(set(found.names)) == len(found)


def test_a_constant_spread_of_effects_between_geos():
    spec = mix(replace(channel("tv"), pooling=HALF), **GEO)
    density = Density.of(structure(spec, panel(spec, geos=3)))
    draws = np.random.default_rng(1).normal(scale=0.3, size=(2, 20, density.size))
    posterior = Posterior.of(density, draws, 1)
    found = posterior.by_name()
    ratio = posterior.beta[:, 0] / found["beta"].reshape(posterior.size, -1)
    np.testing.assert_allclose(ratio, np.exp(0.5 * found["geo_effect"].reshape(posterior.size, -1)))


def test_a_constant_coefficient_moves_the_mean():
    spec = mix(channel("tv"), controls=(Control("price", prior=HALF, scale="none"),))
    post = Posterior.of(Density.of(structure(spec, panel(spec))), np.zeros((1, 3, 4)), 1)
    np.testing.assert_allclose(post.coefficients["control"], 0.5)


def test_treatments_named_as_components_stay_apart():
    from attribution_models.mix.linear_rows import linear_rows  # noqa: PLC0415

    spec, _ = CORNERS["treatments named as components"]
    s = structure(spec, panel(spec))
    rows = linear_rows(s)
    assert rows.treatments == TREATMENTS
    own = np.diff(rows.edges)[1:]
    np.testing.assert_array_equal(own, 1)


def test_a_signed_control_keeps_its_mean_and_its_family():
    spec, _ = CORNERS["signed with a mean"]
    found = {str(t.prior): t for t in structure(spec, panel(spec)).terms if t.name.startswith("control")}
    assert set(found) == {
        "truncated-normal(mu 0.3, sigma 0.2, lower 0, upper inf)",
        "exponential(lam 2)",
        "log-normal(mu -1, sigma 0.5)",
        "half-normal(sigma 0.5)",
    }


@pytest.mark.parametrize("prior", [HALF, Prior("student-t", (4.0, 0.0, 1.0)), Prior("laplace", (0.3, 1.0))])
def test_a_sign_needs_a_prior_that_can_take_one(prior):
    with pytest.raises(ValueError, match="sign"):
        Control("price", prior=prior, sign=1)


def test_fixed_spreads_of_periods_reach_into_the_future():
    spec = mix(channel("tv"), period_effect=Prior("fixed", (0.3,)), **GEO)
    data = panel(spec, geos=3, periods=12)
    density = Density.of(structure(spec, data))
    post = Posterior.of(density, np.random.default_rng(1).normal(scale=0.1, size=(1, 400, density.size)), 1)
    future = replace(data, dates=data.dates + np.timedelta64(84, "D"))
    means = continuation(post, future)
    later = means.coefficients["period_effect"][:, 12:]
    assert later.std() == pytest.approx(0.3, rel=0.05)


def test_twice_the_same_is_refused():
    sale = Event("sale", (("2023-02-01", "2023-02-09"),))
    for wrong in ({"events": (sale, sale)}, {"controls": (Control("price"), Control("price", scale="max"))}):
        with pytest.raises(ValueError, match="twice"):
            mix(channel("tv"), **wrong)
    own = adstock("geometric", shared=True, alpha=Prior("beta", (2.0, 2.0)))
    with pytest.raises(ValueError, match="share"):
        mix(channel("tv", adstock("geometric", shared=True)), channel("search", own))


def test_a_day_counts_once_however_often_it_is_named():
    twice = mix(channel("tv"), holidays=(Holidays("US", each=True), Holidays("CA", each=True)))
    once = mix(channel("tv"), holidays=(Holidays("US", each=True),))
    column = {}
    for label, spec in (("twice", twice), ("once", once)):
        term = next(t for t in structure(spec, panel(spec, seed=20)).terms if t.name == "event")
        column[label] = (
            term.columns[term.coords[0].index("New Year's Day")] if "New Year's Day" in term.coords[0] else 0
        )
    np.testing.assert_array_equal(column["twice"], column["once"])


@pytest.mark.parametrize("values", [(0.0, 1.0, float("-inf"), float("inf"))])
def test_a_truncation_needs_an_end(values):
    with pytest.raises(ValueError, match="normal"):
        Prior("truncated-normal", values)
