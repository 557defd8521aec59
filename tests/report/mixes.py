"""Tiny media-mix fits for the report's tests: sampled in a moment, too short to be believed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from attribution.mix.stored import StoredMix
from attribution.steps.mmm import MixOptions, Tuning, mmm_step
from attribution.workspace import Workspace
from tests.mix.markets import MODEL, weekly

QUICK = Tuning(chains=2, tune=120, draws=100)
PERIODS = 70
CHANNEL = '[[channel]]\nname = "{0}"\nspend = "{0}"\nadstock = {{ l_max = 2 }}\n'


def fit_into(folder: Path, name: str, panel: pd.DataFrame, model: str, *, checks: bool = False) -> StoredMix:
    """Fit a panel into the workspace ``ws`` of a folder."""
    panel.to_csv(folder / f"{name}.csv", index=False)
    (folder / f"{name}.toml").write_text(model, encoding="utf-8")
    options = MixOptions(name=name, tuning=QUICK, rounds=1, checks=checks)
    return mmm_step(
        Workspace(folder / "ws"), [str(folder / f"{name}.csv")], folder / f"{name}.toml", options=options
    ).stored


def with_off_weeks(periods: int = PERIODS) -> pd.DataFrame:
    """A national panel in which search was off now and then, and tv never."""
    panel = weekly(periods)
    panel.loc[::9, "sales"] -= 3 * panel.loc[::9, "search_spend"]
    panel.loc[::9, "search_spend"] = 0.0
    panel["tv_grp"] += 20.0
    return panel


def many(channels: int, periods: int = 30) -> tuple[pd.DataFrame, str]:
    """A panel and a model of many channels."""
    rng = np.random.default_rng(4)
    names = [f"channel {i:02d}" for i in range(channels)]
    spend = rng.gamma(2.0, 30.0, (channels, periods))
    panel = pd.DataFrame(
        {"date": weekly(periods)["date"], "sales": 500 + spend.sum(axis=0) + rng.normal(0, 10, periods)}
    )
    panel = panel.assign(**dict(zip(names, spend.round(2), strict=True)))
    return panel, '[data]\noutcome = "sales"\n\n' + "\n".join(CHANNEL.format(n) for n in names)


LOG_MODEL = '[model]\nlink = "log"\n' + MODEL
ORDERS_MODEL = MODEL.replace('outcome = "sales"', 'outcome = "sales"\nrevenue = false', 1)
