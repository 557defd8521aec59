"""Media mix: what spend returned."""

from __future__ import annotations

from typing import Any

import pandas as pd

from attribution.report.chapters.mix.marks import starred, starred_axis
from attribution.report.charts.marks import amount_axis, base, rows_high, shown
from attribution.report.document import Block, Chart, Column, Kind, Text, table_of
from attribution.report.mix_view import LEVEL, MixView
from attribution.report.palette import OTHER, scale
from attribution.report.sources import Sources

ROAS = "ROAS: what a unit of money spent brought back, judged by what would be missing without it."
MROAS = "Marginal ROAS: what the next unit of money would bring; lower than ROAS where a channel is near its ceiling."
NONE = "No channel has both spend and an effect that can be set against it, so there are no returns to show."


def return_blocks(sources: Sources, view: MixView) -> tuple[Block, ...]:
    """ROAS and marginal ROAS; the cost of an outcome where its worth is not known."""
    paid = view.table[view.table["spend"] > 0]
    if paid["roas"].notna().any():
        return (_roas(sources, view, paid),)
    return (_cost(sources, view, paid),) if paid["cpa"].notna().any() else (Text(NONE),)


def _roas(sources: Sources, view: MixView, paid: pd.DataFrame) -> Chart:
    ranked = paid.sort_values("roas", ascending=False, kind="stable")
    frame = pd.concat([_measured(ranked, "roas", "ROAS"), _measured(ranked, "mroas", "marginal ROAS")])
    table = table_of(frame, f"{view.id}-roas", f"What a unit of spend brought{_when(sources, view)}", (
        Column("channel", "Channel"), Column("measure", "Measure", explained=f"{ROAS} {MROAS}"),
        Column("amount", "Value", "ratio"), Column("lower", "from", "ratio"), Column("upper", "to", "ratio"),
        Column("spend", "Spend", "money"), Column("mark", "Mark"),
    ))  # fmt: skip
    note = starred(
        view,
        f"Dot: ROAS; diamond: marginal ROAS, the return of the next unit of money; lines: {LEVEL:.0%} intervals. "
        f"Dashed line at 1: what came back equals what was spent, before the cost of goods.{view.thinned}",
    )
    spec = _dots(sources, view, frame, "ratio", at=1.0)
    return Chart(table, spec, "Dots with intervals: ROAS and marginal ROAS by channel, highest first.", note)


def _cost(sources: Sources, view: MixView, paid: pd.DataFrame) -> Chart:
    frame = _measured(paid.sort_values("cpa", kind="stable"), "cpa", "cost")
    title = f"What one of {view.stored.spec.outcome} cost{_when(sources, view)}"
    table = table_of(frame, f"{view.id}-cost", title, (
        Column("channel", "Channel"),
        Column("amount", "Cost", "money", "Spend over the outcome that would be missing without it. Lower is better."),
        Column("lower", "from", "money"), Column("upper", "to", "money"), Column("spend", "Spend", "money"),
        Column("mark", "Mark"),
    ))  # fmt: skip
    note = starred(
        view,
        f"Lines: {LEVEL:.0%} intervals; none where the channel may have brought nothing. What the outcome is worth is "
        f"not in the panel, so there is no ROAS; name it in the model file as revenue_per_outcome.{view.thinned}",
    )
    spec = _dots(sources, view, frame, "money")
    return Chart(table, spec, "Dots with intervals: cost of an outcome by channel, lowest first.", note)


def _when(sources: Sources, view: MixView) -> str:
    first, last = (sources.words.date(day) for day in view.span(view.whole))
    return f", {first} to {last}"


def _measured(frame: pd.DataFrame, column: str, name: str) -> pd.DataFrame:
    """One measure as rows."""
    ends = {"amount": column, "lower": f"{column}_lower", "upper": f"{column}_upper"}
    kept = {c: frame[c].to_numpy() for c in ("channel", "spend", "mark")}
    return pd.DataFrame({**kept, **{to: frame[source].to_numpy() for to, source in ends.items()}}).assign(measure=name)


def _dots(sources: Sources, view: MixView, frame: pd.DataFrame, kind: Kind, at: float | None = None) -> dict[str, Any]:
    """Dots with intervals by channel; several measures stand below each other."""
    names, measures = list(dict.fromkeys(frame["channel"])), list(dict.fromkeys(frame["measure"]))
    axis = {**amount_axis(kind, None), "scale": {"zero": True}}
    tips = [shown("channel", "Channel"), shown("measure", "Measure"), shown("amount", "Value", kind),
            shown("lower", "from", kind), shown("upper", "to", kind)]  # fmt: skip
    shared: dict[str, Any] = {
        "y": starred_axis(view, names), "tooltip": tips,
        "color": {"field": "channel", "type": "nominal", "scale": scale(sources.colours, names), "legend": None},
    }  # fmt: skip
    dot: dict[str, Any] = {"x": {"field": "amount", **axis}}
    if len(measures) > 1:
        shared["yOffset"] = {"field": "measure", "type": "nominal", "sort": measures, "scale": {"paddingOuter": 0.4}}
        shapes = {"domain": measures, "range": ["circle", "diamond"]}
        dot["shape"] = {"field": "measure", "type": "nominal", "title": None, "scale": shapes,
                        "legend": {"orient": "top", "symbolFillColor": OTHER}}  # fmt: skip
    layers: list[dict[str, Any]] = [
        {"transform": [{"filter": "isValid(datum.lower) && isValid(datum.upper)"}],
         "mark": {"type": "rule", "strokeWidth": 2.5, "opacity": 0.6},
         "encoding": {**shared, "x": {"field": "lower", **axis}, "x2": {"field": "upper"}}},
        {"mark": {"type": "point", "filled": True, "size": 90, "opacity": 1}, "encoding": {**shared, **dot}},
    ]  # fmt: skip
    if at is not None:
        rule = {"type": "rule", "strokeDash": [4, 4], "style": "soft"}
        layers.insert(0, {"mark": rule, "encoding": {"x": {"datum": at, **axis}}})
    return base(rows_high(len(names), 46 if len(measures) > 1 else 30), layer=layers)
