"""Freed spend against worlds whose next period is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution_models.value.freed_spend import FreedSpendModel
from attribution_models.value.listed_impressions import ListedImpressions
from attribution_models.value.match_rate import rate_draws, tilted
from attribution_models.value.net_freed import net_freed
from attribution_models.worlds.suppression_world import SuppressionWorld, simulate_suppression
from benchmarks.study_suppression import STRATA, listed, one, passes, summary

CERTAIN = FreedSpendModel(
    match_deviation=0.0, tilt=0.0, tilt_deviation=0.0, volume_deviation=0.0, cpm_deviation=0.0, draws=4000
)


def table(**changes) -> ListedImpressions:
    rng = np.random.default_rng(1)
    shown = rng.poisson(rng.gamma(0.6, 20, (2000, 1))).astype(float)
    given = {
        "platform": "social", "impressions": shown, "spend": np.array([900.0]), "served": np.array([120_000.0]),
        "uploaded": np.array([1e7]), "matched": np.array([6e6]), "stratum": np.zeros(2000, dtype=np.int64),
    }  # fmt: skip
    return ListedImpressions(**(given | changes))


def test_the_formula_when_nothing_is_uncertain():
    """G = Σ impressions · match · campaigns excluded · unexpired · CPM / 1000."""
    listing = table(excluded=0.5, unexpired=0.8)
    found = CERTAIN.estimate([listing])
    shown = listing.impressions.sum()
    assert found.total.impressions == pytest.approx(shown * 0.6 * 0.5 * 0.8, rel=0.01)
    assert found.total.spend == pytest.approx(found.total.impressions * 7.5 / 1000, rel=1e-9)
    assert found.total.listed_impressions == shown
    assert found.rows[0].match_rate == pytest.approx(0.6, abs=0.001)
    nothing = CERTAIN.estimate([table(excluded=0.0)]).total
    assert (nothing.spend, nothing.spend_upper) == (0, 0)


def test_drawing_people_one_by_one_gives_the_same_spread():
    listing = table(excluded=1.0)
    shown, rng = listing.impressions[:, 0], np.random.default_rng(2)
    by_hand = [
        (shown[rng.integers(0, 2000, 2000)] * (rng.uniform(size=2000) < 0.6)).sum() * 7.5 / 1000 for _ in range(4000)
    ]
    total = CERTAIN.estimate([listing]).total
    assert (total.spend_lower, total.spend_upper) == pytest.approx(np.quantile(by_hand, [0.1, 0.9]), rel=0.01)


def test_heavy_users_who_match_more_often_weigh_more():
    rate, tilt = np.full(3, 0.5), np.array([0.0, 0.4, -0.4])
    logs, people = np.log1p(np.array([0.0, 1, 10, 100])), np.array([40.0, 30, 20, 10])
    chance = tilted(rate, tilt, logs, people)
    assert chance @ people / 100 == pytest.approx(rate, abs=1e-5)
    assert chance[0] == pytest.approx(0.5)
    assert (np.diff(chance[1]) > 0).all()
    assert (np.diff(chance[2]) < 0).all()
    extreme = tilted(np.array([1e-6, 1 - 1e-6]), np.array([8.0, -8.0]), logs, people)
    assert extreme @ people / 100 == pytest.approx([1e-6, 1 - 1e-6], abs=2e-6)


def test_the_declared_deviation_is_that_of_the_draws():
    draws = rate_draws(np.array([1e6, 1e6]), np.array([3e5, 6e5]), 0.05, 20_000, np.random.default_rng(3))
    assert draws.mean(axis=0) == pytest.approx([0.3, 0.6], abs=0.002)
    assert draws.std(axis=0) == pytest.approx([0.05, 0.05], abs=0.001)
    assert np.corrcoef(draws.T)[0, 1] > 0.99
    few = rate_draws(np.array([10.0]), np.array([3.0]), 0.0, 20_000, np.random.default_rng(3))
    assert few.std() == pytest.approx(np.sqrt(3.5 * 7.5 / 11**2 / 12), abs=0.003)


def test_platforms_with_lists_of_their_own_need_the_number_of_people_of_all():
    small = table(platform="search", impressions=np.full((50, 1), 3.0), stratum=np.zeros(50, dtype=np.int64))
    with pytest.raises(ValueError, match="the same people"):
        CERTAIN.estimate([table(), small])
    found = CERTAIN.estimate([table(), small], people=2020)
    assert found.people == 2020
    assert found.total.listed_impressions == table().impressions.sum() + 150
    alone = CERTAIN.estimate([table()])
    assert found.rows[0] == alone.rows[0]
    with pytest.raises(ValueError, match="at least one"):
        CERTAIN.estimate([], people=5)


def test_every_assumption_is_named():
    said = " ".join(FreedSpendModel().estimate([table(excluded=0.5, unexpired=0.8)]).assumptions)
    for words in ("declared", "50 % of campaigns", "80 % of the entries", "freed, not saved", "social", "CPM"):
        assert words in said


def test_the_spread_is_estimated_from_four_periods_on():
    rng = np.random.default_rng(4)
    volume = np.array([1.0, 1.4, 0.7, 1.2, 0.8, 1.0])
    shown = rng.poisson(10 * volume, (3000, 6)).astype(float)
    served = shown.sum(axis=0) * 10
    wide = table(impressions=shown, spend=served * 0.005, served=served, stratum=np.zeros(3000, dtype=np.int64))
    found = replace(CERTAIN, draws=20_000).estimate([wide]).total
    log_width = np.log(found.spend_upper / found.spend_lower) / 2
    assert log_width == pytest.approx(np.log(volume).std(ddof=1) * np.sqrt(7 / 6) * 1.4759, rel=0.05)


@pytest.fixture(scope="module")
def twelve():
    return summary([one(seed) for seed in range(900, 912)])


def test_the_study_covers_and_sees_what_goes_wrong(twelve):
    """Twelve markets; the study proper runs three hundred of other seeds."""
    assert passes(twelve)
    assert twelve.loc["by people, 1 period", "bias"] < -0.1
    assert twelve.loc["by people, 1 period", "coverage"] < twelve.loc["one rate, 1 period", "coverage"]


def test_the_world_is_what_it_says():
    world = SuppressionWorld(
        seed=5, people=20_000, match_deviation=1e-9, volume_deviation=1e-9, tilt=0.4, tilt_deviation=0.0
    )
    for outcome in simulate_suppression(world):
        assert outcome.matched.mean() == pytest.approx(outcome.platform.match, abs=0.02)
        assert outcome.match_rate > outcome.platform.match + 0.02  # weighted by impressions: heavy users match more
        assert outcome.selection.mean() > 1.02 * outcome.impressions.mean()  # chosen for much, so less afterwards
    flat = SuppressionWorld(seed=5, people=20_000, match_deviation=1e-9, tilt=0.0, tilt_deviation=0.0)
    for outcome in simulate_suppression(flat):
        assert outcome.match_rate == pytest.approx(outcome.platform.match, abs=0.03)
        assert outcome.freed_impressions <= outcome.matched.size * 1000


def test_without_an_experiment_the_net_is_unknown():
    freed = FreedSpendModel().estimate([table()])
    found = net_freed(freed, margin=20.0)
    assert not found.known
    assert np.isnan(found.net)
    assert found.break_even == pytest.approx(freed.total.spend / 2000 / 20)
    assert found.break_even_matched == pytest.approx(found.break_even / 0.6, rel=0.05)
    assert found.text.startswith("net: unknown")


def test_a_measured_loss_is_taken_off():
    freed = CERTAIN.estimate([table()])
    found = net_freed(freed, margin=20.0, effect=-0.001, error=0.0)
    assert found.lost == pytest.approx(2000 * 20 * 0.001)
    assert found.net == pytest.approx(freed.total.spend - 40, rel=1e-6)
    wider = net_freed(freed, margin=20.0, effect=-0.001, error=0.002)
    assert wider.net_lower < found.net_lower < found.net_upper < wider.net_upper
    with pytest.raises(ValueError, match="both or none"):
        net_freed(freed, 20.0, effect=0.1)


def test_tables_that_contradict_each_other_are_refused():
    for changes, words in (
        ({"matched": np.array([2e7])}, "matched"), ({"spend": np.zeros(2)}, "periods"), ({"excluded": 1.2}, "shares"),
        ({"stratum": np.ones(2000, dtype=np.int64)}, "strata"), ({"served": np.zeros(1)}, "served"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            table(**changes)
    with pytest.raises(ValueError, match="same people"):
        FreedSpendModel().estimate([])
    assert STRATA == 5
    assert listed(simulate_suppression(SuppressionWorld(seed=6, people=300))[0], 3).uploaded.sum() > 100
