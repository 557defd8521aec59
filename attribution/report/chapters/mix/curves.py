"""Media mix: outcome against spend, and how the effect of a channel flattens and fades."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from attribution.report.chapters.mix.marks import ALL, colour_of, one_or_all, switches, with_legend
from attribution.report.charts.marks import amount_axis, shown
from attribution.report.document import Block, Chart, Column, Text, table_of
from attribution.report.mix_view import LEVEL, MULTIPLES, MixView
from attribution.report.sources import Sources
from attribution_models.mix.curves import MOSTLY

WITHIN, EDGE, BEYOND = "within the data", "edge of the data", "beyond the data"
# How strong a band is drawn: of all channels at once, and of one.
FAINT, CLEAR = 0.06, 0.22
# Points that only slopes are read from.
UNSEEN = (1.01, 2.05)


def curve_blocks(sources: Sources, view: MixView) -> tuple[Block, ...]:
    """Response curves of the channels that were paid for."""
    if not view.paid:
        return (Text("No channel was paid for in the last year of the panel, so there are no response curves."),)
    frame = _frame(view)
    first, last = (sources.words.date(day) for day in view.span(view.year))
    columns = (
        Column("channel", "Channel"), Column("multiple", "Times today's spend", "ratio"),
        Column("spend", "Spend", "money"),
        Column("gain", f"Brings ({view.noun})", view.kind, "What would be missing without this spend."),
        Column("lower", "from", view.kind), Column("upper", "to", view.kind), Column("today", "Today"),
        Column("range", "Range", explained=f"{BEYOND}: more than half of the channel's exposure would lie above "
               "anything that was observed; there the curve is a guess of the model."),
    )  # fmt: skip
    table = table_of(frame, f"{view.id}-response", f"What spend brings, {first} to {last}", columns)
    names = list(dict.fromkeys(frame["channel"]))
    note = (
        f"Dot: spend in these {_length(view)}. Up the curve: the same {view.unit}s with more money; bands: {LEVEL:.0%} "
        f"intervals, clearer where one channel is chosen. Dashed: {BEYOND}, where the curve is a guess.{view.thinned}"
    )
    alt = "Curves: what each channel's spend brings, from nothing to twice today's; a dot marks today's spend."
    return (Chart(table, _spec(sources, view, names), alt, note, switches(names)),)


def _length(view: MixView) -> str:
    return f"{view.year.size} {view.unit}s"


def _frame(view: MixView) -> pd.DataFrame:
    """A row for each channel and multiple of its spend."""
    at = [i for i, m in enumerate(MULTIPLES) if m not in UNSEEN]
    multiples = np.array(MULTIPLES)[at]
    found, outside = view.summary(view.gains[:, at]), view.beyond(multiples) > MOSTLY
    parts = [
        pd.DataFrame({
            "channel": view.channels[c], "multiple": multiples, "spend": multiples * view.spend[c],
            "gain": found.mean[c], "lower": found.lower[c], "upper": found.upper[c],
            "today": np.where(multiples == 1, "yes", ""), "range": _ranges(outside[c]),
        })
        for c in view.paid
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _ranges(outside: np.ndarray[Any, np.dtype[np.bool_]]) -> list[str]:
    """Words for each point; the last one inside is the edge where any are outside."""
    words = [BEYOND if out else WITHIN for out in outside]
    if BEYOND in words and words.index(BEYOND) > 0:
        words[words.index(BEYOND) - 1] = EDGE
    return words


def _spec(sources: Sources, view: MixView, names: list[str]) -> dict[str, Any]:
    x = {"field": "spend", **amount_axis("money", "Spend")}
    y = {"field": "gain", **amount_axis(view.kind, None)}
    colour = colour_of(sources, names)
    tips = [shown("channel", "Channel"), shown("spend", "Spend", "money"), shown("multiple", "Times today's", "ratio"),
            shown("gain", "Brings", view.kind), shown("lower", "from", view.kind), shown("upper", "to", view.kind),
            shown("range", "Range")]  # fmt: skip
    line = {"type": "line", "strokeWidth": 2.2}
    encoding = {"x": x, "y": y, "color": colour}
    return with_legend(
        340,
        params=[{"name": "channel", "value": ALL}],
        transform=[one_or_all()],
        layer=[
            {"mark": {"type": "area", "opacity": {"expr": f"channel == '{ALL}' ? {FAINT} : {CLEAR}"}},
             "encoding": {"x": x, "y": {**y, "field": "lower"}, "y2": {"field": "upper"}, "color": colour}},
            {"transform": [{"filter": f"datum.range != '{BEYOND}'"}], "mark": line, "encoding": encoding},
            {"transform": [{"filter": f"datum.range != '{WITHIN}'"}],
             "mark": {**line, "strokeDash": [5, 4], "opacity": 0.6}, "encoding": encoding},
            {"mark": {"type": "point", "filled": True, "size": 60, "opacity": 0},
             "encoding": {**encoding, "tooltip": tips}},
            {"transform": [{"filter": "datum.today == 'yes'"}],
             "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
             "encoding": {**encoding, "tooltip": tips}},
        ],
    )  # fmt: skip
