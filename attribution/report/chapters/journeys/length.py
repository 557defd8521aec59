"""How many touches and how much time lie before a conversion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from attribution.report.charts.marks import amount_axis, base, shown
from attribution.report.document import Chart, Column, Switch, table_of

PLAIN = "#5b7a99"
ENDS = {"from_first": "From the first touch", "from_last": "From the last touch"}
COLOURS = ("#3f8fbf", "#c9703c")
LENGTHS = (
    Column("touches", "Touches"),
    Column("conversions", "Conversions", "count"),
    Column("share", "Share of conversions", "share"),
    Column("conversion_rate", "Converting", "share", "of journeys of that length, how many convert."),
)
TIMES = (
    Column("lag", "Time to the conversion"),
    Column("since", "Counted"),
    Column("conversions", "Conversions", "count"),
    Column("share", "Share of conversions", "share", "of conversions with a touch."),
)


def length_chart(steps: pd.DataFrame) -> Chart:
    """Conversions by number of touches, from `length`."""
    untouched = steps["touches"] == "0"
    # Nobody sees a person who has no touch and does not convert, so that row has no rate.
    frame = steps.assign(conversion_rate=steps["conversion_rate"].where(~untouched, np.nan))
    frame = frame[~untouched | (frame["conversions"] > 0)]
    there = (frame["conversions"] > 0) | frame["conversion_rate"].notna()
    frame = frame[there[::-1].cummax()[::-1]]
    rates = frame["conversion_rate"].dropna()
    known = bool((rates < 1).any())
    columns = LENGTHS if known else LENGTHS[:-1]
    choice = (("share", "Share of conversions"), ("conversion_rate", "Share of journeys that convert"))
    table = table_of(frame, "path-length", "How many touches a conversion takes", columns)
    return Chart(
        table, _length_spec(frame, columns),
        alt="Columns: the share of conversions by the number of touches before them.",
        note="Touches of a journey, whatever their channel, up to the conversion.",
        switches=(Switch("measure", "Show", choice),) if known else (),
    )  # fmt: skip


def _length_spec(frame: pd.DataFrame, columns: tuple[Column, ...]) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "labelAngle": 0,
        "domain": False,
        "ticks": False,
        "labelExpr": "replace(datum.label, ' or more', '+')",
    }
    return base(
        240,
        params=[{"name": "measure", "value": "share"}],
        transform=[{"calculate": "datum[measure]", "as": "amount"}],
        mark={"type": "bar", "color": PLAIN, "cornerRadiusEnd": 2},
        encoding={
            "x": {"field": "touches", "type": "ordinal", "sort": list(frame["touches"]), "title": "touches",
                  "axis": axis},
            "y": {"field": "amount", **amount_axis("share", None)},
            "tooltip": [shown(c.name, c.title, c.kind) for c in columns],
        },
    )  # fmt: skip


def time_chart(times: pd.DataFrame) -> Chart:
    """Conversions by the time since the first and since the last touch, from `lag`."""
    long = pd.concat(
        [
            pd.DataFrame(
                {"lag": times["lag"], "since": title, "conversions": times[end], "share": times[f"{end}_share"]}
            )
            for end, title in ENDS.items()
        ],
        ignore_index=True,
    )
    table = table_of(long, "time-to-conversion", "How long it takes to convert", TIMES)
    return Chart(
        table, _time_spec(list(times["lag"])),
        alt="Bars: the share of conversions by the time since the first touch and since the last touch.",
        note="Counted from the first touch it is the time to decide; counted from the last touch, the time within "
        "which a closing channel works.",
    )  # fmt: skip


def _time_spec(order: list[str]) -> dict[str, Any]:
    titles = list(ENDS.values())
    colour = {"field": "since", "type": "nominal", "scale": {"domain": titles, "range": list(COLOURS)},
              "legend": {"orient": "top", "title": None, "symbolType": "square"}}  # fmt: skip
    return base(
        len(order) * 38,
        mark={"type": "bar", "cornerRadiusEnd": 2},
        encoding={
            "y": {"field": "lag", "type": "ordinal", "sort": order, "title": None,
                  "axis": {"domain": False, "ticks": False, "labelPadding": 6}, "scale": {"paddingInner": 0.25}},
            "yOffset": {"field": "since", "type": "nominal", "sort": titles},
            "x": {"field": "share", **amount_axis("share", None)},
            "color": colour,
            "tooltip": [shown(c.name, c.title, c.kind) for c in TIMES],
        },
        config={"legend": {"columns": 2}},
        usermeta={"narrow": {"config": {"legend": {"columns": 1}}}},
    )  # fmt: skip
