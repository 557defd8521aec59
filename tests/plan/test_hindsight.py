"""The fit as it was: what it may know of tests and of the periods after it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution.mix.lift_tests import LiftTest
from attribution.plan.hindsight import fit_before, known_since, seen_then
from tests.mix.cases import Case, channel, mix
from tests.mix.conftest import FAILS
from tests.mix.panels import lift, panel
from tests.plan.test_plan_frames import stored

PERIODS, LATE = 32, 8


def market_with_tests():
    """Two tests: one over before the last periods, one in them; the media's scale is another one by then."""
    spec = mix(channel("tv"), channel("search", "delayed", "hill"))
    data = panel(spec, periods=PERIODS, before=2, seed=16)
    data.exposure[0, :, -LATE:] *= 6.0
    return stored(Case(spec, data, (lift(spec, data, 0, (0,), 6, 10, 0.5), lift(spec, data, 1, (0,), 20, 27))))


@pytest.fixture(scope="module")
def both():
    kept = market_with_tests()
    return kept, fit_before(kept, LATE, FAILS, rounds=1)


def test_tests_that_were_not_over_are_left_out(both):
    past = both[1].posterior.structure
    assert [test.experiment for test in past.lifts] == ["tv 6"]
    assert len(past.data.dates) == PERIODS - LATE


def test_a_test_means_the_same_exposure_in_the_units_of_the_earlier_fit(both):
    kept, then = both
    past, (test,) = then.posterior.structure, then.posterior.structure.lifts
    assert past.scales.media[0] != pytest.approx(kept.scales.media[0], rel=0.1)
    known = kept.lifts[0].without[:, : 2 + PERIODS - LATE] * kept.scales.media[0]
    np.testing.assert_allclose(test.without * past.scales.media[0], known)
    # Where the test changed nothing, it is the exposure that there was.
    np.testing.assert_allclose(test.without[:, 12:], past.media[0][:, 12:])


def test_media_of_the_last_periods_are_as_they_were(both):
    kept, then = both
    effects = seen_then(kept, then)
    np.testing.assert_array_equal(effects.structure.data.exposure, kept.data.exposure)
    np.testing.assert_allclose(
        effects.structure.media * then.posterior.structure.scales.media[:, None, None],
        kept.structure.media * kept.scales.media[:, None, None],
    )


def test_a_prior_of_a_later_test_is_said():
    kept = market_with_tests()
    early, late = kept.lifts
    assert not list(known_since(replace(kept, tests=(LiftTest("prior", early), LiftTest("validate", late))), LATE))
    (finding,) = known_since(replace(kept, tests=(LiftTest("prior", early), LiftTest("prior", late))), LATE)
    assert finding.code == "prior-from-later"
    assert "search 20" in finding.message
    assert "tv 6" not in finding.message
