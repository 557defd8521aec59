"""Why the mix model puts TV too low on joint markets: one change at a time, on the markets for tuning.

    .venv/bin/python -m benchmarks.study_reconcile_offline

``as studied``; ``wider prior``: a share of 20 % of the outcome expected of each channel in place of 10; ``longer
carry-over``: twelve weeks in place of six; ``no search spend``: the panel without the two channels of search, which
people come to after TV made them look around, and which are paid per click; ``all three`` at once. Ratios
are posterior means over what the market loses without TV: in all (``total``), or with the touches of other channels as
they were (``direct``).
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from attribution_models.worlds.joint_world import OFFLINE, TUNING_SEEDS, JointTables, JointWorld, simulate_joint
from benchmarks.reconcile_market import MODEL, direct_truth, mixed

SEARCH = ("Brand search", "Generic search")
VARIANTS = {
    "as studied": MODEL,
    "wider prior": MODEL.replace("alpha = 1, beta = 9", "alpha = 1, beta = 4"),
    "longer carry-over": MODEL.replace("l_max = 6", "l_max = 12"),
    "no search spend": MODEL,
    "all three": MODEL.replace("alpha = 1, beta = 9", "alpha = 1, beta = 4").replace("l_max = 6", "l_max = 12"),
}
WITHOUT = ("no search spend", "all three")


def without_search(joint: JointTables) -> JointTables:
    """The panel without the spend of search."""
    panel = {name: column for name, column in joint.panel.items() if name not in SEARCH}
    return replace(joint, panel=panel, truth={n: x for n, x in joint.truth.items() if n not in SEARCH})


def one(seed: int) -> list[dict[str, Any]]:
    """TV by every variant on one market."""
    world = JointWorld(seed)
    joint = simulate_joint(world)
    total, direct = joint.truth[OFFLINE], direct_truth(world, (OFFLINE,))[OFFLINE]
    rows = []
    for name, model in VARIANTS.items():
        found = mixed(without_search(joint) if name in WITHOUT else joint, None, model)
        draws = found.draws[:, found.names.index(OFFLINE)]
        low, high = np.quantile(draws, [0.05, 0.95])
        row = {"seed": seed, "variant": name, "found / total": draws.mean() / total}
        row |= {"found / direct": draws.mean() / direct, "direct / total": direct / total}
        row |= {f"holds {n}": float(low <= goal <= high) for n, goal in (("total", total), ("direct", direct))}
        rows.append(row)
    return rows


def main() -> None:
    """Print means over markets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=len(TUNING_SEEDS))
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with ProcessPoolExecutor(given.workers) as pool:
        rows = [row for rows in pool.map(one, TUNING_SEEDS[: given.seeds]) for row in rows]
    frame = pd.DataFrame(rows)
    print(frame.to_string(index=False, float_format="{:.2f}".format), end="\n\n")
    print(frame.drop(columns="seed").groupby("variant", sort=False).mean().to_string(float_format="{:.2f}".format))


if __name__ == "__main__":
    main()
