"""Scales: what brings outcome, media and controls to order one; kept with a fit, so that a refresh can reuse them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.data import MixData
from attribution_models.mix.spec import MixSpec


@dataclass(frozen=True, slots=True, eq=False)
class Scales:
    """Constants of the scaled model.

    Attributes
    ----------
    center, outcome : float
        y* = (y / population − center) / outcome.
    media : array (C,)
        x* = x / population / media. For reach and frequency: of reach; frequency is not scaled.
    control_center, control : array (K,)
        z* = (z − center) / scale.
    population : array (G,)
        What divides outcome and media: the panel's population over its mean, or ones.
    """

    center: float
    outcome: float
    media: NDArray[np.float64]
    control_center: NDArray[np.float64]
    control: NDArray[np.float64]
    population: NDArray[np.float64]

    @classmethod
    def of(cls, spec: MixSpec, data: MixData, rows: NDArray[np.bool_] | None = None) -> Scales:
        """Take scales from the data, or from some periods of it only (training rows of a fold).

        Raises
        ------
        ValueError
            Where the outcome, a medium or a control has no scale (all zero, or constant where it is standardised).
        """
        kept = np.ones(data.outcome.shape[1], bool) if rows is None else rows
        population = data.population / data.population.mean()
        if not (spec.scaling.per_capita and spec.population):
            population = np.ones_like(population)
        center, outcome = _outcome(spec, data.outcome[:, kept] / population[:, None])
        media = np.array([_medium(spec, c, data, population, kept) for c in range(len(spec.channels))])
        pairs = [_control(control.scale, data.controls[k][:, kept]) for k, control in enumerate(spec.controls)]
        for control, (_, scale) in zip(spec.controls, pairs, strict=True):
            if not scale > 0:
                raise ValueError(f"Control {control.column} does not vary; leave it out.")
        table = np.array(pairs, dtype=float).reshape(-1, 2)
        return cls(center, outcome, media, table[:, 0].copy(), table[:, 1].copy(), population)

    def scaled_media(self, spec: MixSpec, exposure: NDArray[np.float64]) -> NDArray[np.float64]:
        """x* of (C, G, n) exposures; a national figure is shared out by population."""
        share = self.population / self.population.sum()
        wide = exposure / self.population[None, :, None] / self.media[:, None, None]
        for c, channel in enumerate(spec.channels):
            if channel.national and exposure.shape[1] > 1:
                wide[c] = exposure[c] * share[:, None] / self.population[:, None] / self.media[c]
        return wide


def _outcome(spec: MixSpec, y: NDArray[np.float64]) -> tuple[float, float]:
    if not np.isfinite(y).any():
        raise ValueError("The outcome has no observed value.")
    kind = spec.scaling.outcome
    center = float(np.nanmean(y)) if kind == "standard" else 0.0
    scale = float(np.nanmax(y) if kind == "max" else np.nanmean(y) if kind == "mean" else np.nanstd(y))
    if not scale > 0:
        raise ValueError("The outcome does not vary, or is nowhere above zero.")
    return center, scale


def _medium(spec: MixSpec, c: int, data: MixData, population: NDArray[np.float64], kept: NDArray[np.bool_]) -> float:
    channel = spec.channels[c]
    x = data.exposure[c][:, data.before :][:, kept] / population[:, None]
    if channel.national and len(population) > 1:
        x = data.exposure[c][:, data.before :][:, kept] / population.sum()
    above = x[x > 0]
    if not above.size:
        raise ValueError(f"Channel {channel.name} has no exposure in the window; leave it out.")
    return float(above.max() if spec.scaling.media == "max" else np.median(above))


def _control(kind: str, z: NDArray[np.float64]) -> tuple[float, float]:
    if kind == "none":
        return 0.0, 1.0
    if kind == "max":
        return 0.0, float(np.nanmax(np.abs(z)))
    return float(np.nanmean(z)), float(np.nanstd(z))
