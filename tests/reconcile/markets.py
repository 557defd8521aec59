"""A small joint market in a workspace: paths, a quickly sampled media-mix fit, a holdout."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from attribution.credit.intervals import Uncertainty
from attribution.ingest.ingest import ingest
from attribution.steps.fit import fit_step
from attribution.steps.mmm import MixOptions, Tuning, mmm_step
from attribution.workspace import Workspace
from attribution_models.paths.markov import Markov
from attribution_models.paths.rules import Last
from attribution_models.worlds.joint_world import JointTables, JointWorld, simulate_joint

HEAD = """[model]
history = "zero"
[data]
outcome = "conversions"
revenue = false
[defaults.adstock]
l_max = 3
[defaults.effect]
contribution = { dist = "beta", alpha = 1, beta = 9 }
"""
QUICK = Tuning(chains=2, tune=200, draws=250)


def market(weeks: int = 30, people: int = 700) -> JointTables:
    """Of a seed that no study uses."""
    return simulate_joint(JointWorld(11, people=people, weeks=weeks, held_out=0.3))


def model(joint: JointTables) -> str:
    return HEAD + "".join(f'[[channel]]\nname = "{c}"\nspend = "{c}"\n' for c in joint.truth)


def write(folder: Path, joint: JointTables) -> None:
    """Its tables as files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("touchpoints", "conversions", "assignments"):
        pd.DataFrame(dict(getattr(joint.paths, name))).to_csv(folder / f"{name}.csv", index=False)
    pd.DataFrame(dict(joint.panel)).to_csv(folder / "panel.csv", index=False)
    (folder / "model.toml").write_text(model(joint), encoding="utf-8")


def workspace(folder: Path, joint: JointTables | None = None, *, lookback: str = "30d") -> Workspace:
    """Everything ingested and fitted."""
    write(folder, joint or market())
    place = Workspace(folder / "ws")
    ingest(place, {n: [str(folder / f"{n}.csv")] for n in ("touchpoints", "conversions", "assignments")})
    fit_step(place, (Last(), Markov()), uncertainty=Uncertainty(bootstrap=20))
    mix_into(place, folder)
    return place


def mix_into(place: Workspace, folder: Path, panel: str = "panel.csv", name: str | None = None) -> None:
    options = MixOptions(name=name, tuning=QUICK, rounds=1, checks=False)
    mmm_step(place, [str(folder / panel)], folder / "model.toml", options=options)


def copied(place: Workspace, folder: Path) -> Workspace:
    """A copy that a test may change."""
    shutil.copytree(place.path.parent, folder, dirs_exist_ok=True)
    return Workspace(folder / place.path.name)
