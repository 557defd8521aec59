"""Where channels stand in the funnel: whether they open journeys, come in between, close them, or are alone."""

from __future__ import annotations

from typing import Any

import pandas as pd

from attribution.report.charts.marks import base, channel_axis, rows_high, shown
from attribution.report.document import Chart, Column, Switch, table_of

# Channels in the picture; the table has all.
MOST = 20
# The parts that a channel's conversions fall into, each conversion into one; with colours that no channel has.
PARTS = {
    "opens_only": ("Opens", "#3f8fbf", "it is the first touch, and not the last."),
    "between": ("In between", "#8a8f98", "neither the first touch nor the last."),
    "closes_only": ("Closes", "#c9703c", "it is the last touch, and not the first."),
    "both": ("Opens and closes", "#8d6cb5", "it is the first and the last touch, with others in between."),
    "alone": ("Alone", "#5d6b7d", "it is the only touch."),
}  # fmt: skip
COLUMNS = (
    Column("channel", "Channel"),
    Column("inside", "Conversions with it", "count", "conversions whose journey holds the channel at least once. A "
           "conversion counts for every channel in its journey, so this column adds up to more than all conversions."),
    *(Column(name, title, "count", explained) for name, (title, _, explained) in PARTS.items()),
    Column("touches_per_conversion", "Touches per conversion", "number", "how often the channel is met in a converting "
           "journey that holds it."),
    Column("lag_days", "Days before", "number", "mean time from the channel's touches to the conversion, in days."),
    Column("conversion_rate", "Converting", "share", "of journeys that hold the channel, how many convert. It says "
           "whom a channel meets, not what it does."),
)  # fmt: skip


def funnel(stands: pd.DataFrame) -> Chart:
    """The chart of `positions`, channels that open at the top and channels that close at the bottom."""
    frame = parts(stands)
    columns = tuple(c for c in COLUMNS if c.name != "lag_days" or frame["lag_days"].notna().any())
    order = _order(frame)
    note = (
        "Each bar is the conversions whose journey holds the channel, parted by where it stood. Channels that open "
        "journeys are at the top, channels that close them at the bottom."
    )
    if len(frame) > MOST:
        note += f" The {MOST} channels in most conversions of {len(frame)}; the table has all."
    alt = "Bars by channel: in which share of its conversions it opens the journey, closes it, is in between or alone."
    table = table_of(frame, "funnel", "Where each channel stands in the funnel", columns)
    switch = Switch(
        "measure", "Show", (("share", "Share of the channel's conversions"), ("count", "Number of conversions"))
    )
    return Chart(table, _spec(order), alt, note, (switch,))


def parts(stands: pd.DataFrame) -> pd.DataFrame:
    """Positions with conversions parted into those that a channel only opens, only closes, or both.

    Of the journeys that hold a channel, opens + closes - (inside - between) both begin and end with it; those of a
    single touch among them are ``alone``.
    """
    frame = stands.sort_values("inside", ascending=False, kind="stable", ignore_index=True)
    twice = (frame["opens"] + frame["closes"] - (frame["inside"] - frame["between"])).clip(lower=0)
    return frame.assign(
        opens_only=(frame["opens"] - twice).clip(lower=0),
        closes_only=(frame["closes"] - twice).clip(lower=0),
        both=(twice - frame["alone"]).clip(lower=0),
    )


def _order(frame: pd.DataFrame) -> list[str]:
    """The channels in most conversions, from those that open to those that close."""
    large = frame[frame["inside"] > 0].head(MOST)
    tends = (large["closes_only"] - large["opens_only"]) / large["inside"]
    return [str(c) for c in large.assign(tends=tends).sort_values("tends", kind="stable")["channel"]]


def _spec(order: list[str]) -> dict[str, Any]:
    titles = [title for title, _, _ in PARTS.values()]
    named = ", ".join(f"{name}: '{title}'" for name, (title, _, _) in PARTS.items())
    tips = [shown("channel", "Channel"), shown("part", "In the journey"), shown("conversions", "Conversions", "count"),
            shown("share", "Share of its conversions", "share")]  # fmt: skip
    return base(
        rows_high(len(order)),
        params=[{"name": "measure", "value": "share"}],
        transform=[
            {"filter": {"field": "channel", "oneOf": order}},
            {"fold": list(PARTS)},
            {"calculate": f"{{{named}}}[datum.key]", "as": "part"},
            {"calculate": f"indexof({list(PARTS)}, datum.key)", "as": "place"},
            {"calculate": "datum.value", "as": "conversions"},
            {"calculate": "datum.inside > 0 ? datum.value / datum.inside : 0", "as": "share"},
            {"calculate": "measure == 'share' ? datum.share : datum.conversions", "as": "amount"},
            {"filter": "datum.amount > 0"},
        ],
        mark={"type": "bar", "height": {"band": 0.72}},
        encoding={
            "y": channel_axis("channel", order),
            "x": {"field": "amount", "type": "quantitative", "stack": "zero", "title": None,
                  "axis": {"tickCount": 5, "domain": False, "labelSeparation": 8,
                           "labelExpr": "format(datum.value, measure == 'share' ? '.0%' : '.3~s')"}},
            "color": {"field": "part", "type": "nominal",
                      "scale": {"domain": titles, "range": [colour for _, colour, _ in PARTS.values()]},
                      "legend": {"orient": "top", "title": None, "symbolType": "square"}},
            "order": {"field": "place", "type": "quantitative"},
            "tooltip": tips,
        },
        config={"legend": {"columns": 5}},
        usermeta={"narrow": {"config": {"legend": {"columns": 3}}}},
    )  # fmt: skip
