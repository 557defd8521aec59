"""What a suppression list frees, and what a holdout showed: inside the chapter on money spent on customers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from attribution.report.document import Block, Column, Figure, Figures, Points, Text, table_of
from attribution.report.sources import Sources
from attribution.suppression.evaluation_kept import PURPOSE

FREED = (
    Column("platform", "Platform"),
    Column("channels", "Channels"),
    Column("people", "People listed", "count"),
    Column("match_rate", "Match rate", "share", "share of the uploaded people whom the platform knows."),
    Column("freed", "Impressions freed", "count", "that will not go to listed people in the next period."),
    Column("freed_lower", "from", "count"),
    Column("freed_upper", "to", "count"),
    Column("spend_freed", "Spend freed", "money", "freed, not saved: it is saved only if the budget shrinks by it."),
    Column("spend_freed_lower", "Spend, from", "money"),
    Column("spend_freed_upper", "Spend, to", "money"),
)
EFFECTS = (
    Column("outcome", "Outcome"),
    Column("method", "Method", explained="with what people did before taken out (CUPED), or the plain difference."),
    Column("suppressed", "Suppressed", "number", "mean per person."),
    Column("held_out", "Held out", "number", "mean per person."),
    Column("effect", "Difference", "number", "suppressed less held out, everybody as assigned (intention to treat)."),
    Column("lower", "from", "number"),
    Column("upper", "to", "number"),
    Column("p", "p", "ratio"),
)


def freed_blocks(sources: Sources) -> list[Block]:
    """Freed spend with its interval and assumptions, and holdouts that were evaluated."""
    return [*_freed(sources), *_evaluations(sources)]


def _freed(sources: Sources) -> Iterator[Block]:
    name = sources.manifest["lists"].get("suppression", {}).get("freed")
    if not name:
        return
    kept = _read(sources, name)
    frame = pd.DataFrame(kept["platforms"])
    whole = frame[frame["platform"] == "(all)"] if (frame["platform"] == "(all)").any() else frame.tail(1)
    row = {str(k): v for k, v in whole.to_dict("records")[0].items()}
    level = sources.words.number(float(row["level"]), "share")
    ends = (row["spend_freed_lower"], row["spend_freed_upper"])
    meant = f"Expected in {kept['days']} days; {level} interval. It is saved only if the budget shrinks by it."
    yield Figures((Figure("Spend that the list frees", row["spend_freed"], "money", meant, *ends),))
    yield table_of(frame, "freed", "What the lists free in the next period, by platform", FREED)
    yield Text(kept["said"])
    yield Text("What has to be believed for that:")
    yield Points(tuple(kept["assumptions"]))


def _evaluations(sources: Sources) -> Iterator[Block]:
    """What holdouts showed."""
    lists = sources.manifest["lists"]
    for number, entry in enumerate(lists[n] for n in sorted(lists) if lists[n].get("purpose") == PURPOSE):
        kept = _read(sources, entry["files"][0])
        title = f"What the holdout {kept['experiment']} showed, {kept['start']} to {kept['end']}"
        suffix = "" if number == 0 else f"-{number + 1}"
        yield table_of(pd.DataFrame(kept["rows"]), f"holdout{suffix}", title, EFFECTS)
        yield Points(tuple(kept["said"]))


def _read(sources: Sources, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((sources.workspace.path / name).read_text(encoding="utf-8"))
    return found
