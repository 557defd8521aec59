"""Lift tests that set priors, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution.errors import UsageError
from attribution.mix.lift_priors import with_lift_priors
from tests.mix.cases import CASES
from tests.mix.panels import lift


def market(worth: float = 2.0):
    case = CASES["national_default"]
    data = replace(case.data, revenue_per_outcome=np.full_like(case.data.outcome, worth))
    return case.spec, data


@pytest.mark.parametrize("left", [0.0, 0.4])
def test_the_prior_is_what_the_spend_of_the_test_returned(left):
    spec, data = market()
    test = replace(lift(spec, data, 1, (0,), 4, 9, left), lift=500.0, deviation=200.0)
    found, noted = with_lift_priors(spec, data, [test])
    spend = (1 - left) * data.spend[1, 0, 4:9].sum()
    prior = found.channels[1].effect.prior
    mu, sigma = prior.values
    mean = np.exp(mu + sigma**2 / 2)
    assert found.channels[1].effect.target == "roi"
    assert mean == pytest.approx(500.0 * 2 / spend)
    assert mean * np.sqrt(np.expm1(sigma**2)) == pytest.approx(200.0 * 2 / spend)
    assert found.channels[0] == spec.channels[0]
    assert noted[0].code == "lift-prior"
    assert test.experiment in noted[0].message


def test_tests_of_one_channel_are_pooled_by_inverse_variance():
    spec, data = market()
    test = replace(lift(spec, data, 0, (0,), 4, 9), lift=500.0, deviation=200.0)
    found, _ = with_lift_priors(spec, data, [test, test, test, test])
    one, _ = with_lift_priors(spec, data, [replace(test, deviation=100.0)])
    assert found.channels[0].effect.prior.values == pytest.approx(one.channels[0].effect.prior.values)


def test_what_cannot_be_a_prior_says_why():
    spec, data = market()
    test = lift(spec, data, 0, (0,), 4, 9)
    with pytest.raises(UsageError, match="one above zero"):
        with_lift_priors(spec, data, [replace(test, lift=-5.0)])
    with pytest.raises(UsageError, match="worth is not known"):
        with_lift_priors(*market(np.nan), [test])
    unpaid = replace(spec, channels=(replace(spec.channels[0], spend=None), *spec.channels[1:]))
    with pytest.raises(UsageError, match="has no spend that moves"):
        with_lift_priors(unpaid, data, [test])
    nothing = replace(data, spend=np.zeros_like(data.spend))
    with pytest.raises(UsageError, match="a holdout"):
        with_lift_priors(spec, nothing, [test])
    assert with_lift_priors(spec, data, []) == (spec, ())
    with pytest.raises(UsageError, match="under the log link"):
        with_lift_priors(CASES["log_link"].spec, CASES["log_link"].data, [test])
