"""What a unit of one measure is worth in the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution_models.reconcile.split import pairing
from attribution_models.reconcile.worth import OWN, averaged, between, credited

N = 20_000


def normal(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(N)


def test_credit_gives_the_worth_of_its_own_replicate_with_a_mean_of_one_around_it() -> None:
    first, second = np.array([10.0, 20.0, 0.0]), np.array([100.0, 600.0, 0.0])
    pairs = pairing(N, 3, 1)
    plain = credited(first, second, 25.0, pairs, normal(), 0.0)
    np.testing.assert_allclose(plain, np.array([10.0, 30.0, 25.0])[pairs])
    wide = credited(first, second, 25.0, pairs, normal())
    assert wide.mean() == pytest.approx(plain.mean(), rel=0.005)
    assert np.log(wide / plain).std() == pytest.approx(OWN, rel=0.03)


def test_without_replicates_the_point_holds() -> None:
    none = np.zeros(0)
    np.testing.assert_allclose(credited(none, none, 7.0, pairing(N, 0, 1), normal(), 0.0), 7.0)


@given(st.integers(0, 2**32 - 1))
def test_an_average_lies_between_the_periods_and_follows_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    own, rate = rng.normal(5, 5, (6, 40)), rng.gamma(2, 10, 6)
    found = averaged(own, rate, float(rate.mean()), rng.standard_normal(40), 0.0)
    assert (found >= rate.min() - 1e-9).all()
    assert (found <= rate.max() + 1e-9).all()
    one = np.zeros((6, 40))
    one[2] = 3.0
    np.testing.assert_allclose(averaged(one, rate, 1.0, rng.standard_normal(40), 0.0), rate[2])


def test_a_channel_that_brings_nothing_has_the_usual_worth() -> None:
    np.testing.assert_allclose(averaged(np.zeros((3, N)), np.array([1.0, 2.0, 3.0]), 2.2, normal(), 0.0), 2.2)


def test_spread_between_channels_counts_each_by_its_credit() -> None:
    first = np.array([100.0, 100.0, 1e-9])
    assert between(first, first * np.array([10.0, 40.0, 1e6]), 0.0) == pytest.approx(np.log(2), rel=1e-3)
    assert between(np.array([5.0]), np.array([9.0])) == OWN
    assert between(np.array([5.0, 0.0]), np.array([9.0, 1.0])) == OWN
