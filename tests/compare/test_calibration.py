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


def test_claims_that_are_right_but_for_their_scale_are_nearly_scaled():
    claim = np.linspace(10.0, 400.0, 30)
    found = weigh(claim, 0.5 * claim + np.tile([0.1, -0.1], 15), np.ones(30))
    assert found.scale == pytest.approx(0.5, abs=0.01)
    assert found.estimate == pytest.approx(0.5 * claim, abs=0.1)
    assert (found.weight < 0.1).all()
    assert (found.standard_error < 0.4).all()


def test_weights_follow_disagreement_and_precision():
    claim, lift, error = np.array([10.0, 20.0, 30.0, 40.0]), np.array([40.0, 2.0, 60.0, -5.0]), np.array([1.0, 2, 3, 9])
    found = weigh(claim, lift, error)
    assert (np.diff(found.weight) < 0).all()
    assert found.estimate[:3] == pytest.approx(lift[:3], abs=1)
    assert lift[3] < found.estimate[3] < found.scale * 40
    assert (found.standard_error < 1.01 * error).all()


def test_mean_and_error_are_those_of_the_model_on_a_grid():
    """θ, β and τ by brute force: every θ integrated by itself, β and the shrinkage on a fine grid."""
    claim, lift, error = np.array([30.0, -12.0, 55.0]), np.array([11.0, 4.0, -3.0]), np.array([6.0, 3.0, 9.0])
    shrunk = (np.arange(1000) + 0.5) / 1000
    total, first, second = 0.0, np.zeros(3), np.zeros(3)
    for t in (3 / (1 / error**2).sum()) * (1 / shrunk - 1):
        variance = error**2 + t
        widest = 1 + 12 / np.sqrt((claim**2 / variance).sum())
        beta = widest * (np.arange(1000) + 0.5) / 1000
        apart = lift - beta[:, None] * claim
        likely = widest * np.exp(-0.5 * (apart**2 / variance + np.log(variance)).sum(axis=1))
        mean = beta[:, None] * claim + t / variance * apart
        total += likely.sum()
        first += likely @ mean
        second += likely @ (mean**2 + t * error**2 / variance)
    found = weigh(claim, lift, error)
    assert found.estimate == pytest.approx(first / total, abs=2e-3)
    assert found.standard_error == pytest.approx(np.sqrt(second / total - (first / total) ** 2), rel=2e-3)


def test_relabelling_and_units_change_nothing():
    claim, lift, error = np.array([30.0, 12.0, 55.0]), np.array([11.0, 4.0, -3.0]), np.array([6.0, 3.0, 9.0])
    found, turned = weigh(claim, lift, error), weigh(100 * claim[::-1], 100 * lift[::-1], 100 * error[::-1])
    assert turned.estimate == pytest.approx(100 * found.estimate[::-1])
    assert turned.standard_error == pytest.approx(100 * found.standard_error[::-1])
    assert turned.weight == pytest.approx(found.weight[::-1])


def test_one_test_gives_the_lift_and_opposite_claims_have_hardly_a_scale():
    for lift in (20.0, -5.0):
        one = weigh(np.array([50.0]), np.array([lift]), np.array([4.0]))
        assert (one.estimate[0], one.standard_error[0]) == (lift, 4.0)
    against = weigh(np.array([50.0, 20.0]), np.array([-5.0, -9.0]), np.array([4.0, 4.0]))
    assert 0 < against.scale < 0.2
    assert (against.estimate > [-5.0, -9.0]).all()


def test_weighing_beats_both_the_lift_and_the_claim_and_knows_its_error():
    rng = np.random.default_rng(4)
    lost, inside = np.zeros(3), 0
    for _ in range(300):
        claim = rng.uniform(50, 150, 8)
        truth = 0.6 * claim + rng.normal(0, 10, 8)
        lift = truth + rng.normal(0, 20, 8)
        found = weigh(claim, lift, np.full(8, 20.0))
        lost += [((e - truth) ** 2).mean() for e in (found.estimate, lift, claim)]
        inside += int((np.abs(found.estimate - truth) < 1.645 * found.standard_error).sum())
    assert lost[0] < 0.6 * lost[1]
    assert lost[0] < 0.6 * lost[2]
    assert 0.86 < inside / 2400 < 0.97
