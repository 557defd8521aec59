"""Known effects on public data, without a peer beside them (that is ``make bench-mmm``).

One line per data set and channel: true return on spend, the posterior's mean and 90 % interval, and z = (mean −
truth) / standard deviation, by the three specifications of `mmm/recovery_ours.py`. A set of eight returns passes
where at least seven are inside, the count does not contradict 90 % (binomial test, 1 %), every |z| is below 3 and
every fit passed its gate; each set has the confounded data once, with its confounder or with two lift tests in its
place. What decides is the drafted model; the analyst's was written after the draft had missed on these data, the peer's
is for comparison. The draft itself was changed once since, by `study_mmm_drafts` on simulated markets (``--lifts``).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from scipy.stats import binomtest

from attribution.mix.panel import read_panel
from attribution_models.mix.fit import fit
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.structure import structure
from benchmarks.mmm.recovery_data import Case, cases
from benchmarks.mmm.recovery_ours import LEVEL, analyst, compared, drafted, lifts, peers

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("ATTRIBUTION_TEST_DATA", ROOT.parent / "shared" / "data")) / "mmm"
SPECS = ("drafted", "analyst", "peer")
DECIDES = "drafted"
LEAST_INSIDE, MOST_Z, LEAST_P = 7, 3, 0.01
SETS = {
    "with the confounder": ("mmm_example", "roas_with_z", "small_business"),
    "with lift tests": ("mmm_example", "roas_with_lifts", "small_business"),
}


def run(seed: int = 1) -> pd.DataFrame:
    """Fit every data set by both specifications: one line per channel."""
    return pd.concat([recover(case, spec, seed) for spec in SPECS for case in cases(DATA)], ignore_index=True)


def recover(case: Case, spec: str, seed: int) -> pd.DataFrame:
    """One data set by one specification."""
    with TemporaryDirectory() as name:
        words = case.write(Path(name))
        table, given = words.with_suffix(".csv"), json.loads(words.read_text(encoding="utf-8"))
        made = {"drafted": drafted, "analyst": analyst}.get(spec)
        model, seen = (peers(given), table) if made is None else made(given, table, Path(name))
        data = read_panel([str(seen)], model).data
    done = fit(structure(model, data, lifts(given, model, data)), Tuning(seed=seed))
    found = pd.DataFrame(compared(given, done)["roas"]).T.rename_axis("channel").reset_index()
    columns = ["truth", "mean", "sd", "q05", "q95"]
    found[columns] = found[columns].astype(float)
    z, inside = (found["mean"] - found["truth"]) / found["sd"], found["inside"].astype(bool)
    found.insert(0, "spec", spec)
    found.insert(1, "data", case.name)
    return found[["spec", "data", "channel", *columns]].assign(z=z, inside=inside, gate=done.gate.passed)


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """Per specification and set of eight: how many are inside, whether that contradicts 90 %, the largest |z|."""
    rows = []
    for spec in SPECS:
        for name, data in SETS.items():
            part = table[(table["spec"] == spec) & table["data"].isin(data)]
            inside, largest = int(part["inside"].sum()), float(part["z"].abs().max())
            p = float(binomtest(inside, len(part), LEVEL).pvalue)
            good = inside >= LEAST_INSIDE and largest < MOST_Z and p >= LEAST_P and bool(part["gate"].all())
            error = float((part["mean"] - part["truth"]).abs().sum())
            verdict = ("pass" if good else "FAIL") if spec == DECIDES else f"shown ({'pass' if good else 'fail'})"
            rows.append([spec, name, len(part), inside, p, largest, error, verdict])
    return pd.DataFrame(rows, columns=["spec", "set", "returns", "inside", "binomial p", "max |z|", "Σ |error|", ""])
