"""The commands of ``attribution mmm`` from Python: the same answers as the steps behind the commands."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import attribution
from attribution.errors import UsageError
from attribution.steps.mmm_curves import curves_step
from attribution.steps.mmm_effects import effects_step
from attribution.steps.mmm_predict import predict_step
from attribution.workspace import Workspace
from attribution_models.mix.nuts import Tuning
from tests.mix.conftest import PERIODS
from tests.mix.markets import MODEL, weekly


def test_they_are_exported_and_load_nothing_before_use():
    for name in ("check_mix", "draft_mix", "mix_curves", "mix_effects", "mix_folds", "predict_mix"):
        assert name in attribution.__all__
        assert callable(getattr(attribution, name))


def test_a_frame_is_drafted_and_checked_like_its_file(kept):
    panel = weekly(110)
    panel.to_csv(kept / "long.csv", index=False)
    text = attribution.draft_mix(panel)
    assert text.partition("\n")[2] == attribution.draft_mix(kept / "long.csv").partition("\n")[2]
    found = attribution.check_mix(panel, text)
    assert list(found) == ["severity", "code", "message", "remedy", "count"]
    assert "error" not in set(found["severity"])
    constant = attribution.check_mix(panel.assign(tv_grp=1.0, tv_spend=1.0), MODEL)
    assert "tv" in " ".join(constant["message"])


def test_effects_and_curves_of_a_workspace_and_of_a_fit_at_hand(kept):
    place = Workspace(kept / "ws")
    fit = attribution.load_mix(place, "national")
    expected = effects_step(place, "national", by=("month",), level=0.8).table
    for given in (fit, kept / "ws", str(kept / "ws"), place):
        found = attribution.mix_effects(given, None if given is fit else "national", by=("month",), level=0.8)
        pd.testing.assert_frame_equal(found.table, expected)
    curves = attribution.mix_curves(fit, kind="response", channels=["tv"], points=5)
    pd.testing.assert_frame_equal(
        curves.table, curves_step(place, "national", kind="response", channels=["tv"], points=5).table
    )
    with pytest.raises(UsageError, match="No channel"):
        attribution.mix_curves(fit, channels=["tw"])
    failed = attribution.mix_effects(kept / "ws", "regions")
    assert [f.code for f in failed.findings if f.severity == "error"] == ["fit-not-converged"]


def test_a_plan_is_a_frame_or_a_file(kept):
    fit = attribution.load_mix(kept / "ws", "national")
    plan = weekly(PERIODS + 4).iloc[PERIODS:].drop(columns="sales")
    plan.to_csv(kept / "plan.csv", index=False)
    found = attribution.predict_mix(fit, plan).table
    pd.testing.assert_frame_equal(
        found, predict_step(Workspace(kept / "ws"), [str(kept / "plan.csv")], "national").table
    )
    assert (found["part"] == "period").sum() == 4
    assert np.isfinite(found["expected"]).all()


def test_folds_of_a_frame():
    tuning = Tuning(chains=2, tune=100, draws=100)
    found = attribution.mix_folds(weekly(40), MODEL, folds=1, horizon=4, tuning=tuning, rounds=1)
    assert found.table.loc[found.table["part"] == "all", "rows"].item() == 4


def test_what_is_no_panel_is_refused_in_words():
    with pytest.raises(UsageError, match="a frame or a file is needed"):
        attribution.draft_mix(3.5)


def test_a_plan_moves_spend_and_not_the_demand_that_spend_stands_for():
    """More television in the plan: its effect changes, the control of the same column does not."""
    panel = weekly(PERIODS)
    model = MODEL + '\n[[control]]\ncolumn = "tv_spend"\nrole = "confounder"\n'
    report = attribution.fit_mix(panel, model, chains=2, tune=50, draws=50, rounds=1, checks=False)
    plan = weekly(PERIODS + 3).drop(columns="sales").iloc[PERIODS - 3 :]
    plan["tv_spend"] = plan["tv_spend"] * 2.0
    found = attribution.predict_mix(report, plan)
    assert "demand-not-planned" in {f.code for f in found.findings}
    k = [c.column for c in report.stored.spec.controls].index("tv_spend")
    was = report.stored.data.controls[k]
    np.testing.assert_array_equal(found.plan.window.controls[k], was)
    assert found.plan.future is not None
    np.testing.assert_allclose(found.plan.future.controls[k], was.mean())
