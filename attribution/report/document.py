"""What a report is made of: chapters of text, figures, tables, charts and drawings. Knows nothing of how it looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal

import pandas as pd

from attribution.findings import Finding

# How a value is written: the page, Markdown and the charts' axes all go by it.
Kind = Literal["text", "count", "number", "money", "share", "ratio", "date"]
Cell = str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        In the data and in downloads.
    title : str
        Head of the column.
    kind : Kind
        ``ratio`` is a number such as a ROAS, with two digits.
    explained : str
        What the term means, in plain words; empty where the title says it.
    """

    name: str
    title: str
    kind: Kind = "text"
    explained: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that a chart shows, or that stand for themselves.

    Attributes
    ----------
    id : str
        Unique in the report; name of the download.
    title : str
    columns : tuple of Column
    rows : tuple of tuple
        Raw values; missing is None.
    """

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def records(self) -> list[dict[str, Cell]]:
        """Rows as objects."""
        names = [c.name for c in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Switch:
    """A choice above a chart: sets a parameter of its description.

    Attributes
    ----------
    param : str
        Name of the parameter.
    label : str
    options : tuple of (value, label)
        The first is what the chart starts with.
    """

    param: str
    label: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A Vega-Lite chart over a table.

    Attributes
    ----------
    table : Table
        Its rows are the data ``table``; downloads give it.
    spec : mapping
        Vega-Lite, whose data is named ``table``.
    alt : str
        What is to be seen, for who cannot see it.
    note : str
        How to read it.
    switches : tuple of Switch
    """

    table: Table
    spec: Mapping[str, Any]
    alt: str
    note: str = ""
    switches: tuple[Switch, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing of our own as SVG, over a table."""

    table: Table
    svg: str
    alt: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    words: str


@dataclass(frozen=True, slots=True)
class Points:
    """Sentences as a list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that matters, with what it means.

    Attributes
    ----------
    label, explained : str
    value : Cell
    kind : Kind
    lower, upper : float or None
        Interval.
    """

    label: str
    value: Cell
    kind: Kind
    explained: str = ""
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers side by side."""

    items: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Noticed:
    """Findings: what was noticed about data or fits, and what to do."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """How something is worked out.

    Attributes
    ----------
    name : str
    formula : str
        In characters, as ``ROAS = value / cost``.
    words : str
        In plain words.
    source : str
        Paper or document; may be empty.
    """

    name: str
    formula: str
    words: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Sliders on response curves of a media-mix model, computed in the page.

    Attributes
    ----------
    id : str
    words : str
    data : mapping
        Curves and today's plan, as `attribution.report.chapters.what_if` makes them.
    table : Table
        Today's spend and what it brings, for downloads and where no script runs.
    """

    id: str
    words: str
    data: Mapping[str, Any]
    table: Table


Block = Text | Points | Figures | Table | Chart | Drawing | Noticed | Formula | WhatIf


@dataclass(frozen=True, slots=True)
class Chapter:
    """One subject.

    Attributes
    ----------
    id : str
        Its address in the page.
    title : str
    lead : str
        The answer in a sentence or two.
    blocks : tuple of Block
    short : str
        What the list of chapters calls it, where the title is a sentence.
    """

    id: str
    title: str
    lead: str
    blocks: tuple[Block, ...]
    short: str = ""

    @property
    def name(self) -> str:
        """What the list of chapters calls it."""
        return self.short or self.title


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report.

    Attributes
    ----------
    title, subtitle : str
    first : Chapter
        The answer, before everything else.
    chapters : tuple of Chapter
    colours : mapping of str to str
        Channel to colour, the same in every chart.
    """

    title: str
    subtitle: str
    first: Chapter
    chapters: tuple[Chapter, ...]
    colours: Mapping[str, str] = field(default_factory=dict)

    def blocks(self) -> Iterator[Block]:
        """Every block, in order."""
        for chapter in (self.first, *self.chapters):
            yield from chapter.blocks

    def tables(self) -> Iterator[Table]:
        """Every table, those behind charts among them."""
        for block in self.blocks():
            if isinstance(block, Table):
                yield block
            elif isinstance(block, Chart | Drawing | WhatIf):
                yield block.table


def table_of(frame: pd.DataFrame, name: str, title: str, columns: tuple[Column, ...]) -> Table:
    """A table from a frame's columns of those names; columns that the frame lacks are left out."""
    there = tuple(c for c in columns if c.name in frame.columns)
    cells = [[_cell(v) for v in frame[c.name].tolist()] for c in there]
    return Table(name, title, there, tuple(zip(*cells, strict=True)) if cells else ())


def _cell(value: Any) -> Cell:
    """A value as plain data; what is missing or infinite as None."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and not isfinite(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    item = getattr(value, "item", None)
    plain: Cell = item() if callable(item) else value
    return plain if isinstance(plain, str | int | float | bool) else str(plain)
