"""Simulation-based calibration of the mix model: every replicate of every spec, kept as it is done, and judged.

For each spec: parameters are drawn from the prior and outcomes (and lifts) from the PyMC graph; each world is fitted as
`attribution fit mmm` does it, and its truth ranked among the posterior's draws. Where model, sampler and effects are
right, ranks are uniform. Judged per quantity by the simultaneous envelope of the ranks' ECDF, Holm-adjusted over all
quantities of all specs in the run. More than 1 % of fits that fail their gate is a failure too.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attribution_models.paths.pairs import holm
from benchmarks.study_mmm_sbc import DRAWS, Job, calibrate
from benchmarks.study_mmm_specs import CASES
from benchmarks.study_mmm_truth import worlds
from benchmarks.study_mmm_uniform import bias, envelope_p, spread

LEVEL = 0.05  # of the Holm-adjusted p-value
MOST_FAILED = 0.01
SEED = 20_260
WORST = 3  # quantities that are shown of each spec


def jobs_of(specs: list[str], replicates: int) -> Iterator[Job]:
    """Draw all worlds of each spec; the graph is compiled once for each."""
    for name in specs:
        print(f"{name}: drawing {replicates} worlds from the PyMC graph", file=sys.stderr, flush=True)
        for world in worlds(CASES[name](), replicates, SEED):
            yield Job(name, world)


def run(specs: list[str], replicates: int, workers: int, kept: Path, *, resume: bool) -> list[dict[str, Any]]:
    """Fit what is not known yet; every result is written as it comes."""
    jobs = list(jobs_of(specs, replicates))
    known = read(kept) if resume else {}
    kept.parent.mkdir(parents=True, exist_ok=True)
    todo = [job for job in jobs if job.key not in known]
    # Spawned, not forked: workers have no PyMC, and none of its threads.
    with (
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
        kept.open("a" if resume else "w", encoding="utf-8") as file,
    ):
        running, started = {pool.submit(calibrate, job): job.key for job in todo}, time.perf_counter()
        for number, done in enumerate(as_completed(running), 1):
            known[running[done]] = done.result()
            print(json.dumps(done.result()), file=file, flush=True)
            left = (time.perf_counter() - started) / number * (len(todo) - number)
            print(f"\r{number} of {len(todo)} fits, {left / 60:.0f} min left ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return [known[job.key] for job in jobs]


def read(kept: Path) -> dict[tuple[str, int, str], dict[str, Any]]:
    """Results of an earlier run by spec, replicate and digest of the world; a line cut short is left out."""
    found = {}
    for line in kept.read_text(encoding="utf-8").splitlines() if kept.exists() else ():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        found[row["spec"], row["replicate"], row["digest"]] = row
    return found


def quantities(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """One line per spec and quantity: bias and spread of ranks, the envelope's p-value, and Holm's."""
    found = []
    for spec in dict.fromkeys(row["spec"] for row in rows):
        some = [row["ranks"] for row in rows if row["spec"] == spec]
        for name in some[0]:
            ranks = np.array([r[name] for r in some])
            found.append([spec, name, bias(ranks, DRAWS), spread(ranks, DRAWS), envelope_p(ranks, DRAWS)])
    table = pd.DataFrame(found, columns=["spec", "quantity", "bias", "spread", "p"])
    return table.assign(holm=holm(table["p"].to_numpy()))


def summary(rows: list[dict[str, Any]], table: pd.DataFrame) -> pd.DataFrame:
    """One line per spec with its verdict."""
    found = []
    for spec, part in table.groupby("spec", sort=False):
        fits = [row for row in rows if row["spec"] == spec]
        failed = sum(not row["passed"] for row in fits)
        uniform, reliable = bool((part["holm"] >= LEVEL).all()), failed <= MOST_FAILED * len(fits)
        found.append([
            spec, len(fits), failed, len(part), int((part["p"] < LEVEL).sum()), part["p"].min(), part["holm"].min(),
            float(np.median([row["seconds"] for row in fits])), "pass" if uniform and reliable else "FAIL",
        ])  # fmt: skip
    head = ["spec", "replicates", "failed fits", "quantities", "p < 5 %", "least p", "least Holm p", "seconds", ""]
    return pd.DataFrame(found, columns=head)


def worst(table: pd.DataFrame) -> pd.DataFrame:
    """The quantities of each spec whose ranks look least uniform."""
    return table.sort_values("p").groupby("spec", sort=False).head(WORST).sort_values("spec", kind="stable")
