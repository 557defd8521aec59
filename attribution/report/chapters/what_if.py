"""What if: sliders on the response curves of a media-mix fit, with everything that the page needs to work them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.credit.mix_fits import gate_told
from attribution.mix.plan_range import NEVER_OFF
from attribution.report.chapters.plans import kept_plans, multiples
from attribution.report.document import Block, Chapter, Column, Noticed, Table, WhatIf, table_of
from attribution.report.mix_view import LEVEL, MULTIPLES, MixView
from attribution.report.sources import Sources
from attribution_models.mix.curves import MOSTLY
from attribution_models.mix.media import MROI_STEP

Floats = NDArray[np.float64]
# Numbers of curves that go into the page, about six characters each, and how many draws that may be.
NUMBERS = 60_000
FEWEST, MOST = 40, 200
DIGITS = 100_000
REACH = 2.0
# Outcomes that are no money are told for so much of it.
PER = 1000.0


def what_if(sources: Sources) -> Chapter | None:
    """Sliders on the latest fit that converged, or on the one that was asked for; None without paid channels."""
    views = [v for v in sources.mix_views if v.paid]
    if not views:
        return None
    view = _chosen(sources, views)
    blocks: list[Block] = [] if view.stored.passed else [Noticed(tuple(gate_told((view.stored.entry,))))]
    blocks.append(what_if_block(view, _plans(sources, view)))
    first, last = (sources.words.date(day) for day in view.span(view.year))
    lead = (
        f"Move spend between channels and see what the media-mix model expects. The sliders start at today's spend, "
        f"which is that of {first} to {last}, {view.year.size} {view.unit}s."
    )
    return Chapter("what-if", "What if: other spend", lead, tuple(blocks))


def _plans(sources: Sources, view: MixView) -> list[tuple[str, list[float]]]:
    """Kept plans of this fit, each channel moved as the plan moves it; those beyond the sliders' reach are left out."""
    found = []
    for plan in kept_plans(sources):
        if plan.fit == view.stored.name:
            moved = multiples(plan)
            if max(moved.values(), default=1.0) <= REACH:
                spend = [float(view.spend[c] * moved.get(view.channels[c], 1.0)) for c in view.paid]
                found.append((f"Plan “{plan.name}”", spend))
    return found


def _chosen(sources: Sources, views: Sequence[MixView]) -> MixView:
    return max(
        views, key=lambda v: (v.stored.name == sources.asked, v.stored.passed, int(v.stored.entry.get("number", 0)))
    )


def what_if_block(view: MixView, plans: Sequence[tuple[str, Sequence[float]]] = ()) -> WhatIf:
    """The sliders of one fit.

    Parameters
    ----------
    plans : sequence of (str, sequence of float)
        Names of plans, and the spend of each for each paid channel, shown as buttons.
    """
    words = (
        f"A slider multiplies a channel's spend in every one of these {view.unit}s. The figures follow the curves of "
        f"the fit {view.stored.name}, with {LEVEL:.0%} intervals, and count what comes after the last {view.unit}. "
        "Seasons, prices and all else stay as they were. A model's answer is no promise: go in steps, and measure."
    )
    if plans:
        words += (
            " The button of a plan multiplies each channel's spend here as the plan does in its own window. These are "
            "other periods with other money, so the totals are not those of the plan's own chapter."
        )
    if view.effects.log:
        words += (
            " Effects multiply in this model: where several channels change at once, the figure is an approximation."
        )
    return WhatIf("what-if", words, what_if_data(view, plans), _table(view))


def what_if_data(view: MixView, plans: Sequence[tuple[str, Sequence[float]]] = ()) -> dict[str, Any]:
    """Curves and today's plan as plain data; `attribution.report.what_if_numbers` reads it as the page does."""
    kept = _kept(view)
    total = view.expected(view.year)
    least, reached = _range(view)
    channels = []
    for c in view.paid:
        gain = view.gains[c]
        step = float(max(np.abs(gain[:, kept]).max(), 1e-300)) / DIGITS
        channels.append({
            "name": view.channels[c], "spend": _short(view.spend[c]), "mean": [_short(x) for x in gain.mean(axis=1)],
            "step": step, "draws": np.rint(gain[:, kept].T / step).astype(int).ravel().tolist(),
            "least": _short(least[c]), "reached": _short(reached[c]), "mark": view.marks.get(view.channels[c], ""),
        })  # fmt: skip
    return {
        "fit": view.stored.name, "unit": view.unit, "span": list(view.span(view.year)), "level": LEVEL,
        "kind": view.kind, "noun": view.noun, "link": "log" if view.effects.log else "identity",
        "multiples": list(MULTIPLES), "most": REACH, "channels": channels,
        "total": {"mean": _short(total.mean()), "draws": [_short(x) for x in total[kept]]},
        "plans": [{"name": name, "spend": [_short(x) for x in spend]} for name, spend in plans],
    }  # fmt: skip


def _kept(view: MixView) -> NDArray[np.int64]:
    """Evenly spaced draws, fewer where there are many channels, so that the page stays small."""
    size = view.gains.shape[2]
    draws = min(size, max(FEWEST, min(MOST, NUMBERS // (len(view.paid) * len(MULTIPLES)))))
    return np.linspace(0, size - 1, draws).astype(np.int64)


def _range(view: MixView) -> tuple[Floats, Floats]:
    """Multiples of spend that the data cover, by channel.

    From above: until more than half of the exposure would lie above anything observed (as curves are marked). From
    below: 0 where the channel was off or nearly off at some time; else where its average would lie below its least.
    """
    upwards = np.round(np.arange(1.0, REACH + MROI_STEP / 2, MROI_STEP), 2)
    within = view.beyond(upwards) <= MOSTLY
    reached = np.where(within.all(axis=1), REACH, upwards[np.maximum(np.argmin(within, axis=1) - 1, 0)])
    data = view.stored.data
    known = data.exposure[:, :, data.before :]
    inside = known[:, :, view.year.start : view.year.end + 1]
    low, mean = known.min(axis=2).sum(axis=1), np.maximum(inside.mean(axis=2).sum(axis=1), 1e-300)
    steady = known.min(axis=(1, 2)) > NEVER_OFF * known.mean(axis=(1, 2))
    return np.where(steady, np.minimum(low / mean, 1.0), 0.0), reached


def _short(value: float) -> float:
    """Nine digits: more than any figure shows."""
    return float(f"{float(value):.9g}")


def _table(view: MixView) -> Table:
    """Today's spend, what it brings, and what the next 1 % would."""
    today, following = MULTIPLES.index(1.0), MULTIPLES.index(1.0 + MROI_STEP)
    rows = list(view.paid)
    brings = view.summary(view.gains[rows, today])
    per, step = 1.0 if view.kind == "money" else PER, MROI_STEP * view.spend[rows, None]
    more = view.summary((view.gains[rows, following] - view.gains[rows, today]) * (per / step))
    frame = pd.DataFrame({
        "channel": [view.channels[c] for c in rows], "spend": view.spend[rows],
        "brings": brings.mean, "brings_lower": brings.lower, "brings_upper": brings.upper,
        "marginal": more.mean, "marginal_lower": more.lower, "marginal_upper": more.upper,
        "reached": _range(view)[1][rows],
    })  # fmt: skip
    return table_of(frame, "what-if-today", "Today's spend, and what it brings", (
        Column("channel", "Channel"), Column("spend", "Spend", "money"),
        Column("brings", f"Brings ({view.noun})", view.kind, "What would be missing without this spend."),
        Column("brings_lower", "from", view.kind), Column("brings_upper", "to", view.kind),
        Column("marginal", "Next 1 % returns", "ratio",
               f"{view.noun.capitalize()} for each {_per(view)} spent, where 1 % more is spent."),
        Column("marginal_lower", "from", "ratio"), Column("marginal_upper", "to", "ratio"),
        Column("reached", "Data reach to", "ratio", "Times today's spend; beyond it the curve is a guess."),
    ))  # fmt: skip


def _per(view: MixView) -> str:
    return "unit of money" if view.kind == "money" else f"{PER:,.0f}"
