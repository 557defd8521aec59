"""Measure plans of spend beside Meridian's optimiser and PyMC-Marketing's: one command, one table.

make bench-plan                                         # everything
python -m benchmarks.plan_bench --only national         # one part, a quick look
python -m benchmarks.plan_bench --skip-peers            # ours alone
python -m benchmarks.plan_bench --reuse peers           # ours again, peers as an earlier run left them

Our fits are sampled once and kept in build/bench/plan; plans on them are always made anew.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from typing import Any

from benchmarks.measure import OUT, ROOT, Row, table
from benchmarks.mmm import environments
from benchmarks.mmm.bench import measured
from benchmarks.mmm.plan_meridian_bench import meridian
from benchmarks.mmm.plan_national_bench import national
from benchmarks.mmm.plan_robyn_bench import ENVIRONMENT, robyn
from benchmarks.mmm.runs import DATA, Runner, machine

Found = tuple[list[Row], dict[str, Any]]
PARTS: dict[str, Callable[[Runner], Found]] = {"national": national, "meridian": meridian, "robyn": robyn}
LIBRARIES = ("numba", "numpy", "scipy")
IDLE = 0.5


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="bench-plan", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", metavar="PART", choices=list(PARTS), help="may be repeated")
    parser.add_argument("--skip-peers", action="store_true", help="leave the peers out")
    parser.add_argument("--reuse", choices=["nothing", "peers"], default="nothing", help="results of earlier runs")
    return parser.parse_args()


def about(given: argparse.Namespace) -> dict[str, str]:
    """What the numbers were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    ours = [f"Python {platform.python_version()}", *(f"{p} {version(p)}" for p in LIBRARIES)]
    peers = [
        f"{', '.join(environments.PEERS[name][1])} on Python {environments.PEERS[name][0]}"
        for name in ("meridian", ENVIRONMENT)
    ]
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": f"{machine()}, {memory:.0f} GB",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "versions": ", ".join(ours),
        "peers": "; ".join(peers),
        "reused": given.reuse,
    }


def written(rows: list[Row], detail: dict[str, Any], head: dict[str, str], suffix: str) -> str:
    """Write the table and all numbers; give the table."""
    text = table(rows) + "\n\n" + "\n".join(f"- {key}: {value}" for key, value in head.items()) + "\n"
    found = {**head, "rows": [asdict(r) | {"verdict": r.verdict} for r in rows], "detail": detail}
    OUT.mkdir(parents=True, exist_ok=True)
    for ending, content in (("md", text), ("json", json.dumps(found, indent=1))):
        file = OUT / f"results-plan{suffix}.{ending}"
        part = file.with_suffix(".part")
        part.write_text(content, encoding="utf-8")
        part.replace(file)
    return text


def main() -> int:
    """Measure, print, write."""
    given = arguments()
    if not DATA.is_dir():
        print(f"No data in {DATA}: name the folder above it with ATTRIBUTION_TEST_DATA.", file=sys.stderr)
        return 2
    head = about(given)
    if os.getloadavg()[0] > IDLE:
        print("The machine is not idle: the times below are too long.", file=sys.stderr)
    runner = Runner(given.reuse, given.skip_peers)
    suffix = "".join(f"-{name}" for name in given.only or ())
    rows: list[Row] = []
    detail: dict[str, Any] = {}
    text = ""
    for name in given.only or PARTS:
        found, detail[name] = measured(name, partial(PARTS[name], runner))
        rows += found
        text = written(rows, detail, head, suffix)
    print(text)
    print(f"Written: {(OUT / f'results-plan{suffix}.md').relative_to(ROOT)} and .json", file=sys.stderr)
    return 1 if any(row.verdict in ("FAIL", "not measured") for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
