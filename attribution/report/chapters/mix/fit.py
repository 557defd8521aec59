"""Media mix: the fit against what was observed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.report.chapters.mix.marks import by_day
from attribution.report.charts.marks import amount_axis, base, shown
from attribution.report.document import Block, Chart, Column, Figure, Figures, Kind, Table, table_of
from attribution.report.mix_view import LEVEL, MixView
from attribution.report.sources import Sources
from attribution_models.mix.means import Means
from attribution_models.mix.residuals import Accuracy

Floats = NDArray[np.float64]


def fit_blocks(sources: Sources, view: MixView) -> tuple[Block, ...]:
    """How well the model describes what happened."""
    total, new = _totals(view)
    return (_figures(sources, view, total.mean(axis=0)), _chart(view, _table(view, total, new)))


def _figures(sources: Sources, view: MixView, expected: Floats) -> Figures:
    """How close the model comes, in the periods in which every geo is fitted."""
    first, last = (sources.words.date(day) for day in view.span(view.whole))
    rows = view.stored.structure.fitted.all(axis=0)
    observed = view.stored.data.outcome.sum(axis=0)
    found = Accuracy.of(observed[rows], expected[rows]) if rows.any() else None
    explained, miss = (None, None) if found is None else (_known(found.r2), _known(found.wmape))
    return Figures(
        (
            Figure("Explained", explained, "share", "Share of the ups and downs of the outcome that the model "
                   "follows (R²). High is needed, not enough: a wrong model can follow well."),
            Figure(f"Typical miss in a {view.unit}", miss, "share",
                   "Average distance between the model and what was observed, as a share of what was observed."),
            Figure(f"{view.unit.capitalize()}s fitted", int(rows.sum()), "count", f"From {first} to {last}."),
        )
    )  # fmt: skip


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _table(view: MixView, total: Floats, new: Floats) -> Table:
    """Observed and expected outcome by period, summed over geos."""
    s = view.stored.structure
    tails = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    (low, high), (new_low, new_high) = (np.quantile(x, tails, axis=0) for x in (total, new))
    observed, expected = s.data.outcome.sum(axis=0), total.mean(axis=0)
    frame = pd.DataFrame({
        "date": s.data.dates.astype(str), "observed": observed, "expected": expected, "lower": low, "upper": high,
        "new_lower": new_low, "new_upper": new_high,
    })  # fmt: skip
    kind: Kind = "money" if view.effects.money else "count"
    percent = f"{LEVEL:.0%}"
    columns = (
        Column("date", view.unit.capitalize(), "date"), Column("observed", "Observed", kind),
        Column("expected", "Model", kind), Column("lower", "from", kind, f"The model's own {percent} interval."),
        Column("upper", "to", kind),
        Column("new_lower", "observed, from", kind, f"Where {percent} of observations should fall."),
        Column("new_upper", "observed, to", kind),
    )  # fmt: skip
    title = f"Observed {s.spec.outcome} and what the model expects"
    return table_of(frame, f"{view.id}-fit", title, columns)


def _totals(view: MixView) -> tuple[Floats, Floats]:
    """Mean outcome, and new observations, of every period summed over geos: (D, T) each."""
    means, seed = _means(view), int(view.stored.entry["seed"])
    shape = means.size, len(view.stored.data.dates)
    total, new = np.zeros(shape), np.zeros(shape)
    for geo in range(len(view.stored.data.geos)):
        scaled = means.scaled(geo)
        total += means.outcome(geo, scaled)
        new += means.outcome(geo, scaled + means.noise(geo, seed))
    return total, new


def _means(view: MixView) -> Means:
    """The rows' means of the draws that the view reads."""
    whole = Means.of(view.stored.posterior)
    if view.draws == whole.size:
        return whole
    kept = np.linspace(0, whole.size - 1, view.draws).astype(int)
    return replace(
        whole, parameters=np.ascontiguousarray(whole.parameters[kept]), beta=whole.beta[kept],
        coefficients={name: x[kept] for name, x in whole.coefficients.items()}, sigma=whole.sigma[kept],
        multiplier=whole.multiplier[kept] if len(whole.multiplier) > 1 else whole.multiplier,
        nu=None if whole.nu is None else whole.nu[kept], rho=None if whole.rho is None else whole.rho[kept],
    )  # fmt: skip


def _chart(view: MixView, table: Table) -> Chart:
    kind: Kind = "money" if view.effects.money else "count"
    x = {
        "field": "date",
        "type": "temporal",
        "title": None,
        "axis": {"grid": False, "tickCount": 6, "labelOverlap": True},
    }
    y = {"field": "expected", **amount_axis(kind, None), "scale": {"zero": False}}
    tips = [
        shown("date", view.unit.capitalize(), "date"),
        *(
            shown(n, t, kind)
            for n, t in (
                ("observed", "Observed"),
                ("expected", "Model"),
                ("new_lower", "likely, from"),
                ("new_upper", "likely, to"),
            )
        ),
    ]
    spec = by_day(base(
        260, encoding={"x": x},
        layer=[
            {"mark": {"type": "area", "opacity": 0.22, "color": "#0072b2"},
             "encoding": {"y": {**y, "field": "new_lower"}, "y2": {"field": "new_upper"}}},
            {"mark": {"type": "area", "opacity": 0.35, "color": "#0072b2"},
             "encoding": {"y": {**y, "field": "lower"}, "y2": {"field": "upper"}}},
            {"mark": {"type": "line", "color": "#0072b2", "strokeWidth": 2}, "encoding": {"y": y}},
            {"mark": {"type": "point", "filled": True, "size": 22, "opacity": 0.9, "style": "ink"},
             "encoding": {"y": {**y, "field": "observed"}, "tooltip": tips}},
            {"mark": {"type": "rule", "opacity": 0, "strokeWidth": 8}, "encoding": {"tooltip": tips}},
        ],
    ))  # fmt: skip
    note = (
        f"Points: observed. Line: what the model expects, with the {LEVEL:.0%} interval of the line (dark band) and of "
        f"single {view.unit}s (pale band); about {LEVEL:.0%} of the points should lie in the pale band.{view.thinned}"
    )
    return Chart(
        table, spec, "A line with a band: what the model expects by date, and points: what was observed.", note
    )
