"""Media mix: what made up the outcome, date by date."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.report.chapters.mix.marks import by_day, colour_of, with_legend
from attribution.report.charts.marks import amount_axis, shown
from attribution.report.document import Block, Chart, Column, table_of
from attribution.report.mix_view import MixView
from attribution.report.sources import Sources
from attribution_models.mix.cells import Grain, cells
from attribution_models.mix.contributions import contribution_draws
from attribution_models.mix.effects import BASELINE, INTERACTION, UNATTRIBUTED

# Channels with an area of their own; the rest share one.
SHOWN = 9
OTHERS = "other channels"
# More points than this along the time axis are grouped by week or month.
MOST_POINTS = 200


def over_time_blocks(sources: Sources, view: MixView) -> tuple[Block, ...]:
    """What the baseline and each channel contributed, date by date, on top of each other."""
    frame, order = _stack(view)
    kind = view.kind
    columns = (
        Column("date", "Date", "date"),
        Column("channel", "Channel", explained="(baseline): what would have come without media."),
        Column("contribution", f"Contribution ({view.noun})", kind), Column("place", "Place in the stack", "count"),
    )  # fmt: skip
    table = table_of(frame, f"{view.id}-over-time", f"What made up {view.noun} over time", columns)
    spec = by_day(with_legend(
        320,
        mark={"type": "area", "opacity": 0.9, "line": False},
        encoding={
            "x": {"field": "date", "type": "temporal", "title": None,
                  "axis": {"grid": False, "tickCount": 6, "labelOverlap": True}},
            "y": {"field": "contribution", "stack": "zero", **amount_axis(kind, None)},
            "color": colour_of(sources, order),
            "order": {"field": "place", "type": "quantitative"},
            "tooltip": [shown("date", "Date", "date"), shown("channel", "Channel"),
                        shown("contribution", "Contribution", kind)],
        },
    ))  # fmt: skip
    note = (
        "From the bottom: the baseline, what would have come without media; on it what each channel brought, by what "
        f"was spent then and shortly before. The top edge is what the model expects.{_drifting(view)}{view.thinned}"
    )
    return (Chart(table, spec, "Areas on top of each other: baseline and channels, by date.", note),)


def _drifting(view: MixView) -> str:
    """Where effects drift, a sentence that says so."""
    if view.stored.spec.time_varying is None:
        return ""
    return (
        " Effects drift in this fit: the same spend brings more in some periods than in others, in all channels alike; "
        "returns and curves are those of the dates that they name."
    )


def _stack(view: MixView) -> tuple[pd.DataFrame, list[str]]:
    """Mean contribution by date and name, the largest channels apart; names from the bottom of the stack up."""
    s, grain = view.stored.structure, _grain(view)
    found = cells(s.data, s.fitted, (grain,))
    draws = contribution_draws(view.effects, found)[:, :, view.measure]
    mean = dict(zip(view.effects.names, draws.mean(axis=2), strict=True))
    mean.pop(UNATTRIBUTED)
    bottom = {n: mean.pop(n) for n in (BASELINE, INTERACTION) if n in mean}
    ranked = sorted(mean, key=lambda n: -float(mean[n].sum()))
    rows = bottom | {n: mean[n] for n in ranked[:SHOWN]}
    if len(ranked) > SHOWN:
        rows[OTHERS] = sum((mean[n] for n in ranked[SHOWN:]), np.zeros(draws.shape[1]))
    there = np.unique(found.of[found.of >= 0])
    dates = [f"{name[0]}-01" if grain == "month" else name[0] for name in found.names]
    at = np.array(dates)[there]
    parts = [
        pd.DataFrame({"date": at, "channel": name, "contribution": values[there], "place": place})
        for place, (name, values) in enumerate(rows.items())
    ]
    return pd.concat(parts, ignore_index=True), list(rows)


def _grain(view: MixView) -> Grain:
    """Periods; weeks of days, and months where there would be too many."""
    periods, days = len(view.stored.data.dates), view.stored.calendar.days
    if periods <= MOST_POINTS:
        return "period"
    return "week" if days < 7 and periods * days <= MOST_POINTS * 7 else "month"
