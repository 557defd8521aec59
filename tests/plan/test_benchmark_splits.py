"""Splits of the benchmark of plans: how they are compared, and how draws are handed to a peer."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.mmm.plan_fits import thinned
from benchmarks.mmm.plan_splits import apart, by_name, gain_rows


def judged(mine: float, other: float) -> dict:
    split = {"ahead": 0.9, "spent": 1.0}
    ours = split | {"gain": mine, "z": [6.0, 4.0]}
    theirs = split | {"gain": other, "z": [5.0, 5.0]}
    return {"today": 100.0, "splits": {"ours": ours, "theirs": theirs}}


@pytest.mark.parametrize(("mine", "verdict"), [(2.0, "pass"), (2.1, "pass"), (1.9, "FAIL")])
def test_ours_has_to_gain_at_least_as_much_by_our_objective(mine, verdict):
    rows = list(gain_rows("part", "window", judged(mine, 2.0), "peer", "why"))
    assert [row.verdict for row in rows] == ["", "", verdict]
    assert rows[-1].measured == pytest.approx(mine / 2.0)


def test_money_in_other_channels_is_counted_once():
    assert apart([6.0, 4.0], [5.0, 5.0]) == pytest.approx(0.1)
    assert apart([6.0, 4.0], [6.0, 4.0]) == 0.0


def test_each_channel_keeps_its_money():
    assert by_name(["tv", "radio"], [2.0, 1.0]) == {"tv": 2.0, "radio": 1.0}
    with pytest.raises(ValueError, match="shorter"):
        by_name(["tv", "radio"], [2.0])


def test_thinned_draws_come_from_every_chain_evenly():
    points = np.arange(4 * 10 * 3, dtype=float).reshape(4, 10, 3)
    few = thinned(points, 4)
    assert np.array_equal(few, points[:, [0, 3, 6, 9]])
    assert thinned(points, None) is points
    assert thinned(points, 20) is points
