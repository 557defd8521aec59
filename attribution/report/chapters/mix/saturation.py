"""Media mix: how the effect of a channel flattens as there is more of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from attribution.report.chapters.mix.marks import ALL, colour_of, one_or_all, switches, with_legend
from attribution.report.charts.marks import amount_axis, shown
from attribution.report.document import Block, Chart, Column, table_of
from attribution.report.mix_view import LEVEL, MixView
from attribution.report.sources import Sources
from attribution_models.mix.curves import saturation_curves

POINTS = 25
# Curves without a ceiling have no share of it.
OPEN = ("none", "root")


def saturation_blocks(sources: Sources, view: MixView) -> tuple[Block, ...]:
    """How near to its ceiling each channel is."""
    kept = [i for i, c in enumerate(view.stored.spec.channels) if c.saturation.kind not in OPEN]
    if not kept:
        return ()
    frame = _frame(view, kept)
    names = list(dict.fromkeys(frame["channel"]))
    table = table_of(frame, f"{view.id}-saturation", "How each channel flattens (saturation)", (
        Column("channel", "Channel"),
        Column("exposure", f"Exposure over the busiest {view.unit}", "share",
               f"100 %: the most that was seen in one {view.unit}, of spend or what it bought (impressions, points)."),
        Column("reached", "Reached of its ceiling", "share",
               "100 % is the most that the channel could ever bring, with exposure without end."),
        Column("lower", "from", "share"), Column("upper", "to", "share"), Column("seen", "Seen"),
    ))  # fmt: skip
    return (Chart(table, _spec(sources, view, names),
                  "Curves: how much of its ceiling each channel reaches, by exposure.", _note(view),
                  switches(names)),)  # fmt: skip


def _frame(view: MixView, kept: list[int]) -> pd.DataFrame:
    found = saturation_curves(view.effects, POINTS, LEVEL)
    parts = []
    for c in kept:
        share = found.exposure[c] / found.largest[c] if found.largest[c] > 0 else found.exposure[c]
        parts.append(pd.DataFrame({
            "channel": view.channels[c], "exposure": share, "reached": found.response.mean[c],
            "lower": found.response.lower[c], "upper": found.response.upper[c],
            "seen": np.where(share <= 1 + 1e-9, "yes", "never so much"),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _note(view: MixView) -> str:
    return (
        f"Left of 100 %: exposure that was seen; right of it, dashed, more than in any {view.unit}: a guess. "
        f"Where a curve is flat, more money brings little more. Choose a channel to see its {LEVEL:.0%} interval."
    )


def _spec(sources: Sources, view: MixView, names: list[str]) -> dict[str, Any]:
    x = {"field": "exposure", **amount_axis("share", f"Exposure, of the busiest {view.unit} seen")}
    y = {"field": "reached", **amount_axis("share", None), "scale": {"domainMin": 0}}
    colour = colour_of(sources, names)
    tips = [shown("channel", "Channel"), shown("exposure", "Exposure", "share"), shown("reached", "Reached", "share"),
            shown("lower", "from", "share"), shown("upper", "to", "share")]  # fmt: skip
    line: dict[str, Any] = {"type": "line", "strokeWidth": 2.2}
    encoding = {"x": x, "y": y, "color": colour}
    return with_legend(260, params=[{"name": "channel", "value": ALL}], transform=[one_or_all()], layer=[
        {"transform": [{"filter": f"channel != '{ALL}'"}], "mark": {"type": "area", "opacity": 0.18},
         "encoding": {"x": x, "y": {**y, "field": "lower"}, "y2": {"field": "upper"}, "color": colour}},
        {"transform": [{"filter": "datum.exposure <= 1.0001"}], "mark": line, "encoding": encoding},
        {"transform": [{"filter": "datum.exposure >= 0.9999"}],
         "mark": {**line, "strokeDash": [5, 4], "opacity": 0.6}, "encoding": encoding},
        {"mark": {"type": "point", "filled": True, "size": 60, "opacity": 0},
         "encoding": {**encoding, "tooltip": tips}},
    ])  # fmt: skip
