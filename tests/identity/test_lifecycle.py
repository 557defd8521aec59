"""Stages over a person's timeline, by the gaps of everybody."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from attribution.identity.lifecycle import WITHOUT_REPEATS, lifecycle_windows, stages_at

DAY = 86_400_000_000


def at(*days: int) -> np.ndarray:
    return np.array([d * DAY + 1 for d in days], np.int64)


def test_stages_follow_purchases() -> None:
    bought = [100 * DAY, 150 * DAY, 400 * DAY]
    moments = at(50, 100, 120, 145, 195, 250, 401, 600)
    expected = ["prospect", "new", "new", "slipping", "slipping", "lapsed", "reactivated", "lapsed"]
    assert stages_at(moments, bought, (40.0, 90.0), None) == expected


def test_a_customer_of_another_system_is_one_before_the_first_purchase() -> None:
    assert stages_at(at(10, 30), [40 * DAY], (40.0, 90.0), 20 * DAY) == ["prospect", "customer"]


@pytest.mark.parametrize("buyers", [3, 400])
def test_windows_are_percentiles_of_gaps_or_stand_ins(buyers: int) -> None:
    rng = np.random.default_rng(1)
    days = [(f"p{i}", int(d)) for i in range(buyers) for d in np.cumsum(rng.integers(10, 30, 8))]
    rows = ", ".join(f"('{p}', TIMESTAMP '2025-01-01' + INTERVAL {d} DAY)" for p, d in days)
    found = lifecycle_windows(duckdb.connect(), f"(SELECT * FROM (VALUES {rows}) t(unified_id, timestamp))")
    if buyers == 3:
        assert found == WITHOUT_REPEATS
    else:
        assert 23 <= found[0] <= 26
        assert 28 <= found[1] <= 30
