"""Pieces that several charts are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attribution.report.document import Kind

ROW = 30
# d3 formats of the axes and tooltips, by how a value is written.
FORMATS: dict[Kind, str] = {"share": ".0%", "money": "$,.0f", "count": ",.0f", "number": ",.3~f", "ratio": ",.2f"}
AXES: dict[Kind, str] = {"share": ".0%", "money": "$.2~s", "count": ".3~s", "number": ".3~s", "ratio": ".2~f"}


def base(height: int, **more: Any) -> dict[str, Any]:
    """A chart as wide as the page lets it be."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"name": "table"},
        **more,
    }


def rows_high(rows: int, each: int = ROW) -> int:
    """Height of a chart with so many rows."""
    return max(2, rows) * each


def channel_axis(field: str, order: Sequence[str], **more: Any) -> dict[str, Any]:
    """Names of channels down the side, in this order."""
    axis = {"title": None, "domain": False, "ticks": False, "labelPadding": 6, **more}
    return {"field": field, "type": "nominal", "sort": list(order), "axis": axis}


def amount_axis(kind: Kind, title: str | None, **more: Any) -> dict[str, Any]:
    """Amounts along an axis."""
    return {
        "type": "quantitative", "title": title, "axis": {"format": AXES[kind], "tickCount": 5, "domain": False}, **more,
    }  # fmt: skip


def shown(field: str, title: str, kind: Kind = "text") -> dict[str, Any]:
    """A line of a tooltip."""
    if kind == "text":
        return {"field": field, "type": "nominal", "title": title}
    if kind == "date":
        return {"field": field, "type": "temporal", "title": title, "format": "%d %b %Y"}
    return {"field": field, "type": "quantitative", "title": title, "format": FORMATS[kind]}


def coloured(
    field: str, scale: Mapping[str, Sequence[str]], *, legend: bool = False, title: str | None = None
) -> dict[str, Any]:
    """Colour by channel."""
    shown_legend = {"orient": "bottom", "columns": 4, "title": title, "symbolType": "square"} if legend else None
    return {"field": field, "type": "nominal", "scale": dict(scale), "legend": shown_legend}
