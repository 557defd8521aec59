"""The first periods of a model and its panel."""

from __future__ import annotations

from dataclasses import replace

from attribution_models.mix.data import MixData
from attribution_models.mix.spec import MixSpec


def first_periods(spec: MixSpec, data: MixData, length: int) -> tuple[MixSpec, MixData]:
    """Cut everything after the first `length` periods off: outcomes, media, and knots that lie there."""
    at = tuple(a for a in spec.trend.at if a < length)
    media = data.before + length
    shorter = replace(
        data,
        dates=data.dates[:length],
        outcome=data.outcome[:, :length],
        exposure=data.exposure[..., :media],
        spend=data.spend[..., :length],
        controls=data.controls[..., :length],
        revenue_per_outcome=data.revenue_per_outcome[:, :length],
        frequency=data.frequency[..., :media],
    )
    return replace(spec, trend=replace(spec.trend, at=at)), shorter
