"""The report as JSON: the same chapters with raw values, for pipelines."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from attribution.report.document import Block, Chapter, Chart, Drawing, Report, Table, WhatIf

FORMAT = 1


def plain_data(report: Report) -> dict[str, Any]:
    """Chapters as plain data; tables as columns and rows of raw values, charts as the tables behind them."""
    return {
        "format": FORMAT,
        "title": report.title,
        "subtitle": report.subtitle,
        "chapters": [_chapter(c) for c in (report.first, *report.chapters)],
    }


def _chapter(chapter: Chapter) -> dict[str, Any]:
    blocks = [_block(b) for b in chapter.blocks]
    return {"id": chapter.id, "title": chapter.title, "lead": chapter.lead, "blocks": blocks}


def _block(block: Block) -> dict[str, Any]:
    kind = type(block).__name__.lower()
    match block:
        case Table():
            return {"kind": kind, **_table(block)}
        case Chart() | Drawing():
            return {"kind": kind, "alt": block.alt, "note": block.note, "table": _table(block.table)}
        case WhatIf():
            return {"kind": "what-if", "words": block.words, "table": _table(block.table)}
        case _:
            return {"kind": kind, **asdict(block)}


def _table(table: Table) -> dict[str, Any]:
    columns = [{"name": c.name, "title": c.title, "kind": c.kind, "explained": c.explained} for c in table.columns]
    return {"id": table.id, "title": table.title, "columns": columns, "rows": [list(row) for row in table.rows]}
