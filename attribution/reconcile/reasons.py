"""Where path model and mix model disagree, and why, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.credit.grains import DAY
from attribution.journeys.journeys import Journeys
from attribution.mix.marks import PRIOR_DOMINATED
from attribution.mix.stored import effects_of
from attribution.reconcile.matching import Matching
from attribution.reconcile.mix_side import MixSide
from attribution.reconcile.overlap import Overlap
from attribution.settings import duration
from attribution_models.mix.curves import adstock_weights
from attribution_models.mix.draw_summary import Summary
from attribution_models.reconcile.evidence import Experiment, MixTotals, PathTotals
from attribution_models.reconcile.totals import Totals

Floats = NDArray[np.float64]
COLUMNS = (
    "channel", "known", "path", "mix", "mix_lower", "mix_upper", "reconciled", "reconciled_lower", "reconciled_upper",
    "apart", "reason",
)  # fmt: skip
# Less than this many standard deviations apart is no disagreement.
APART = 1.0
CONFLICT = 2.0
COLLINEAR = 0.8
LATE = 0.15
DRAWS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What explains disagreements, by the result's name of a channel.

    Attributes
    ----------
    late : dict of str to float
        Share of its effect that comes after the lookback window.
    viewed : dict of str to bool
        Whether any of its touches is an impression.
    alike : dict of str to (str, float)
        The channel whose spend moves most like its own, and the correlation.
    marks : mapping of str to str
        Of the mix model.
    lookback : float
        Days.
    estimand : str
        Of the path model.
    """

    late: dict[str, float]
    viewed: dict[str, bool]
    alike: dict[str, tuple[str, float]]
    marks: Mapping[str, str]
    lookback: float
    estimand: str


def facts_of(
    side: MixSide, journeys: Journeys, found: Overlap, names: Matching, marks: Mapping[str, str], estimand: str
) -> Facts:
    """Look them up."""
    lookback = duration(journeys.settings.lookback) / DAY
    weights = adstock_weights(effects_of(side.stored, DRAWS)).weight.mean
    lags = np.arange(weights.shape[1]) * side.stored.calendar.days
    late = weights[:, lags >= lookback].sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-300)
    viewed: dict[str, bool] = {}
    for unit in journeys.units:
        name = names.of_path.get(unit.channel, unit.channel)
        viewed[name] = viewed.get(name, False) or unit.interaction in (None, "impression")
    spend = side.spend[:, found.window.start : found.window.end + 1]
    return Facts(
        dict(zip(side.channels, late.tolist(), strict=True)), viewed, dict(_alike(side.channels, spend)), marks,
        lookback, estimand,
    )  # fmt: skip


def _alike(channels: Sequence[str], spend: Floats) -> Iterator[tuple[str, tuple[str, float]]]:
    """For each channel the one whose spend goes most along with its own."""
    moving = [i for i in range(len(channels)) if np.isfinite(spend[i]).all() and spend[i].std() > 0]
    for i in moving:
        others = [(abs(float(np.corrcoef(spend[i], spend[j])[0, 1])), channels[j]) for j in moving if j != i]
        if others:
            most, name = max(others)
            yield channels[i], (name, most)


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
    rows = []
    for i, channel in enumerate(totals.names):
        inside = i < len(mix.names)
        known = "both" if inside and channel in path else "mix" if inside else "paths"
        mixed = [float(getattr(before, f)[i]) if inside else np.nan for f in ("mean", "lower", "upper")]
        mine = [float(getattr(after, f)[i]) for f in ("mean", "lower", "upper")]
        apart = float(totals.apart[i])
        deviation = float(before.deviation[i]) if inside else np.nan
        why = "; ".join(_reasons(channel, known, apart, facts, _measured(channel, tests, mixed[0], deviation)))
        rows.append([channel, known, path.get(channel, np.nan), *mixed, *mine, apart, f"{why}." if why else ""])
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    order = frame["apart"].abs().fillna(np.inf).to_numpy()
    return frame.iloc[np.argsort(-order, kind="stable")].reset_index(drop=True)


def _measured(channel: str, tests: Sequence[Experiment], mean: float, deviation: float) -> str:
    """Whether an experiment contradicts the mix model."""
    for test in tests:
        if test.channel == channel and mean == mean:  # noqa: PLR0124  (NaN)
            z = (test.lift / test.share - mean) / float(np.hypot(test.deviation / test.share, deviation))
            if abs(z) > CONFLICT:
                side = "more" if z > 0 else "less"
                return f"the experiment measured {side} than the mix model says ({abs(z):.1f} standard errors)"
    return ""


def _reasons(channel: str, known: str, apart: float, facts: Facts, measured: str) -> Iterator[str]:
    """What explains it, most telling first."""
    if known == "mix" and channel in facts.viewed:
        yield "the path model finds no effect of it above zero, and is not asked"
    elif known == "mix":
        yield "the path model cannot see it: offline media, or touches that are not collected"
    if known == "paths":
        yield "the panel has no spend of it, so only paths tell; taken out of the mix model's baseline"
    if measured:
        yield measured
    if known == "both" and abs(apart) >= APART:
        yield from _below(channel, facts) if apart < 0 else _above(facts)
        name, like = facts.alike.get(channel, ("", 0.0))
        if like > COLLINEAR:
            yield f"spend moves with that of {name} (correlation {like:.2f}), so the mix model hardly tells them apart"
    if PRIOR_DOMINATED in facts.marks.get(channel, ""):
        yield "the mix model's number is mostly its prior"


def _below(channel: str, facts: Facts) -> Iterator[str]:
    """Why a path total may be too low."""
    found = False
    if not facts.viewed.get(channel, True):
        yield "view-through is missing: its touches hold no impressions"
        found = True
    if facts.late.get(channel, 0.0) > LATE:
        yield (
            f"the lookback window is short: {facts.late[channel]:.0%} of its effect is after {facts.lookback:.0f} days"
        )
        found = True
    if not found:
        yield "it works through later touches of other channels, or on people whose touches are not joined"


def _above(facts: Facts) -> Iterator[str]:
    """Why a path total may be too high."""
    if facts.estimand == "attributed":
        yield "paths credit it for people who would have bought anyway: it meets those who are about to buy"
    else:
        yield "demand that touches do not show may stand behind its path effect"
