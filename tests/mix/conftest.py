"""Fits that tests of commands share: sampled once."""

from __future__ import annotations

from pathlib import Path

import pytest

from attribution.steps.mmm import MixOptions, Tuning, mmm_step
from attribution.workspace import Workspace
from tests.mix.markets import GEO_MODEL, MODEL, geos, weekly

PERIODS = 40
PASSES = Tuning(chains=4, tune=300, draws=700)
FAILS = Tuning(chains=2, tune=50, draws=60)


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with ``mmm-regions``, which did not converge, and ``mmm-national``, which did and is the latest."""
    folder = tmp_path_factory.mktemp("kept")
    parts = (("regions", geos(PERIODS), GEO_MODEL, FAILS), ("national", weekly(PERIODS), MODEL, PASSES))
    for name, panel, model, tuning in parts:
        panel.to_csv(folder / f"{name}.csv", index=False)
        (folder / f"{name}.toml").write_text(model, encoding="utf-8")
        options = MixOptions(name=name, tuning=tuning, rounds=1, checks=False)
        mmm_step(Workspace(folder / "ws"), [str(folder / f"{name}.csv")], folder / f"{name}.toml", options=options)
    return folder
