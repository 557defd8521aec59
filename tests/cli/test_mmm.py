"""``fit mmm`` and what a media-mix fit is to the other commands."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution.mix.stored import load_mix
from attribution.steps.mmm import MixOptions, Tuning, mmm_step
from attribution.workspace import Workspace
from tests.cli.test_commands import ORDERS, TOUCHES
from tests.mix.markets import GEO_MODEL, MODEL, geos, weekly

WORTH = 20.0
LEVEL = '[intercept]\nprior = { dist = "normal", mu = 0.7, sigma = 0.2 }\n[seasonality]\nyearly = 0\n'
PRICED = MODEL.replace('outcome = "sales"', f'outcome = "sales"\nrevenue_per_outcome = {WORTH}') + LEVEL
# Three regions say nothing about the spread between regions: fixed, so that short chains pass the gate.
REGIONS = re.sub(r'(name = "(tv|search)")', r"\1\npooling = 0.3", GEO_MODEL)
QUICK = ("--chains", 2, "--tune", 200, "--draws", 400, "--max-rounds", 6)
SHORT = ("--chains", 2, "--tune", 50, "--draws", 50, "--max-rounds", 1)
SPECIAL = ["(baseline)", "(unattributed)"]
MASKED = 2  # l_max of the longest carry-over, less one


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """Panels, models, and a workspace that holds a national fit and one by region, and no journeys."""
    folder = tmp_path_factory.mktemp("market")
    weekly(40).to_csv(folder / "weekly.csv", index=False)
    geos(24).to_csv(folder / "regions.csv", index=False)
    (folder / "shop.toml").write_text('[model]\nname = "shop"\n' + PRICED)
    (folder / "regions.toml").write_text('[model]\nname = "regions"\n' + REGIONS + LEVEL)
    options = MixOptions(tuning=Tuning(chains=2, tune=200, draws=400), rounds=6)
    for name in ("regions", "shop"):
        panel = {"shop": "weekly.csv", "regions": "regions.csv"}[name]
        report = mmm_step(Workspace(folder / "ws"), [str(folder / panel)], folder / f"{name}.toml", (), options)
        assert report.fit.gate.passed, report.fit.gate.failures
    return folder


@pytest.fixture
def shop(market, tmp_path):
    """A copy of it in the folder where commands run."""
    shutil.copytree(market, tmp_path, dirs_exist_ok=True)
    return tmp_path


def totals(rows: list[dict], measure: str, *grains: str) -> dict[tuple, float]:
    frame = pd.DataFrame(rows)
    assert set(SPECIAL) <= set(frame["channel"])
    if not grains:
        return {(): frame[measure].sum()}
    sums = frame.groupby(list(grains))[measure].sum()
    return {key if isinstance(key, tuple) else (key,): value for key, value in sums.items()}


def test_credits_of_a_workspace_that_holds_only_a_mix_fit(run, shop):
    rows = run("credits", "-w", "ws", "--model", "mmm-shop", "-f", "json").json
    assert {r["channel"] for r in rows} == {"tv", "search", *SPECIAL}
    assert {r["model"] for r in rows} == {"mmm"}
    assert {r["estimand"] for r in rows} == {"incremental_total"}
    assert {r["interval_kind"] for r in rows} == {"posterior"}
    observed = weekly(40)["sales"][MASKED:].sum()
    assert totals(rows, "conversions")[()] == pytest.approx(observed, rel=1e-9)
    assert totals(rows, "value")[()] == pytest.approx(WORTH * observed, rel=1e-9)
    assert sum(r["conversion_share"] for r in rows) == pytest.approx(1)
    tv = next(r for r in rows if r["channel"] == "tv")
    assert tv["roas_lower"] < tv["roas"] < tv["roas_upper"]
    assert tv["mroas_lower"] < tv["mroas"] < tv["mroas_upper"]
    assert tv["cost"] == pytest.approx(weekly(40)["tv_spend"].sum())
    assert {r["fit"] for r in run("credits", "-w", "ws", "-f", "json").json} == {"mmm-shop", "mmm-regions"}


def test_months_and_regions_add_up_to_what_was_observed(run, shop):
    national = weekly(40).iloc[MASKED:].assign(month=lambda f: f["date"].str[:7])
    by_month = national.groupby("month")["sales"].sum()
    for measure, worth in (("conversions", 1.0), ("value", WORTH)):
        rows = run("credits", "-w", "ws", "--model", "mmm-shop", "--by", "month", "-f", "json").json
        found = totals(rows, measure, "month")
        assert set(found) == {(month,) for month in by_month.index}
        for month, total in by_month.items():
            assert found[month,] == pytest.approx(worth * total, rel=1e-9)
    panel = geos(24)
    later = panel[panel["date"] >= sorted(panel["date"].unique())[MASKED]]
    rows = run("credits", "-w", "ws", "--model", "mmm-regions", "--by", "geo,month", "-f", "json").json
    found = totals(rows, "value", "geo", "month")
    observed = later.assign(month=later["date"].str[:7]).groupby(["region", "month"])["sales"].sum()
    assert found == pytest.approx({key: pytest.approx(value, rel=1e-9) for key, value in observed.items()})


def test_formats_are_all_there(run, shop):
    assert run("credits", "-w", "ws", "--model", "mmm-shop", "-f", "csv").out.startswith("fit,model,estimand,channel,")
    assert len(run("credits", "-w", "ws", "--model", "mmm-shop", "-f", "jsonl").out.splitlines()) == 4
    run("credits", "-w", "ws", "-f", "parquet", "-o", "credits.parquet")
    assert set(pd.read_parquet(shop / "credits.parquet")["fit"]) == {"mmm-shop", "mmm-regions"}
    table = run("credits", "-w", "ws", "--model", "mmm-shop").out
    head = table.splitlines()[1].split()
    assert [w for w in head if w in {"ROAS", "mROAS", "CPA", "cost", "value"}] == [
        "value",
        "cost",
        "CPA",
        "ROAS",
        "mROAS",
    ]
    assert table.index("tv") < table.index("(baseline)") < table.index("(unattributed)") < table.index("sum")


def test_grains_that_one_family_has_leave_the_other_out(run, shop):
    (shop / "touches.csv").write_text(TOUCHES)
    (shop / "orders.csv").write_text(ORDERS)
    run("ingest", "-w", "ws", "--touchpoints", "touches.csv", "--conversions", "orders.csv", "--timezone", "UTC")
    run("fit", "rules", "-w", "ws")
    both = run("credits", "-w", "ws", "-f", "json").json
    assert {"last", "mmm-shop"} <= {r["fit"] for r in both}
    assert {r["mark"] for r in both if r["fit"] == "last"} == {""}
    done = run("credits", "-w", "ws", "--by", "campaign", "-f", "json")
    assert not any(r["model"] == "mmm" for r in done.json)
    assert "mmm-regions, mmm-shop left out: a media-mix model knows no campaign" in done.err
    done = run("credits", "-w", "ws", "--by", "period", "-f", "json")
    assert all(r["model"] == "mmm" for r in done.json)
    assert "journeys have no period" in done.err
    done = run("credits", "-w", "ws", "--model", "mmm", "--by", "geo", "-f", "json")
    assert {r["fit"] for r in done.json} == {"mmm-regions"}
    assert "one national panel" in done.err
    assert "knows no kinds" in run("credits", "-w", "ws", "--model", "mmm-shop", "--kind", "order", status=2).err
    assert 'Did you mean "month"' in run("credits", "-w", "ws", "--by", "mnth", status=2).err
    assert 'Did you mean "mmm-shop"' in run("credits", "-w", "ws", "--model", "mmm-shap", status=2).err


def test_compare_renormalises_over_channels_that_both_know(run, shop):
    touches = TOUCHES.replace("Search", "search")
    (shop / "touches.csv").write_text(touches)
    (shop / "orders.csv").write_text(ORDERS)
    run("ingest", "-w", "ws", "--touchpoints", "touches.csv", "--conversions", "orders.csv", "--timezone", "UTC")
    run("fit", "rules", "-w", "ws")
    done = run("compare", "-w", "ws", "--model", "last", "--model", "mmm", "-f", "json")
    found = {(r["fit_a"], r["fit_b"]): r for r in done.json["agreement"]}
    assert found["mmm-regions", "mmm-shop"]["channels"] == 2
    assert not found["mmm-regions", "mmm-shop"]["across_estimands"]
    across = [r for pair, r in found.items() if "last" in pair]
    assert len(across) == 2
    for row in across:
        assert row["across_estimands"]
        assert row["channels"] == 1
        assert row["total_variation"] == 0  # one channel in common: all of both
    assert any(f["code"] == "channels-differ" for f in done.json["findings"])
    text = run("compare", "-w", "ws").out
    assert "These models estimate different things (attributed, incremental_total)" in text
    assert "compared over those that both know" in text


def test_compare_without_journeys(run, shop):
    done = run("compare", "-w", "ws", "-f", "json")
    (pair,) = done.json["agreement"]
    shares = {f: {} for f in ("mmm-shop", "mmm-regions")}
    for row in done.json["credits"]:
        if row["channel"] not in SPECIAL:
            shares[row["fit"]][row["channel"]] = row["value"]
    one, two = (np.array([s["tv"], s["search"]]) / sum(s.values()) for s in shares.values())
    assert pair["total_variation"] == pytest.approx(abs(one - two).sum() / 2)
    assert done.json["stability"] == []
    assert "Shares of credit over channels" in run("compare", "-w", "ws").out


def test_fit_prints_credits_and_keeps_parameters(run, shop):
    done = run(
        "fit", "mmm", "--panel", "weekly.csv", "--model", "shop.toml", "--name", "again", *QUICK, "-w", "new",
        "-f", "json",
    )  # fmt: skip
    assert {r["fit"] for r in done.json} == {"mmm-again"}
    assert "Sampling 7 parameters" in done.err
    assert "gate passed" in done.err
    assert "halved by" in done.err
    assert "\r" not in done.err  # no bar where nobody watches
    stored = load_mix(Workspace("new"))
    assert {"mean", "rhat", "ess_bulk"} <= set(stored.parameters.columns)
    entry = stored.entry
    assert set(entry["inputs"]) == {"weekly.csv", "shop.toml"}
    assert entry["seconds"]["sampling"] > 0
    assert {"learned", "robustness", "findings", "versions"} <= set(entry)
    assert Workspace("new").manifest()["steps"][-1]["fit"] == "mmm-again"
    again = run("credits", "-w", "new", "-f", "json").json
    assert again == done.json


def test_the_same_seed_gives_the_same_credits(run, shop):
    arguments = ("fit", "mmm", "--panel", "weekly.csv", "--model", "shop.toml", *SHORT, "--no-checks", "--force", "-w")
    one, two = (run(*arguments, name, "-f", "json").json for name in ("one", "two"))
    assert one == two
    assert run(*arguments, "three", "--seed", 2, "-f", "json").json != one


def test_parameters_instead_of_credits(run, shop):
    done = run(
        "fit", "mmm", "--panel", "weekly.csv", "--model", "shop.toml", *SHORT, "--no-checks", "--force", "-w", "new",
        "--parameters",
    )  # fmt: skip
    assert done.out.split()[:4] == ["parameter", "mean", "sd", "5%"]
    assert "adstock_alpha[tv]" in done.out


def test_a_failed_gate_is_kept_and_said_ever_after(run, shop):
    fit = ("fit", "mmm", "--panel", "weekly.csv", "--model", "shop.toml", "--name", "bad", *SHORT, "--no-checks")
    done = run(*fit, "-w", "new", "-f", "json", status=1)
    assert all(r["mark"].startswith("gate failed") for r in done.json)
    assert "gate failed" in done.err
    assert "effective sample size below 400" in done.err
    assert "more draws per chain" in done.err  # the checklist
    assert not load_mix(Workspace("new")).passed
    done = run("credits", "-w", "new", status=1)
    assert "did not converge" in done.out
    assert "mmm-bad did not converge" in done.err
    done = run("credits", "-w", "new", "--force", "-f", "json")
    assert all("gate failed" in r["mark"] for r in done.json)
    assert "warning: mmm-bad did not converge" in done.err
    assert "mmm-bad (gate failed)" in run("compare", "-w", "new", status=1).out
    run("compare", "-w", "new", "--force")
    assert "warning:" in run(*fit, "-w", "new", "--force").err


def test_prior_check_says_what_the_priors_allow_and_stops(run, shop):
    done = run("fit", "mmm", "--panel", "weekly.csv", "--model", "shop.toml", "--prior-check", "-w", "new")
    assert "all media" in done.out
    assert "P(baseline below 0) 0.0%" in done.out
    assert not (shop / "new").exists()
    wide = (shop / "shop.toml").read_text().replace("mu = 0.7, sigma = 0.2", "mu = 0, sigma = 2")
    (shop / "wide.toml").write_text(wide)
    done = run("fit", "mmm", "--panel", "weekly.csv", "--model", "wide.toml", "--prior-check", "-w", "new")
    assert "Before the data, the baseline is below zero" in done.err


def test_placebos_are_fitted_for_each_channel(run, shop, monkeypatch):
    monkeypatch.setattr("attribution.steps.mmm.PLACEBO", Tuning(chains=2, tune=100, draws=100))
    done = run(
        "fit", "mmm", "--panel", "weekly.csv", "--model", "shop.toml", *SHORT, "--placebo", "--force", "-w", "new"
    )
    kept = load_mix(Workspace("new")).entry["placebos"]
    assert [p["channel"] for p in kept] == ["tv", "search"]
    assert {p["verdict"] for p in kept} <= {"indistinguishable from zero", "suspicious", "undecided"}
    assert "placebo" in done.err


def test_lift_tests_have_their_one_use(run, shop):
    head = "experiment,channel,start,end,lift,standard_error,use\n"
    rows = ("a,tv,2024-02-05,2024-03-03,200,40,prior", "b,search,2024-02-05,2024-03-03,150,30,likelihood",
            "c,search,2024-05-06,2024-06-02,150,30,validate")  # fmt: skip
    (shop / "lifts.csv").write_text(head + "\n".join(rows) + "\n")
    done = run("fit", "mmm", "--panel", "weekly.csv", "--model", "shop.toml", "--lifts", "lifts.csv", *SHORT,
               "--no-checks", "--force", "-w", "new")  # fmt: skip
    assert "tv: the prior of its return is" in done.err
    assert "Kept away from the fit, to score it: c." in done.err
    stored = load_mix(Workspace("new"))
    assert [lift.experiment for lift in stored.lifts] == ["b"]
    assert stored.spec.channels[0].effect.target == "roi"
    assert stored.spec.channels[1].effect.target == "coefficient"
    found = run("compare", "-w", "new", "--force", "-f", "json").json
    claims = {row["experiment"]: row for row in found["lift_tests"]}
    assert {name: row["scored"] for name, row in claims.items()} == {"a": False, "b": False, "c": True}
    assert [row["conflict"] for row in found["conflicts"]] == [row["conflict"] for row in found["lift_tests"]]
    assert claims["c"]["claim_lower"] < claims["c"]["claim"] < claims["c"]["claim_upper"]
    told = run("compare", "-w", "new", "--force").out
    assert "Lift tests on panels, and what the media-mix fits say of them" in told
    score = told.partition("Scored against the experiments kept for validation")[2]
    assert f"{abs(claims['c']['claim'] - 150) / 150:.1%}" in score


def test_refresh_keeps_scales_and_reports_drift(run, shop):
    panel = weekly(46)
    panel.loc[44, "sales"] *= 3  # a new largest outcome: a fit anew would take another scale
    panel.to_csv(shop / "more.csv", index=False)
    old = load_mix(Workspace("ws"), "shop")
    done = run("fit", "mmm", "--panel", "more.csv", "--refresh", "shop", "--name", "next", *QUICK, "-w", "ws",
               "--force", "-f", "json")  # fmt: skip
    assert "Against mmm-shop, on the 40 periods of both" in done.err
    assert "Its posterior is no prior here" in done.err
    new = load_mix(Workspace("ws"), "next")
    assert new.scales.outcome == old.scales.outcome
    assert len(new.data.dates) == 46
    assert new.entry["refreshed_from"] == "mmm-shop"
    assert [r["channel"] for r in new.entry["drift"]] == ["tv", "search"]
    assert {"mmm-shop", "mmm-regions", "mmm-next"} == set(Workspace("ws").manifest()["mixes"])
    done = run(
        "fit", "mmm", "--panel", "regions.csv", "--model", "regions.toml", "--refresh", "shop", "-w", "ws", status=2
    )
    assert "other geos" in done.err
    assert (
        'No media-mix fit "shap"'
        in run("fit", "mmm", "--panel", "more.csv", "--refresh", "shap", "-w", "ws", status=2).err
    )


def test_a_refresh_that_fails_leaves_the_good_fit(run, shop):
    weekly(46).to_csv(shop / "more.csv", index=False)
    before = run("mmm", "effects", "shop", "-w", "ws", "-f", "csv").out
    refresh = ("fit", "mmm", "--panel", "more.csv", "--refresh", "shop", *SHORT, "--no-checks", "-w", "ws")
    done = run(*refresh, status=1)
    assert (
        "mmm-shop had passed its gate and stays what it was; this fit is kept beside it as mmm-shop-failed." in done.err
    )
    assert "mmm-shop-failed: gate failed" in done.err
    assert run("mmm", "effects", "shop", "-w", "ws", "-f", "csv").out == before
    # Nothing takes the failed one unless it is named.
    assert {r["fit"] for r in run("credits", "-w", "ws", "-f", "json").json} == {"mmm-regions", "mmm-shop"}
    assert {r["fit"] for r in run("credits", "--model", "mmm", "-w", "ws", "-f", "json").json} == {
        "mmm-regions",
        "mmm-shop",
    }
    assert load_mix(Workspace("ws")).name == "mmm-shop"
    assert not load_mix(Workspace("ws"), "shop-failed").passed
    assert "did not converge" in run("credits", "--model", "mmm-shop-failed", "-w", "ws", status=1).err
    # A refresh that is good takes the name, and the failed attempt goes.
    run("fit", "mmm", "--panel", "more.csv", "--refresh", "shop", *QUICK, "--no-checks", "-w", "ws")
    assert set(Workspace("ws").manifest()["mixes"]) == {"mmm-shop", "mmm-regions"}
    assert len(load_mix(Workspace("ws"), "shop").data.dates) == 46
    assert run(*refresh, "--force").err.count("kept beside") == 0
    assert not load_mix(Workspace("ws"), "shop").passed


def test_export_for_arviz(run, shop):
    pytest.importorskip("h5netcdf")
    pytest.importorskip("arviz")
    done = run("mmm", "export", "shop", "-o", "fit.nc", "--prior", 0, "-w", "ws")
    assert "mmm-shop" in done.err
    assert (shop / "fit.nc").stat().st_size > 1000


CONFIG = """workspace = "made"
[mmm]
panel = ["weekly.csv"]
model = "shop.toml"
chains = 2
tune = 50
draws = 50
max_rounds = 1
checks = false
force = true
[credits]
output = "out.json"
"""


def test_run_fits_a_panel_without_journeys(run, shop):
    (shop / "attribution.toml").write_text(CONFIG)
    run("run", "--check")
    assert not (shop / "made").exists()
    done = run("run")
    assert "── mmm" in done.err
    rows = json.loads((shop / "out.json").read_text())
    assert {r["fit"] for r in rows} == {"mmm-shop"}
    shown = run("run", "--show-config").out
    assert 'model = "shop.toml"' in shown
    assert "[[fit.model]]" not in shown


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ('model = "shop.toml"', "mmm.model"),
        ("chains = 2", "mmm.chains: 1 is too few"),
        ('panel = ["weekly.csv"]', "mmm.panel"),
    ],
)
def test_run_refuses_before_the_first_step(run, shop, wrong, says):
    text = CONFIG.replace(wrong, "chains = 1" if "chains" in wrong else "")
    (shop / "attribution.toml").write_text(text)
    assert says in run("run", status=2).err
    assert not (shop / "made").exists()


def test_run_validates_the_panel_before_anything_is_ingested(run, shop):
    (shop / "touches.csv").write_text(TOUCHES)
    (shop / "orders.csv").write_text(ORDERS)
    weekly(40).drop(columns="tv_spend").to_csv(shop / "weekly.csv", index=False)
    ingest = '[ingest]\ntouchpoints = ["touches.csv"]\nconversions = ["orders.csv"]\ntimezone = "UTC"\n'
    (shop / "attribution.toml").write_text(CONFIG + ingest)
    assert "tv_spend" in run("run", status=2).err
    assert not (shop / "made").exists()


def test_python_fits_frames_without_a_workspace(shop, monkeypatch):
    monkeypatch.chdir(shop)
    import attribution  # noqa: PLC0415

    report = attribution.fit_mix(weekly(40), Path("shop.toml").read_text(), chains=2, tune=50, draws=50, rounds=1)
    assert not report.fit.gate.passed
    assert not (shop / "attribution-workspace").exists()
    table = attribution.mix_credits(report.stored, by=("month",))
    assert table["conversions"].sum() == pytest.approx(weekly(40)["sales"][MASKED:].sum())
    attribution.fit_mix("weekly.csv", "shop.toml", workspace="api", chains=2, tune=50, draws=50, rounds=1, checks=False)
    back = attribution.load_mix("api")
    np.testing.assert_array_equal(back.posterior.points, report.stored.posterior.points)
    with pytest.raises(attribution.UsageError, match="a frame or a file is needed"):
        attribution.fit_mix(3, "shop.toml")
