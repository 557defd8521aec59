"""Removal effects of Markov chains, with intervals."""

from __future__ import annotations

from typing import Any

import pandas as pd

from attribution.report.charts.marks import amount_axis, base, channel_axis, rows_high, shown
from attribution.report.document import Block, Chart, Column, Switch, table_of
from attribution.report.fit_names import plain
from attribution.report.palette import scale
from attribution.report.sources import Sources

# Channels in the picture; the table has all.
MOST = 30
EFFECTS = {"removal_effect": "Removal effect", "value_removal_effect": "Removal effect on value"}
COLUMNS = (
    Column("fit", "Model"),
    Column("channel", "Channel"),
    Column("removal_effect", "Removal effect", "share", "the share of conversions that is lost in the chain without "
           "the channel."),
    Column("removal_effect_lower", "from", "share"), Column("removal_effect_upper", "to", "share"),
    Column("value_removal_effect", "Removal effect on value", "share", "the share of value that is lost in the chain "
           "without the channel."),
    Column("value_removal_effect_lower", "value, from", "share"),
    Column("value_removal_effect_upper", "value, to", "share"),
)  # fmt: skip


def removal(sources: Sources, fits: list[str]) -> tuple[Block, ...]:
    """The chart, with a choice where several chains were fitted or conversions have values."""
    frame = _frame(sources, fits)
    valued = bool((frame["value_removal_effect"] > 0).any())
    columns = tuple(c for c in COLUMNS if valued or not c.name.startswith("value"))
    table = table_of(frame, "removal", "What is lost in the chain without each channel", columns)
    first = frame[frame["fit"] == fits[0]]
    order = [str(c) for c in first.sort_values("removal_effect", ascending=False, kind="stable")["channel"]]
    switches = []
    if len(fits) > 1:
        switches.append(Switch("fit", "Model", tuple((f, plain(f, "markov")) for f in fits)))
    if valued:
        switches.append(Switch("measure", "Show", tuple(EFFECTS.items())))
    alt = "Bars: the removal effect of each channel, largest first, with its interval as a line."
    note = _note(sources, fits[0], len(order))
    return (
        Chart(
            table,
            _spec(sources, order[:MOST], fits[0], valued, float(frame["removal_effect"].max())),
            alt,
            note,
            tuple(switches),
        ),
    )


def _frame(sources: Sources, fits: list[str]) -> pd.DataFrame:
    """Rows of channels, with every column."""
    rows = pd.concat([sources.rows(f).dropna(subset=["removal_effect"]) for f in fits], ignore_index=True)
    ends = {f"{m}{e}" for m in EFFECTS for e in ("_lower", "_upper")} - set(rows.columns)
    return rows.assign(**dict.fromkeys(sorted(ends), float("nan")))


def _note(sources: Sources, fit: str, channels: int) -> str:
    level = sources.rows(fit)["interval_level"].dropna()
    if level.empty:
        note = "Without intervals: fit with --bootstrap 200 to see how much the effects would move."
    else:
        note = f"Line: the {level.iloc[0]:.0%} interval, how far the effect would move with other customers like these."
    return note + (f" The {MOST} largest of {channels} channels; the table has all." if channels > MOST else "")


def _spec(sources: Sources, order: list[str], fit: str, valued: bool, largest: float) -> dict[str, Any]:
    x = amount_axis("share", None)
    if largest < 0.1:
        x["axis"]["format"] = ".1%"
    tips = [shown("channel", "Channel"), *(shown(n, t, "share") for n, t in (
        ("amount", "Removal effect"), ("lower", "from"), ("upper", "to")))]  # fmt: skip
    colour = {"field": "channel", "type": "nominal", "scale": scale(sources.colours, order), "legend": None}
    names = list(EFFECTS) if valued else ["removal_effect"]
    return base(
        rows_high(len(order)),
        params=[{"name": "fit", "value": fit}, {"name": "measure", "value": names[0]}],
        transform=[
            {"filter": "datum.fit == fit"},
            {"filter": {"field": "channel", "oneOf": order}},
            {"calculate": "datum[measure]", "as": "amount"},
            {"calculate": "datum[measure + '_lower']", "as": "lower"},
            {"calculate": "datum[measure + '_upper']", "as": "upper"},
        ],
        encoding={"y": channel_axis("channel", order)},
        layer=[
            {"mark": {"type": "bar", "opacity": 0.85, "cornerRadiusEnd": 2, "height": {"band": 0.66}},
             "encoding": {"x": {"field": "amount", **x}, "color": colour, "tooltip": tips}},
            {"transform": [{"filter": "isValid(datum.lower)"}],
             "mark": {"type": "rule", "strokeWidth": 2, "style": "ink"},
             "encoding": {"x": {"field": "lower", **x}, "x2": {"field": "upper"}}},
        ],
    )  # fmt: skip
