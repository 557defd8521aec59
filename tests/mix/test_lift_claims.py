"""What a fit says that a lift test should have measured: against the likelihood's kernel, and against the returns'."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from attribution.mix.lift_tests import LiftTest, lift_claims
from attribution.mix.save_mix import stored_of
from attribution.mix.stored import load_mix
from attribution.workspace import Workspace
from attribution_models.mix.cells import Window
from attribution_models.mix.density import Density
from attribution_models.mix.effects import Effects
from attribution_models.mix.lift_claims import lift_claim
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.returns import gains
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES
from tests.mix.panels import lift
from tests.mix.test_stored import kept, made, save


def drawn(name: str, size: int = 5) -> Posterior:
    case = CASES[name]
    density = Density.of(structure(case.spec, case.data))
    return Posterior.of(density, np.random.default_rng(4).normal(scale=0.4, size=(1, size, density.size)), 3)


@pytest.mark.parametrize("name", ["lifts", "geo_lifts", "time_varying", "geo_time_varying"])
def test_the_claim_is_what_the_likelihood_compares_with_the_lift(name):
    case = CASES[name]
    posterior = drawn(name)
    alone = Density.of(structure(case.spec, case.data))
    for test in case.lifts:
        claim = lift_claim(posterior, test)
        beside = Density.of(structure(case.spec, case.data, (test,)))
        for d, x in enumerate(posterior.points.reshape(-1, alone.size)):
            told = beside(x)[0] - alone(x)[0]
            assert told == pytest.approx(norm.logpdf(test.lift, claim[d], test.deviation), rel=1e-9)


@pytest.mark.parametrize("name", ["national_default", "geo_pooled", "geo_reach", "log_link", "geo_time_varying"])
def test_a_test_of_all_spend_is_the_return_inside_its_window(name):
    posterior, case = drawn(name), CASES[name]
    last = len(case.data.dates) - 1
    everywhere = tuple(range(len(case.data.geos)))
    effects = Effects.of(posterior)
    for c in range(len(case.spec.channels)):
        test = lift(case.spec, case.data, c, everywhere, 3, last)
        counted = replace(test, end=last - 1)  # `lift` holds spend back up to the period before its end
        found = gains(effects, Window(3, last - 1)).gain[c, 0, 0, 0, 0]
        np.testing.assert_allclose(lift_claim(posterior, counted), found, rtol=1e-9, atol=1e-9 * np.abs(found).max())


def test_only_what_was_kept_away_is_scored_and_comes_back_with_the_fit(tmp_path):
    done = made("geo_lifts")
    case, stored = CASES["geo_lifts"], kept("geo_lifts", done)
    other = lift(case.spec, case.data, 0, (1,), 4, 9, left=0.5)
    tests = (LiftTest("prior", other), LiftTest("validate", replace(other, experiment="new")))
    stored = stored_of(done, stored.calendar, stored.entry, tests)
    workspace = Workspace(tmp_path / "ws")
    save(workspace, stored)
    back = load_mix(workspace)
    assert [t.use for t in back.tests] == ["prior", "validate"]
    assert len(back.lifts) == len(case.lifts)
    table = lift_claims(back)
    assert table.equals(lift_claims(stored))
    assert table["use"].tolist() == ["likelihood"] * len(case.lifts) + ["prior", "validate"]
    assert table["scored"].tolist() == [*[False] * (len(case.lifts) + 1), True]
    row, draws = table.iloc[-1], lift_claim(back.posterior, other)
    assert (row["claim"], row["claim_error"]) == (pytest.approx(draws.mean()), pytest.approx(draws.std()))
    assert row["claim_lower"] < row["claim"] < row["claim_upper"]
    assert row["conflict"] == pytest.approx((draws.mean() - other.lift) / np.hypot(draws.std(), other.deviation))
    assert (row["start"], row["geos"]) == (str(case.data.dates[other.start]), 1)


def test_a_test_of_another_panel_is_refused():
    test = CASES["lifts"].lifts[0]
    with pytest.raises(ValueError, match="outside the panel"):
        lift_claim(drawn("lifts"), replace(test, end=999))
