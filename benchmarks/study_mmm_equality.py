"""The compiled density beside PyMC's over the grid of what a model file can say (part of ``make study-mmm``).

Two sweeps on tiny panels. *transforms*: every carry-over with every curve, order, scale of the effect's prior and kind
of panel. *features*: everything else drawn at random, so that each pair of options meets many times: trend, seasons,
holidays, events, controls with signs, constants and spreads, noise, autoregression, link, scaling, history, missing
rows, lift tests, effects that drift, national channels, reach and frequency, every prior family. Each configuration is
evaluated at points near and far from the prior's middle:

(a) the joint density, nothing integrated out, and its slope equal PyMC's; (b) the density with coefficients integrated
out is the joint one over their conditional. (c), the moments of what is drawn back, is tested in ``tests/mix``.

    .venv/bin/python benchmarks/study_mmm_equality.py [--features 600] [--every 1] [--seed 1]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice, product
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

ROOT = Path(__file__).resolve().parent.parent
if __package__ in (None, ""):
    sys.path[:0] = [str(ROOT), str(ROOT / "models"), str(ROOT / "cli")]

import numpy as np  # noqa: E402

from attribution_models.mix import adstock, saturation  # noqa: E402
from attribution_models.mix.spec import MixSpec  # noqa: E402
from benchmarks.study_mmm_features import featured  # noqa: E402
from tests.mix import cases  # noqa: E402
from tests.mix.panels import panel  # noqa: E402

VALUE, SLOPE, INTEGRAL = 1e-8, 1e-6, 1e-8
EFFECTS = {
    "positive": lambda: cases.effect("half-normal", 0.5), "any sign": lambda: cases.effect("normal", 0.2, 0.3),
    "roi": cases.roi, "mroi": cases.mroi, "share": cases.share,
}  # fmt: skip
PANELS = {"national": {}, "pooled": cases.GEO, "one effect": cases.GEO}


class Outcome(NamedTuple):
    """What one configuration gave: relative errors, or why it could not be evaluated."""

    name: str
    value: float
    slope: float
    integral: float
    failure: str = ""

    @property
    def passed(self) -> bool:
        """Whether all errors are below their limits; the slope's is that of a finite difference."""
        return not self.failure and self.value < VALUE and self.slope < SLOPE and self.integral < INTEGRAL


def transforms() -> Iterator[str]:
    """Names of the first sweep: one for each combination."""
    kinds = product(adstock.KINDS, saturation.KINDS, ("adstock-first", "saturation-first"), EFFECTS, PANELS)
    return (" · ".join(kind) for kind in kinds)


def transformed(name: str) -> cases.Case:
    """One combination of the first sweep."""
    form, curve, order, scale, place = name.split(" · ")
    pooled = {"pooling": None} if place == "one effect" else {}
    one = cases.channel("tv", cases.adstock(form, 3), curve, order=order, effect=EFFECTS[scale](), **pooled)
    spec: MixSpec = cases.mix(one, **PANELS[place])
    geos = 1 if place == "national" else 2
    return cases.Case(spec, panel(spec, geos=geos, periods=10, before=2, seed=len(name)))


def evaluate(name: str) -> Outcome:
    """Compare the densities of one configuration; its name says how to make it."""
    from attribution_models.mix.reference import Reference  # noqa: PLC0415
    from tests.mix.equality import densities, integral_gap, joint_gaps  # noqa: PLC0415

    try:
        case = featured(int(name.removeprefix("features "))) if name.startswith("features ") else transformed(name)
        inner, joint = densities(case)
        reference, rng = Reference.of(joint.structure), np.random.default_rng(len(name))
        errors = np.zeros(3)
        for scale in (0.1, 0.8):
            x = rng.normal(0.0, scale, joint.size)
            theta, z = rng.normal(0.0, scale, inner.size), rng.normal(size=len(inner.tables.integrated))
            found = (*joint_gaps(joint, reference, x, rng), integral_gap(inner, joint, theta, z))
            errors = np.fmax(errors, np.nan_to_num(found, nan=np.inf))
        return Outcome(name, *(float(e) for e in errors))
    except Exception as error:  # noqa: BLE001 – what a configuration raises is its result
        return Outcome(name, np.inf, np.inf, np.inf, f"{type(error).__name__}: {error}".splitlines()[0])


def run(names: list[str], workers: int) -> list[Outcome]:
    """Evaluate configurations in processes of their own."""
    found: list[Outcome] = []
    begun = time.perf_counter()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for number, outcome in enumerate(pool.map(evaluate, names, chunksize=8), 1):
            found.append(outcome)
            if number % 100 == 0:
                print(f"{number} of {len(names)}, {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    return found


def main() -> int:
    """Print what differs, and the largest errors; 1 where any configuration fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=600, help="random configurations of the second sweep")
    parser.add_argument("--every", type=int, default=1, help="only every n-th combination of the first sweep")
    parser.add_argument("--seed", type=int, default=1, help="of the second sweep")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    first = given.seed * 1_000_000
    names = [*islice(transforms(), None, None, given.every), *(f"features {first + i}" for i in range(given.features))]
    found = run(names, given.workers)
    failed = [outcome for outcome in found if not outcome.passed]
    for outcome in failed[:40]:
        print(f"FAIL {outcome.name}: {outcome.failure or tuple(f'{e:.1e}' for e in outcome[1:4])}")
    worst = np.max([outcome[1:4] for outcome in found if not outcome.failure], axis=0)
    kinds = Counter("features" if outcome.name.startswith("features ") else "transforms" for outcome in found)
    print(
        f"Equality with PyMC: {len(found) - len(failed)} of {len(found)} configurations "
        f"({kinds['transforms']} of transforms, {kinds['features']} of features); largest relative errors: density "
        f"{worst[0]:.1e}, slope {worst[1]:.1e} (finite difference), integral {worst[2]:.1e}. "
        f"{'FAIL' if failed else 'pass'}"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
