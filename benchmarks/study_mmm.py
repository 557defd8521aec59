"""The mix model against known truth (``make study-mmm``): calibration, coverage, recovery, equality with PyMC.

*sbc*: worlds drawn from the model itself; ranks of the truth have to be uniform (`study_mmm_calibration`). Decides.
*coverage*: simulated markets that the model does not describe exactly; how often 90 % intervals hold the truth, without
a claim (`study_mmm_coverage`).
*recovery*: public data with known effects (`study_mmm_recovery`); at least 7 of 8 true values inside. Decides.
*equality*: the compiled density beside PyMC's on the full grid of configurations (`study_mmm_equality`). Decides.

    .venv/bin/python benchmarks/study_mmm.py --only sbc --spec national --replicates 300
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

# One thread each: there are as many processes as processors. Read when numpy and numba load, in workers too.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

ROOT = Path(__file__).resolve().parent.parent
if __package__ in (None, ""):
    sys.path[:0] = [str(ROOT), str(ROOT / "models"), str(ROOT / "cli")]

import pandas as pd  # noqa: E402

from benchmarks import study_mmm_calibration as calibration  # noqa: E402
from benchmarks import study_mmm_coverage as coverage  # noqa: E402
from benchmarks import study_mmm_recovery as recovery  # noqa: E402
from benchmarks.study_mmm_specs import CASES  # noqa: E402

KEPT = ROOT / "build" / "study"


def sbc(given: argparse.Namespace) -> bool:
    """Simulation-based calibration; prints its tables and says whether it passed."""
    specs = given.spec or list(CASES)
    rows = calibration.run(specs, given.replicates, given.workers, KEPT / "mmm_sbc.jsonl", resume=given.resume)
    table = calibration.quantities(rows)
    found = calibration.summary(rows, table)
    show("Simulation-based calibration", found, "Least uniform ranks", calibration.worst(table))
    table.to_csv(KEPT / "mmm_sbc.csv", index=False)
    return bool((found[""] == "pass").all())


def covered(given: argparse.Namespace) -> bool:
    """Coverage on simulated markets: a table without a claim."""
    rows = coverage.run(given.preset, given.seeds, given.workers, KEPT / "mmm_coverage.jsonl", resume=given.resume)
    show("Coverage of 90 % intervals on simulated markets", coverage.summary(rows))
    show("The channel that does nothing", coverage.null_channel(rows))
    return True


def recovered(_: argparse.Namespace) -> bool:
    """Recovery of known effects on public data."""
    if not recovery.DATA.exists():
        print(f"Recovery is skipped: no data in {recovery.DATA}; name a folder by ATTRIBUTION_TEST_DATA.")
        return True
    table = recovery.run()
    found = recovery.verdicts(table)
    show("Recovery of known effects: returns", table, "Of eight true returns", found)
    return not (found[""] == "FAIL").any()


def equality(given: argparse.Namespace) -> bool:
    """The full grid, by its own command."""
    command = ROOT / "benchmarks" / "study_mmm_equality.py"
    print("\nEquality with PyMC\n", flush=True)
    return subprocess.run([sys.executable, str(command), "--workers", str(given.workers)], check=False).returncode == 0


PARTS: dict[str, Callable[[argparse.Namespace], bool]] = {
    "sbc": sbc,
    "coverage": covered,
    "recovery": recovered,
    "equality": equality,
}


def show(*tables: str | pd.DataFrame) -> None:
    """Print titles and tables."""
    with pd.option_context("display.width", 200, "display.max_rows", None, "display.max_colwidth", 60):
        for item in tables:
            if isinstance(item, str):
                print(f"\n{item}\n")
            else:
                print(item.to_string(index=False, float_format="{:.3f}".format), flush=True)


def arguments() -> argparse.Namespace:
    """What was asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(PARTS), help="only this part; may be repeated")
    parser.add_argument("--spec", action="append", choices=list(CASES), help="sbc: only these; may be repeated")
    parser.add_argument("--replicates", type=int, default=300, help="sbc: worlds of each spec [300]")
    parser.add_argument("--preset", action="append", choices=coverage.PRESETS, help="coverage: only these")
    parser.add_argument("--seeds", type=int, default=20, help="coverage: markets of each preset [20]")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="go on with what an interrupted run left")
    return parser.parse_args()


def main() -> int:
    """Run the parts that are asked for; 1 where one that decides failed."""
    given, started = arguments(), time.perf_counter()
    passed = {name: PARTS[name](given) for name in given.only or PARTS}
    failed = [name for name, good in passed.items() if not good]
    print(f"\n{time.perf_counter() - started:.0f} s. " + (f"Failed: {', '.join(failed)}." if failed else "Passed."))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
