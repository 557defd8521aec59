"""The holdout of a policy: who takes part, that it is stable, and what it says of its power beforehand."""

from __future__ import annotations

import hashlib
import math

import msgspec
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.suppression.holdout import hold_out
from attribution.suppression.policy import Suppression
from attribution.suppression.rules import REASONS, SuppressionPolicy

PROTECTED = {"complaint", "employee", "test-account"}
EVERY = SuppressionPolicy(rules=tuple(REASONS), holdout=0.3)


def listing(rules):
    rows = [(f"c{n}", REASONS[r], r, None, None, None) for n, r in enumerate(rules)]
    columns = ["customer_id", "reason", "rule", "since", "suppress_until", "channel"]
    return Suppression(pd.DataFrame(rows, columns=columns), ())


@given(st.lists(st.sampled_from(list(REASONS)), min_size=1, max_size=60), st.sampled_from((0.1, 0.3, 0.45)))
def test_only_people_of_commercial_rules_are_held_out_and_a_larger_share_keeps_them(rules, share):
    found = listing(rules)
    made = hold_out(found, msgspec.structs.replace(EVERY, holdout=share), "salt")
    protected = {f"c{n}" for n, r in enumerate(rules) if r in PROTECTED}
    everybody = {f"c{n}" for n in range(len(rules))}
    arms = made.holdout.arms
    out = set(arms.loc[arms["arm"] == "held_out", "customer_id"])
    assert set(arms["customer_id"]) == everybody - protected
    assert set(made.people["customer_id"]) == everybody - out
    assert out == {
        c
        for c in everybody - protected
        if int(hashlib.sha256(f"salt\x1fsuppression\x1f{c}".encode()).hexdigest()[:15], 16) % 10_000 < share * 10_000
    }
    wider = hold_out(found, msgspec.structs.replace(EVERY, holdout=0.5), "salt").holdout.arms
    assert out <= set(wider.loc[wider["arm"] == "held_out", "customer_id"])


@pytest.fixture
def shop(run, tmp_path):
    # Half bought within the last 28 days, everybody within the window.
    rows = [f"p{n},2026-{'06-10' if n % 2 else '05-10'} 12:00:00,5" for n in range(300)]
    (tmp_path / "o.csv").write_text("\n".join(["unified_id,timestamp,value", *rows]) + "\n")
    (tmp_path / "attribution.toml").write_text(
        '[suppression]\nrules = ["recent"]\nwindow_days = 60\nholdout = 0.1\nexperiment = "june"\n'
    )
    run("ingest", "--no-journeys", "--conversions", "o.csv")
    return tmp_path


def arms_of(folder):
    (path,) = (folder / "attribution-workspace" / "lists").glob("suppression-*/holdout.csv")
    assert path.stat().st_mode & 0o777 == 0o600
    return pd.read_csv(path), pd.read_csv(path.with_name("suppression.csv"))


def test_the_list_leaves_them_out_and_says_what_can_be_shown(run, shop):
    told = run("suppress", "--config", "attribution.toml").err
    arms, people = arms_of(shop)
    out = arms.loc[arms["arm"] == "held_out", "customer_id"]
    assert len(arms) == 300
    assert 10 < len(out) < 60
    assert set(people["customer_id"]) == set(arms["customer_id"]) - set(out)
    # (z of 97.5 % + z of 80 %) · sqrt(p (1 − p)) · sqrt(1/n + 1/m), Cohen (1988).
    least = (1.959964 + 0.841621) * 0.5 * math.sqrt(1 / len(out) + 1 / (300 - len(out)))
    assert f"a difference of {100 * least:.3g} points in the share who buy within 28 days, 50 % before" in told
    run("suppress", "--config", "attribution.toml")
    assert arms_of(shop)[0].equals(arms)


def test_a_holdout_too_small_to_show_anything_is_said(run, shop):
    text = (shop / "attribution.toml").read_text()
    (shop / "attribution.toml").write_text(text.replace("0.1", "0.0001"))
    assert "What it can show cannot be told" in run("suppress", "--config", "attribution.toml").err
    (shop / "attribution.toml").write_text(text.replace("0.1", "0.7"))
    assert "suppression.holdout" in run("suppress", "--config", "attribution.toml", status=2).err
