"""Journeys that are quick to make: a workspace of dated touches, and journeys of paths without a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from attribution.credit.intervals import Uncertainty
from attribution.ingest.ingest import ingest
from attribution.journeys.journeys import JourneyPart, Journeys, Unit
from attribution.settings import IngestSettings, JourneySettings
from attribution.steps.fit import fit_step
from attribution.workspace import Workspace
from attribution_models.paths.markov import Markov
from attribution_models.paths.rules import First

CHANNELS = ("Search", "Social", "Video", "E-mail", "Display")


def timed_workspace(folder: Path, people: int = 400) -> Workspace:
    """Touches of people over sixty days, a part of whom convert, some of them untouched; two chains with intervals."""
    draw = np.random.default_rng(7)
    touches, conversions = [], []
    for person in range(people):
        at = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.sort(draw.uniform(0, 60, draw.integers(0, 7))), "D")
        touches += [(f"p{person}", t, CHANNELS[int(c)]) for t, c in zip(at, draw.choice(5, len(at)), strict=True)]
        if draw.random() < 0.5:
            bought = (at[-1] if len(at) else pd.Timestamp("2026-02-01")) + pd.Timedelta(draw.exponential(2), "D")
            conversions.append((f"p{person}", bought, round(float(draw.gamma(2, 30)), 2)))
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(touches, columns=["unified_id", "timestamp", "channel"]).to_parquet(folder / "touches.parquet")
    pd.DataFrame(conversions, columns=["unified_id", "timestamp", "value"]).to_parquet(folder / "orders.parquet")
    workspace = Workspace(folder / "workspace")
    files = {"touchpoints": [str(folder / "touches.parquet")], "conversions": [str(folder / "orders.parquet")]}
    ingest(workspace, files, IngestSettings())
    fit_step(workspace, (First(), Markov(), Markov(order=2)), uncertainty=Uncertainty(bootstrap=20))
    return workspace


def path_journeys(rows: Sequence[tuple[Sequence[str], int, int]], parts: int = 1) -> Journeys:
    """Aggregated paths as journeys: (channels, conversions, nulls), dealt out over parts."""
    names = sorted({c for path, _, _ in rows for c in path})
    made = tuple(_part(rows[i::parts], names) for i in range(parts))
    units = tuple(Unit(i, n) for i, n in enumerate(names))
    return Journeys(JourneySettings(), units, (), (), {"journeys": len(rows)}, (), made, timed=False)


def _part(rows: Sequence[tuple[Sequence[str], int, int]], names: list[str]) -> JourneyPart:
    nothing = np.full(len(rows), -1, np.int32)
    conversions, nulls = (np.array([float(r[i]) for r in rows]) for i in (1, 2))
    return JourneyPart(
        customer=None, ended_at=None, conversions=conversions, value=np.zeros(len(rows)), nulls=nulls, kind=nothing,
        geo=nothing, existing=np.zeros(len(rows), np.bool_),
        offsets=np.cumsum([0, *(len(r[0]) for r in rows)]).astype(np.int64),
        units=np.array([names.index(c) for r in rows for c in r[0]], np.int32), at=None,
    )  # fmt: skip
