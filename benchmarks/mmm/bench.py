"""Measure the media-mix model beside PyMC-Marketing and Meridian: one command, one table.

make bench-mmm                                          # everything
python -m benchmarks.mmm.bench --only robyn --seeds 1   # one part, a quick look
python -m benchmarks.mmm.bench --reuse peers            # ours again, peers as an earlier run left them
python -m benchmarks.mmm.bench --reuse all              # go on where a stopped run ended
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from benchmarks.measure import OUT, ROOT, Row, table
from benchmarks.mmm import (
    environments,
    growth_bench,
    kernel_bench,
    meridian_bench,
    process_bench,
    recovery_bench,
    robyn_bench,
)
from benchmarks.mmm.runs import DATA, HOME, FailedError, Runner, machine
from benchmarks.peers import UnavailableError

STATED_SEEDS = 5
LIBRARIES = ("numba", "numpy", "nutpie", "pandas", "pyarrow", "scipy")
Found = tuple[list[Row], dict[str, Any]]


def parts(runner: Runner, seeds: int) -> dict[str, Callable[[], Found]]:
    """What can be measured, by the name that ``--only`` takes, in the order of running."""
    return {
        "kernel": kernel_bench.kernel,
        "robyn": lambda: robyn_bench.robyn(runner, seeds),
        "process": lambda: process_bench.process(runner),
        "meridian": lambda: meridian_bench.meridian(runner),
        "growth": lambda: growth_bench.growth(runner),
        "recovery": lambda: recovery_bench.recovery(runner),
    }


def measured(name: str, work: Callable[[], Found]) -> Found:
    """Measure one part; what goes wrong becomes a row, and the other parts are measured all the same."""
    print(f"{name} …", file=sys.stderr, flush=True)
    started = time.perf_counter()
    try:
        rows, detail = work()
    except UnavailableError as reason:
        rows, detail = [Row(name, "skipped", None, "", skipped=True, note=str(reason))], {}
    except FailedError as reason:
        rows, detail = [Row(name, "failed", None, "", note=str(reason))], {}
    except Exception as error:  # noqa: BLE001 – a broken part must not cost an hour of measuring
        traceback.print_exc()
        rows, detail = [Row(name, "failed", None, "", note=f"{type(error).__name__}: {error}")], {}
    print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    return rows, detail | {"seconds": time.perf_counter() - started}


def about(given: argparse.Namespace) -> dict[str, str]:
    """What the numbers were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    ours = [f"Python {platform.python_version()}", *(f"{p} {version(p)}" for p in LIBRARIES)]
    peers = [
        f"{name} on Python {python}: {', '.join(packages)}" for name, (python, packages) in environments.PEERS.items()
    ]
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": f"{machine()}, {memory:.0f} GB",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "versions": ", ".join(ours),
        "peers": "; ".join(peers),
        "seeds": str(given.seeds),
        "reused": given.reuse,
    }


def arguments(names: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="bench-mmm", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=STATED_SEEDS, help="of the sampling comparison [5]")
    parser.add_argument("--only", action="append", metavar="PART", choices=names, help="one part; may be repeated")
    parser.add_argument("--skip-peers", action="store_true", help="leave the peers out")
    parser.add_argument(
        "--reuse", choices=["nothing", "peers", "all"], default="nothing", help="results of earlier runs"
    )
    return parser.parse_args()


def written(rows: list[Row], detail: dict[str, Any], head: dict[str, str], suffix: str) -> str:
    """Write the table and all numbers; give the table."""
    text = table(rows) + "\n\n" + "\n".join(f"- {key}: {value}" for key, value in head.items()) + "\n"
    for title, values in detail.get("robyn", {}).items():
        if title.startswith("z of"):
            text += f"- {title}: {', '.join(f'{name} {z:+.1f}' for name, z in values.items())}\n"
    OUT.mkdir(parents=True, exist_ok=True)
    found = {**head, "rows": [asdict(r) | {"verdict": r.verdict} for r in rows], "detail": detail}
    for ending, content in (("md", text), ("json", json.dumps(found, indent=1))):
        file = OUT / f"results-mmm{suffix}.{ending}"
        file.with_suffix(".part").write_text(content, encoding="utf-8")
        file.with_suffix(".part").replace(file)
    return text


def main() -> int:
    """Measure, print, write."""
    names = list(parts(Runner(), 1))
    given = arguments(names)
    if not DATA.is_dir():
        print(f"No data in {DATA}: name the folder above it with ATTRIBUTION_TEST_DATA.", file=sys.stderr)
        return 2
    head = about(given)
    if os.getloadavg()[0] > 0.5:
        print("The machine is not idle: the times below are too long.", file=sys.stderr)
    if given.seeds < STATED_SEEDS:
        print(f"The bars are stated for {STATED_SEEDS} seeds; with fewer they inform only.", file=sys.stderr)
    suffix = "".join(f"-{name}" for name in given.only or ())
    HOME.mkdir(parents=True, exist_ok=True)
    work = parts(Runner(given.reuse, given.skip_peers), given.seeds)
    rows: list[Row] = []
    detail: dict[str, Any] = {}
    text = ""
    for name in given.only or names:
        found, detail[name] = measured(name, work[name])
        rows += found
        text = written(rows, detail, head, suffix)
    print(text)
    print(f"Written: {(OUT / f'results-mmm{suffix}.md').relative_to(ROOT)} and .json", file=sys.stderr)
    stated = given.seeds >= STATED_SEEDS
    return 1 if stated and any(row.verdict in ("FAIL", "not measured") for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
