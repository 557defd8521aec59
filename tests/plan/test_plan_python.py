"""Plans from Python are those of the command."""

from __future__ import annotations

import io

import pandas as pd
import pytest

import attribution
from attribution.errors import UsageError
from attribution.plans import Goal, Target


def test_a_plan_is_the_command_s(run, ws):
    report = attribution.plan_mix(ws, budget=2000.0, bounds={"tv": ("0.5x", 1500)}, goal=Goal("cvar", 0.2))
    told = run("plan", "-w", ws, "--budget", 2000, "--channel-bounds", "tv=0.5x:1500", "--objective", "cvar",
               "--quantile", 0.2, "-f", "csv")  # fmt: skip
    frame = pd.read_csv(io.StringIO(told.out))
    pd.testing.assert_frame_equal(
        report.table[["channel", "spend", "outcome", "beats"]], frame[["channel", "spend", "outcome", "beats"]]
    )
    assert report.calendar["spend"].sum() == pytest.approx(2000)
    stored = attribution.load_mix(ws)
    assert attribution.plan_mix(stored, target=Target("roas", 2.0), within="0x:3x").z.sum() > 0


def test_steps_groups_and_moves(ws):
    report = attribution.plan_mix(ws, steps={"tv": 25.0}, groups={"tv,search": (0, "1x")}, within="0x:2x")
    tv = report.table.set_index("channel").loc["tv", "spend"]
    assert tv / 25 == pytest.approx(round(tv / 25))
    with pytest.raises(UsageError, match="no channel"):
        attribution.plan_mix(ws, locks=["radio"])
