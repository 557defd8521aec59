"""Measure the engine's speed and memory beside DuckDB's reading and the peers: one command, one table.

make bench                                    # all but --large
python benchmarks/run.py --only engine        # one part
python benchmarks/run.py --touches 1000000    # a quick look
python benchmarks/run.py --only large --large # 100 M touches
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
from importlib.metadata import version
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    # Children are started with -m from the project's root, whatever PYTHONPATH holds.

from benchmarks import activation_bench, bars, commands, hazard_bench, identity_bench, report_bench
from benchmarks.measure import OUT, ROOT, Row, python, table
from benchmarks.peers import UnavailableError

STATED = 10_000_000
LARGE = 100_000_000
LIBRARIES = ("duckdb", "numba", "numpy", "pyarrow")
PEERS = ("channelattribution", "mam", "markov-3", "agreement")


def parts(touches: int, rounds: int) -> dict[str, Callable[[], list[Row]]]:
    """What can be measured, by the name that ``--only`` takes."""

    def retailer(size: int = touches) -> Path:
        return _made("retailer", size)

    def recipe() -> Path:
        return _made("recipe", 300_000)

    return {
        "engine": lambda: bars.engine(retailer(), rounds),
        "channelattribution": lambda: bars.channelattribution(retailer()),
        "mam": lambda: [*bars.mam(recipe(), "1.2 M touches"), *bars.mam_if_it_holds(retailer(), touches)],
        "markov-3": lambda: [*bars.markov_3(recipe(), "recipe"), *bars.markov_3(retailer(), f"{touches:,} touches")],
        "agreement": lambda: bars.agreement(recipe()),
        "bootstrap": lambda: bars.bootstrap(recipe(), rounds),
        "hazard": lambda: hazard_bench.hazard(retailer),
        "activation": activation_bench.activation,
        "identity": lambda: identity_bench.identity(touches, rounds),
        "report": lambda: report_bench.report(retailer(), touches, rounds),
        "commands": lambda: commands.commands(retailer()),
        "startup": lambda: commands.startup(commands.small_set()),
        "large": lambda: bars.large(retailer(), touches, retailer(LARGE), LARGE),
    }


def _made(kind: str, size: int) -> Path:
    child = python("data", kind, size)
    if child.code:
        raise SystemExit(f"No data: {child.reason}")
    return Path(child.result["folder"])


def machine() -> dict[str, str]:
    """What the numbers were measured on."""
    processor = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.split(":", 1)[1].strip() for line in processor if "model name" in line]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": f"{[*models, platform.processor()][0]}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GB",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "versions": ", ".join([f"Python {platform.python_version()}", *(f"{p} {version(p)}" for p in LIBRARIES)]),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--touches", type=int, default=STATED, help="size of the main set, for identity its link rows [10 M]"
    )
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds of the warm process [5]")
    parser.add_argument("--only", action="append", metavar="NAME", help="one part; may be repeated")
    parser.add_argument("--skip-peers", action="store_true", help="leave the peers out")
    parser.add_argument("--large", action="store_true", help="also 100 M touches (needs 10 GB of disk)")
    given = parser.parse_args()
    known = parts(given.touches, given.rounds)
    unknown = [name for name in given.only or () if name not in known]
    if unknown:
        parser.error(f"no part {unknown[0]!r}; there are {', '.join(known)}")
    chosen = given.only or [
        name for name in known if not (name in PEERS and given.skip_peers) and not (name == "large" and not given.large)
    ]
    OUT.mkdir(parents=True, exist_ok=True)
    about = machine()
    if os.getloadavg()[0] > 0.5:
        print("The machine is not idle: the times below are too long.", file=sys.stderr)
    if given.touches != STATED:
        print(f"The bars are stated for {STATED:,} touches; at another size they inform only.", file=sys.stderr)
    rows: list[Row] = []
    for name in chosen:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            rows += known[name]()
        except UnavailableError as reason:
            rows.append(Row(name, "skipped", None, "", skipped=True, note=f"cannot be installed: {reason}"))
    text = table(rows) + "\n\n" + "\n".join(f"- {key}: {value}" for key, value in about.items()) + "\n"
    print(text)
    suffix = "" if given.only is None else "-" + "-".join(given.only)
    (OUT / f"results{suffix}.md").write_text(text, encoding="utf-8")
    results = {**about, "touches": given.touches, "rows": [asdict(r) | {"verdict": r.verdict} for r in rows]}
    (OUT / f"results{suffix}.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(f"Written: {(OUT / f'results{suffix}.md').relative_to(ROOT)} and .json", file=sys.stderr)
    return 1 if given.touches == STATED and any(row.verdict in ("FAIL", "not measured") for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
