"""Part ``robyn``: the same national model sampled by the engine and by PyMC-Marketing with nutpie."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any

from benchmarks.measure import Row
from benchmarks.mmm.runs import DATA, HOME, FailedError, Run, Runner
from benchmarks.peers import UnavailableError

PART = "robyn"
FILE = DATA / "robyn_dt_simulated_weekly.csv"
PRIORS = ("laplace", "normal")
# Environment, and how many times as many effective draws a second ours has to make.
BARS = {"pymc-marketing-1.3": 25.0, "pymc-marketing-0.19": 50.0}
SHOWN = {"pymc-marketing-1.3": "PyMC-Marketing 1.3", "pymc-marketing-0.19": "PyMC-Marketing 0.19"}
# The largest of 22 standard normal numbers is above 4 once in 700 times.
Z_BAR = 4.0
DENSITY_BAR = 1e-8
GATE = {"rhat": 1.01, "ess": 400.0}
LONGEST = 4000  # draws a chain


@dataclass(frozen=True, slots=True)
class Sides:
    """Runs of one prior by seed, the first ever before them; and why a peer could not be run."""

    ours: list[Run]
    peers: dict[str, list[Run]]
    missing: dict[str, str]


def robyn(runner: Runner, seeds: int) -> tuple[list[Row], dict[str, Any]]:
    """Both priors, every seed; sides take turns."""
    rows: list[Row] = []
    detail: dict[str, Any] = {}
    for prior in PRIORS:
        sides = measured(runner, prior, seeds)
        rows += first_fits(prior, sides)
        sides = Sides(sides.ours[1:], {name: runs[1:] for name, runs in sides.peers.items()}, sides.missing)
        rows += [*speeds(prior, sides), *gates(runner, prior, sides), *agreement(prior, sides, detail)]
        rows += equality(runner, prior, sides)
        rows += [_missing(f"{SHOWN[p]}, {prior}", why) for p, why in sides.missing.items()]
    return rows, detail


def measured(runner: Runner, prior: str, seeds: int) -> Sides:
    """Ours and each peer's with one seed after the other; seed 0 is the first fit ever and fills each side's cache."""
    sides = Sides([], {}, {})
    for seed in range(seeds + 1):
        sides.ours.append(runner.ours("robyn_ours", FILE, prior, seed, first=seed == 0))
        for name in BARS:
            if name in sides.missing:
                continue
            try:
                options = ("--", "--reference") if seed == 1 else ()
                found = runner.peer(name, "peer_pymc_marketing", FILE, prior, seed, *options, first=seed == 0)
            except (UnavailableError, FailedError) as error:
                sides.missing[name] = f"{'failed: ' if isinstance(error, FailedError) else ''}{error}"
                sides.peers.pop(name, None)
                continue
            sides.peers.setdefault(name, []).append(found)
    return sides


def first_fits(prior: str, sides: Sides) -> Iterator[Row]:
    """The fit call where nothing has been compiled on this machine before."""
    for name, runs in {"the engine": sides.ours, **{SHOWN[n]: r for n, r in sides.peers.items()}}.items():
        found = runs[0].result
        note = f"{found['ess_per_second']:,.1f} effective draws per second"
        yield Row(PART, f"{prior}: {name}, first fit ever, nothing compiled", found["seconds"]["fit"], "s", note=note)


def speeds(prior: str, sides: Sides) -> Iterator[Row]:
    """Effective draws per second of the fit call, what was compiled once loaded again on both sides; no imports."""
    mine = [_speed(r) for r in sides.ours]
    yield Row(
        PART, f"{prior}: the engine, least ESS per second", geometric_mean(mine), "/s", note=_fits(mine, sides.ours)
    )
    for name, runs in sides.peers.items():
        theirs = [_speed(r) for r in runs]
        yield Row(
            PART,
            f"{prior}: {SHOWN[name]}, least ESS per second",
            geometric_mean(theirs),
            "/s",
            note=_fits(theirs, runs),
        )
        ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
        what = f"{prior}: times as many as {SHOWN[name]}"
        yield Row(PART, what, geometric_mean(ratios), "×", BARS[name], at_most=False,
                  note=f"by seed {min(ratios):.0f} to {max(ratios):.0f}")  # fmt: skip


def _speed(run: Run) -> float:
    return float(run.result["ess_per_second"])


def _fits(speeds: Sequence[float], runs: Sequence[Run]) -> str:
    """Range over seeds, and what a fit took."""
    seconds = [r.result["seconds"]["fit"] for r in runs]
    ess = [r.result["least"]["ess"] for r in runs]
    diverged = sum(r.result["divergences"] for r in runs)
    return (
        f"{min(speeds):,.0f} to {max(speeds):,.0f} over {len(runs)} seeds; fit {median(seconds):.2f} s, "
        f"least ESS {median(ess):,.0f}, {diverged} divergences"
    )


def gates(runner: Runner, prior: str, sides: Sides) -> Iterator[Row]:
    """Seconds until every parameter passes the gate."""
    passed = [r.result["gate"]["passed"] for r in sides.ours]
    mine = [r.result["seconds"]["gate"] for r in sides.ours]
    note = f"{sum(passed)} of {len(passed)} passed; {min(mine):.2f} to {max(mine):.2f}; default tuning"
    yield Row(PART, f"{prior}: the engine, seconds to the gate", median(mine), "s", note=note)
    for name, runs in sides.peers.items():
        found = [to_gate(runner, name, prior, seed, run) for seed, run in enumerate(runs, 1)]
        seconds = [s for s, _ in found]
        longer = sum(draws > 1000 for _, draws in found)
        open_ended = sum(draws > LONGEST for _, draws in found)
        note = f"{longer} of {len(found)} seeds needed more than 1,000 draws a chain; the passing run alone is counted"
        note += f"; {open_ended} did not pass with {LONGEST:,}" if open_ended else ""
        yield Row(PART, f"{prior}: {SHOWN[name]}, seconds to the gate", median(seconds), "s", note=note)
        yield Row(PART, f"{prior}: times sooner than {SHOWN[name]}", median(seconds) / median(mine), "×")


def to_gate(runner: Runner, name: str, prior: str, seed: int, run: Run) -> tuple[float, int]:
    """Seconds of the shortest run that passes, with 1,000 draws a chain, or twice, or four times as many."""
    draws = 1000
    while not gate_passed(run.result) and draws <= LONGEST:
        draws *= 2
        if draws <= LONGEST:
            run = runner.peer(name, "peer_pymc_marketing", FILE, prior, seed, "--", "--draws", draws)
    return float(run.result["seconds"]["fit"]), draws


def gate_passed(result: dict[str, Any]) -> bool:
    """The engine's gate on a peer's parameters."""
    rows = result["parameters"].values()
    return not result["divergences"] and all(
        row["rhat"] <= GATE["rhat"] and min(row["ess_bulk"], row["ess_tail"]) >= GATE["ess"] for row in rows
    )


def agreement(prior: str, sides: Sides, detail: dict[str, Any]) -> Iterator[Row]:
    """Difference of posterior means over its Monte Carlo error, seeds taken together."""
    mine = pooled(sides.ours)
    for name, runs in sides.peers.items():
        theirs = pooled(runs)
        z = {p: (mine[p][0] - theirs[p][0]) / math.hypot(mine[p][1], theirs[p][1]) for p in theirs}
        detail[f"z of posterior means, {prior}, {SHOWN[name]}"] = z
        worst = max(z, key=lambda p: abs(z[p]))
        chi = sum(v * v for v in z.values()) / len(z)
        yield Row(PART, f"{prior}: means against {SHOWN[name]}, largest |z|", abs(z[worst]), "", Z_BAR,
                  note=f"{worst}; of {len(z)} parameters; mean z² {chi:.2f}")  # fmt: skip


def pooled(runs: Sequence[Run]) -> dict[str, tuple[float, float]]:
    """Mean over seeds, and its Monte Carlo error, by parameter."""
    out = {}
    for name in runs[0].result["parameters"]:
        rows = [r.result["parameters"][name] for r in runs]
        mean = sum(row["mean"] for row in rows) / len(rows)
        out[name] = mean, math.sqrt(sum(row["mcse_mean"] ** 2 for row in rows)) / len(rows)
    return out


def equality(runner: Runner, prior: str, sides: Sides) -> Iterator[Row]:
    """Our log density at the points at which the peer gave its own: the same prior, likelihood and scaling."""
    for name, runs in sides.peers.items():
        points = runs[0].result.get("reference", [])
        if not points:
            yield _missing(f"{prior}: density against {SHOWN[name]}", "the peer's result has no densities")
            continue
        given = _written(points, f"{name}-{prior}")
        ours = runner.ours("robyn_check", FILE, given, prior).result["log_density"]
        theirs = [p["log_density_with_jacobian"] for p in points]
        worst = max(abs(a - b) / max(abs(b), 1.0) for a, b in zip(ours, theirs, strict=True))
        spread = max(theirs) - min(theirs)
        yield Row(PART, f"{prior}: log density against {SHOWN[name]}, relative difference", worst, "", DENSITY_BAR,
                  note=f"constants and Jacobians included; {len(points)} points, {spread:.3g} apart")  # fmt: skip


def _written(points: list[dict[str, Any]], name: str) -> Path:
    file = HOME / f"points-{name}.json"
    file.write_text(json.dumps([p["point"] for p in points]), encoding="utf-8")
    return file


def _missing(what: str, why: str) -> Row:
    failed = why.startswith("failed")
    return Row(PART, what, None, "", skipped=not failed, note=why)
