"""Link rows to stable customer ids: time, memory, growth, and a run with one per cent new links.

Everything is done by the public commands, one process each: `attribution ingest` (not part of the bar), `attribution
identify`, and the same again after more links. Stages are told apart by the lines that the command writes while it
works. Without guards the customers must be the connected components that SciPy finds.

Parent: `identity` gives rows. Child: ``python -m benchmarks.identity_bench normalise FOLDER KIND`` prints JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.commands import command
from benchmarks.measure import OUT, Child, Row, middle, python, run, spread

TIME_BAR, AIM = 30.0, 20.0  # seconds for ten million rows on two cores; the aim is told, not judged
MEMORY_BAR = 4000.0
NEW_BAR = 0.333  # of the full run, for one per cent new links
STATED = 10_000_000
ANCHOR = "published anchor: 143 s (DuckDB, laptop, no stable ids)"
_STAGE = re.compile(r"([A-Z][a-z ]+) …")


def identity(rows: int, rounds: int) -> list[Row]:
    """Rows of all sizes: a hundredth, a tenth and all of ``rows``."""
    sizes = [max(1000, rows // 100), max(1000, rows // 10), rows]
    found: dict[int, float] = {}
    out: list[Row] = []
    for size in sizes:
        measured, seconds = _size(size, rounds if size < STATED else min(rounds, 3), judged=size == rows)
        out += measured
        if seconds is None:
            return out
        found[size] = seconds
    for small, large in pairwise(sizes):
        power = math.log(found[large] / found[small]) / math.log(large / small)
        out.append(
            Row("identity", f"growth {_short(small)} to {_short(large)}: time ÷ rows, as a power", power, "",
                note=f"{found[small]:.3g} s to {found[large]:.3g} s; 1 is in proportion")
        )  # fmt: skip
    return [*out, *_components(sizes[1]), *_normalising(rows)]


def _size(size: int, rounds: int, *, judged: bool) -> tuple[list[Row], float | None]:
    """One size: ingest, full runs on fresh copies, then new links on top of the last; and the full run's seconds."""
    name = f"{_short(size)} rows"
    made = python("identity_data", size)
    if made.code:
        return [Row("identity", f"{name}: failed", None, "", note=made.reason)], None
    folder = Path(made.result["folder"])
    base, copy = OUT / "identity-base", OUT / "identity-workspace"
    try:
        ingest = _ingest(base, sorted(folder.glob("links-*.parquet")), fresh=True)
        runs: list[Child] = []
        # The first run fills the caches of files and compiled kernels and is not counted.
        for _ in range(rounds + 1):
            _copy(base, copy)
            runs.append(run(command("-w", copy, "identify")))
        again = run(command("-w", copy, "identify"))
        more = _ingest(copy, [folder / "new-00.parquet"], fresh=False)
        new = run(command("-w", copy, "identify"))
    finally:
        for place in (base, copy):
            shutil.rmtree(place, ignore_errors=True)
    failed = [c for c in (ingest, *runs, again, more, new) if c.code]
    if failed:
        return [Row("identity", f"{name}: failed", None, "", note=failed[0].reason)], None
    return _rows(name, size, ingest, runs[1:], (again, new), judged=judged), middle([c.seconds for c in runs[1:]])


def _rows(
    name: str, size: int, ingest: Child, runs: list[Child], after: tuple[Child, Child], *, judged: bool
) -> list[Row]:
    again, new = after
    seconds = middle([c.seconds for c in runs])
    typical = min(runs, key=lambda c: abs(c.seconds - seconds))
    peak = max(c.peak for c in runs)
    aim = f"; aim {AIM:g} s {'met' if seconds <= AIM else 'missed'}; {ANCHOR}" if judged else ""
    bars = (TIME_BAR, MEMORY_BAR, NEW_BAR) if judged else (None, None, None)
    return [
        Row("identity", f"{name}: attribution ingest", ingest.seconds, "s", note="not part of the bar"),
        Row("identity", f"{name}: attribution identify", seconds, "s", bars[0],
            note=f"{spread([c.seconds for c in runs])}{aim}"),
        *(Row("identity", f"{name}:   {stage}", took, "s") for stage, took in stages(typical)),
        Row("identity", f"{name}: rows per second", size / seconds, "", note=_first_line(typical)),
        Row("identity", f"{name}: peak memory", peak, "MB", bars[1],
            note=f"ru_maxrss; own pages {max(c.anonymous for c in runs):,.0f} MB"),
        Row("identity", f"{name}: nothing new", again.seconds, "s"),
        Row("identity", f"{name}: 1 % new links", new.seconds, "s", note=_first_line(new)),
        *(Row("identity", f"{name}:   {stage}", took, "s") for stage, took in stages(new)),
        Row("identity", f"{name}: 1 % new links ÷ full", new.seconds / seconds, "×", bars[2]),
    ]  # fmt: skip


def stages(child: Child) -> list[tuple[str, float]]:
    """What the command said it was doing, and for how long; what came before the first word is Python's start."""
    marks = [(at, found[1].lower()) for at, line in child.marks if (found := _STAGE.fullmatch(line.strip()))]
    if not marks:
        return []
    ends = [*(at for at, _ in marks[1:]), child.seconds]
    return [("start", marks[0][0]), *((what, end - at) for (at, what), end in zip(marks, ends, strict=True))]


def _first_line(child: Child) -> str:
    """What the command found: ids, links, customers."""
    return next((line.strip() for line in child.output.splitlines() if " customers" in line), "")


def _ingest(workspace: Path, files: list[Path], *, fresh: bool) -> Child:
    if fresh:
        shutil.rmtree(workspace, ignore_errors=True)
    words = [word for file in files for word in ("--identities", file)]
    return run(command("-w", workspace, "ingest", *words, "--timezone", "UTC", "--no-journeys"))


def _copy(base: Path, copy: Path) -> None:
    """The workspace as ingest left it: no file that a manifest names is ever altered, so tables may be shared."""
    shutil.rmtree(copy, ignore_errors=True)
    tables = base / "tables"

    def link(source: str, target: str) -> None:
        if Path(source).is_relative_to(tables):
            os.link(source, target)
        else:
            shutil.copy2(source, target)

    shutil.copytree(base, copy, copy_function=link)


def _components(size: int) -> list[Row]:
    """Customers without guards beside the components that SciPy finds in the same rows."""
    what = f"{_short(size)} rows: customers without guards less SciPy's components"
    described = python("identity_data", size, "--describe")
    workspace = OUT / "identity-base"
    try:
        files = sorted((OUT / f"identity-{size}").glob("links-*.parquet"))
        done = [_ingest(workspace, files, fresh=True), run(command("-w", workspace, "identify", "--no-guards"))]
    finally:
        shutil.rmtree(workspace, ignore_errors=True)
    failed = [c for c in (described, *done) if c.code]
    if failed:
        return [Row("identity", what, None, "", 0.0, note=f"failed: {failed[0].reason}")]
    found = re.search(r"([\d,]+) customers", done[1].output)
    customers = int(found[1].replace(",", "")) if found else -1
    truth = described.result
    note = f"{truth['components']:,} components of {truth['ids']:,} ids, the largest {truth['largest']:,}"
    return [Row("identity", what, abs(customers - truth["components"]), "", 0.0, note=note)]


def _normalising(rows: int) -> list[Row]:
    """What the canonical form of the same ids costs: where they are canonical already, and as they are typed."""
    made = python("identity_data", rows, "--raw")
    if made.code:
        return [Row("identity", "normalising", None, "s", note=f"failed: {made.reason}")]
    out = []
    for kind, name in (("links", "ids in canonical form"), ("raw", "typed e-mails, phones, advertising ids")):
        child = python("identity_bench", "normalise", made.result["folder"], kind)
        what = f"{_short(rows)} rows: normalising {name}"
        if child.code:
            out.append(Row("identity", what, None, "s", note=f"failed: {child.reason}"))
            continue
        read, both = child.result["read"], child.result["read and normalise"]
        note = f"reading and hashing {read:.3g} s, with normalising {both:.3g} s; peak {child.peak:,.0f} MB"
        out.append(Row("identity", what, both - read, "s", note=note))
    return out


def normalise(folder: Path, kind: str) -> dict[str, Any]:
    """Read and hash all id columns of a set's files, as they are and in canonical form."""
    from attribution.engine import connect, identifier, one_row, read_parquet  # noqa: PLC0415  (the parent stays small)
    from attribution.identity.canonical import canonical_columns  # noqa: PLC0415

    relation = read_parquet(sorted(folder.glob(f"{kind}-*.parquet")))
    with connect(OUT / "spill") as connection:
        described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
        columns = [row[0] for row in described if row[0].startswith("id:")]
        started = time.perf_counter()
        one_row(connection, f"SELECT {_hashed([identifier(c) for c in columns])} FROM {relation}")
        read = time.perf_counter()
        made = canonical_columns(connection, relation, {c: c[3:] for c in columns}, "DE")
        one_row(connection, f"SELECT {_hashed(list(made.columns.values()))} FROM {made.relation}")
        end = time.perf_counter()
    shutil.rmtree(OUT / "spill", ignore_errors=True)
    return {"read": read - started, "read and normalise": end - read}


def _hashed(expressions: list[str]) -> str:
    return ", ".join(f"bit_xor(hash({e}))" for e in expressions)


def _short(size: int) -> str:
    return f"{size / 1e6:g} M" if size >= 100_000 else f"{size:,}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("normalise",))
    parser.add_argument("folder", type=Path)
    parser.add_argument("kind", choices=("links", "raw"))
    given = parser.parse_args()
    print(json.dumps(normalise(given.folder, given.kind)))


if __name__ == "__main__":
    main()
