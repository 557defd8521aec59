"""`attribution suppress --match-rates`: what a list frees, worked out again by hand."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from attribution.configuration import read_configuration
from attribution.errors import UsageError
from attribution.suppression.acts_on import acts_on
from attribution.suppression.exposure import Exposure, Period
from attribution.suppression.freed import Margin, PlatformExposure, freed_of
from attribution.suppression.matches import MatchReport
from attribution_models.value.freed_spend import FreedSpendModel
from attribution_models.value.listed_impressions import ListedImpressions
from attribution_models.worlds.suppression_world import SuppressionWorld, simulate_suppression
from tests.cli.running import prepared

END = date(2026, 6, 30)
START = END - timedelta(27)
WORLD = SuppressionWorld(people=500, seed=31)
MARKET = simulate_suppression(WORLD)
PEOPLE = MARKET[0].impressions.shape[0]


def moments(rng, number, first):
    # No two are equal: rows that are there twice count once.
    return [f"{first + timedelta(int(d))} {n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}"
            for n, d in enumerate(rng.integers(0, 28, number))]  # fmt: skip


def market(folder):
    """The world as files: impressions of the listed people before and in the last 28 days, spend of everybody."""
    rng = np.random.default_rng(1)
    touches = []
    for found in MARKET:
        for shown, first in ((found.selection, START - timedelta(28)), (found.impressions[:, 0], START)):
            who = np.repeat(np.arange(PEOPLE), shown)
            touches.append(
                pd.DataFrame({"unified_id": [f"c{n:04d}" for n in who], "timestamp": moments(rng, who.size, first),
                              "channel": found.platform.name.title(), "interaction": "impression"})
            )  # fmt: skip
    # Somebody's last touch is the last day; a customer of the last days was no customer when they began.
    late = pd.DataFrame({"unified_id": ["late"] * 9, "timestamp": f"{END} 23:00:00", "channel": "Search",
                         "interaction": "impression"})  # fmt: skip
    late["timestamp"] = [f"{END} {h:02d}:00:00" for h in range(9)]
    pd.concat([*touches, late]).to_csv(folder / "touches.csv", index=False)
    orders = pd.DataFrame({"unified_id": [f"c{n:04d}" for n in range(PEOPLE)], "timestamp": "2026-03-01 10:00:00",
                           "value": 40.0})  # fmt: skip
    orders.loc[len(orders)] = ["late", f"{START + timedelta(2)} 10:00:00", 40.0]
    orders.to_csv(folder / "orders.csv", index=False)
    rows = [
        (
            str(START + timedelta(14)),
            f.platform.name.title(),
            f.spend[0],
            f.served[0],
        )
        for f in MARKET
    ] + [(str(START - timedelta(3)), f.platform.name.title(), 9999.0, 1) for f in MARKET]
    pd.DataFrame(rows, columns=["date", "channel", "spend", "impressions"]).to_csv(folder / "spend.csv", index=False)
    reports = []
    for f in MARKET:
        for group, mine in enumerate(np.array_split(np.argsort(f.selection, kind="stable"), 5), 1):
            reports.append((f.platform.name, group, mine.size, int(f.matched[mine].sum()), f.platform.excluded,
                            f.platform.unexpired))  # fmt: skip
    names = ["platform", "group", "uploaded", "matched", "excluded", "unexpired"]
    pd.DataFrame(reports, columns=names).to_csv(folder / "fifths.csv", index=False)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("freed")
    market(folder)
    prepared(folder, ("ingest", "--no-journeys", "--timezone", "UTC", "--touchpoints", "touches.csv", "--conversions",
                      "orders.csv", "--spend", "spend.csv"))  # fmt: skip
    return folder


@pytest.fixture
def here(shop, tmp_path, run):
    shutil.copytree(shop, tmp_path, dirs_exist_ok=True)
    return tmp_path


def kept(folder):
    workspace = folder / "attribution-workspace"
    entry = json.loads((workspace / "manifest.json").read_text())["lists"]["suppression"]
    return json.loads((workspace / entry["freed"]).read_text()) if entry["freed"] else None


def by_hand():
    """The world's own arrays in the model."""
    listed = []
    for f in MARKET:
        rank = np.argsort(np.argsort(f.selection, kind="stable"), kind="stable")
        sizes = [len(part) for part in np.array_split(np.arange(PEOPLE), 5)]
        stratum = np.repeat(np.arange(5), sizes)[rank]
        matched = np.bincount(stratum, f.matched, minlength=5)
        listed.append(ListedImpressions(f.platform.name, f.impressions.astype(float), f.spend, f.served,
                                        np.array(sizes, float), matched, stratum, f.platform.excluded,
                                        f.platform.unexpired))  # fmt: skip
    return FreedSpendModel().estimate(listed)


def test_the_figures_are_the_models_of_the_worlds_own_arrays(run, here):
    out = run("suppress", "--match-rates", "fifths.csv", "-f", "json")
    rows, expected = {row["platform"]: row for row in out.json}, by_hand()
    assert list(rows) == ["search", "social", "display", "(all)"]
    for want in (*expected.rows, expected.total):
        got = rows[want.platform]
        assert got["people"] == PEOPLE
        figures = [
            got[n] for n in ("listed", "match_rate", "spend_freed", "spend_freed_lower", "spend_freed_upper", "freed")
        ]
        assert figures == pytest.approx(
            [want.listed_impressions, want.match_rate, want.spend, want.spend_lower, want.spend_upper, want.impressions]
        )
    assert "saved" not in out.err.replace("The spend is freed, not saved", "")
    assert "net: unknown" in out.err
    for sentence in expected.assumptions:
        assert sentence in out.err


def exposed(found):
    """A platform of a world as the command sees it, uploaded in fifths."""
    ranks = np.argsort(np.argsort(found.selection, kind="stable"), kind="stable")
    sizes = np.array([len(part) for part in np.array_split(np.arange(ranks.size), 5)], float)
    report = MatchReport(found.platform.name, sizes, np.zeros(5), found.platform.excluded, found.platform.unexpired)
    matched = np.bincount(report.groups(ranks), found.matched, minlength=5)
    prices = pd.DataFrame(
        {"channel": [found.platform.name], "unit": "impressions", "served": found.served, "spend": found.spend}
    )
    people, shown = tuple(str(n) for n in range(ranks.size)), found.impressions[:, 0].astype(float)
    spent = Exposure(Period(0, 28), prices, "spend table")
    report = replace(report, matched=matched)
    return PlatformExposure(report, (found.platform.name,), spent, people, shown, shown, found.selection)


def test_intervals_hold_what_is_really_freed_in_worlds_with_known_truth():
    # Worlds as the declared spreads say they are; `make study-suppression` has 300 of them.
    inside, spreads = [], {"tilt": 0.25, "tilt_deviation": 0.25, "volume_deviation": 0.15, "cpm_deviation": 0.1}
    for seed in range(400, 440):
        found = simulate_suppression(SuppressionWorld(people=1000, seed=seed, **spreads))
        total = freed_of([exposed(f) for f in found], Margin(None, None), None).table.iloc[-1]
        inside.append(total["spend_freed_lower"] < sum(f.freed_spend for f in found) < total["spend_freed_upper"])
    low, high = binom.interval(0.99, len(inside), 0.8)
    assert low <= sum(inside) <= high


def test_it_is_kept_without_people_and_stays_as_long_as_the_list_is_the_same(run, here):
    run("suppress", "--match-rates", "fifths.csv", "--margin", "0.25")
    told = kept(here)
    (path,) = (here / "attribution-workspace" / "lists").glob("suppression-*/freed-*.json")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "c0001" not in path.read_text()
    assert told["people"] == PEOPLE
    # (spend freed / people) / margin of a purchase of 40.
    spend = told["platforms"][-1]["spend_freed"]
    assert told["net"]["break_even"] == pytest.approx(spend / PEOPLE / (0.25 * 40))
    assert told["net"]["net"] is None
    run("suppress")
    assert kept(here) == told
    (here / "more.csv").write_text("unified_id,timestamp,value\nc9999,2026-06-02 10:00:00,5\n")
    run("ingest", "--no-journeys", "--timezone", "UTC", "--conversions", "more.csv")
    run("suppress")
    assert kept(here) is None
    assert not list((here / "attribution-workspace" / "lists").glob("*/freed-*.json"))


def test_one_rate_a_mapping_and_channels_of_different_price(run, here):
    (here / "one.csv").write_text("platform;uploaded;matched\nGoogle Ads;1000;400\n")
    told = run("suppress", "--match-rates", "one.csv", status=2).err
    assert "[suppression.applies]" in told
    assert "google-ads" in told
    (here / "a.toml").write_text(
        '[suppression]\nrules = ["converted"]\n[suppression.applies]\ngoogle-ads = ["search", "DISPLAY"]\n'
    )
    row = run("suppress", "--config", "a.toml", "--match-rates", "one.csv", "-f", "json").json[0]
    mine = [f for f in MARKET if f.platform.name in ("search", "display")]
    assert row["channels"] == "Search, Display"
    assert row["listed"] == sum(int(f.impressions.sum()) for f in mine)
    # Each impression counts at its own channel's price: a median of 0.4 or more of what was really spent on the people.
    spent = sum(float(f.impressions.sum() * f.spend[0] / f.served[0]) for f in mine)
    assert 0.35 * spent < row["spend_freed"] < 0.65 * spent
    assert row["spend_freed_lower"] < row["spend_freed"] < row["spend_freed_upper"]
    (here / "two.csv").write_text("platform,uploaded,matched\nsearch,10,4\ngoogle-ads,10,4\n")
    assert "belongs to" in run("suppress", "--config", "a.toml", "--match-rates", "two.csv", status=2).err
    (here / "a.toml").write_text('[suppression]\n[suppression.applies]\nmeta = ["telly"]\n')
    (here / "two.csv").write_text("platform,uploaded,matched\nmeta,10,4\n")

    with pytest.raises(UsageError, match="telly"):
        acts_on(read_configuration(here / "a.toml").suppression, "meta", ("TV", "Search"))


def test_only_whom_a_file_may_hold_counts(run, here):
    rows = [f"c{n:04d},c{n:04d}@shop.example,{'granted' if n % 2 else 'unknown'}" for n in range(PEOPLE)]
    (here / "crm.csv").write_text("\n".join(["unified_id,email,consent", *rows]) + "\n")
    (here / "a.toml").write_text('[suppression]\nrules = ["converted"]\n[suppression.applies]\nmeta = ["social"]\n')
    (here / "m.csv").write_text("platform,uploaded,matched\nmeta,100,60\n")
    run("ingest", "--no-journeys", "--timezone", "UTC", "--customers", "crm.csv")
    out = run("suppress", "--config", "a.toml", "--platform", "meta", "--match-rates", "m.csv", "-f", "json")
    social = next(f for f in MARKET if f.platform.name == "social")
    assert out.json[0]["people"] == PEOPLE // 2
    assert out.json[0]["listed"] == social.impressions[1::2].sum()
    assert f"{PEOPLE // 2:,} of {PEOPLE:,} people have consent and an identifier" in out.err
    whole = run("suppress", "--config", "a.toml", "--match-rates", "m.csv", "-f", "json").json[0]
    assert whole["people"] == PEOPLE


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("platform,uploaded\nmeta,3\n", 2, 'Column "matched" not found'),
        ("platform,uploaded,matched\nsearch,3,4\n", 1, "line 2"),
        ("platform,uploaded,matched\nsearch,many,4\n", 1, "does not read"),
        ("platform,uploaded,matched\nsearch,30,4\nsearch,30,5\n", 1, "group"),
        ("platform,uploaded,matched\n,30,4\n", 1, "is empty"),
        ("platform,uploaded,matched,excluded\nsearch,30,4,2\n", 1, "one share from 0 to 1"),
        ("platform,uploaded,matched\n", 1, "no row"),
    ],
)
def test_files_that_do_not_say_it_are_refused(run, here, text, status, said):
    (here / "bad.csv").write_text(text)
    assert said in run("suppress", "--match-rates", "bad.csv", status=status).err


def test_options_go_together(run, here):
    assert "--match-rates" in run("suppress", "--margin", "0.3", status=2).err
    assert "share" in run("suppress", "--match-rates", "fifths.csv", "--margin", "30", status=2).err
    assert "whole days" in run("suppress", "--match-rates", "fifths.csv", "--period", "36h", status=2).err
    told = run("suppress", "--match-rates", "fifths.csv", "--period", "200d", status=2).err
    assert "nobody would have been on its list" in told
    assert "evaluate" in run("suppress", "--help").out


def test_without_impressions_touches_are_counted_and_it_is_said(run, tmp_path):
    rows = [f"c{n},2026-06-{d:02d} 10:00:00,Meta,2.5" for n in range(20) for d in (5, 20)]
    (tmp_path / "t.csv").write_text("\n".join(["unified_id,timestamp,channel,cost", *rows]) + "\n")
    orders = [f"c{n},2026-01-05 10:00:00" for n in range(10)]
    (tmp_path / "o.csv").write_text("\n".join(["unified_id,timestamp", *orders]) + "\n")
    (tmp_path / "m.csv").write_text("platform,uploaded,matched\nmeta,100,60\n")
    run("ingest", "--no-journeys", "--touchpoints", "t.csv", "--conversions", "o.csv")
    out = run("suppress", "--match-rates", "m.csv", "-f", "json")
    row = out.json[0]
    assert (row["unit"], row["listed"], row["people"]) == ("touches", 20, 10)
    assert 0 < row["spend_freed_lower"] < row["spend_freed_upper"] < 20 * 2.5 * 2
    assert "no impressions of Meta are known" in out.err
    assert "net: unknown. Purchases have no value" in out.err
