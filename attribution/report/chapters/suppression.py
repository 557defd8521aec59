"""What went to people who were customers already, whom the lists name, and when they lapse."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from attribution.report.chapters.freed import freed_blocks
from attribution.report.charts.marks import amount_axis, base, channel_axis, rows_high, shown
from attribution.report.document import Block, Chapter, Chart, Column, Kind, Text, table_of
from attribution.report.sources import Sources
from attribution.steps.lists import lists

WASTE = (
    Column("channel", "Channel"),
    Column("touches", "Touches", "count"),
    Column("touches_to_customers", "To customers", "count", "the person was a customer at that moment: touched after "
           "the first purchase, or after the date in the customers file."),
    Column("share_to_customers", "Share", "share"),
    Column("impressions", "Impressions", "count"),
    Column("impressions_to_customers", "Impressions to customers", "count"),
    Column("spend", "Spend", "money"),
    Column("spend_to_customers", "Spend on customers", "money", "cost of those touches, or spend by share of touches "
           "where touches carry no cost."),
    Column("credit", "Credit", "count", "conversions that the channel gets by the model named at the end."),
    Column("credit_to_customers", "Credit for customers", "count", "of people who were customers when "
           "their journey began."),
    Column("credit_basis", "Credit by"),
)  # fmt: skip
LISTS = (
    Column("list", "List"),
    Column("people", "People", "count"),
    Column("made_on", "Made on", "date"),
    Column("uploaded_on", "Uploaded on", "date"),
    Column("expires_on", "Lapses on", "date", "when the platform drops its members or the list."),
)
REASONS = (Column("reason", "Reason"), Column("people", "People", "count"))


def suppression(sources: Sources) -> Chapter | None:
    """Waste by channel, lists and when they lapse; None where nobody is known to be a customer."""
    listed = sources.manifest["lists"]
    wasted = sources.waste
    if wasted is None and not listed:
        return None
    blocks: list[Block] = []
    if wasted is not None and not wasted.empty:
        blocks.append(_picture(sources, wasted))
    blocks += freed_blocks(sources)
    blocks += _lists(sources)
    return Chapter("suppression", "Money spent on customers", _lead(sources, wasted, listed), tuple(blocks))


def _lead(sources: Sources, wasted: pd.DataFrame | None, made: dict[str, Any]) -> str:
    words = sources.words
    if wasted is None or not wasted["touches"].sum():
        said = "No touch is known, so what went to customers cannot be told."
    else:
        share = float(wasted["touches_to_customers"].sum() / wasted["touches"].sum())
        said = f"{words.write(share, 'share')} of touches met people who were customers already."
        if wasted["spend"].notna().any():
            lost = words.money(float(wasted["spend_to_customers"].sum()))
            said = f"{lost} went to people who were customers already: {words.write(share, 'share')} of touches."
    listed = made.get("suppression")
    if listed:
        return f"{said} The suppression list names {words.write(listed['people'], 'count')} people."
    return f"{said} Make a list that leaves them out: attribution suppress."


def _picture(sources: Sources, wasted: pd.DataFrame) -> Chart:
    """Spend, or touches where no spend is known: the part that went to customers."""
    money = bool(wasted["spend"].notna().any())
    field, part = ("spend", "spend_to_customers") if money else ("touches", "touches_to_customers")
    kind: Kind = "money" if money else "count"
    rows = wasted[wasted[field] > 0] if money else wasted
    order = [c for c in sources.channels if (rows["channel"] == c).any()]
    order += [c for c in rows["channel"] if c not in order]
    x = amount_axis(kind, None)
    tips = [shown(c.name, c.title, c.kind) for c in WASTE if c.name in wasted and wasted[c.name].notna().any()]
    spec = base(
        rows_high(len(order)),
        transform=[{"filter": f"datum.{field} > 0"}],
        encoding={"y": channel_axis("channel", order)},
        layer=[
            {"mark": {"type": "bar", "opacity": 0.3, "style": "soft", "height": {"band": 0.66}, "cornerRadiusEnd": 2},
             "encoding": {"x": {"field": field, **x}, "tooltip": tips}},
            {"mark": {"type": "bar", "color": "#d55e00", "height": {"band": 0.66}, "cornerRadiusEnd": 2},
             "encoding": {"x": {"field": part, **x}, "tooltip": tips}},
        ],
    )  # fmt: skip
    there = tuple(c for c in WASTE if wasted[c.name].notna().any())
    table = table_of(
        wasted, "waste", f"{'Spend' if money else 'Touches'} by channel, and what went to customers", there
    )
    note = "Pale: all of it. Orange: what went to people who were customers at that moment."
    return Chart(table, spec, "Bars of spend by channel with the part that went to customers.", note)


def _lists(sources: Sources) -> list[Block]:
    """Lists that were made, what was uploaded, when it lapses, and why people are on them."""
    # Days are counted from no clock: dates stand in the table, so that the same workspace gives the same page.
    rows = lists(sources.workspace, as_of=date.min)
    if rows.empty:
        return []
    blocks: list[Block] = [table_of(rows, "lists", "Lists", LISTS)]
    reasons = sources.manifest["lists"].get("suppression", {}).get("reasons", {})
    if reasons:
        frame = pd.DataFrame({"reason": list(reasons), "people": list(reasons.values())})
        blocks.append(table_of(frame, "listed", "Why people are on the list", REASONS))
    return [*blocks, Text("Who is on a list stands in the list's files alone.")]
