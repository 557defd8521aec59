"""``attribution.toml``: every step of a run, read into frozen descriptions, wrong keys named by their path."""

from __future__ import annotations

from attribution.configuration.data import Identity, Ingest, Journeys
from attribution.configuration.decisions import Plan, Reconcile
from attribution.configuration.models import Fit, Hazard, Mmm
from attribution.configuration.outputs import REPORT_FORMS, Credits, Report, Suppress
from attribution.configuration.read import configure, read_configuration
from attribution.configuration.toml import as_toml
from attribution.configuration.whole import Configuration

__all__ = [
    "REPORT_FORMS", "Configuration", "Credits", "Fit", "Hazard", "Identity", "Ingest", "Journeys", "Mmm", "Plan",
    "Reconcile", "Report", "Suppress", "as_toml", "configure", "read_configuration",
]  # fmt: skip
