"""Budget plans that were made: what each channel would get and bring, beside today."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from attribution.findings import Finding
from attribution.plan.frames import TOGETHER, TOTAL
from attribution.plan.keep import KeptPlan, load_plan, of_another_fit
from attribution.plan.noticed import RESIDUAL
from attribution.report.charts.marks import amount_axis, base, channel_axis, rows_high, shown
from attribution.report.document import Block, Chapter, Chart, Column, Figure, Figures, Kind, Noticed, Text, table_of
from attribution.report.palette import scale
from attribution.report.sources import Sources

# Plans in the page, the latest first; a table has all that each has.
MOST = 3


def plans(sources: Sources) -> Chapter | None:
    """The latest plans; None where none was kept."""
    kept = kept_plans(sources)[:MOST]
    if not kept:
        return None
    blocks: list[Block] = []
    for number, plan in enumerate(kept):
        blocks += _plan(sources, plan, "plan" if number == 0 else f"plan-{number + 1}")
    return Chapter("plan", "Where the budget should go", _lead(sources, kept[0]), tuple(blocks))


def kept_plans(sources: Sources) -> list[KeptPlan]:
    """Plans of the workspace, the latest first."""
    entries = sorted(sources.manifest.get("plans", {}).values(), key=lambda e: -int(e.get("number", 0)))
    return [load_plan(sources.workspace, entry) for entry in entries]


def multiples(plan: KeptPlan) -> dict[str, float]:
    """Spend of each channel as a multiple of what it was in the plan's window."""
    rows = plan.channels[(plan.channels["channel"] != TOTAL) & (plan.channels["spend_today"] > 0)]
    return dict(zip(rows["channel"].astype(str), (rows["spend"] / rows["spend_today"]).astype(float), strict=True))


def _measure(plan: KeptPlan) -> tuple[str, Kind]:
    """What the plan counts: revenue where it is known."""
    if "revenue" in plan.channels:
        return "revenue", "money"
    return "outcome", "money" if "roas" in plan.channels and plan.channels["roas"].notna().any() else "number"


def _total(plan: KeptPlan) -> pd.Series:
    return plan.channels[plan.channels["channel"] == TOTAL].iloc[0]


def _lead(sources: Sources, plan: KeptPlan) -> str:
    words, row = sources.words, _total(plan)
    measure, kind = _measure(plan)
    gain = float(row[f"{measure}_difference"])
    low, high = _ends(row, measure)
    if low * high > 0:
        low, high = sorted((abs(low), abs(high)))
    span = words.between(low, high, kind)
    start, end = (words.date(day) for day in plan.entry["window"])
    ago = " a year before" if _ahead(sources, plan) else ""
    if _unmoved(plan):
        return (
            f"The plan “{plan.name}” leaves the money from {start} to {end} where it was, "
            f"{words.money(float(row['spend']))} in all: no move within its limits is better for "
            f"{plan.options.aim.words}. That is no praise of today's split; it says how little the data tell about a "
            "better one. A lift test tells more."
        )
    return (
        f"The plan “{plan.name}” spends {words.money(float(row['spend']))} from {start} to {end}; "
        f"{words.money(float(row['spend_today']))} was spent{ago}. "
        f"It is expected to bring {words.write(abs(gain), kind)} {'more' if gain >= 0 else 'less'} than that did "
        f"({span}), carry-over counted. The probability that it brings more is "
        f"{words.number(float(row['beats']), 'share')}."
    )


def _unmoved(plan: KeptPlan) -> bool:
    """Whether the search ended at what was spent."""
    before, after = plan.channels["spend_today"].astype(float), plan.channels["spend"].astype(float)
    return plan.entry["certificate"] is not None and bool(np.allclose(before, after, rtol=1e-6, equal_nan=True))


def _ends(row: pd.Series, measure: str) -> tuple[float, float]:
    return float(row[f"{measure}_difference_lower"]), float(row[f"{measure}_difference_upper"])


def _plan(sources: Sources, plan: KeptPlan, name: str) -> list[Block]:
    measure, kind = _measure(plan)
    blocks: list[Block] = [
        _figures(plan, measure, kind, _ahead(sources, plan)),
        _chart(sources, plan, name, measure, kind),
    ]
    if plan.entry["certificate"] is not None:
        sure = plan.entry["certificate"]
        best = "is" if sure["kkt"] <= RESIDUAL else "is near"
        words = (
            f"Within its limits the plan {best} the best one for {plan.options.aim.words}. "
            f"It was found from {len(sure['starts'])} starts. What is left to gain by moving money within the bounds "
            f"(KKT residual) is {sure['kkt']:.1g} of what the last money returns."
        )
        blocks.append(Text(words))
    noticed = (
        *of_another_fit((plan,), sources.manifest.get("mixes", {})),
        *(Finding(**kept) for kept in plan.entry.get("findings", ())),
    )
    return [*blocks, Noticed(noticed)] if noticed else blocks


def _ahead(sources: Sources, plan: KeptPlan) -> bool:
    """Whether the window lies after the panel: what stands beside the plan is then the spend of a year before."""
    fits = [mix for mix in sources.mixes if mix.name == plan.fit]
    return bool(fits) and str(fits[0].data.dates[-1])[:10] < plan.entry["window"][0]


def _figures(plan: KeptPlan, measure: str, kind: Kind, ahead: bool) -> Figures:
    row, ago = _total(plan), " a year before" if ahead else ""
    return Figures((
        Figure(f"Spend of the plan “{plan.name}”", float(row["spend"]), "money"),
        Figure(f"Brings, against what was spent{ago}", float(row[f"{measure}_difference"]), kind, "",
               *_ends(row, measure)),
        Figure("Outside the data", float(row["outside_share"]), "share", "Part of the money that goes where nothing "
               "like it was observed: there the curve is a guess. Go in steps, and measure."),
    ))  # fmt: skip


def _chart(sources: Sources, plan: KeptPlan, name: str, measure: str, kind: Kind) -> Chart:
    rows = plan.channels[~plan.channels["channel"].isin([TOTAL, TOGETHER])]
    was = "a year before" if _ahead(sources, plan) else "as it was"
    table = table_of(plan.channels, name, f"Spend by channel, {was} and by the plan “{plan.name}”", (
        Column("channel", "Channel"), Column("spend_today", f"Spend {was}", "money"),
        Column("spend", "Spend planned", "money"), Column("change", "Change", "share"),
        Column("bound_lower", "At least", "money"), Column("bound_upper", "At most", "money"),
        Column(measure, "Brings", kind, "what would be missing without it, carry-over counted."),
        Column(f"{measure}_lower", "from", kind), Column(f"{measure}_upper", "to", kind),
        Column(f"{measure}_difference", "Against today", kind), Column(f"{measure}_difference_lower", "from", kind),
        Column(f"{measure}_difference_upper", "to", kind),
        Column("marginal_roas", "Of the last money", "ratio", "return of the last unit of money, in the mean."),
        Column("outside_share", "Outside the data", "share"),
    ))  # fmt: skip
    note = f"Ring: spend {was}; dot: as planned. The table has what it brings, with intervals."
    alt = "For each channel a line from its spend as it was to its planned spend."
    return Chart(table, _spec(sources, list(rows["channel"].astype(str))), alt, note)


def _spec(sources: Sources, order: list[str]) -> dict[str, Any]:
    x = amount_axis("money", None)
    before, after = {"field": "spend_today", **x}, {"field": "spend", **x}
    tips = [shown("channel", "Channel"), shown("spend_today", "As it was", "money"), shown("spend", "Planned", "money"),
            shown("change", "Change", "share")]  # fmt: skip
    colour = {"field": "channel", "type": "nominal", "scale": scale(sources.colours, order), "legend": None}
    return base(
        rows_high(len(order)),
        transform=[{"filter": {"field": "channel", "oneOf": order}}],
        encoding={"y": channel_axis("channel", order), "color": colour},
        layer=[
            {"mark": {"type": "rule", "strokeWidth": 2}, "encoding": {"x": before, "x2": {"field": "spend"}}},
            {"mark": {"type": "point", "size": 80, "strokeWidth": 2}, "encoding": {"x": before, "tooltip": tips}},
            {"mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
             "encoding": {"x": after, "tooltip": tips}},
        ],
    )  # fmt: skip
