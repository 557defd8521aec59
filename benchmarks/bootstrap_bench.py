"""What intervals cost: a bootstrap of rules, Markov order 1 and Shapley against one scan and solve of the same models.

Run as a child: the last line it prints is JSON.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from attribution.credit.intervals import Uncertainty
from attribution.credit.paths import fit_paths
from benchmarks.engine_bench import MODELS, scratch, store, timed

REPLICATES = 200
SPECS = (*MODELS["rules"], *MODELS["markov 1"], *MODELS["shapley"])
AUTO = (1, 2, 3, 4)


def cost(data: Path, rounds: int) -> dict[str, Any]:
    """Both, taking turns in one warm process on the same journeys; the first round is not counted."""
    times: dict[str, list[float]] = {}
    how = Uncertainty(bootstrap=REPLICATES)
    auto = Uncertainty(bootstrap=REPLICATES, orders=AUTO)
    with scratch() as (connection, folder):
        journeys = store(connection, data, folder)
        for number in range(rounds + 1):
            fits = timed(times, "fit", lambda: fit_paths(journeys, SPECS))[0]
            made = timed(times, "fit and bootstrap", lambda: fit_paths(journeys, SPECS, None, how))[0]
            if number == 0:
                times.clear()
        same = zip(fits, made, strict=True)
        assert all((a.credit.conversions == b.credit.conversions).all() for a, b in same), "not the same models"
        timed(times, "automatic order", lambda: fit_paths(journeys, MODELS["markov 1"], None, auto))
    return {"times": times, "counts": journeys.counts, "replicates": REPLICATES}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(json.dumps(cost(given.data, given.rounds)))


if __name__ == "__main__":
    main()
