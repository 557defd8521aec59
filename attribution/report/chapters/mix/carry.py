"""Media mix: how the effect of a channel fades after its spend."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.report.chapters.mix.marks import ALL, colour_of, one_or_all, switches, with_legend
from attribution.report.charts.marks import amount_axis, shown
from attribution.report.document import Block, Chart, Column, Table, table_of
from attribution.report.mix_view import LEVEL, MixView
from attribution.report.sources import Sources
from attribution_models.mix.curve_kernel import weight_values
from attribution_models.mix.effects import longest

Floats = NDArray[np.float64]


def carry_blocks(sources: Sources, view: MixView) -> tuple[Block, ...]:
    """Carry-over, and half-lives."""
    weights = lag_draws(view)
    return (_carry_over(sources, view, weights), _half_lives(view, weights))


def lag_draws(view: MixView) -> Floats:
    """Share of an exposure's effect in each period after it, draw by draw: (C, L, D), each draw's sum 1."""
    effects = view.effects
    out = np.empty((len(view.channels), longest(effects.structure), effects.size))
    weight_values(effects.parameters, effects.channel, out, 0, effects.size)
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def half_life(weights: Floats) -> Floats:
    """Periods until half of the effect has come, (C, D).

    With w_l the share of period l, h = l + (½ − Σ_{j<l} w_j) / w_l for the first l at which Σ_{j≤l} w_j ≥ ½: the effect
    of a period is spread evenly over it.

    Parameters
    ----------
    weights : array (C, L, D)
    """
    upto = np.cumsum(weights, axis=1)
    at = np.argmax(upto >= 0.5 - 1e-12, axis=1)[:, None]
    here, whole = (np.take_along_axis(x, at, axis=1)[:, 0] for x in (weights, upto))
    return np.asarray(at[:, 0] + (0.5 - (whole - here)) / here)


def _carry_over(sources: Sources, view: MixView, weights: Floats) -> Chart:
    found, lags = view.summary(weights), weights.shape[1]
    frame = pd.DataFrame({
        "channel": np.repeat(view.channels, lags), "lag": np.tile(np.arange(lags), len(view.channels)),
        "share": found.mean.ravel(), "lower": found.lower.ravel(), "upper": found.upper.ravel(),
    })  # fmt: skip
    table = table_of(frame, f"{view.id}-carry-over", "How long the effect of spend lasts", (
        Column("channel", "Channel"),
        Column("lag", f"{view.unit.capitalize()}s later", "count", f"0 is the {view.unit} of the spend itself."),
        Column("share", "Share of the effect", "share"), Column("lower", "from", "share"),
        Column("upper", "to", "share"),
    ))  # fmt: skip
    x = {"field": "lag", "type": "quantitative", "title": f"{view.unit}s after the spend",
         "axis": {"tickMinStep": 1, "grid": False, "format": "d"}}  # fmt: skip
    y = {**amount_axis("share", None), "scale": {"zero": True}}
    tips = [shown("channel", "Channel"), shown("lag", f"{view.unit.capitalize()}s later", "count"),
            shown("share", "Share of the effect", "share"), shown("lower", "from", "share"),
            shown("upper", "to", "share")]  # fmt: skip
    names = list(view.channels)
    colour = colour_of(sources, names)
    spec = with_legend(260, params=[{"name": "channel", "value": ALL}], transform=[one_or_all()], layer=[
        {"transform": [{"filter": f"channel != '{ALL}'"}], "mark": {"type": "area", "opacity": 0.18},
         "encoding": {"x": x, "y": {**y, "field": "lower"}, "y2": {"field": "upper"}, "color": colour}},
        {"mark": {"type": "line", "strokeWidth": 2, "point": {"size": 40}},
         "encoding": {"x": x, "y": {**y, "field": "share"}, "color": colour, "tooltip": tips}},
    ])  # fmt: skip
    note = (
        "Advertising goes on working after it was paid for (carry-over, or adstock). The line says which share of the "
        f"effect comes in each {view.unit}. Choose a channel to see its {LEVEL:.0%} interval.{view.thinned}"
    )
    alt = f"Lines: share of each channel's effect by {view.unit}s after the spend."
    return Chart(table, spec, alt, note, switches(names))


def _half_lives(view: MixView, weights: Floats) -> Table:
    found = view.summary(half_life(weights))
    forms = [(c.adstock.kind, c.saturation.kind) for c in view.stored.spec.channels]
    frame = pd.DataFrame({
        "channel": view.channels, "half": found.median, "lower": found.lower, "upper": found.upper,
        "adstock": [a for a, _ in forms], "saturation": [s for _, s in forms],
    })  # fmt: skip
    return table_of(frame, f"{view.id}-half-life", "Half-life: when half of the effect has come", (
        Column("channel", "Channel"),
        Column("half", f"Half-life in {view.unit}s", "ratio",
               f"Half of what a unit of spend brings has come after so many {view.unit}s; below 1 most comes at once."),
        Column("lower", "from", "ratio"), Column("upper", "to", "ratio"),
        Column("adstock", "Form of the carry-over", explained="How fading is described; formulas: method."),
        Column("saturation", "Form of the curve"),
    ))  # fmt: skip
