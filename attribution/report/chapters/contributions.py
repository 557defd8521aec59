"""Contributions of every model, with intervals; the reader switches between models and measures."""

from __future__ import annotations

from typing import Any

import pandas as pd

from attribution.report.charts.marks import base, channel_axis, rows_high, shown
from attribution.report.document import Block, Chapter, Chart, Column, Kind, Points, Switch, Text, table_of
from attribution.report.fit_names import ESTIMANDS, MEANT, PLAIN, plain
from attribution.report.palette import scale
from attribution.report.sources import CLOSING, Sources, fits_of

ENDS = (("", ""), ("_lower", ", from"), ("_upper", ", to"))
MEASURES: dict[str, tuple[str, Kind]] = {
    "conversions": ("Conversions", "count"),
    "value": ("Value", "money"),
    "conversion_share": ("Share of conversions", "share"),
    "value_share": ("Share of value", "share"),
}  # fmt: skip
COLUMNS = (
    Column("fit", "Model"),
    Column("channel", "Channel", explained="(baseline) is what would have happened without media, where the model "
           "says so; (unattributed) is what it cannot place. Channels and these add up to what was observed."),
    *(Column(f"{name}{end}", f"{title}{label}", kind)
      for name, (title, kind) in MEASURES.items() for end, label in ENDS),
)  # fmt: skip


def contributions(sources: Sources) -> Chapter | None:
    """Contributions by model."""
    credits = sources.credits
    if credits is None or credits.empty:
        return None
    measures = [m for m in MEASURES if m in credits and credits[m].notna().any()]
    frame = _with_ends(credits, measures)
    table = table_of(frame, "contributions", "Contributions by model", COLUMNS)
    fits = _fits(sources, credits)
    chart = Chart(
        table, _spec(sources, frame, measures, fits[0][0]),
        alt="Bars: what each channel contributed by the chosen model, with its interval as a line.",
        note=_note(credits, sources.leading),
        switches=(
            Switch("fit", "Model", tuple(fits)),
            Switch("measure", "Show", tuple((m, MEASURES[m][0]) for m in measures)),
        ),
    )  # fmt: skip
    return Chapter("contributions", "Contributions by model", _lead(credits), (chart, *_explained(credits)))


def _with_ends(credits: pd.DataFrame, measures: list[str]) -> pd.DataFrame:
    """Credits in which every measure has both ends of its interval, missing or not."""
    ends = {f"{m}{e}" for m in measures for e in ("_lower", "_upper")} - set(credits.columns)
    return credits.assign(**dict.fromkeys(sorted(ends), float("nan")))


def _fits(sources: Sources, credits: pd.DataFrame) -> list[tuple[str, str]]:
    """Fits to choose from, the leading one first."""
    models = credits.drop_duplicates("fit").set_index("fit")["model"]
    names = sorted(fits_of(credits), key=lambda f: f != sources.leading)
    return [(f, plain(f, str(models[f]))) for f in names]


def _spec(sources: Sources, frame: pd.DataFrame, measures: list[str], fit: str) -> dict[str, Any]:
    order = [*sources.channels, *(c for c in CLOSING if (frame["channel"] == c).any())]
    most = int(frame.groupby("fit").size().max())
    tips = [shown("channel", "Channel"), *_tips(measures)]
    y = channel_axis("channel", order)
    colour = {"field": "channel", "type": "nominal", "scale": scale(sources.colours, order), "legend": None}
    amount: dict[str, Any] = {
        "type": "quantitative",
        "title": None,
        "axis": {"tickCount": 5, "domain": False, **_format()},
    }
    return base(
        rows_high(most),
        params=[{"name": "fit", "value": fit}, {"name": "measure", "value": measures[0]}],
        transform=[
            {"filter": "datum.fit == fit"},
            {"calculate": "datum[measure]", "as": "amount"},
            {"calculate": "datum[measure + '_lower']", "as": "lower"},
            {"calculate": "datum[measure + '_upper']", "as": "upper"},
            {"filter": "isValid(datum.amount)"},
        ],
        encoding={"y": y},
        layer=[
            {"mark": {"type": "bar", "opacity": 0.85, "cornerRadiusEnd": 2, "height": {"band": 0.66}},
             "encoding": {"x": {"field": "amount", **amount}, "color": colour, "tooltip": tips}},
            {"transform": [{"filter": "isValid(datum.lower)"}],
             "mark": {"type": "rule", "strokeWidth": 2, "style": "ink"},
             "encoding": {"x": {"field": "lower", **amount}, "x2": {"field": "upper"}}},
        ],
    )  # fmt: skip


def _format() -> dict[str, Any]:
    """Axis labels by the measure that is shown."""
    share = "indexof(measure, 'share') >= 0 ? '.0%' : measure == 'value' ? '$.3~s' : '.3~s'"
    return {"labelExpr": f"format(datum.value, {share})"}


def _tips(measures: list[str]) -> list[dict[str, Any]]:
    tips = []
    for m in measures:
        title, kind = MEASURES[m]
        tips.append(shown(m, title, kind))
    return tips


def _lead(credits: pd.DataFrame) -> str:
    number = credits["fit"].nunique()
    if number == 1:
        return "One model was fitted. Fit others beside it before a budget moves: attribution fit paths."
    estimands = credits["estimand"].nunique()
    kinds = " of different kinds" if estimands > 1 else ""
    return (
        f"{number} models{kinds} looked at the same data. Choose one to see what it gives each channel; what they "
        "disagree on stands in the next chapter."
    )


def _note(credits: pd.DataFrame, leading: str | None) -> str:
    mine = credits[credits["fit"] == leading]
    level = mine["interval_level"].dropna()
    if level.empty:
        return "This model has no intervals. Fit with --bootstrap 200 to see how much the figures would move."
    return (
        f"The line on a bar is the {level.iloc[0]:.0%} interval: how far the figure would move with other customers or "
        "other weeks like these. It does not say that the model is right."
    )


def _explained(credits: pd.DataFrame) -> tuple[Block, ...]:
    """What each model does, and what its figures mean."""
    models = credits.drop_duplicates("model")
    items = [f"{_head(m)}: {MEANT.get(m, '')}" for m in map(str, models["model"])]
    blocks: list[Block] = [Text("What the models do:"), Points(tuple(items))]
    for estimand, mine in models.groupby("estimand", sort=False):
        names = ", ".join(_head(str(m)) for m in mine["model"])
        blocks.append(Text(f"{names}: {ESTIMANDS.get(str(estimand), str(estimand))}."))
    return tuple(blocks)


def _head(model: str) -> str:
    name = PLAIN.get(model, model)
    return name[:1].upper() + name[1:]
