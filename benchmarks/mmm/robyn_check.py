"""Our log density at points of the peer's parameters, nothing integrated out; for the comparison with its own.

Run as a process: ``python -m benchmarks.mmm.robyn_check DATA.csv POINTS.json laplace|normal RESULT.json``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from attribution_models.mix.density import Density
from attribution_models.mix.media import CONTRIBUTION_SCALE
from attribution_models.mix.start import unconstrain
from attribution_models.mix.structure import Structure
from benchmarks.mmm.robyn_ours import NAMES, built

# The peer has all sines before all cosines.
ORDER = (0, 2, 1, 3)


def sampled(structure: Structure, point: dict[str, Any]) -> np.ndarray:
    """A point where the engine samples: β of a channel as the log of its mean contribution."""
    x = np.empty(structure.size)
    for group in structure.groups:
        values = np.atleast_1d(np.asarray(point[NAMES[group.name]], dtype=float)).ravel()
        values = values[list(ORDER)] if group.name == "fourier" else values
        for e in range(group.size):
            x[group.start + e] = unconstrain(group.prior(e), values[e])
    for c, plan in enumerate(structure.channels):
        if plan.mode == CONTRIBUTION_SCALE:
            x[structure.index(plan.effect)] += np.log(mean_response(structure, c, point))
    return x


def mean_response(structure: Structure, c: int, point: dict[str, Any]) -> float:
    """H: the mean over weeks of what a coefficient of one contributes."""
    alpha, lam = point["adstock_alpha"][c], point["saturation_lam"][c]
    lags = structure.spec.channels[c].adstock.length
    weights = alpha ** np.arange(lags)
    carried = np.convolve(structure.media[c, 0], weights / weights.sum())[: structure.media.shape[2]]
    return float(np.tanh(lam * carried / 2).mean())


def main() -> None:
    """Write the log densities."""
    data, points, prior, result = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    structure = built(data, prior, integrate=False)
    density = Density.of(structure)
    found = [density(sampled(structure, p))[0] for p in json.loads(points.read_text(encoding="utf-8"))]
    result.write_text(json.dumps({"log_density": found}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
