"""The chances of the chain's steps as a heat map."""

from __future__ import annotations

from typing import Any

import pandas as pd

from attribution.report.chapters.chain.map import CONVERSION, NULL, START, Joined
from attribution.report.charts.chain_graph import Graph
from attribution.report.charts.marks import base, channel_axis, shown
from attribution.report.document import Chart, Column, table_of

COLOUR, CELL, LEGEND = "#0072b2", 24, (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
# Names of columns where the page is narrow: upright, and left out where they would lie on each other.
NARROW = {"labelAngle": -90, "labelLimit": 110, "labelOverlap": "greedy"}
COLUMNS = (
    Column("source", "From"),
    Column("target", "To"),
    Column("probability", "Chance", "share", "of all steps from there, how many go this way; a row adds up to 100%."),
    Column("journeys", "Steps", "count"),
)


def matrix(held: Joined, steps: pd.DataFrame) -> Chart:
    """The heat map: rows are where journeys stand, columns where they go next."""
    table = table_of(steps, "transitions", "Where journeys go next", COLUMNS)
    note = "Each row is a channel, each column what follows it; a stronger colour is more often. Rows add up to 100%."
    if held.others:
        note += f" The {held.others} channels that are met least are one, “other channels”."
    alt = "A grid: for each channel how often each other channel, a conversion or the end follows."
    return Chart(table, _spec(held.graph, float(steps["probability"].max())), alt, note)


def _spec(graph: Graph, most: float) -> dict[str, Any]:
    rows = [START, *graph.names]
    ends = [name for name, weights in ((CONVERSION, graph.conversions), (NULL, graph.nulls)) if weights.sum() > 0]
    columns = [*graph.names, *ends]
    top = {"orient": "top", "title": None, "domain": False, "ticks": False}
    return base(
        CELL * len(rows),
        mark={"type": "rect", "color": COLOUR},
        encoding={
            "y": {**channel_axis("source", rows), "scale": {"domain": rows, "paddingInner": 0.04}},
            "x": {"field": "target", "type": "nominal", "sort": columns, "axis": top,
                  "scale": {"domain": columns, "paddingInner": 0.04}},
            "opacity": {"field": "probability", "type": "quantitative",
                        "scale": {"type": "sqrt", "domain": [0, most], "range": [0.03, 1]},
                        "legend": {"format": ".0%", "columns": 7, "orient": "bottom", "title": "Chance of the step",
                                   "symbolType": "square", "values": [v for v in LEGEND if v <= most],
                                   "symbolFillColor": COLOUR, "symbolStrokeWidth": 0}},
            "tooltip": [shown(c.name, c.title, c.kind) for c in COLUMNS],
        },
        padding={"left": 5, "top": 5, "right": 44, "bottom": 5},
        config={"axisTop": {"labelAngle": -40, "labelLimit": 110, "labelOverlap": False}},
        usermeta={"narrow": {"height": 20 * len(rows), "padding": 5, "config": {"axisTop": NARROW}}},
    )  # fmt: skip
