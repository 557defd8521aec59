"""Calibration: it closes, keeps signs, never touches validation, and weighs by precision where asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution.compare.calibration import calibrate
from attribution.compare.precision import weigh
from attribution.errors import UsageError
from tests.compare.trials import credits, trial

BOTH = pd.concat([trial(lift=30.0), trial("Search", 8.0, name="u")], ignore_index=True)


def test_calibration_keeps_the_sign_and_the_total():
    done, _ = calibrate(credits(), trial())
    rows = done.set_index("channel")
    assert rows.loc["Mail", "conversions"] == -5
    assert rows.loc["(baseline)", "conversions"] == 55
    assert done["conversions"].sum() == pytest.approx(100)
    assert done["value"].sum() == pytest.approx(1000)
    assert done["conversion_share"].sum() == pytest.approx(1)
    assert rows.loc["Mail", "estimand"] == "incremental_total"
    assert rows.loc["Search", "estimand"] == "attributed"
    # The error of the lift, 4, with the transport of a tenth of 5.
    assert rows.loc["Mail", "conversions_lower"] == pytest.approx(-5 - 1.6448536 * np.hypot(4, 0.5))
    assert rows.loc["Search", "cpa"] == pytest.approx(5 / 40)
    assert pd.isna(rows.loc["Mail", "cpa"])


def test_transport_can_be_set():
    done, _ = calibrate(credits(), trial(), transport=0.0)
    assert done.set_index("channel").loc["Mail", "conversions_lower"] == pytest.approx(-5 - 1.6448536 * 4)


def test_a_channel_without_credit_is_refused():
    with pytest.raises(UsageError, match="gives no credit to Radio"):
        calibrate(credits(), trial("Radio"))
    nothing = credits().assign(conversions=[0.0, 90.0, 10.0])
    with pytest.raises(UsageError, match="gives no credit to Mail"):
        calibrate(nothing, trial())


def test_a_negative_claim_is_a_claim():
    signed = credits().assign(conversions=[-20.0, 110.0, 10.0])
    rows = calibrate(signed, trial())[0].set_index("channel")["conversions"]
    assert rows["Mail"] == -5
    assert rows["(baseline)"] == pytest.approx(-15)


def test_a_baseline_that_is_there_takes_the_difference():
    frame = credits()
    base = frame.iloc[[2]].assign(channel="(baseline)", conversions=7.0, value=70.0)
    done, _ = calibrate(pd.concat([frame, base], ignore_index=True), trial())
    assert (done["channel"] == "(baseline)").sum() == 1
    assert done["channel"].tolist()[-1] == "(unattributed)"
    assert done.set_index("channel").loc["(baseline)", "conversions"] == pytest.approx(62)


def test_validation_moves_nothing():
    mixed = pd.concat([trial(use="validate", lift=1e6), trial("Search", 8.0, name="u")], ignore_index=True)
    done, noticed = calibrate(credits(), mixed)
    assert done.set_index("channel").loc["Mail", "conversions"] == 50
    assert [f.code for f in noticed] == ["calibrated", "kept-for-validation"]
    pd.testing.assert_frame_equal(done, calibrate(credits(), trial("Search", 8.0, name="u"))[0])
    with pytest.raises(UsageError, match="kept for validation"):
        calibrate(credits(), trial(use="validate"))


def test_an_undeclared_use_is_noted():
    _, noticed = calibrate(credits(), trial(use="likelihood", declared=False))
    assert [(f.severity, f.code) for f in noticed] == [("note", "calibrated"), ("note", "undeclared-use")]


def test_precision_lies_between_the_scaled_claim_and_the_lift_and_closes():
    done, _ = calibrate(credits(), BOTH, weight="precision")
    by_hand = weigh(np.array([50.0, 40.0]), np.array([30.0, 8.0]), np.hypot(4.0, [3.0, 0.8]))
    rows = done.set_index("channel")
    assert rows.loc[["Mail", "Search"], "conversions"].to_numpy() == pytest.approx(by_hand.estimate)
    assert done["conversions"].sum() == pytest.approx(100)
    assert done["value"].sum() == pytest.approx(1000)
    assert set(rows.loc[["Mail", "Search"], "interval_kind"]) == {"experiment and model"}


def test_lift_is_the_default():
    plain, _ = calibrate(credits(), BOTH)
    assert plain.set_index("channel").loc[["Mail", "Search"], "conversions"].tolist() == [30.0, 8.0]


def test_claims_that_are_right_but_for_their_scale_are_scaled():
    claim = np.array([10.0, 20.0, 30.0, 40.0])
    found = weigh(claim, 0.5 * claim + [0.1, -0.1, 0.1, -0.1], np.ones(4))
    assert found.discrepancy == 0
    assert found.estimate == pytest.approx(found.scale * claim)
    assert found.scale == pytest.approx(0.5, abs=0.01)
    assert (found.standard_error < 1).all()


def test_discrepancy_solves_its_equation_and_weights_follow():
    claim, lift, error = np.array([10.0, 20.0, 30.0, 40.0]), np.array([40.0, 2.0, 60.0, -5.0]), np.array([1.0, 2, 3, 9])
    found = weigh(claim, lift, error)
    variance = error**2 + found.discrepancy**2
    assert ((lift - found.scale * claim) ** 2 / variance).sum() == pytest.approx(3, rel=1e-5)
    assert found.scale == pytest.approx((claim * lift / variance).sum() / (claim**2 / variance).sum())
    assert found.weight == pytest.approx(found.discrepancy**2 / variance)
    assert (np.diff(found.weight) < 0).all()
    assert found.estimate[3] < found.scale * 40


def test_one_test_gives_the_lift_and_opposite_claims_have_no_scale():
    for lift in (20.0, -5.0):
        one = weigh(np.array([50.0]), np.array([lift]), np.array([4.0]))
        assert (one.estimate[0], one.standard_error[0]) == (lift, 4.0)
    against = weigh(np.array([50.0, 20.0]), np.array([-5.0, -9.0]), np.array([4.0, 4.0]))
    assert against.scale == 0
    assert against.estimate == pytest.approx(against.weight * [-5.0, -9.0])


def test_weighing_beats_both_the_lift_and_the_claim():
    rng = np.random.default_rng(4)
    lost = np.zeros(3)
    for _ in range(300):
        claim = rng.uniform(50, 150, 8)
        truth = 0.6 * claim + rng.normal(0, 10, 8)
        lift = truth + rng.normal(0, 20, 8)
        estimates = (weigh(claim, lift, np.full(8, 20.0)).estimate, lift, claim)
        lost += [((e - truth) ** 2).mean() for e in estimates]
    assert lost[0] < 0.7 * lost[1]
    assert lost[0] < 0.7 * lost[2]
