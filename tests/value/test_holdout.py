"""Holdout: assignment, power, effect, sample ratio and leakage."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare, ttest_ind

from attribution_models.value.holdout import buckets, held_out
from attribution_models.value.holdout_effect import holdout_effect, leakage, sample_ratio
from attribution_models.value.power import holdout_power, people_needed, power_of, rate_deviation


def test_the_assignment_can_be_redone_in_sql():
    customers = ["7", "a@é", "42"]
    sql = """SELECT ('0x' || substr(sha256(? || chr(31) || ? || chr(31) || c), 1, 15))::BIGINT % 10000
             FROM unnest(?::VARCHAR[]) AS t(c)"""
    theirs = [row[0] for row in duckdb.execute(sql, ["pepper", "spring", customers]).fetchall()]
    assert buckets([7, "a@é", "42"], "pepper", "spring").tolist() == theirs


@given(st.lists(st.text(max_size=8), unique=True, max_size=30), st.integers(1, 9998))
def test_a_growing_holdout_keeps_its_people(customers, share):
    small = held_out(customers, "s", "e", share / 10_000)
    large = held_out(customers, "s", "e", (share + 1) / 10_000)
    assert (large | ~small).all()
    backwards = held_out(customers[::-1], "s", "e", share / 10_000)[::-1]
    assert (small == backwards).all()


def test_shares_hold_and_experiments_draw_anew():
    one, two = (held_out(range(40_000), "s", e, 0.1) for e in ("a", "b"))
    other = held_out(range(40_000), "t", "a", 0.1)
    for drawn in (one, two, other):
        assert abs(drawn.mean() - 0.1) < 0.005
    for again in (two, other):
        assert abs((one & again).mean() - 0.01) < 0.002
    for bad in (("", "e", 0.1), ("s", "e\x1f", 0.1), ("s", "e", 0.0), ("s", "e", 0.00001)):
        with pytest.raises(ValueError, match="holdout"):
            held_out([1], *bad)


def test_power_of_the_rule_of_sixteen():
    """n ≈ 16 p (1 − p)/δ² per arm: base 2 %, two points in a thousand, about 78,000 (15.7 instead of 16: 76,900)."""
    sd = rate_deviation(0.02)
    assert people_needed(0.002, sd, 0.5) / 2 == pytest.approx(76_900, rel=0.005)
    found = holdout_power(90_000, 10_000, sd, match_rate=0.5)
    assert found.detectable_matched == pytest.approx(2 * found.detectable)
    assert power_of(found.detectable_matched, 90_000, 10_000, sd, match_rate=0.5) == pytest.approx(0.8, abs=1e-6)
    assert found.detectable > holdout_power(50_000, 50_000, sd).detectable
    assert holdout_power(90, 10, 1.0, explained=0.75).detectable == pytest.approx(
        holdout_power(90, 10, 1.0).detectable / 2
    )
    with pytest.raises(ValueError, match="at least 2"):
        holdout_power(90, 1, 1.0)


def test_power_against_simulation():
    rng = np.random.default_rng(6)
    p = [ttest_ind(rng.normal(0.4, 1, 150), rng.normal(0, 1, 50), equal_var=False).pvalue < 0.05 for _ in range(1500)]
    assert np.mean(p) == pytest.approx(power_of(0.8, 150, 50, 1.0, match_rate=0.5), abs=0.04)


def test_cuped_takes_the_past_out():
    rng = np.random.default_rng(8)
    before = rng.gamma(2, 10, 4000)
    out = rng.uniform(size=4000) < 0.2
    y = 0.9 * before + rng.normal(0, 5, 4000) - 1.0 * ~out
    found = holdout_effect(y, out, before)
    assert found.lower < -1.0 < found.upper
    assert found.error < 0.5 * found.plain_error
    assert found.explained == pytest.approx(1 - 25 / y[out].var(), abs=0.05)
    plain = holdout_effect(y, out)
    theirs = ttest_ind(y[~out], y[out], equal_var=False)
    assert plain.effect / plain.error == pytest.approx(theirs.statistic)
    assert plain.p == pytest.approx(theirs.pvalue, rel=0.02)
    assert holdout_effect(y, out, np.ones(4000)).effect == pytest.approx(plain.effect)


def test_cuped_covers_the_truth():
    rng = np.random.default_rng(9)
    inside = 0
    for _ in range(400):
        before = rng.exponential(1, 300)
        out = rng.uniform(size=300) < 0.3
        found = holdout_effect(before + rng.normal(size=300) + 0.2 * ~out, out, before, level=0.9)
        inside += found.lower <= 0.2 <= found.upper
    assert 0.86 <= inside / 400 <= 0.94


def test_sample_ratio():
    fine, broken = sample_ratio(9020, 980, 0.1), sample_ratio(9200, 800, 0.1)
    assert not fine.broken
    assert broken.broken
    theirs = chisquare([9200, 800], [9000, 1000])
    assert (broken.chi_square, broken.p) == pytest.approx((theirs.statistic, theirs.pvalue))


def test_leakage():
    rng = np.random.default_rng(10)
    out = np.arange(8000) < 2000
    shown = rng.poisson(rng.gamma(1, 5, 8000))
    matched = rng.uniform(size=8000) < 0.6
    works = leakage(np.where(~out & matched, 0, shown), out, match_rate=0.6)
    assert works.lower < 0.4 < works.upper
    assert not works.beyond
    lapsed = leakage(shown, out, match_rate=0.6)
    assert lapsed.lower < 1 < lapsed.upper
    assert lapsed.beyond
    none = leakage(np.where(out, shown, 0), out)
    assert none.share == 0 < none.upper
    with pytest.raises(ValueError, match="Leakage"):
        leakage(np.zeros(10), np.arange(10) < 5)


def test_arms_that_are_too_small_are_refused():
    with pytest.raises(ValueError, match="at least 2"):
        holdout_effect([1.0, 2, 3], [True, False, False])
