"""``attribution simulate paths``: files that every other command reads, the same bytes for the same seed."""

from __future__ import annotations

import hashlib

import pandas as pd


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
