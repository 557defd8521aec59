"""``attribution simulate``: files that every other command reads, the same bytes for the same seed."""

from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest


def digest(folder) -> str:
    return hashlib.sha256(b"".join(p.read_bytes() for p in sorted(folder.iterdir()))).hexdigest()


def test_a_market_is_written_read_and_compared_with_its_truth(run, tmp_path):
    shown = run("simulate", "paths", "one", "--preset", "retargeting-trap", "--people", "1500", "--seed", "2")
    assert "Retargeting" in shown.out
    run("simulate", "paths", "two", "--preset", "retargeting-trap", "--people", "1500", "--seed", "2")
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    names = ("touchpoints", "conversions", "customers", "identities", "spend", "assignments")
    told = run("ingest", *(f"one/{n}.csv" for n in names), "--timezone", "UTC").err
    assert "quarantined" not in told
    for name in names:
        assert f"one/{name}.csv: {name}" in told
    run("fit", "paths", "--models", "last,linear")
    truth = pd.read_csv(tmp_path / "one" / "truth.csv")
    total = truth[(truth["truth"] == "total") & (truth["conversions"] > 0)]
    total[["channel", "conversions"]].to_csv(tmp_path / "total.csv", index=False)
    assert "Against the truth" in run("compare", "--truth", "total.csv").out


def test_unknown_presets_and_intents_are_answered(run):
    assert 'Did you mean "null-channel"' in run("simulate", "paths", "x", "--preset", "nul-channel", status=2).err
    assert "latent-intent" in run("simulate", "paths", "x", "--intent", "hidden", status=2).err


def test_a_mix_world_is_written_with_its_truth_and_the_same_bytes(run, tmp_path):
    options = ("--preset", "confounded", "--seed", "3", "--weeks", "30", "--geos", "3")
    told = run("simulate", "mix", *options, "-o", "one")
    assert "(baseline)" in told.out
    assert "marginal ROAS" in told.out
    assert "90 rows" in told.err
    run("simulate", "mix", *options, "-o", "two")
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    files = {p.name for p in (tmp_path / "one").iterdir()}
    assert files == {
        "panel.csv", "lifts.csv", "truth.csv", "truth_by_period.csv", "truth_curves.csv", "world.json",
    }  # fmt: skip
    panel = pd.read_csv(tmp_path / "one" / "panel.csv")
    truth = pd.read_csv(tmp_path / "one" / "truth.csv")
    assert truth["contribution"].sum() == pytest.approx(panel["outcome"].sum())
    assert not panel.isna().any().any()
    described = json.loads((tmp_path / "one" / "world.json").read_text())
    assert described["world"]["seed"] == 3
    assert set(described["effects"]) == set(truth["channel"]) - {"promo", "(baseline)", "(unattributed)"}


def test_media_around_the_window_have_rows_without_outcome(run, tmp_path):
    run("simulate", "mix", "--weeks", "26", "--media-before", "--media-after", "-o", "wide")
    panel = pd.read_csv(tmp_path / "wide" / "panel.csv")
    assert panel["outcome"].notna().sum() == 26
    assert len(panel) == 8 + 26 + 7
    assert panel["search_spend"].notna().all()


def test_worlds_that_cannot_be_are_answered(run):
    assert 'Did you mean "geo"' in run("simulate", "mix", "--preset", "gep", "-o", "x", status=2).err
    assert "26 weeks or more" in run("simulate", "mix", "--weeks", "5", "-o", "x", status=2).err
    assert "geos >= 1" in run("simulate", "mix", "--geos", "0", "-o", "x", status=2).err
    assert "thousand people" in run("simulate", "mix", "--geos", "20000", "-o", "x", status=2).err
    assert "--output" in run("simulate", "mix", status=2).err


def test_people_and_their_ids_are_written_with_their_truth_and_the_same_bytes(run, tmp_path):
    told = run("simulate", "identities", "one", "--people", "400", "--seed", "3")
    assert "placeholder" in told.out
    run("simulate", "identities", "two", "--people", "400", "--seed", "3")
    run("simulate", "identities", "wide", "--people", "400", "--seed", "3", "--layout", "wide")
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    assert (tmp_path / "one" / "truth.csv").read_bytes() == (tmp_path / "wide" / "truth.csv").read_bytes()
    told = run("-w", "w", "ingest", "--identities", "wide/links.csv", "--timezone", "UTC").err
    assert "wide/links.csv: identities" in told
    assert "quarantined" not in told
    # Of a pair whose one end says null or zeros nothing is left to link.
    pairs = pd.read_csv(tmp_path / "one" / "links.csv", keep_default_na=False)
    none = (pairs[["id_a", "id_b"]].isin(["null", "undefined", f"{'0' * 8}-0000-0000-0000-{'0' * 12}"])).any(axis=1)
    told = run("-w", "v", "ingest", "--identities", "one/links.csv", "--timezone", "UTC").err
    assert f"{none.sum():,} of {len(pairs):,} rows quarantined" in told
