"""The state of the data: what was read, kept, repaired and set aside, and what the steps noticed."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from attribution.ingest.report import FileReport
from attribution.report.document import Block, Chapter, Column, Noticed, Text, table_of
from attribution.report.sources import Sources

ROWS = ("read", "kept", "duplicates", "quarantined", "outside", "forgotten", "repaired")
COLUMNS = (
    Column("file", "File"),
    Column("layout", "Recognised as"),
    Column("read", "Rows read", "count"),
    Column("kept", "Kept", "count"),
    Column("duplicates", "Duplicates", "count", "the same row twice; dropped and counted."),
    Column("quarantined", "Quarantined", "count", "could not be used; set aside with file, line and reason."),
    Column("outside", "Outside", "count", "outside a window that was asked for."),
    Column("forgotten", "Erased", "count", "name a person who was erased."),
    Column("repaired", "Repaired", "count", "kept after a repair, counted here besides."),
)
REASONS = (Column("reason", "Reason"), Column("rows", "Rows", "count"))
TOUCHES = {
    "touches": "touches",
    "touches_in_converting": "in journeys that convert",
    "touches_in_others": "in journeys that do not",
    "touches_outside_lookback": "outside the lookback window",
    "touches_dropped_direct": "dropped as direct traffic",
    "touches_removed_by_transforms": "removed by transforms",
}


def quality(sources: Sources) -> Chapter | None:
    """Rows in and out, reasons, findings; None where no file was ingested and nothing was noticed."""
    if not sources.files and not sources.findings:
        return None
    blocks: list[Block] = []
    if sources.files:
        rows = pd.DataFrame([_row(f) for f in sources.files])
        keep = [c for c in COLUMNS if c.name not in ROWS[4:] or rows[c.name].sum()]
        blocks.append(table_of(rows, "files", "What became of each file", tuple(keep)))
        blocks += _reasons(sources.files)
    if sources.manifest["journeys"]:
        blocks.append(Text(_journeys(sources)))
    if sources.findings:
        blocks.append(Text("What the steps noticed, and what to do:"))
        blocks.append(Noticed(sources.findings))
    return Chapter("data", "The data", _lead(sources), tuple(blocks))


def _row(file: FileReport) -> dict[str, str | int]:
    # Names of folders say where somebody works; the file's own name is enough.
    return {"file": file.name.replace("\\", "/").rsplit("/", 1)[-1], "layout": file.layout} | {
        name: int(getattr(file.rows, name)) for name in ROWS
    }


def _reasons(files: tuple[FileReport, ...]) -> list[Block]:
    """Why rows were set aside or repaired."""
    blocks: list[Block] = []
    for name, title in (("reasons", "Why rows were set aside"), ("repaired", "What was repaired")):
        counted: Counter[str] = Counter()
        for file in files:
            counted.update(getattr(file, name))
        if counted:
            frame = pd.DataFrame(counted.most_common(), columns=["reason", "rows"])
            blocks.append(table_of(frame, name, title, REASONS))
    return blocks


def _journeys(sources: Sources) -> str:
    counts, words = sources.manifest["journeys"]["counts"], sources.words
    said = [f"{words.write(counts[k], 'count')} {label}" for k, label in TOUCHES.items() if counts.get(k)]
    return f"Touches: {'; '.join(said)}." if said else "The paths came aggregated: there are no single touches."


def _lead(sources: Sources) -> str:
    words = sources.words
    read, kept = (sum(getattr(f.rows, n) for f in sources.files) for n in ("read", "kept"))
    if not sources.files:
        return "No file of people was ingested; what the fits noticed stands below."
    lost = sum(f.rows.quarantined for f in sources.files)
    aside = f"; {words.write(lost, 'count')} could not be used and are set aside with their reasons" if lost else ""
    numbers = [words.write(n, "count") for n in (read, kept)]
    return f"Of {numbers[0]} rows read, {numbers[1]} were kept{aside}. Every row is accounted for."
