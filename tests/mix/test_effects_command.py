"""``mmm effects`` and ``mmm curves``: the numbers are the library's, add up, and say what stands against them."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest

from attribution.mix.stored import effects_of, load_mix
from attribution.workspace import Workspace
from attribution_models.mix.cells import Window
from attribution_models.mix.returns import returns
from tests.mix.conftest import PERIODS
from tests.mix.markets import weekly

REST = ["(baseline)", "(unattributed)"]


def table(run, kept, *words, status=0):
    return pd.read_csv(io.StringIO(run("mmm", *words, "-w", kept / "ws", "-f", "csv", status=status).out))


@pytest.fixture(scope="module")
def stored(kept):
    return load_mix(Workspace(kept / "ws"))


def test_contributions_add_up_to_what_was_observed(run, kept, stored):
    assert stored.passed
    frame = table(run, kept, "effects")
    assert frame["channel"].tolist() == ["tv", "search", *REST]
    fitted = stored.data.outcome[stored.structure.fitted].sum()
    assert frame["contribution"].sum() == pytest.approx(fitted)
    assert frame["share"].sum() == pytest.approx(1)
    assert (frame["contribution_lower"] < frame["contribution_upper"]).all()
    months = table(run, kept, "effects", "--by", "month")
    sums = months.groupby("month")["contribution"].sum()
    seen = pd.Series(np.where(stored.structure.fitted[0], stored.data.outcome[0], 0.0))
    np.testing.assert_allclose(sums, seen.groupby(stored.data.dates.astype("datetime64[M]").astype(str)).sum())
    periods = table(run, kept, "effects", "--by", "period")
    tv = periods[periods["channel"] == "tv"]
    assert tv["contribution"].notna().tolist() == stored.structure.fitted[0].tolist()
    assert (tv["incremental"] > 0).all()
    assert tv["contribution"].sum() == pytest.approx(frame["contribution"][0])


def test_the_split_and_the_ratios_are_the_library_s(run, kept, stored):
    first, last = stored.data.dates[10], stored.data.dates[15]
    frame = table(run, kept, "effects", "national", "--from", first, "--to", last, "--level", 0.8).set_index("channel")
    found = returns(effects_of(stored), Window(10, 15), 0.8)
    for c, channel in enumerate(("tv", "search")):
        row = frame.loc[channel]
        assert row["spend"] == pytest.approx(stored.data.spend[c, 0, 10:16].sum())
        for name in ("in_window", "carried_in", "carried_out", "incremental"):
            summary = getattr(found, name)
            assert row[name] == pytest.approx(summary.mean[c, 0, 0])
            assert row[f"{name}_lower"] == pytest.approx(summary.lower[c, 0, 0])
            assert row[f"{name}_upper"] == pytest.approx(summary.upper[c, 0, 0])
        assert row["roas"] == pytest.approx(row["incremental"] / row["spend"])
        assert row["mroas"] == pytest.approx(found.mroas.mean[c, 0])
        assert row["in_window"] + row["carried_in"] == pytest.approx(row["contribution"])
        assert row["carried_in"] > 0
    assert frame.loc[REST, "spend"].isna().all()


def test_a_fit_that_did_not_converge_says_so(run, kept):
    done = run("mmm", "effects", "regions", "-w", kept / "ws", "--by", "geo,month", status=1)
    assert "DID NOT CONVERGE" in done.err
    assert "error: mmm-regions did not converge" in done.err
    forced = run("mmm", "effects", "regions", "-w", kept / "ws", "--by", "geo", "--force", "-f", "json")
    assert "warning: mmm-regions did not converge" in forced.err
    rows = forced.json
    assert {row["geo"] for row in rows} == {"north", "south", "west"}
    assert not any(row["converged"] for row in rows)
    stored = load_mix(Workspace(kept / "ws"), "regions")
    for g, geo in enumerate(stored.data.geos):
        seen = stored.data.outcome[g, stored.structure.fitted[g]].sum()
        assert sum(row["contribution"] for row in rows if row["geo"] == geo) == pytest.approx(seen)


def test_periods_that_are_not_fitted_are_named(run, kept):
    assert "note: 2 of 40 weeks are not fitted" in run("mmm", "effects", "-w", kept / "ws").err
    later = run("mmm", "effects", "-w", kept / "ws", "--from", "2024-03-01")
    assert "not fitted" not in later.err
    assert "2024-03-04 to 2024-10-06" in later.err


def test_tables_fit_a_page(run, kept):
    for words in (("effects",), ("effects", "--by", "month"), ("curves",), ("curves", "--kind", "adstock")):
        lines = run("mmm", *words, "-w", kept / "ws").out.splitlines()
        assert max(map(len, lines)) <= 100
    text = run("mmm", "effects", "-w", kept / "ws").out
    assert "What each channel brought" in text
    assert "marginal ROAS" in text
    assert text.index("search") < text.index("(baseline)") < text.index("observed")


def test_every_form_holds_the_same(run, kept, tmp_path):
    words = ("mmm", "effects", "-w", kept / "ws", "--draws", 100)
    rows = run(*words, "-f", "json").json
    lines = [json.loads(line) for line in run(*words, "-f", "jsonl").out.splitlines()]
    assert lines == rows
    run(*words, "-f", "parquet", "-o", tmp_path / "effects.parquet")
    frame = pd.read_parquet(tmp_path / "effects.parquet")
    assert frame["contribution"].tolist() == [row["contribution"] for row in rows]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("effects", "regoins"), 'Did you mean "regions"?'),
        (("effects", "--by", "campaign"), 'a mix model has no "campaign"'),
        (("effects", "--by", "geo"), "its panel is national"),
        (("effects", "--from", "yesterday"), "is no date"),
        (("effects", "--from", "2030-01-01"), "No period begins between"),
        (("curves", "--channel", "radio"), 'No channel "radio"'),
        (("curves", "--kind", "adstock", "--points", "5"), "says nothing about adstock"),
        (("curves", "--kind", "saturation", "--to", "2024-05-01"), "the same in every period"),
        (("curves", "--kind", "time-varying"), "Effects of mmm-national stay the same in every period"),
        (("curves", "--kind", "time-varying", "--channel", "tv"), "all channels share them"),
        (("curves", "--kind", "time-varying", "--points", "5"), "every period has a row"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)  # fmt: skip
def test_what_cannot_be_answered_says_why(run, kept, words, message):
    assert message in run("mmm", *words, "-w", kept / "ws", status=2).err


def test_without_a_fit_the_way_is_shown(run, tmp_path):
    assert "No workspace" in run("mmm", "effects", "-w", tmp_path / "none", status=2).err


def test_response_curves_mark_what_was_spent_and_what_was_never_seen(run, kept, stored):
    frame = table(run, kept, "curves", "--points", 4, "--up-to", 3)
    assert frame["multiplier"][:5].tolist() == [0, 1, 2, 3, 0]
    now = frame[frame["current"]].set_index("channel")
    effects = table(run, kept, "effects").set_index("channel")
    for channel in ("tv", "search"):
        assert now.loc[channel, "spend"] == pytest.approx(effects.loc[channel, "spend"])
        assert now.loc[channel, "outcome"] == pytest.approx(effects.loc[channel, "incremental"])
    x = stored.data.exposure[0, 0]
    share = x[3 * x > x.max()].sum() / x.sum()
    assert frame["extrapolated"][3] == pytest.approx(share)
    assert frame["beyond"].tolist() == (frame["extrapolated"] > 0.5).tolist()
    text = run("mmm", "curves", "-w", kept / "ws", "--channel", "tv", "--points", 4, "--up-to", 3).out
    assert [line.split()[0] for line in text.splitlines() if "current" in line] == ["1.00"]
    marked = [line.split()[0] for line in text.splitlines() if line.endswith("beyond")]
    assert marked == [f"{m:.2f}" for m, beyond in enumerate(frame["beyond"][:4]) if beyond]
    assert marked
    assert "search" not in text


def test_saturation_and_carry_over(run, kept, stored):
    shape = table(run, kept, "curves", "--kind", "saturation", "--points", 5)
    tv = shape[shape["channel"] == "tv"]
    largest = weekly(PERIODS)["tv_grp"].max()
    np.testing.assert_allclose(tv["exposure"], largest * np.linspace(0, 2, 5), rtol=1e-6)
    assert tv["beyond"].tolist() == [False, False, False, True, True]
    lam = stored.posterior.by_name()["saturation_lam"][..., 0].ravel()
    x = tv["exposure"].to_numpy() / largest
    response = (1 - np.exp(-lam[:, None] * x)) / (1 + np.exp(-lam[:, None] * x))
    np.testing.assert_allclose(tv["response"], response.mean(axis=0), rtol=1e-6)
    weights = table(run, kept, "curves", "--kind", "adstock", "--channel", "tv")
    alpha = stored.posterior.by_name()["adstock_alpha"][..., 0].ravel()
    lags = alpha[:, None] ** np.arange(3)
    np.testing.assert_allclose(weights["weight"], (lags / lags.sum(axis=1, keepdims=True)).mean(axis=0), rtol=1e-6)
