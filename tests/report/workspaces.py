"""Workspaces that reports are made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from attribution.configuration import Report
from attribution.demo import write_demo
from attribution.ingest.ingest import ingest
from attribution.run import run
from attribution.settings import IngestSettings
from attribution.steps.fit import fit_step
from attribution.workspace import Workspace
from attribution_models.paths.markov import Markov
from attribution_models.paths.rules import First, Last

HOSTILE = ("<script>alert(1)</script>", '=HYPERLINK("http://x.example","y")', 'a"b\\c', "]]>&amp;", "Straße 日本 |*_`")


def demo_workspace(folder: Path, people: int = 1500) -> Workspace:
    """The demo's workspace; its page is made by whoever looks at it."""
    configuration, _ = write_demo(folder, people, seed=5)
    run(msgspec.structs.replace(configuration, report=Report(enabled=False)), folder)
    return Workspace(folder / configuration.workspace)


def path_workspace(folder: Path, channels: Sequence[str], journeys: int = 300, seed: int = 1) -> Workspace:
    """Aggregated paths over channels, with two rules and a chain."""
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(journeys):
        steps = generator.choice(len(channels), size=generator.integers(1, 5))
        path = "\x1f".join(channels[int(i)] for i in steps)
        rows.append(
            (path, int(generator.integers(0, 4)), int(generator.integers(0, 9)), float(generator.uniform(5, 80)))
        )
    frame = pd.DataFrame(rows, columns=["path", "conversions", "nulls", "value"])
    return fitted(folder, frame)


def fitted(folder: Path, paths: pd.DataFrame) -> Workspace:
    """A workspace of aggregated paths."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "paths.parquet"
    paths.to_parquet(file)
    workspace = Workspace(folder / "workspace")
    ingest(workspace, {"paths": [str(file)]}, IngestSettings(path_separator="\x1f"))
    fit_step(workspace, (First(), Last(), Markov()))
    return workspace
