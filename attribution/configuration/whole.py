"""The whole of a configuration."""

from __future__ import annotations

import msgspec

from attribution.configuration.data import Identity, Ingest, Journeys
from attribution.configuration.decisions import Plan, Reconcile
from attribution.configuration.models import Fit, Hazard, Mmm
from attribution.configuration.outputs import Credits, Report, Suppress
from attribution.suppression.rules import SuppressionPolicy


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole run.

    Attributes
    ----------
    workspace : str
        Folder of the workspace, relative to the configuration file.
    seed : int
        For steps that draw: the bootstrap, the sampler, the search for a plan.
    """

    workspace: str = "attribution-workspace"
    seed: int = 1
    ingest: Ingest = Ingest()
    identity: Identity = Identity()
    journeys: Journeys = Journeys()
    fit: Fit = Fit()
    hazard: Hazard = Hazard()
    mmm: Mmm = Mmm()
    reconcile: Reconcile = Reconcile()
    plan: Plan = Plan()
    credits: Credits = Credits()
    suppress: Suppress = Suppress()
    suppression: SuppressionPolicy = SuppressionPolicy()
    report: Report = Report()
