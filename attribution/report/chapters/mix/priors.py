"""Media mix: what the model assumed of each channel before the data, and what it found after them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.mix.guard_rails import prior_of
from attribution.report.chapters.mix.marks import starred, starred_axis
from attribution.report.charts.marks import amount_axis, base, rows_high, shown
from attribution.report.document import Block, Chart, Column, Kind, Table, table_of
from attribution.report.mix_view import LEVEL, MixView
from attribution.report.palette import scale
from attribution.report.sources import Sources
from attribution_models.mix.cells import Window, cells
from attribution_models.mix.contributions import contribution_draws, observed_totals
from attribution_models.mix.draw_summary import Summary
from attribution_models.mix.effects import Effects
from attribution_models.mix.returns import gains, roas_draws

Floats = NDArray[np.float64]
DRAWS = 400
# A prior that reaches this many times further than any posterior would squeeze the picture; it is cut there.
REACH = 3.0
BEFORE, AFTER = "before the data", "after the data"


def prior_blocks(sources: Sources, view: MixView) -> tuple[Block, ...]:
    """Prior beside posterior."""
    roas = set(view.known.quantity) == {"roas"}
    kind: Kind = "ratio" if roas else "share"
    frame = _frame(view, roas=roas)
    limit = _limit(frame)
    what = "Return on spend (ROAS)" if roas else "Share of the outcome"
    cut = " Grey bars are cut at the right edge; the table has their ends." if limit is not None else ""
    note = starred(
        view,
        f"Grey: where {LEVEL:.0%} of what the model assumed lay before it saw the data (the prior). Colour: the "
        f"{LEVEL:.0%} interval after the data (the posterior). Tick: the middle. Where both are alike, the "
        f"data said little.{cut}",
    )
    alt = f"Bars: {what} of each channel before and after the data."
    return (Chart(_table(view, frame, kind, what), _spec(sources, view, frame, kind, limit), alt, note),)


def _table(view: MixView, frame: pd.DataFrame, kind: Kind, what: str) -> Table:
    return table_of(frame, f"{view.id}-prior", f"{what}: assumed before the data, and found after", (
        Column("channel", "Channel"), Column("when", "When"), Column("amount", "Middle", kind),
        Column("lower", "from", kind), Column("upper", "to", kind),
        Column("ratio", "Width left", "share",
               "Spread after the data as a share of the spread before. Above 80 % the prior decides: prior-dominated."),
        Column("mark", "Mark"),
    ))  # fmt: skip


def _frame(view: MixView, *, roas: bool) -> pd.DataFrame:
    """ROAS, or shares of the outcome where not every channel has a ROAS; channels by contribution."""
    prior = prior_of(view.stored.structure, int(view.stored.entry["seed"]), DRAWS)
    amounts = view.table["contribution"].to_numpy()[: len(view.channels)]
    rows = []
    for when, effects in ((BEFORE, prior), (AFTER, view.effects)):
        found = Summary.of(_finite(_roas(effects) if roas else _shares(effects)), LEVEL)
        for c in np.argsort(-amounts, kind="stable"):
            name = view.channels[c]
            rows.append({
                "channel": name, "when": when, "amount": found.median[c], "lower": found.lower[c],
                "upper": found.upper[c], "ratio": view.known.ratio[c], "mark": view.marks.get(name, ""),
            })  # fmt: skip
    return pd.DataFrame(rows)


def _roas(effects: Effects) -> Floats:
    """ROAS over the whole window, (C, D)."""
    periods = effects.structure.data.outcome.shape[1]
    return roas_draws(effects, gains(effects, Window(0, periods - 1)))[0][:, 0]


def _shares(effects: Effects) -> Floats:
    """Contribution over what was observed, (C, D)."""
    s = effects.structure
    whole = cells(s.data, s.fitted)
    found = contribution_draws(effects, whole)[: len(s.spec.channels), 0, 0]
    return np.asarray(found / observed_totals(effects, whole)[0, 0])


def _finite(draws: Floats) -> Floats:
    """Draws without those in which a wide prior gave no finite number for some channel."""
    kept = draws[:, np.isfinite(draws).all(axis=0)]
    return kept if kept.size else np.zeros((len(draws), 1))


def _limit(frame: pd.DataFrame) -> float | None:
    """Where to cut the axis; None where nothing reaches that far."""
    limit = REACH * float(frame.loc[frame["when"] == AFTER, "upper"].max())
    return limit if limit > 0 and float(frame["upper"].max()) > limit else None


def _spec(sources: Sources, view: MixView, frame: pd.DataFrame, kind: Kind, limit: float | None) -> dict[str, Any]:
    names = list(dict.fromkeys(frame["channel"]))
    low = min(float(frame["lower"].min()), 0.0)
    axis = {
        **amount_axis(kind, None),
        "scale": {"zero": True} if limit is None else {"domain": [low, limit], "clamp": True},
    }
    tips = [
        shown("channel", "Channel"), shown("when", "When"), shown("amount", "Middle", kind),
        shown("lower", "from", kind),
        shown("upper", "to", kind), shown("ratio", "Width left", "share"),
    ]  # fmt: skip
    shared = {
        "y": starred_axis(view, names), "tooltip": tips,
        "yOffset": {"field": "when", "type": "nominal", "sort": [BEFORE, AFTER], "scale": {"paddingOuter": 0.4}},
    }  # fmt: skip
    span = {"x": {"field": "lower", **axis}, "x2": {"field": "upper"}}
    colour = {"field": "channel", "type": "nominal", "scale": scale(sources.colours, names), "legend": None}
    thick = {"type": "rule", "strokeWidth": 7}
    return base(rows_high(len(names), 40), layer=[
        {"transform": [{"filter": f"datum.when == '{BEFORE}'"}], "mark": {**thick, "opacity": 0.35, "style": "soft"},
         "encoding": {**shared, **span}},
        {"transform": [{"filter": f"datum.when == '{AFTER}'"}], "mark": {**thick, "opacity": 0.85},
         "encoding": {**shared, **span, "color": colour}},
        {"mark": {"type": "tick", "thickness": 2, "size": 12, "style": "ink"},
         "encoding": {**shared, "x": {"field": "amount", **axis}}},
    ])  # fmt: skip
