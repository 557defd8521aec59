"""Uplift: known effects are found, noise is not called harm, and the public experiment is left undecided."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from attribution_models.value.multiple import holm
from attribution_models.value.uplift import Uplift, difference
from attribution_models.value.uplift_curves import uplift_curve
from attribution_models.value.uplift_learners import default_factory
from attribution_models.value.uplift_verdicts import Economics, verdicts

ARMS = ("none", "mail")


def experiment(seed: int, people: int = 3000, effect=lambda x: 2.0 * x[:, 0], noise: float = 1.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(people, 3))
    arm = rng.integers(0, 2, people)
    return x, arm, x[:, 1] + arm * effect(x) + noise * rng.normal(size=people)


@pytest.mark.parametrize("learner", ["t", "x"])
def test_sleeping_dogs_are_found_where_they_are(learner):
    """Half of the people are harmed by construction."""
    x, arm, y = experiment(1)
    fit = Uplift(learner, folds=2).fit(x, arm, {"sales": y}, ARMS)
    loss, gain = verdicts(fit)
    assert (loss.verdict, gain.verdict) == ("harm shown", "undecided")
    truth = -2 * np.sqrt(2 / np.pi)
    assert loss.effect.lower < truth < loss.effect.upper < 0 < gain.effect.lower
    assert np.corrcoef(fit.scores["mail", "sales"], x[:, 0])[0, 1] > 0.95
    assert np.mean((fit.groups["mail", "sales"] == 0) == (x[:, 0] < 0)) > 0.95
    assert fit.curves["mail", "sales"].qini > 0


def test_no_effect_is_undecided_and_a_small_one_may_be_below_cost():
    x, arm, y = experiment(2, effect=lambda x: 0.0)
    fit = Uplift(folds=2).fit(x, arm, {"sales": y}, ARMS)
    assert {v.verdict for v in verdicts(fit)} == {"undecided"}
    priced = verdicts(fit, {"sales": Economics(margin=0.5, cost=0.2)})
    assert {v.verdict for v in priced} == {"benefit below cost shown"}
    assert {v.verdict for v in verdicts(fit, {"sales": Economics(margin=0.5, cost=0.0)})} == {"undecided"}
    with pytest.raises(ValueError, match="no such outcome"):
        verdicts(fit, {"visits": Economics(1, 1)})


class LeastSquares:
    """A model of scikit-learn's interface, to be quick and to show that any will do."""

    def fit(self, x, y):
        self.weights = np.linalg.lstsq(np.column_stack([np.ones(len(x)), x]), y, rcond=None)[0]

    def predict(self, x):
        return self.weights[0] + x @ self.weights[1:]


def test_a_world_without_effects_is_seldom_called_harmful():
    """The family-wise error of thirty small experiments with two groups each: at 2.5 % one is expected at most."""
    harmed, model = 0, Uplift(folds=2, factories=(LeastSquares, LeastSquares))
    for seed in range(30):
        x, arm, y = experiment(100 + seed, people=200, effect=lambda x: 0.0)
        harmed += any(v.verdict == "harm shown" for v in verdicts(model.fit(x, arm, {"s": y}, ARMS)))
    assert harmed <= 3


def test_bounds_are_medians_at_doubled_confidence():
    x, arm, y = experiment(3, people=400)
    effect = Uplift(folds=2).fit(x, arm, {"sales": y}, ARMS).effects[0]
    z = norm.ppf(0.9875)
    assert effect.estimates.size == 20
    assert effect.upper == pytest.approx(np.median(effect.estimates + z * effect.errors))
    assert effect.p_below(0) == pytest.approx(min(1, 2 * np.median(norm.cdf(effect.estimates / effect.errors))))


def test_people_of_other_arms_get_scores_and_groups_have_equal_size():
    x, arm, y = experiment(4, people=600)
    arm[:150] = 2
    fit = Uplift(folds=2, quantiles=3).fit(x, arm, {"sales": y}, (*ARMS, "call"))
    assert len(fit.effects) == 6
    assert fit.group_names == ("uplift group 1 of 3", "uplift group 2 of 3", "uplift group 3 of 3")
    assert np.corrcoef(fit.scores["mail", "sales"][:150], x[:150, 0])[0, 1] > 0.9
    assert np.bincount(fit.groups["mail", "sales"]).tolist() == [200, 200, 200]


def test_hillstrom_has_no_sleeping_dogs(public):
    """Radcliffe's challenge data: the women's mail is undecided; groups are of the size that others found."""
    rows = pd.read_csv(public("identity/hillstrom.csv"))
    rows = rows[rows["treatment"] != "Mens E-Mail"]
    known = ["recency", "history", "mens", "womens", "newbie", "zip_code", "channel"]
    x = pd.get_dummies(rows[known], dtype=float, drop_first=True).to_numpy()
    arm = (rows["treatment"] == "Womens E-Mail").to_numpy(dtype=int)
    fit = Uplift(folds=2).fit(x, arm, {"conversion": rows["conversion"]}, ("No E-Mail", "Womens E-Mail"))
    loss, gain = verdicts(fit)
    assert (loss.verdict, gain.verdict) == ("undecided", "undecided")
    assert 0.12 < loss.effect.people / len(rows) < 0.27
    assert loss.effect.lower < 0 < loss.effect.upper < 0.008
    assert gain.effect.lower > 0
    assert fit.overall[0].effect == pytest.approx(0.0031, abs=0.0002)


def test_curves_equal_another_implementation():
    """scikit-uplift 0.5.1 on the same numbers: qini_auc_score, and auc of its curves minus the straight line."""
    i = np.arange(200)
    treated = i * 7 % 3 == 0
    score = np.round(np.sin(i * 1.7) * 3) / 3 + (i % 5) * 0.01
    y = ((i * 13 % 17) < (5 + 3 * treated * (np.sin(i * 1.7) > 0))).astype(int)
    found = uplift_curve(score, y, treated)
    assert found.qini_coefficient == pytest.approx(0.07342494776519255)
    assert found.qini * treated.sum() * 200 == pytest.approx(917.5509970711141 - 635.3383458646615)
    assert found.auuc * 200 * 200 == pytest.approx(2769.491089093603 - 18.965323757154085 * 100)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]).size == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_lies_between_nothing_and_bonferroni(p):
    found = holm(p)
    assert (found >= np.array(p) - 1e-12).all()
    assert (found <= np.minimum(1, np.array(p) * len(p)) + 1e-12).all() or len(p) > 1
    assert found.max() <= 1
    assert np.all(np.diff(found[np.argsort(p, kind="stable")]) >= -1e-12)


def test_an_arm_without_conversions_proves_nothing():
    effect, error = difference(np.zeros(20), np.arange(20) < 10)
    assert effect == 0
    assert error > 0.1
    assert difference(np.array([0.5, 1, 2]), np.array([True, False, False]))[1] == np.inf


def test_settings_and_data_that_would_mislead_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="20 repeats"):
        Uplift(repeats=5)
    x, arm, y = experiment(5, people=60)
    with pytest.raises(ValueError, match="not numbers"):
        Uplift().fit(np.where(x > 2, np.nan, x) * np.nan, arm, {"y": y}, ARMS)
    with pytest.raises(ValueError, match="People per arm"):
        Uplift().fit(x, np.zeros(60), {"y": y}, ARMS)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ModuleNotFoundError, match=r"multichannel-attribution\[uplift\]"):
        default_factory(y)
