"""What went to people who were customers already, whom the lists name, and when they lapse."""

from __future__ import annotations

from typing import Any

import pandas as pd

from attribution.report.charts.marks import amount_axis, base, channel_axis, rows_high, shown
from attribution.report.document import Block, Chapter, Chart, Column, Kind, Text, table_of
from attribution.report.sources import Sources

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
)  # fmt: skip
LISTS = (
    Column("list", "List"),
    Column("people", "People", "count"),
    Column("made_on", "Made on", "date"),
    Column("expires_on", "Lapses on", "date", "when the platform drops its members or the list."),
)
REASONS = (Column("reason", "Reason"), Column("people", "People", "count"))


def suppression(sources: Sources) -> Chapter | None:
    """Waste by channel, lists and when they lapse; None where nobody is known to be a customer."""
    lists = sources.manifest["lists"]
    wasted = sources.waste
    if wasted is None and not lists:
        return None
    blocks: list[Block] = []
    if wasted is not None and not wasted.empty:
        blocks.append(_picture(sources, wasted))
    blocks += _lists(lists)
    return Chapter("suppression", "Money spent on customers", _lead(sources, wasted, lists), tuple(blocks))


def _lead(sources: Sources, wasted: pd.DataFrame | None, lists: dict[str, Any]) -> str:
    words = sources.words
    if wasted is None or not wasted["touches"].sum():
        said = "No touch is known, so what went to customers cannot be told."
    else:
        share = float(wasted["touches_to_customers"].sum() / wasted["touches"].sum())
        said = f"{words.write(share, 'share')} of touches met people who were customers already."
        if wasted["spend"].notna().any():
            lost = words.money(float(wasted["spend_to_customers"].sum()))
            said = f"{lost} went to people who were customers already: {words.write(share, 'share')} of touches."
    listed = lists.get("suppression")
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


def _lists(lists: dict[str, Any]) -> list[Block]:
    """Lists that were made, and why people are on them."""
    if not lists:
        return []
    rows = [
        {
            "list": name,
            "people": entry.get("people"),
            "made_on": entry.get("made_on"),
            "expires_on": entry.get("expires_on"),
        }
        for name, entry in sorted(lists.items())
    ]
    blocks: list[Block] = [table_of(pd.DataFrame(rows), "lists", "Lists", LISTS)]
    reasons = lists.get("suppression", {}).get("reasons", {})
    if reasons:
        frame = pd.DataFrame({"reason": list(reasons), "people": list(reasons.values())})
        blocks.append(table_of(frame, "listed", "Why people are on the list", REASONS))
    blocks.append(
        Text("Money is freed, not saved: it is saved only if the budget shrinks by it. Names stand in the files alone.")
    )
    return blocks
