"""``mmm folds`` and ``mmm compare``: every score from plain numbers, every failure shown, nothing compared that differs."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from attribution.mix import rolling
from attribution.mix.candidates import Fitted, entrants, on_common_folds, return_per_spend
from attribution.mix.panel import Panel
from attribution.mix.rolling import FoldPlan, Rolled, rolled_findings
from attribution.mix.score_frames import folds_frame
from attribution_models.mix.convergence import GateResult
from attribution_models.mix.fit import fit
from attribution_models.mix.folds import gathered, score_origin
from attribution_models.mix.naive import naive
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.returns import returns
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES
from tests.mix.markets import MODEL, weekly
from tests.mix.test_effect_tables import effects_of

QUICK = ("--tune", 60, "--draws", 60, "--chains", 2, "--max-rounds", 1)
PASSED = GateResult(True, (), (), 1.0, 500.0)
STUCK = GateResult(False, ("R-hat is high.",), ("Draw longer.",), 1.4, 20.0)


@pytest.fixture
def files(tmp_path):
    weekly(40).to_csv(tmp_path / "weekly.csv", index=False)
    (tmp_path / "plain.toml").write_text(MODEL)
    (tmp_path / "hill.toml").write_text(MODEL.replace("l_max = 3 }", 'l_max = 3 }\nsaturation = { kind = "hill" }'))
    return tmp_path


def rolled(gates=(PASSED, PASSED)):
    """Two folds of a made-up fit, and their panel."""
    case = CASES["geo_pooled"]
    data, periods = case.data, len(case.data.dates)
    folds = tuple(
        score_origin(case.spec, data, lambda s: np.random.default_rng(3).normal(0, 0.2, (2, 30, s.size)), at, 3)
        for at in (periods - 5, periods - 3)
    )
    return Rolled(gathered(case.spec, folds, 3, 0.9), gates), case


def test_the_table_of_folds_by_plain_formulas():
    found, case = rolled((PASSED, STUCK))
    frame = folds_frame(found, case.data)
    assert frame["part"].tolist() == ["fold", "fold", "distance", "distance", "distance", "all"]
    rows = found.scores.rows
    whole = frame.iloc[-1]
    assert whole["rows"] == len(rows.dates) == frame["rows"][:2].sum() == frame["rows"][2:5].sum()
    assert whole["elpd"] == pytest.approx(rows.log_density.sum()) == pytest.approx(frame["elpd"][2:5].sum())
    assert whole["crps"] == pytest.approx(rows.crps.mean())
    assert whole["coverage"] == pytest.approx(rows.inside.mean())
    assert whole["wmape"] == pytest.approx(np.abs(rows.observed - rows.predicted).sum() / rows.observed.sum())
    assert frame["converged"].tolist()[:2] == [True, False]
    last = found.scores.folds[1].scores
    guess = [naive(case.data, found.scores.folds[1].origin, 3)[case.data.geos.index(g)] for g in last.geos]
    place = np.searchsorted(case.data.dates, last.dates) - found.scores.folds[1].origin
    error = np.abs(last.observed - np.array([g[p] for g, p in zip(guess, place, strict=True)])).sum()
    assert frame["naive_wmape"][1] == pytest.approx(error / last.observed.sum())


def test_the_naive_forecast_is_last_year_s_or_the_latest():
    case = CASES["national_default"]
    y = np.arange(1.0, 61.0)[None]
    y[0, 4] = np.nan
    shape = {"exposure": np.ones((3, 1, 60)), "spend": np.ones((3, 1, 60)), "controls": np.ones((1, 1, 60))}
    data = replace(
        case.data, dates=np.datetime64("2023-01-02") + np.arange(60) * np.timedelta64(7, "D"), outcome=y,
        revenue_per_outcome=np.ones((1, 60)), frequency=np.zeros((3, 1, 60)), **shape,
    )  # fmt: skip
    assert naive(data, 55, 3)[0].tolist() == [4.0, 54.0, 6.0]
    assert naive(data, 20, 2)[0].tolist() == [19.5, 19.5]


def test_the_next_fold_starts_where_the_last_one_ended(files, monkeypatch):
    (one, _) = entrants([str(files / "weekly.csv")], [files / "plain.toml", files / "hill.toml"])
    fits, warm, labels = [], [], []

    def recorded(s, tuning, **options):
        warm.append(options["warm"])
        fits.append(fit(s, tuning, **options))
        return fits[-1]

    monkeypatch.setattr(rolling, "fit", recorded)
    tuning = Tuning(chains=2, tune=60, draws=50)
    found = rolling.roll(one.spec, one.panel, FoldPlan(2, 4), tuning, rounds=1, told=lambda at, _: labels.append(at))
    assert [fold.origin for fold in found.scores.folds] == [32, 36]
    assert all(label.startswith("fold ") for label in labels)
    assert warm[0] is None
    np.testing.assert_array_equal(warm[1], fits[0].posterior.points.reshape(100, -1))
    other = CASES["national_default"]
    assert rolling.warm_points(fits[0], structure(other.spec, other.data)) is None


def test_folds_that_failed_are_told_and_left_out_for_all():
    found, case = rolled((PASSED, STUCK))
    broken = replace(found.scores.folds[0], scores=None, failure="Origin 2023-05-01: no exposure.")
    lame = Rolled(gathered(case.spec, (broken, found.scores.folds[1]), 3, 0.9), (None, STUCK))
    panel = Panel("weekly.csv", case.data, None)
    told = [(f.severity, f.code) for f in rolled_findings(lame, panel)]
    assert told == [("warning", "fold-failed"), ("error", "fold-not-converged")]
    frame = folds_frame(lame, case.data)
    assert np.isnan(frame["rows"][0])
    assert frame["failure"][0] == "Origin 2023-05-01: no exposure."

    class Entry:
        spec = case.spec

    both = [Fitted(Entry, None, None, None, r, None) for r in (found, lame)]
    kept, lost = on_common_folds(both)
    assert lost == (broken.origin,)
    assert [len(m.rolled.scores.folds) for m in kept] == [1, 1]
    np.testing.assert_array_equal(kept[0].rolled.scores.rows.dates, kept[1].rolled.scores.rows.dates)


def test_folds_from_files(run, files):
    words = ("mmm", "folds", "--panel", "weekly.csv", "--model", "plain.toml", "--folds", 2, "--horizon", 3, *QUICK)
    done = run(*words, "-f", "csv", status=1)
    frame = pd.read_csv(io.StringIO(done.out))
    assert frame["origin"][:2].tolist() == ["2024-08-26", "2024-09-16"]
    assert frame["fitted_periods"][:2].tolist() == [34, 37]
    assert "error: the fold before 2024-08-26 did not converge" in done.err
    assert done.err.count("Chains disagree") <= 1
    assert frame["wmape"].iloc[-1] < 0.1
    text = run(*words, status=1).out
    assert "not converged" in text
    assert max(map(len, text.splitlines())) <= 100
    assert "1 fold" in run(*words[: -len(QUICK)], "--folds", 1, *QUICK, "-f", "csv", status=1).err


def test_a_channel_that_began_late_fails_its_early_folds(run, files):
    late = weekly(40)
    late.loc[: 40 - 5, "search_spend"] = 0.0
    late.to_csv("weekly.csv", index=False)
    words = ("mmm", "folds", "--panel", "weekly.csv", "--model", "plain.toml", "--folds", 2, "--horizon", 3, *QUICK)
    done = run(*words, status=1)
    assert "2024-08-26  failed" in done.out
    assert "Channel search has no exposure in the window; leave it out. It is in no score." in done.err


def test_a_panel_that_is_too_short_for_its_folds(run, files):
    words = ("mmm", "folds", "--panel", "weekly.csv", "--model", "plain.toml", "--folds", 5)
    assert "Take fewer or shorter folds" in run(*words, status=2).err


def test_models_side_by_side(run, files):
    words = ("mmm", "compare", "--panel", "weekly.csv", "--model", "plain.toml", "--model", "hill.toml")
    words = (*words, "--folds", 2, "--horizon", 3, *QUICK)
    done = run(*words, "-f", "csv", status=1)
    frame = pd.read_csv(io.StringIO(done.out))
    models = frame[frame["part"] == "model"].set_index("model")
    assert list(models.index) == ["plain", "hill"]
    assert models["rows"].tolist() == [6, 6]
    apart = models.loc["hill", "future_elpd"] - models.loc["plain", "future_elpd"]
    assert models.loc["hill", "future_difference"] == pytest.approx(apart)
    returns = frame[frame["part"] == "return"]
    assert set(returns["channel"]) == {"tv", "search"}
    assert returns["mean"].between(1.5, 4.5).all()
    for row in frame[frame["part"] == "spread"].to_dict("records"):
        means = returns.loc[returns["channel"] == row["channel"], "mean"]
        assert (row["lower"], row["upper"]) == pytest.approx((means.min(), means.max()))
    assert "error: plain: the fit to all rows did not converge" in done.err
    text = run(*words, status=1).out
    assert "Leave-one-out (LOO)" in text
    assert "No model is named the best one" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("l_max = 3", "l_max = 5"), "are fitted to other rows (38 and 36)"),
        (('outcome = "sales"', 'outcome = "price"'), "is about sales, other about price"),
        (('outcome = "sales"', 'outcome = "sales"\nrevenue_per_outcome = 3.0'), "value an outcome differently"),
        (("tv_grp", "tv_grb"), 'Column "tv_grb"'),
    ],
    ids=["rows", "outcome", "worth", "column"],
)
def test_what_differs_is_refused_before_anything_is_fitted(run, files, change, message):
    text = MODEL.replace(*change)
    if "price" in change[1]:
        text = text[: text.index("[[control]]")]
    (files / "other.toml").write_text(text)
    words = ("mmm", "compare", "--panel", "weekly.csv", "--model", "plain.toml", "--model")
    assert message in run(*words, "other.toml", status=2).err
    assert "named twice" in run(*words, "plain.toml", status=2).err
    assert "name two or more" in run(*words[:-1], status=2).err


def test_models_of_other_carry_over_without_leave_one_out(run, files):
    (files / "long.toml").write_text(MODEL.replace("l_max = 3", "l_max = 5"))
    words = ("mmm", "compare", "--panel", "weekly.csv", "--model", "plain.toml", "--model", "long.toml", "--no-loo")
    done = run(*words, "--folds", 1, "--horizon", 3, *QUICK, status=1)
    assert "LOO" not in done.out.split("No model")[0]
    assert "long" in done.out


def test_a_return_without_worth_is_outcome_per_spend():
    effects = effects_of("geo_targets")
    unknown = replace(effects, revenue=np.full_like(effects.revenue, np.nan))
    found = return_per_spend(returns(unknown))
    known = return_per_spend(returns(effects))
    for channel in found:
        assert known[channel].mean == pytest.approx(3 * found[channel].mean)
