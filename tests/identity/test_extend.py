"""A run on top of an earlier one gives, byte for byte, what resolving everything again gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from attribution.identity import run
from attribution.ingest.ingest import ingest
from attribution.settings import IngestSettings
from attribution.steps.identify import IdentityReport, identify_step
from attribution.workspace import Workspace

FILES = (
    "registry.arrow",
    "ledger.parquet",
    "aliases.parquet",
    "graph-pairs.arrow",
    "graph-rows.arrow",
    "graph-cut.arrow",
)
ZEROS = "00000000-0000-0000-0000-000000000000"


def links(rng: np.random.Generator, rows: int, people: int) -> pd.DataFrame:
    """Rows of two or three ids of one person, now and then with an id of another, or a placeholder."""
    found = []
    for _ in range(rows):
        person, row = rng.integers(people), {}
        for kind in rng.permutation(["email", "crm", "cookie", "device", "cookie2"])[: rng.integers(2, 4)]:
            whose = person if rng.random() > 0.08 else rng.integers(people)
            name = f"{kind}-{whose}-{rng.integers(2)}"
            row["id:" + kind.rstrip("2")] = f"{name}@x.de" if kind == "email" else name
        if rng.random() < 0.05:
            row["id:device"] = ZEROS
        row["seen_at"] = str(pd.Timestamp("2026-01-01") + pd.Timedelta(minutes=int(rng.integers(100_000))))
        found.append(row)
    return pd.DataFrame(found)


def history(folder: Path, parts: list[pd.DataFrame]) -> IdentityReport:
    """Each part ingested and identified after the other; the last run's report."""
    folder.mkdir()
    workspace = Workspace(folder / "workspace")
    for number, part in enumerate(parts):
        part.to_csv(folder / f"{number}.csv", index=False)
        ingest(workspace, {"identities": [str(folder / f"{number}.csv")]}, IngestSettings(timezone="UTC"))
        report = identify_step(workspace)
    return report


@pytest.mark.parametrize("seed", range(6))
def test_runs_on_top_equal_full_runs(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    people = int(rng.integers(5, 60))
    parts = [links(rng, int(rng.integers(10, 150)), people) for _ in range(3)]
    calls: list[int] = []
    extend = run.extend
    monkeypatch.setattr(run, "extend", lambda *given: (calls.append(1), extend(*given))[1])
    mine = history(tmp_path / "on-top", parts)
    assert len(calls) == 2
    monkeypatch.setattr(run, "extend", lambda *_: None)
    full = history(tmp_path / "full", parts)
    for name in FILES:
        assert (mine.folder / name).read_bytes() == (full.folder / name).read_bytes(), name
    order = ["guard", "key", "partner"]
    audits = [pq.read_table(r.folder / "audit.parquet").to_pandas().sort_values(order) for r in (mine, full)]
    pd.testing.assert_frame_equal(*(a.reset_index(drop=True) for a in audits))
    assert mine.profile == full.profile
