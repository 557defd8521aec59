"""Claims beside lifts, and the score against what was kept for validation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution.compare.conflicts import conflicts, scores
from attribution.compare.experiments import INTENTION
from tests.compare.trials import credits, trial


def test_conflict_by_hand():
    row = conflicts(credits(intervals=True), trial(lift=30.0)).iloc[0]
    assert row["claim_error"] == pytest.approx(3, rel=1e-6)
    assert row["lift_error"] == pytest.approx(5)
    assert row["conflict"] == pytest.approx(20 / np.sqrt(9 + 25), rel=1e-6)


def test_a_fit_without_intervals_has_no_error_of_its_own_and_keeps_the_sign():
    row = conflicts(credits(), trial(lift=80.0), transport=0.0).iloc[0]
    assert row["claim_error"] == 0
    assert row["conflict"] == pytest.approx(-30 / 4)


def test_a_fit_without_the_channel_claims_nothing():
    row = conflicts(credits(), trial("Radio", 12.0), transport=0.0).iloc[0]
    assert row["claim"] == 0
    assert row["conflict"] == pytest.approx(-3)


def test_only_validation_is_scored_and_once():
    rows = [trial(use="validate", lift=30.0), trial(use="validate", lift=90.0, estimator=INTENTION),
            trial("Search", 8.0, name="u")]  # fmt: skip
    table = conflicts(credits(), pd.concat(rows, ignore_index=True), transport=0.0)
    assert table["scored"].tolist() == [True, False, False]
    found = scores(table).iloc[0]
    assert found["experiments"] == 1
    assert found["error"] == pytest.approx(20 / 30)
    assert found["conflict"] == pytest.approx(5)


def test_without_validation_there_is_no_score():
    assert scores(conflicts(credits(), trial())).empty
