"""Windows between purchases and lifecycle stages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution_models.value.gaps import Gaps, gap_windows, gaps_of
from attribution_models.value.lifecycle import (
    ACTIVE,
    LAPSED,
    NEW,
    REACTIVATED,
    SLIPPING,
    LifecycleRules,
    stages_by_alive,
    stages_by_gap,
    suppress_until_alive,
    suppress_until_gap,
)
from attribution_models.value.purchase_history import purchase_days, purchase_history
from tests.value.test_repeat_buying import fitted


def by_hand(days, closed, share):
    """Kaplan-Meier from its definition, one time after the other."""
    survival = 1.0
    for d in sorted(set(days)):
        ended = sum(c and u == d for u, c in zip(days, closed, strict=True))
        survival *= 1 - ended / sum(u >= d for u in days)
        if ended and survival <= 1 - share + 1e-12:
            return d
    return np.inf


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 12), st.booleans()), min_size=1, max_size=60).filter(
        lambda rows: any(c for _, _, c in rows)
    ),
    st.floats(0.05, 0.95),
)
def test_windows_follow_the_definition(rows, share):
    group, days, closed = (np.array(v) for v in zip(*rows, strict=True))
    gaps = Gaps(np.arange(len(rows)), days.astype(float), closed)
    found = gap_windows(gaps, share, group, groups=4, least_repeats=5)
    for g in range(4):
        mine = group == g if closed[group == g].sum() >= 5 else np.ones(len(rows), dtype=bool)
        assert found.pooled[g] == (closed[group == g].sum() < 5)
        assert found.days[g] == by_hand(days[mine].tolist(), closed[mine].tolist(), share)


def test_open_gaps_lengthen_the_window():
    """Half of the customers have not come back yet: leaving them out would call the others late too soon."""
    days = np.r_[np.arange(1.0, 41), np.full(40, 30.0)]
    closed = np.r_[np.ones(40, dtype=bool), np.zeros(40, dtype=bool)]
    gaps = Gaps(np.arange(80), days, closed)
    with_open = gap_windows(gaps, 0.5).days[0]
    without = gap_windows(Gaps(np.arange(40), days[:40], closed[:40]), 0.5).days[0]
    assert without == 20
    assert with_open > 30
    few = Gaps(np.arange(80), days, closed & (days < 10))
    assert gap_windows(few, 0.5).days[0] == np.inf
    assert gap_windows(few, 0.5, returners=True).days[0] == 5
    with pytest.raises(ValueError, match="twice"):
        gap_windows(Gaps(np.arange(80), days, np.zeros(80, dtype=bool)), 0.5)


def test_gaps_of_purchases():
    gaps = gaps_of(purchase_days([5, 5, 5, 9], [0, 10, 25, 30], None, end=30))
    assert gaps.days.tolist() == [10, 15, 5]
    assert gaps.closed.tolist() == [True, True, False]
    assert gaps.customer.tolist() == [0, 0, 0]


PURCHASES = {
    1: [990],  # first purchase ten days ago
    2: [100, 400, 700, 960],  # every ten months, back now
    3: [800, 850, 900, 950, 990],
    4: [700, 750, 800, 850],  # usually after 50 days, silent for 150
    5: [100, 150],
}


def purchases():
    rows = [(c, d) for c, days in PURCHASES.items() for d in days]
    return purchase_history(*zip(*rows, strict=True), None, end=1000)


def test_stages_by_gap():
    rules = LifecycleRules(new_days=30, reactivated_days=90)
    found = stages_by_gap(rules, purchases(), slipping_days=100, lapsed_days=200)
    assert found.tolist() == [NEW, REACTIVATED, ACTIVE, SLIPPING, LAPSED]
    with pytest.raises(ValueError, match="shorter"):
        stages_by_gap(rules, purchases(), 200, 100)


def test_stages_by_p_alive():
    fit = fitted("mbgnbd", r=1.0, alpha=10.0, a=0.5, b=3.0)
    found = stages_by_alive(LifecycleRules(slipping_alive=0.7, lapsed_alive=0.4), purchases(), fit)
    assert found[0] == NEW
    assert found[2] == ACTIVE
    assert found[4] == LAPSED
    with pytest.raises(ValueError, match="for ever"):
        stages_by_alive(LifecycleRules(), purchases(), fitted("bgnbd"))


def test_they_return_by_themselves():
    history = purchases()
    until = suppress_until_gap(history, [10.9, 20, np.inf, 5, 5], longest_days=100)
    assert until.tolist() == [1000, 980, 1090, 855, 155]
    fit = fitted("mbgnbd", r=1.0, alpha=10.0, a=0.5, b=3.0)
    last = suppress_until_alive(history, fit, threshold=0.5, longest_days=3000)
    for place in range(5):
        for day, above in ((last[place], True), (last[place] + 1, False)):
            age = (day - history.first_day[place]) / 7
            alive = fit.alive(history.frequency[place], history.recency[place], age)
            assert (float(alive) >= 0.5) == above


def test_contradicting_rules_are_refused():
    with pytest.raises(ValueError, match="lapsed_alive"):
        LifecycleRules(slipping_alive=0.2)
