"""What is asked of media-mix models from Python: as the commands of ``attribution mmm``, with frames or files.

>>> import attribution
>>> report = attribution.fit_mix(panel, attribution.draft_mix(panel))  # doctest: +SKIP
>>> attribution.mix_effects(report).table  # doctest: +SKIP

Every answer has ``table`` (a frame, as the command writes it with ``-f csv``) and ``findings``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.mix.checks import check_files, findings_frame
from attribution.mix.draft import draft_model
from attribution.mix.rolling import FoldPlan
from attribution.mix.stored import StoredMix, load_mix
from attribution.panels import MixReport, files_of, model_of
from attribution.steps.mmm_curves import UP_TO, CurvesReport, Kind, curves_report
from attribution.steps.mmm_effects import EffectsReport, effects_report
from attribution.steps.mmm_folds import FoldsReport, folds_step
from attribution.steps.mmm_predict import PredictReport, predict_report
from attribution.workspace import Workspace
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.spec import MixSpec

__all__ = ["check_mix", "draft_mix", "mix_curves", "mix_effects", "mix_folds", "predict_mix"]

Fit = MixReport | StoredMix | Workspace | Path | str


def draft_mix(panel: Any, lifts: Any = None) -> str:
    """Draft a model file (``attribution mmm draft``): TOML text, every guess explained in its comments.

    Parameters
    ----------
    panel : frame, path or sequence of paths
        One row per period (and geo).
    lifts : frame, path or sequence of paths, optional
        Lift tests that the model will be fitted with.

    Raises
    ------
    UsageError, AttributionError
        No dates, outcome or media are found in it.
    """
    with files_of("panel", panel) as panels, files_of("lifts", lifts) as tests:
        return draft_model(panels, lifts=tests)


def check_mix(
    panel: Any, model: MixSpec | Path | str, lifts: Any = None, *, allow_saturated: bool = False
) -> pd.DataFrame:
    """What a panel can tell a model (``attribution mmm check``): severity, code, message, remedy, count; worst first.

    Parameters
    ----------
    panel, lifts : frame, path or sequence of paths
    model : MixSpec, path or str
        A specification, a model file, or the text of one.
    allow_saturated : bool
        National channels beside near-saturated time effects only warn.
    """
    with files_of("panel", panel) as panels, files_of("lifts", lifts) as tests:
        return findings_frame(check_files(panels, model_of(model), tests, allow_saturated=allow_saturated).findings)


def mix_effects(
    fit: Fit,
    name: str | None = None,
    *,
    by: Sequence[str] = (),
    first: str | None = None,
    last: str | None = None,
    level: float = 0.9,
    draws: int | None = None,
) -> EffectsReport:
    """What each channel brought and what its spend returned (``attribution mmm effects``).

    Parameters
    ----------
    fit : MixReport, StoredMix, Workspace or path
        What `fit_mix` or `load_mix` gave, or a workspace that keeps fits.
    name : str, optional
        Of the fit in a workspace; without: the only or the latest one.
    by : sequence of str
        ``geo``, and one of ``period``, ``week``, ``month``.
    first, last : str, optional
        Only periods that begin from one date to the other.
    level : float
        Of the intervals.
    draws : int, optional
        Of so many evenly spaced draws instead of all.
    """
    return effects_report(_stored(fit, name), by=by, first=first, last=last, level=level, draws=draws)


def mix_curves(
    fit: Fit,
    name: str | None = None,
    *,
    kind: Kind = "response",
    channels: Sequence[str] = (),
    points: int | None = None,
    up_to: float = UP_TO,
    first: str | None = None,
    last: str | None = None,
    level: float = 0.9,
    draws: int | None = None,
) -> CurvesReport:
    """Curves of response, saturation, adstock or drift (``attribution mmm curves``); parameters as in `mix_effects`.

    Parameters
    ----------
    kind : str
        ``response``: incremental outcome against spend. ``saturation``: the curve of one period's exposure.
        ``adstock``: the share of an exposure's effect in each period after it. ``time-varying``: what multiplies the
        effects of all channels in each period, where the model lets them drift.
    channels : sequence of str
        Only these.
    points : int, optional
        Of a response or saturation curve.
    up_to : float
        The largest multiple of spend of a response curve.
    """
    return curves_report(
        _stored(fit, name), kind=kind, channels=channels, points=points, up_to=up_to, first=first, last=last,
        level=level, draws=draws,
    )  # fmt: skip


def predict_mix(
    fit: Fit, plan: Any, name: str | None = None, *, by: Sequence[str] = (), convert: bool = False, level: float = 0.9
) -> PredictReport:
    """Expected outcome of a plan of spend and controls (``attribution mmm predict``); see `mix_effects`.

    Parameters
    ----------
    plan : frame, path or sequence of paths
        Like the panel of the fit, without the outcome.
    by : sequence of str
        ``geo``: a row for each too.
    convert : bool
        Planned spend buys exposure at the last year's prices.
    """
    stored = _stored(fit, name)
    with files_of("plan", plan) as panels:
        return predict_report(stored, panels, by=by, convert=convert, level=level)


def mix_folds(
    panel: Any,
    model: MixSpec | Path | str,
    *,
    folds: int = 4,
    horizon: int = 8,
    step: int | None = None,
    level: float = 0.9,
    tuning: Tuning | None = None,
    rounds: int = 4,
) -> FoldsReport:
    """How well a model predicts, from several origins (``attribution mmm folds``); nothing is kept.

    Parameters
    ----------
    panel, model
        As in `check_mix`.
    folds, horizon : int
        How many, and how many periods each predicts.
    step : int, optional
        Periods between origins; without: the horizon.
    tuning : Tuning, optional
        How each fold is sampled: ``attribution_models.mix.nuts.Tuning(chains=4, tune=…, draws=…, seed=…)``.
    """
    with files_of("panel", panel) as panels:
        plan = FoldPlan(folds, horizon, step, level)
        return folds_step(panels, model_of(model), plan, tuning=tuning, rounds=rounds)


def _stored(fit: Fit, name: str | None) -> StoredMix:
    """The fit that is meant; `name` says which one of a workspace."""
    if isinstance(fit, MixReport):
        return fit.stored
    return fit if isinstance(fit, StoredMix) else load_mix(fit, name)
