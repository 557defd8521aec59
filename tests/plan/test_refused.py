"""What ``attribution plan`` refuses: exit 2, one message that says what is wrong and what there is, no traceback."""

from __future__ import annotations

import json
import re

import pytest

from attribution.mix.stored import load_mix
from attribution.workspace import Workspace

NO_AMOUNT = "no amount above 0"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--budget", "nan"), NO_AMOUNT),
        (("--budget", "inf"), NO_AMOUNT),
        (("--budget", 0), NO_AMOUNT),
        (("--group", "tv,search=5:2"), "is above the upper one"),
        (("--group", "radio,tv=1:2"), 'no channel "radio"'),
        (("--step", "radio=100"), 'no channel "radio"'),
        (("--step", "tv=nan"), "not 0 or more"),
        (("--step", "tv=0"), "money above 0"),
        (("--step", "tv=1e9"), "no whole multiples"),
        (("--move", "radio=tv:20"), 'no channel "radio"'),
        (("--move", "tv=radio:20"), 'no channel "radio"'),
        (("--move", "tv=search:nan"), "no percentage"),
        (("--bounds", "nan:nan"), "not 0 or more"),
        (("--bounds=-1:2",), "not 0 or more"),
        (("--channel-bounds", "tv=nan:5"), "not 0 or more"),
        (("--target-roas", "nan"), "0 or more; got nan"),
        (("--target-outcome", "inf"), "0 or more; got inf"),
        (("--target-mroas=-1",), "0 or more; got -1"),
        (("--window", 500), "begins before the panel"),
        (("--window", "+500"), "Plan less far ahead"),
        (("--window", "+0"), "a plan needs a period"),
        (("--window", "2024-06-30..2024-02-01"), "its end lies before its begin"),
        (("--name", ""), "a plan needs a name"),
    ],
    ids=str,
)
def test_one_message_and_exit_2(run, ws, words, says):
    told = run("plan", "-w", ws, *words, status=2)
    assert says in told.err
    assert told.out == ""
    assert len(re.findall("^Error", told.err, re.MULTILINE)) == 1


def test_the_best_reachable_can_be_asked_for(run, ws):
    """The number in the message is one that a plan does reach."""
    told = run("plan", "-w", ws, "--target-outcome", 1e9, "--bounds", "0x:2x", status=2).err
    best = float(re.search(r"best reachable is ([\d,.]+)\.", told)[1].replace(",", ""))
    words = ("plan", "-w", ws, "--bounds", "0x:2x", "-f", "json", "--target-outcome")
    total = next(row for row in run(*words, 0.999 * best).json if row["channel"] == "(total)")
    assert total["outcome"] == pytest.approx(0.999 * best, rel=1e-3)
    assert "best reachable" in run(*words, 1.001 * best, status=2).err


@pytest.mark.parametrize("command", [("plan",), ("plan", "backtest"), ("plan", "test")], ids=" ".join)
def test_a_workspace_without_a_fit(run, tmp_path, command):
    touches = tmp_path / "touches.csv"
    touches.write_text("user_id,timestamp,channel\nann,2026-01-01 08:00:00,Search\n", encoding="utf-8")
    run("ingest", touches, "-w", tmp_path / "fresh")
    assert "No media-mix model was fitted yet" in run(*command, "-w", tmp_path / "fresh", status=2).err
    (tmp_path / "empty").mkdir()
    assert "No workspace" in run(*command, "-w", tmp_path / "empty", status=2).err


def test_a_backtest_refuses_before_it_fits(run, ws, monkeypatch):
    def never(*_, **__):
        raise AssertionError("fitted")

    monkeypatch.setattr("attribution.steps.plan_backtest.fit_before", never)
    assert 'no channel "radio"' in run("plan", "backtest", "-w", ws, "--lock", "radio", "--periods", 8, status=2).err
    assert "20 are needed" in run("plan", "backtest", "-w", ws, "--periods", 30, status=2).err
    assert "leave targets and --move out" in run("plan", "backtest", "-w", ws, "--move", "tv=search:5", status=2).err


def test_every_command_of_a_failed_fit_asks_for_force(run, ws):
    for words in ((), ("test",)):
        assert "did not converge" in run("plan", *words, "-w", ws, "--fit", "regions", status=1).err


def test_the_certificate_says_that_it_is_of_the_plan_before_rounding(run, ws):
    money = load_mix(Workspace(ws)).data.spend[:, 0, -13:].sum(axis=1)
    step = float(money[0]) / 4.3
    told = run("plan", "-w", ws, "--step", f"tv={step}", "--bounds", "0x:2x", "--objective", "expected")
    assert "before steps were rounded" in told.err
    assert "rounding took" in told.out
    held = json.loads((ws / "manifest.json").read_text(encoding="utf-8"))["plans"]["plan"]["certificate"]
    assert held["before_rounding"] is True
    free = run("plan", "-w", ws, "--bounds", "0x:2x", "--objective", "expected", "-f", "json", "--name", "free")
    rows = run("plan", "-w", ws, "--step", f"tv={step}", "--bounds", "0x:2x", "--objective", "expected", "-f", "json")
    whole, stepped = (next(r for r in told.json if r["channel"] == "(total)") for told in (free, rows))
    assert stepped["lost_by_rounding"] == pytest.approx(held["lost_by_rounding"])
    assert stepped["lost_by_rounding"] == pytest.approx(whole["outcome"] - stepped["outcome"], rel=1e-4, abs=1e-6)
    assert stepped["lost_by_rounding"] > 0
    assert "lost_by_rounding" not in whole
    assert "rounded" not in free.err


def test_a_probability_is_rounded_in_points(run, ws):
    step = float(load_mix(Workspace(ws)).data.spend[0, 0, -13:].sum()) / 2.7
    told = run("plan", "-w", ws, "--step", f"tv={step}", "--bounds", "0x:2x", "--objective", "beat-today")
    held = json.loads((ws / "manifest.json").read_text(encoding="utf-8"))["plans"]["plan"]["certificate"]
    assert f"rounding took {100 * held['lost_by_rounding']:.1f} points of the probability of a gain" in told.out
