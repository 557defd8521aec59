"""Where path model and mix model disagree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from attribution.reconcile.facts import Facts
from attribution.reconcile.words import APART, measured, reasons
from attribution_models.mix.draw_summary import Summary
from attribution_models.reconcile.evidence import Experiment, MixTotals, PathTotals
from attribution_models.reconcile.totals import Totals

COLUMNS = (
    "channel", "known", "path", "mix", "mix_lower", "mix_upper", "reconciled", "reconciled_lower", "reconciled_upper",
    "apart", "reason",
)  # fmt: skip


def disagreement_frame(
    totals: Totals, mix: MixTotals, paths: PathTotals, tests: Sequence[Experiment], facts: Facts, level: float
) -> pd.DataFrame:
    """One row per channel, those furthest apart first.

    Returns
    -------
    DataFrame
        `COLUMNS`. ``known``: ``both``, ``mix`` or ``paths``; ``apart``: log path total less its common bias, less the
        log of the mix model's total, in standard deviations (`Totals.apart`); ``reason``: empty where they agree.
    """
    before, after = Summary.of(mix.draws.T, level), Summary.of(totals.draws.T, level)
    path = dict(zip(paths.names, paths.totals.tolist(), strict=True))
    usual = float(before.mean.mean())
    rows = []
    for i, channel in enumerate(totals.names):
        inside = i < len(mix.names)
        known = "both" if inside and channel in path else "mix" if inside else "paths"
        mixed = [float(getattr(before, f)[i]) if inside else np.nan for f in ("mean", "lower", "upper")]
        mine = [float(getattr(after, f)[i]) for f in ("mean", "lower", "upper")]
        apart = float(totals.apart[i])
        deviation = float(before.deviation[i]) if inside else np.nan
        told = measured(channel, tests, (mixed[0], deviation), path.get(channel) if abs(apart) >= APART else None)
        why = "; ".join(reasons(channel, known, apart, facts, told, large=mixed[0] > usual))
        rows.append([channel, known, path.get(channel, np.nan), *mixed, *mine, apart, f"{why}." if why else ""])
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    order = frame["apart"].abs().fillna(np.inf).to_numpy()
    return frame.iloc[np.argsort(-order, kind="stable")].reset_index(drop=True)
