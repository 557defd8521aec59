"""What joining cookies, devices, e-mails and CRM ids into customers changed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from attribution.identity.effect import StitchingEffect
from attribution.report.charts.marks import amount_axis, base, channel_axis, rows_high, shown
from attribution.report.document import Block, Chapter, Chart, Column, Figure, Figures, Noticed, Table, Text, table_of
from attribution.report.palette import scale
from attribution.report.sources import Sources
from attribution.steps.identify import IdentityReport, last_identity

SIZES = (
    Column("ids", "Ids of a customer"),
    Column("customers", "Customers", "count"),
    Column("share", "Share of customers", "share"),
)
GUARDS = (
    Column("reason", "Why an id joins nobody"),
    Column("ids", "Ids", "count"),
)
JOURNEYS = (
    Column("identity", "Identity"),
    Column("journeys", "Journeys", "count"),
    Column("conversions", "Conversions", "count"),
    Column("touches_per_journey", "Touches per converting journey", "number"),
    Column("single_touch", "With one touch only", "share"),
    Column("untouched", "Without any touch", "share", "conversions before which no touch of the person is known."),
)
CREDITS = (
    Column("model", "Model"),
    Column("channel", "Channel"),
    Column("share_without", "Share without identity", "share"),
    Column("share_with", "Share with identity", "share"),
    Column("change", "Change", "share"),
)


def identity(sources: Sources) -> Chapter | None:
    """Ids and customers; None where ids were never joined."""
    report = last_identity(sources.workspace, sources.manifest)
    if report is None:
        return None
    blocks: list[Block] = [_figures(report)]
    if report.effect is not None:
        blocks += _effect(sources, report.effect)
    blocks.append(_sizes(report))
    guards = report.profile["guards"]
    if guards:
        frame = pd.DataFrame({"reason": list(guards), "ids": list(guards.values())})
        blocks.append(table_of(frame, "guards", "Ids that join nobody", GUARDS))
    if report.findings:
        blocks.append(Noticed(report.findings))
    return Chapter("identity", "One customer, many ids", _lead(sources, report), tuple(blocks))


def _lead(sources: Sources, report: IdentityReport) -> str:
    words, p = sources.words, report.profile
    told = f"{words.write(p['ids'], 'count')} ids became {words.write(p['customers'], 'count')} customers."
    touches = p.get("touches")
    if touches and touches["people_before"] > touches["people"]:
        told += (
            f" Touches that seemed to be of {words.write(touches['people_before'], 'count')} people are of "
            f"{words.write(touches['people'], 'count')}."
        )
    return told


def _figures(report: IdentityReport) -> Figures:
    p = report.profile
    items = [
        Figure("Ids", p["ids"], "count", "Cookies, devices, hashed e-mails, customer numbers and the like."),
        Figure("Customers", p["customers"], "count", f"Tier {report.tier}: which links count as certain enough."),
    ]
    touches = p.get("touches")
    if touches and touches["touches"]:
        share = touches["stitched"] / touches["touches"]
        items.append(Figure("Touches of customers with several ids", share, "share", "Joining could move them."))
        if touches.get("cross_device") is not None and touches["people"]:
            across = touches["cross_device"] / touches["people"]
            items.append(Figure("Customers seen on several devices", across, "share"))
    return Figures(tuple(items))


def _sizes(report: IdentityReport) -> Table:
    """Customers by number of ids."""
    rows, low = [], 0
    total = max(report.profile["customers"], 1)
    for high, customers, _ in report.profile["sizes"]:
        name = f"more than {low}" if high is None else str(high) if high - low == 1 else f"{low + 1} to {high}"
        rows.append((name, customers, customers / total))
        low = low if high is None else high
    frame = pd.DataFrame(rows, columns=["ids", "customers", "share"])
    return table_of(frame, "sizes", "Customers by number of ids", SIZES)


def _effect(sources: Sources, effect: StitchingEffect) -> list[Block]:
    """Journeys and credit, with and without."""
    moved = effect.credits[effect.credits["model"] != "last"]
    order = [c for c in sources.channels if (moved["channel"] == c).any()]
    table = table_of(moved, "stitched", "Share of conversions by channel, without and with identity", CREDITS)
    chart = Chart(
        table, _spec(sources, order),
        alt="For each channel a line from its share without identity to its share with it.",
        note="Open ring: on the ids as the files give them. Filled: on customers. The same model on both.",
    )  # fmt: skip
    words = "Journeys are longer and fewer conversions stand alone once a person's ids are one:"
    return [
        chart,
        Text(words),
        table_of(effect.journeys, "journeys-joined", "Journeys without and with identity", JOURNEYS),
    ]


def _spec(sources: Sources, order: list[str]) -> dict[str, Any]:
    x = amount_axis("share", None)
    before, after = {"field": "share_without", **x}, {"field": "share_with", **x}
    colour = {"field": "channel", "type": "nominal", "scale": scale(sources.colours, order), "legend": None}
    tips = [shown(c.name, c.title, c.kind) for c in CREDITS[1:]]
    return base(
        rows_high(len(order)),
        encoding={"y": channel_axis("channel", order), "color": colour},
        layer=[
            {"mark": {"type": "rule", "strokeWidth": 2}, "encoding": {"x": before, "x2": {"field": "share_with"}}},
            {"mark": {"type": "point", "size": 80, "strokeWidth": 2}, "encoding": {"x": before, "tooltip": tips}},
            {"mark": {"type": "point", "filled": True, "size": 100, "opacity": 1},
             "encoding": {"x": after, "tooltip": tips}},
        ],
    )  # fmt: skip
