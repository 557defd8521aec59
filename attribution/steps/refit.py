"""Fit stored specs again, on journeys that changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from attribution.credit.paths import Fit, Kept, fit_paths
from attribution.findings import Finding
from attribution.journeys.journeys import Journeys
from attribution.progress import Told, silent


def refit(journeys: Journeys, kept: Sequence[Kept], told: Told = silent) -> tuple[tuple[Fit, ...], tuple[Finding, ...]]:
    """Fit what is kept again, with the intervals it had; one scan for all that were resampled alike."""
    fits: dict[str, Fit] = {}
    findings: list[Finding] = []
    for how in dict.fromkeys(k.uncertainty for k in kept):
        mine = [k for k in kept if k.uncertainty == how]
        made, noticed = fit_paths(journeys, list({k.spec.name: k.spec for k in mine}.values()), None, how, told=told)
        by_spec = {f.spec.name: f for f in made}
        fits |= {k.name: replace(by_spec[k.spec.name], name=k.name) for k in mine if k.spec.name in by_spec}
        findings += noticed
    return tuple(fits[k.name] for k in kept if k.name in fits), tuple(findings)
