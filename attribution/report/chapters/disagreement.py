"""Where models disagree, by how much, and why."""

from __future__ import annotations

from typing import Any

import pandas as pd

from attribution.compare.agreement import shares
from attribution.compare.disagreements import Disagreement
from attribution.report.charts.marks import amount_axis, base, channel_axis, rows_high, shown
from attribution.report.document import Block, Chapter, Chart, Column, Points, Table, table_of
from attribution.report.fit_names import plain
from attribution.report.sources import Sources, fits_of

# Channels in the picture; the table has all.
MOST = 30
APART = (
    Column("fit_a", "Model"),
    Column("fit_b", "Beside"),
    Column("total_variation", "Apart", "share", "How much of all credit would have to move to another channel to turn "
           "one model's split into the other's (total variation)."),
    Column("rank_agreement", "Same order", "ratio", "Kendall's tau-b of the order of channels: 1 the same order, 0 "
           "none in common, −1 the reverse."),
    Column("channels", "Channels", "count", "That both know; shares are of these."),
    Column("across_estimands", "Different kinds", explained="The two do not estimate the same: one shares out what "
           "was observed, the other says what was caused. Only their shares are compared."),
)  # fmt: skip
CONFLICTS = (
    Column("experiment", "Experiment"),
    Column("channel", "Channel"),
    Column("estimator", "Measured as"),
    Column("fit", "Model"),
    Column("claim", "Model's claim", "number", "what the model says the channel brought in the test."),
    Column("lift", "Measured", "number", "what the experiment measured."),
    Column("lift_error", "Its standard error", "number"),
    Column("conflict", "Apart", "ratio", "in standard errors of both; beyond 3 they cannot both be right."),
    Column("scored", "Scored", explained="whether the experiment was kept away from every fit, so that models may be "
           "scored against it."),
)  # fmt: skip


def disagreement(sources: Sources) -> Chapter | None:
    """Models side by side; None where only one was fitted."""
    report = sources.comparison
    if report is None or report.credits["fit"].nunique() < 2:
        return None
    blocks: list[Block] = []
    if report.disagreements:
        blocks.append(Points(tuple(said(sources, d) for d in report.disagreements)))
    blocks.append(_picture(sources, report.credits))
    apart = report.agreement.sort_values("total_variation", ascending=False, kind="stable")
    blocks.append(_distances(apart, fits_of(report.credits)))
    blocks += _experiments(report.conflicts)
    return Chapter("disagreement", "Where models disagree, and why", _lead(report.agreement), tuple(blocks))


def said(sources: Sources, found: Disagreement) -> str:
    """A disagreement in a planner's words: who gives how much, and why."""
    assert sources.credits is not None
    models = sources.credits.drop_duplicates("fit").set_index("fit")["model"]
    high, low = (plain(fit, str(models.get(fit, fit))) for fit in (found.high, found.low))
    shares = [sources.words.number(share, "share") for share in (found.high_share, found.low_share)]
    return f"{found.channel} gets {shares[0]} by {high} and {shares[1]} by {low}: {found.reason}"


def _lead(agreement: pd.DataFrame) -> str:
    known = agreement.dropna(subset=["total_variation"])
    if known.empty:
        return "The models know no channel in common, so there is nothing to compare."
    worst = known.iloc[int(known["total_variation"].argmax())]
    same = known[~known["across_estimands"]]
    inner = ""
    if len(same) < len(known) and len(same):
        inner = f" Among models of one kind it is at most {same['total_variation'].max():.0%}."
    return (
        f"{worst['fit_a']} and {worst['fit_b']} are furthest apart: {worst['total_variation']:.0%} of all credit would "
        f"have to move to another channel to turn one into the other.{inner}"
    )


def _picture(sources: Sources, credits: pd.DataFrame) -> Chart:
    """Each channel's share by every model, as a dot each."""
    given = shares(credits, sources.measure)
    models = credits.drop_duplicates("fit").set_index("fit")["model"]
    long = given.reset_index(names="channel").melt("channel", var_name="fit", value_name="share").dropna()
    long["model"] = [plain(str(f), str(models[f])) for f in long["fit"]]
    order = [c for c in sources.channels if c in given.index]
    columns = (Column("channel", "Channel"), Column("model", "Model"), Column("share", "Share", "share", "Of what the "
               "model gives to channels; baseline and what cannot be placed are left out."))  # fmt: skip
    table = table_of(long, "shares", "Share of each channel by every model", columns)
    note = "Each mark is a model; a long line is a channel on which it matters which model one believes."
    if len(order) > MOST:
        note += f" The {MOST} largest of {len(order)} channels; the table has all."
    alt = "For each channel a line from the least to the most that any model gives, with a mark per model."
    return Chart(table, _spec(table, order[:MOST]), alt, note)


def _spec(table: Table, order: list[str]) -> dict[str, Any]:
    fits = list(dict.fromkeys(str(row[1]) for row in table.rows))
    x = amount_axis("share", None)
    marks = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left"]
    return base(
        rows_high(len(order)),
        transform=[{"filter": {"field": "channel", "oneOf": order}}],
        encoding={"y": channel_axis("channel", order)},
        layer=[
            {"mark": {"type": "rule", "strokeWidth": 5, "opacity": 0.25, "style": "soft"},
             "encoding": {"x": {"field": "share", "aggregate": "min", **x},
                          "x2": {"field": "share", "aggregate": "max"}}},
            {"mark": {"type": "point", "filled": True, "size": 70, "opacity": 0.9},
             "encoding": {
                 "x": {"field": "share", **x},
                 "shape": {"field": "model", "type": "nominal",
                           "scale": {"domain": fits, "range": _cycled(marks, fits)},
                           "legend": {"orient": "bottom", "columns": 3, "title": None}},
                 "color": {"field": "model", "type": "nominal", "scale": {"domain": fits, "scheme": "tableau10"}},
                 "tooltip": [shown("channel", "Channel"), shown("model", "Model"), shown("share", "Share", "share")],
             }},
        ],
    )  # fmt: skip


def _distances(apart: pd.DataFrame, fits: list[str]) -> Chart:
    """Every pair of models, darker the further apart."""
    table = table_of(apart, "apart", "How far models are apart", APART)
    tips = [shown(c.name, c.title, c.kind) for c in APART[:5]]
    axis = {"title": None, "domain": False, "ticks": False}
    spec = base(
        rows_high(len(fits) - 1, 28),
        encoding={
            "x": {"field": "fit_b", "type": "nominal", "sort": fits, "axis": {**axis, "labelAngle": -40}},
            "y": {"field": "fit_a", "type": "nominal", "sort": fits, "axis": axis},
        },
        layer=[
            {"mark": {"type": "rect", "cornerRadius": 2},
             "encoding": {"tooltip": tips, "color": {
                 "field": "total_variation", "type": "quantitative", "legend": None,
                 "scale": {"domain": [0, 1], "range": ["#dbe9f6", "#08306b"]}}}},
            {"mark": {"type": "text", "fontSize": 11},
             "encoding": {"text": {"field": "total_variation", "type": "quantitative", "format": ".0%"},
                          "color": {"condition": {"test": "datum.total_variation > 0.45", "value": "#ffffff"},
                                    "value": "#1b1f24"}}},
        ],
    )  # fmt: skip
    note = (
        "The share of all credit that would have to move to another channel to turn one model's split into the other's."
    )
    return Chart(table, spec, "A grid of pairs of models with the share of credit on which they differ.", note)


def _cycled(marks: list[str], fits: list[str]) -> list[str]:
    return [marks[i % len(marks)] for i in range(len(fits))]


def _experiments(conflicts: pd.DataFrame | None) -> list[Block]:
    """Claims of models beside what experiments measured."""
    if conflicts is None or conflicts.empty:
        return []
    return [table_of(conflicts, "experiments", "Models beside experiments", CONFLICTS)]
