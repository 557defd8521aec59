"""Panels that no model can be fitted to: refused in words, or fitted; never an error of the arithmetic behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution_models.mix.density import Density
from attribution_models.mix.fit import fit
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.priors import Prior
from attribution_models.mix.spec import Control, Noise
from attribution_models.mix.structure import structure
from tests.mix.cases import GEO, adstock, channel, mix, roi
from tests.mix.panels import panel

SHORT = Tuning(chains=2, tune=60, draws=40)
PLAIN = mix(channel("tv"), channel("search"), history="zero")
GEOS = mix(channel("tv"), controls=(Control("price"),), **GEO)
RETURN = mix(channel("tv", effect=roi()))
REACH = mix(channel("tv", frequency="tv_frequency"))


def cell(name, value, place=(0, 0, 3)):
    """A panel with another value in one cell."""

    def change(data):
        values = getattr(data, name).copy()
        values[place[-values.ndim :]] = value
        return replace(data, **{name: values})

    return change


def channel_of(value):
    def change(data):
        exposure = data.exposure.copy()
        exposure[0] = value
        return replace(data, exposure=exposure)

    return change


REFUSED = {
    "channel of zeros": (PLAIN, channel_of(0.0), "Channel tv has no exposure"),
    "empty exposure": (PLAIN, cell("exposure", np.nan), "Channel tv has empty or infinite exposure"),
    "infinite exposure": (PLAIN, cell("exposure", np.inf), "Channel tv has empty or infinite exposure"),
    "exposure below zero": (PLAIN, cell("exposure", -2.5), r"Channel tv has exposure below zero \(-2.5\)"),
    "empty spend": (RETURN, cell("spend", np.nan), "Channel tv has empty or infinite spend"),
    "no spend": (RETURN, lambda d: replace(d, spend=0 * d.spend), "needs spend above zero"),
    "infinite outcome": (PLAIN, cell("outcome", np.inf), "The outcome sales has infinite values"),
    "no outcome": (PLAIN, lambda d: replace(d, outcome=d.outcome * np.nan), "no observed value"),
    "outcome of zeros": (PLAIN, lambda d: replace(d, outcome=0 * d.outcome), "nowhere above zero"),
    "doubled dates": (PLAIN, lambda d: replace(d, dates=np.repeat(d.dates[:10], 2)), "doubled or out of order"),
    "dates backwards": (PLAIN, lambda d: replace(d, dates=d.dates[::-1]), "doubled or out of order"),
    "another model's channels": (PLAIN, lambda _: panel(RETURN), "2 channels, the data have 1"),
    "another model's controls": (
        PLAIN,
        lambda d: replace(d, controls=np.ones((3, 1, 20))),
        "0 controls, the data have 3",
    ),
    "no frequency": (REACH, lambda d: replace(d, frequency=np.zeros((0, 0, 0))), "frequency has shape"),
    "empty frequency": (REACH, cell("frequency", np.nan), "Channel tv has empty or infinite exposure"),
    "constant control": (GEOS, lambda d: replace(d, controls=0 * d.controls + 2), "Control price does not vary"),
    "empty control": (GEOS, cell("controls", np.nan), "Control price has empty or infinite values"),
    "doubled geos": (GEOS, lambda d: replace(d, geos=("a", "a", "b")), "names of their own; got a, a, b"),
    "no people": (GEOS, lambda d: replace(d, population=np.array([0.0, 1.0, 1.0])), "above zero; got 0"),
    "fewer than no people": (GEOS, lambda d: replace(d, population=np.array([1.0, -4.0, 1.0])), "above zero; got -4"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_fitted_is_refused_in_words(name):
    spec, change, message = REFUSED[name]
    data = panel(spec, geos=3 if spec.geo else 1)
    with pytest.raises(ValueError, match=message):
        structure(spec, change(data))


@pytest.mark.parametrize("history", ["mask", "zero"])
def test_three_rows(history):
    spec = mix(channel("tv"), history=history)
    data = panel(spec, periods=3)
    if history == "mask":
        with pytest.raises(ValueError, match="too few periods for the carry-over"):
            structure(spec, data)
    else:
        assert np.isfinite(fit(structure(spec, data), SHORT, rounds=1).posterior.parameters).all()


def test_a_carry_over_longer_than_the_panel():
    spec = mix(channel("tv", adstock("geometric", 60)), history="zero")
    assert np.isfinite(fit(structure(spec, panel(spec, periods=8)), SHORT, rounds=1).posterior.parameters).all()


def test_two_hundred_columns():
    spec = mix(*(channel(f"c{i}") for i in range(100)), controls=tuple(Control(f"k{i}") for i in range(100)))
    density = Density.of(structure(spec, panel(spec, periods=26)))
    value, gradient = density(np.zeros(density.size))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("noise", [Noise(), Noise(by_geo=True), Noise(autoregression=Prior("beta", (2.0, 2.0)))])
def test_a_geo_without_outcome_is_no_obstacle(noise):
    spec = replace(GEOS, noise=noise)
    data = panel(spec, geos=3, periods=14)
    outcome = data.outcome.copy()
    outcome[1] = np.nan
    found = fit(structure(spec, replace(data, outcome=outcome)), SHORT, rounds=1)
    assert np.isfinite(found.posterior.beta).all()


def test_a_constant_channel_is_fitted():
    found = fit(structure(PLAIN, channel_of(5.0)(panel(PLAIN))), SHORT, rounds=1)
    assert np.isfinite(found.posterior.beta).all()


def test_starts_of_another_model_are_refused():
    with pytest.raises(ValueError, match="3 parameters, the model has 7"):
        fit(structure(PLAIN, panel(PLAIN)), SHORT, warm=np.zeros((5, 3)), rounds=1)


def test_a_density_that_is_nowhere_finite_says_so():
    spec = mix(channel("tv", effect=roi(Prior("log-normal", (900.0, 0.1)))))
    with pytest.raises(ValueError, match="No chain found a point to start at"):
        fit(structure(spec, panel(spec)), SHORT, rounds=1)
