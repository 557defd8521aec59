"""What one evaluation of the compiled log density and its gradient costs.

Run as a process: ``python -m benchmarks.mmm.gradient_ours``; the last line is JSON.
"""

from __future__ import annotations

import json
import time
from statistics import median

import numpy as np

from attribution_models.mix.density import Density
from attribution_models.mix.start import middle
from attribution_models.mix.structure import Structure
from benchmarks.mmm import meridian_bench, meridian_ours, robyn_bench, robyn_ours

ROUNDS, SECONDS = 5, 0.3


def measured(structure: Structure) -> dict[str, float]:
    """Microseconds per call at points around the prior's middle: what a call costs may depend on the point."""
    density, center = Density.of(structure), middle(structure)
    points = center + np.random.default_rng(1).uniform(-0.5, 0.5, (64, structure.size))
    density(points[0])
    rounds = []
    for _ in range(ROUNDS):
        calls, started = 0, time.perf_counter()
        while time.perf_counter() - started < SECONDS:
            density(points[calls % len(points)])
            calls += 1
        rounds.append((time.perf_counter() - started) / calls * 1e6)
    return {
        "microseconds": median(rounds), "sampled": structure.size,
        "integrated": sum(t.size for t in structure.terms if t.integrate), "rows": int(structure.fitted.sum()),
    }  # fmt: skip


def main() -> None:
    """Print what each model costs."""
    found = {
        f"Robyn's weekly data, {p} prior": measured(robyn_ours.built(robyn_bench.FILE, p)) for p in robyn_bench.PRIORS
    }
    found["Meridian's 40 geos"] = measured(meridian_ours.built(meridian_bench.FILE))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
