"""Channels on the axes of a media-mix chapter: a star where the prior decides."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from attribution.mix.marks import PRIOR_DOMINATED
from attribution.report.charts.marks import base, channel_axis, coloured
from attribution.report.document import Switch
from attribution.report.mix_view import MixView
from attribution.report.palette import scale
from attribution.report.sources import Sources

ALL = "(all)"
STAR = " *"
MEANING = " * prior-dominated: the data say little here, so what the model assumed beforehand decides the figure."


def dominated(view: MixView) -> tuple[str, ...]:
    """Channels whose return the prior decides."""
    return tuple(c for c in view.channels if PRIOR_DOMINATED in view.marks.get(c, ""))


def one_or_all() -> dict[str, str]:
    """Keep the rows of the chosen channel, or all."""
    return {"filter": f"channel == '{ALL}' || datum.channel == channel"}


def switches(names: Sequence[str]) -> tuple[Switch, ...]:
    """A choice of one channel or all, where there are several."""
    several = ((ALL, "All channels"), *((c, c) for c in names))
    return (Switch("channel", "Channel", several),) if len(names) > 1 else ()


def starred_axis(view: MixView, order: Sequence[str]) -> dict[str, Any]:
    """Names of channels down the side, those that the prior decides with a star."""
    names = [c for c in order if c in dominated(view)]
    if not names:
        return channel_axis("channel", order)
    # As a list of JSON strings names are text for the expression, whatever they hold.
    expression = f"indexof({json.dumps(names)}, datum.value) >= 0 ? datum.value + '{STAR}' : datum.value"
    return channel_axis("channel", order, labelExpr=expression)


def colour_of(sources: Sources, names: Sequence[str]) -> dict[str, Any]:
    """Colour by channel, with a legend of full colours where there are several."""
    found = coloured("channel", scale(sources.colours, names), legend=len(names) > 1)
    if found["legend"] is not None:
        del found["legend"]["columns"]
        found["legend"] |= {"symbolOpacity": 1, "symbolStrokeWidth": 0}
    return found


def with_legend(height: int, **more: Any) -> dict[str, Any]:
    """A chart whose legend has four columns, on a phone two."""
    narrow = {"config": {"legend": {"columns": 2, "labelLimit": 110}}, "height": round(1.15 * height)}
    return base(height, config={"legend": {"columns": 4}}, usermeta={"narrow": narrow}, **more)


def by_day(spec: dict[str, Any]) -> dict[str, Any]:
    """Read the column ``date`` as days of the reader: as a moment in UTC it would be the day before in New York."""
    return spec | {"data": {"name": "table", "format": {"parse": {"date": "date:'%Y-%m-%d'"}}}}


def starred(view: MixView, note: str) -> str:
    """A note, and what the star means where there is one."""
    return note + (MEANING if dominated(view) else "")
