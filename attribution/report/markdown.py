"""The report as Markdown: the same chapters, tables in place of charts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attribution.report.document import (
    Block,
    Chapter,
    Chart,
    Drawing,
    Figures,
    Formula,
    Noticed,
    Points,
    Report,
    Table,
    Text,
    WhatIf,
)
from attribution.report.words import Words


def markdown(report: Report, words: Words) -> str:
    """The report as Markdown; names from data are escaped, so that they are text."""
    lines = [f"# {_plain(report.title)}", "", _plain(report.subtitle), ""]
    for chapter in (report.first, *report.chapters):
        lines += _chapter(chapter, words)
    return "\n".join(lines).rstrip() + "\n"


def _chapter(chapter: Chapter, words: Words) -> list[str]:
    lines = [f"## {_plain(chapter.title)}", "", _plain(chapter.lead), ""]
    for block in chapter.blocks:
        lines += [*_block(block, words), ""]
    return lines


def _block(block: Block, words: Words) -> Iterator[str]:
    match block:
        case Text():
            yield _plain(block.words)
        case Points():
            yield from (f"- {_plain(item)}" for item in block.items)
        case Figures():
            for f in block.items:
                span = words.between(f.lower, f.upper, f.kind)
                said = f"- {_plain(f.label)}: **{_plain(words.write(f.value, f.kind))}**"
                yield said + (f" ({span})" if span else "") + (f". {_plain(f.explained)}" if f.explained else "")
        case Noticed():
            yield from (f"- {f.severity}: {_plain(f.message)} {_plain(f.remedy)}".rstrip() for f in block.findings)
        case Formula():
            yield f"**{_plain(block.name)}**: `{block.formula}`"
            yield ""
            yield _plain(f"{block.words} {block.source}".strip())
        case Table():
            yield from _table(block, words)
        case Chart() | Drawing():
            yield from _table(block.table, words)
            if block.note:
                yield from ("", _plain(block.note))
        case WhatIf():
            yield from (_plain(block.words), "", *_table(block.table, words))


def _table(table: Table, words: Words) -> Iterator[str]:
    yield f"### {_plain(table.title)}"
    yield ""
    yield f"| {' | '.join(_cell(c.title) for c in table.columns)} |"
    yield f"|{'|'.join('---' if c.kind in ('text', 'date') else '---:' for c in table.columns)}|"
    for row in table.rows:
        cells = [_cell(words.write(v, c.kind)) for v, c in zip(row, table.columns, strict=True)]
        yield f"| {' | '.join(cells)} |"
    terms = [c for c in table.columns if c.explained]
    if terms:
        yield ""
        yield " ".join(f"{_plain(c.title)}: {_plain(c.explained)}" for c in terms)


def _cell(text: str) -> str:
    return _plain(text).replace("\n", " ").replace("\r", " ")


def _plain(text: str) -> str:
    """Text in which nothing is markup."""
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", text)
