"""Multichannel attribution: touchpoints in, channel contributions and suppression lists out.

>>> import attribution
>>> attribution.TABLES["touchpoints"].names[:3]
('unified_id', 'timestamp', 'channel')

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attribution.credit.mix_fits import mix_credits
    from attribution.credit.paths import Fit
    from attribution.errors import AttributionError, UsageError
    from attribution.frames import build_journeys, credits, fit, read_paths
    from attribution.ingest.ingest import ingest as ingest_files
    from attribution.journeys.journeys import Journeys
    from attribution.mix.arviz_out import to_arviz
    from attribution.mix.stored import StoredMix, load_mix
    from attribution.mixes import check_mix, draft_mix, mix_curves, mix_effects, mix_folds, predict_mix
    from attribution.panels import fit_mix
    from attribution.plans import plan_mix
    from attribution.reconciliations import reconcile_fits
    from attribution.settings import IngestSettings, JourneySettings
    from attribution.steps.credits import credits_step
    from attribution.steps.fit import fit_step
    from attribution.steps.journeys import journeys_step
    from attribution.steps.lists import lists
    from attribution.steps.suppress import suppress_step
    from attribution.tables import TABLES
    from attribution.workspace import Workspace
    from attribution_models.paths.markov import Markov
    from attribution_models.paths.rules import First, Last, LastNonDirect, Linear, Position, TimeDecay
    from attribution_models.paths.shapley import Shapley

_HOMES = {
    "AttributionError": "attribution.errors",
    "First": "attribution_models.paths.rules",
    "Fit": "attribution.credit.paths",
    "IngestSettings": "attribution.settings",
    "JourneySettings": "attribution.settings",
    "Journeys": "attribution.journeys.journeys",
    "Last": "attribution_models.paths.rules",
    "LastNonDirect": "attribution_models.paths.rules",
    "Linear": "attribution_models.paths.rules",
    "Markov": "attribution_models.paths.markov",
    "Position": "attribution_models.paths.rules",
    "Shapley": "attribution_models.paths.shapley",
    "StoredMix": "attribution.mix.stored",
    "TABLES": "attribution.tables",
    "TimeDecay": "attribution_models.paths.rules",
    "UsageError": "attribution.errors",
    "Workspace": "attribution.workspace",
    "build_journeys": "attribution.frames",
    "check_mix": "attribution.mixes",
    "credits": "attribution.frames",
    "credits_step": "attribution.steps.credits",
    "draft_mix": "attribution.mixes",
    "fit": "attribution.frames",
    "fit_mix": "attribution.panels",
    "fit_step": "attribution.steps.fit",
    "ingest_files": "attribution.ingest.ingest:ingest",
    "journeys_step": "attribution.steps.journeys",
    "lists": "attribution.steps.lists",
    "load_mix": "attribution.mix.stored",
    "mix_credits": "attribution.credit.mix_fits",
    "mix_curves": "attribution.mixes",
    "mix_effects": "attribution.mixes",
    "mix_folds": "attribution.mixes",
    "plan_mix": "attribution.plans",
    "predict_mix": "attribution.mixes",
    "read_paths": "attribution.frames",
    "reconcile_fits": "attribution.reconciliations",
    "suppress_step": "attribution.steps.suppress",
    "to_arviz": "attribution.mix.arviz_out",
}

__all__ = [
    "TABLES", "AttributionError", "First", "Fit", "IngestSettings", "JourneySettings", "Journeys", "Last",
    "LastNonDirect", "Linear", "Markov", "Position", "Shapley", "StoredMix", "TimeDecay", "UsageError", "Workspace",
    "build_journeys", "check_mix", "credits", "credits_step", "draft_mix", "fit", "fit_mix", "fit_step",
    "ingest_files", "journeys_step", "lists", "load_mix", "mix_credits", "mix_curves", "mix_effects", "mix_folds",
    "plan_mix", "predict_mix", "read_paths", "reconcile_fits", "suppress_step", "to_arviz",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'attribution' has no attribute {name!r}")
    module, _, other = _HOMES[name].partition(":")
    value = getattr(import_module(module), other or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
