"""The demo's weeks: spend and orders as a panel, a drafted model of them, and what a plan by it would really bring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.configuration import Mmm, Plan
from attribution.mix.draft import draft_model
from attribution.plan.frames import TOGETHER, TOTAL
from attribution.workspace import write_atomically
from attribution_models.worlds.path_tables import SimulatedTables
from attribution_models.worlds.retailer import RetailerWorld
from attribution_models.worlds.retailer_weeks import brought_by, weeks_of

if TYPE_CHECKING:
    from attribution.steps.plan import PlanReport

PANEL, MODEL = "inputs/weekly.csv", "mmm.toml"
# Sources of a reconciliation that come with intervals.
INTERVALS = ("mix", "reconciled")
ORDERS, WORTH = "orders", "value per order"
# Half of the default's draws: enough for the gate, and it is a demo that somebody waits for.
FIT = Mmm(panel=(PANEL,), model=MODEL, tune=400, draws=500)
# A market of this size tells a model of weeks little. The cautious default then moves nothing, which is right and shows
# nothing; here the truth stands beside what a hopeful plan promises.
PLAN = Plan(name="hopeful", objective="expected")


def write_weeks(folder: Path, world: RetailerWorld, tables: SimulatedTables) -> None:
    """Write the panel, and the model that ``attribution mmm draft`` makes of it, with channels named as in the logs."""
    panel = panel_of(weeks_of(world, tables))
    write_atomically(folder / PANEL, panel.to_csv(index=False, lineterminator="\n").encode())
    text = draft_model(str(folder / PANEL))
    for channel in (c.name for c in world.channels):
        text = text.replace(f'name = "{channel.replace(" ", "_")}"', f'name = "{channel}"')
    write_atomically(folder / MODEL, text.replace(str(folder / PANEL), PANEL).encode(), 0o644)


def panel_of(weeks: Mapping[str, Any]) -> pd.DataFrame:
    """A row per week: orders, what one of them is worth, and the spend of each channel."""
    orders, value = np.asarray(weeks["orders"]), np.asarray(weeks["value"])
    usual = value.sum() / max(orders.sum(), 1.0)
    worth = np.where(orders > 0, value / np.maximum(orders, 1.0), usual)
    spend = {f"{c} spend": np.round(v, 2) for c, v in weeks.items() if c not in ("date", "orders", "value")}
    return pd.DataFrame(
        {"date": weeks["date"], ORDERS: orders.astype(np.int64), WORTH: np.round(worth, 2)} | spend
    )  # fmt: skip


def really_brings(report: PlanReport, people: int, seed: int) -> float:
    """What a plan would really bring more than what was spent, in money: the demo's market, lived once more with it.

    Contacts come about as many times as readily as the plan spends times as much. What is spent then follows within a
    few per cent: clicks of people who have decided are not pushed, and people who are moved search more.
    """
    world = RetailerWorld(people=people, seed=seed)
    rows = report.table[~report.table["channel"].isin([TOTAL, TOGETHER]) & (report.table["spend_today"] > 0)]
    times = dict(zip(rows["channel"].astype(str), (rows["spend"] / rows["spend_today"]).astype(float), strict=True))
    first, last = ((date.fromisoformat(day) - world.first_day).days for day in report.span)
    return brought_by(world, times, range(max(first, 0), min(last + 1, world.days)))[1]


def errors_of_sources(disagreements: pd.DataFrame, truth: pd.DataFrame, channels: list[str]) -> dict[str, float]:
    """How far shares of paid media by paths, media-mix model and both together lie from the truth, in one window.

    As `attribution.demo.errors_of_shares`: half the sum of absolute differences.
    """
    real = truth.set_index("channel")["incremental_conversions"].reindex(channels).clip(lower=0)
    rows = disagreements.set_index("channel").reindex(channels)[["path", "mix", "reconciled"]].fillna(0.0).clip(lower=0)
    return {str(n): float((rows[n] / rows[n].sum() - real / real.sum()).abs().sum() / 2) for n in rows}


def missed_by_intervals(disagreements: pd.DataFrame, truth: pd.DataFrame) -> dict[str, list[str]]:
    """Channels whose truth lies outside the interval, by source; of the channels that paths or panel know."""
    real = truth.set_index("channel")["incremental_conversions"].reindex(disagreements["channel"]).to_numpy()
    held = {n: (disagreements[f"{n}_lower"] <= real) & (real <= disagreements[f"{n}_upper"]) for n in INTERVALS}
    return {n: disagreements.loc[~inside, "channel"].astype(str).tolist() for n, inside in held.items()}
