"""What channels cost, and what came back: cost per conversion and return on spend, by model."""

from __future__ import annotations

from typing import Any

import pandas as pd

from attribution.report.charts.marks import base, channel_axis, rows_high, shown
from attribution.report.document import Chapter, Chart, Column, Switch, table_of
from attribution.report.fit_names import plain
from attribution.report.palette import scale
from attribution.report.sources import Sources, fits_of

MEASURES = {"roas": "ROAS (value per unit of spend)", "cpa": "CPA (cost per conversion)", "mroas": "Marginal ROAS"}
COLUMNS = (
    Column("fit", "Model"),
    Column("channel", "Channel"),
    Column("cost", "Spend", "money"),
    Column("conversions", "Conversions", "count"),
    Column("value", "Value", "money"),
    Column("cpa", "CPA", "money", "cost per conversion: spend / conversions that the model gives the channel."),
    Column("cpa_lower", "CPA, from", "money"),
    Column("cpa_upper", "CPA, to", "money"),
    Column("roas", "ROAS", "ratio", "return on ad spend: value that the model gives the channel / spend."),
    Column("roas_lower", "ROAS, from", "ratio"),
    Column("roas_upper", "ROAS, to", "ratio"),
    Column("mroas", "Marginal ROAS", "ratio", "what the next unit of spend brings."),
    Column("mroas_lower", "Marginal ROAS, from", "ratio"),
    Column("mroas_upper", "Marginal ROAS, to", "ratio"),
)  # fmt: skip


def cost(sources: Sources) -> Chapter | None:
    """Spend and what came back; None where no spend is known."""
    credits = sources.credits
    if credits is None or "cost" not in credits or not (credits["cost"] > 0).any():
        return None
    paid = credits[credits["cost"] > 0]
    measures = [m for m in MEASURES if m in paid and paid[m].notna().any()]
    if not measures:
        return None
    ends = {f"{m}{e}" for m in measures for e in ("_lower", "_upper")} - set(paid.columns)
    paid = paid.assign(**dict.fromkeys(sorted(ends), float("nan")))
    table = table_of(paid, "cost", "What spend brought back", COLUMNS)
    models = paid.drop_duplicates("fit").set_index("fit")["model"]
    names = sorted(fits_of(paid), key=lambda f: f != sources.leading)
    chart = Chart(
        table, _spec(sources, paid, measures, names[0]),
        alt="For each paid channel, the chosen measure of cost or return by the chosen model, with its interval.",
        note="A dashed line at 1 marks where value equals spend. A path model's ROAS is attributed, not caused: it "
        "does not say what would be lost without the channel.",
        switches=(
            Switch("fit", "Model", tuple((f, plain(f, str(models[f]))) for f in names)),
            Switch("measure", "Show", tuple((m, MEASURES[m]) for m in measures)),
        ),
    )  # fmt: skip
    return Chapter("cost", "Cost and return", _lead(sources, paid, names[0]), (chart,))


def _lead(sources: Sources, paid: pd.DataFrame, fit: str) -> str:
    words, mine = sources.words, paid[paid["fit"] == fit]
    spent = f"{words.money(float(mine['cost'].sum()))} was spent on {len(mine)} channels."
    known = mine.dropna(subset=["roas"]) if "roas" in mine else mine.head(0)
    if len(known) < 2:
        return spent
    best, least = known.iloc[int(known["roas"].argmax())], known.iloc[int(known["roas"].argmin())]
    ends = [words.number(float(r["roas"]), "ratio") for r in (best, least)]
    return (
        f"{spent} By {plain(fit, str(mine['model'].iloc[0]))}, {best['channel']} returns most per unit of spend "
        f"({ends[0]}), {least['channel']} least ({ends[1]})."
    )


def _spec(sources: Sources, paid: pd.DataFrame, measures: list[str], fit: str) -> dict[str, Any]:
    order = [c for c in sources.channels if (paid["channel"] == c).any()]
    x: dict[str, Any] = {"type": "quantitative", "title": None, "axis": {"tickCount": 5, "domain": False, "labelExpr":
                         "format(datum.value, measure == 'cpa' ? '$.3~s' : '.2~f')"}}  # fmt: skip
    kinds = {"roas": "ratio", "mroas": "ratio", "cpa": "money"}
    tips = [shown("channel", "Channel"), shown("cost", "Spend", "money"), shown("conversions", "Conversions", "count")]
    tips += [shown(m, MEASURES[m], kinds[m]) for m in measures]  # type: ignore[arg-type]
    colour = {"field": "channel", "type": "nominal", "scale": scale(sources.colours, order), "legend": None}
    return base(
        rows_high(len(order)),
        params=[{"name": "fit", "value": fit}, {"name": "measure", "value": measures[0]}],
        transform=[
            {"filter": "datum.fit == fit"},
            {"calculate": "datum[measure]", "as": "amount"},
            {"calculate": "datum[measure + '_lower']", "as": "lower"},
            {"calculate": "datum[measure + '_upper']", "as": "upper"},
            {"filter": "isValid(datum.amount)"},
        ],
        encoding={"y": channel_axis("channel", order)},
        layer=[
            {"transform": [{"filter": "isValid(datum.lower)"}],
             "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.6},
             "encoding": {"x": {"field": "lower", **x}, "x2": {"field": "upper"}, "color": colour}},
            {"mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
             "encoding": {"x": {"field": "amount", **x}, "color": colour, "tooltip": tips}},
            {"transform": [{"filter": "measure != 'cpa'"}, {"aggregate": [{"op": "count", "as": "n"}]},
                           {"calculate": "1", "as": "one"}],
             "mark": {"type": "rule", "strokeDash": [4, 4], "style": "soft"},
             "encoding": {"x": {"field": "one", "type": "quantitative"}, "y": None}},
        ],
    )  # fmt: skip
