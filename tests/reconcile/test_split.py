"""Below the channel, cells add up to the channel, and all rows to what was observed, in every draw."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution_models.reconcile.split import closing, pairing, split


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(0, 5))
def test_cells_add_up_to_the_total_in_every_draw(seed: int, cells: int, replicates: int) -> None:
    rng = np.random.default_rng(seed)
    totals = rng.normal(10, 20, 50)
    credit = rng.poisson(1.0, (replicates, cells)).astype(float)
    found = split(totals, credit, rng.random(cells) + 0.1, pairing(50, replicates, seed))
    np.testing.assert_allclose(found.sum(axis=1), totals, rtol=1e-12, atol=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 5))
def test_all_rows_add_up_to_what_was_observed(seed: int, rows: int, groups: int) -> None:
    rng = np.random.default_rng(seed)
    observed, parts = rng.gamma(2, 100, groups), [rng.normal(5, 9, (30, groups)) for _ in range(rows)]
    baseline = closing(observed, *parts)
    np.testing.assert_allclose(baseline + sum(parts), np.broadcast_to(observed, (30, groups)), rtol=1e-12)


def test_shares_are_those_of_the_replicate() -> None:
    found = split(
        np.array([10.0, 10.0, 10.0]), np.array([[1.0, 3.0], [0.0, 0.0]]), np.array([2.0, 2.0]), np.array([0, 1, 0])
    )
    np.testing.assert_allclose(found, [[2.5, 7.5], [5.0, 5.0], [2.5, 7.5]])


def test_every_replicate_is_used_as_often_as_any_other() -> None:
    assert np.ptp(np.bincount(pairing(1000, 200, 1))) == 0
    assert not pairing(5, 0, 1).any()


def test_a_channel_without_credit_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="without path credit"):
        split(np.ones(3), np.zeros((0, 2)), np.zeros(2), np.zeros(3, np.int64))
