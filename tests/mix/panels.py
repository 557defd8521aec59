"""Tiny made-up panels as arrays."""

from __future__ import annotations

import numpy as np

from attribution_models.mix.data import MixData
from attribution_models.mix.lifts import Lift
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import structure

GEOS = ("north", "south", "west")


def panel(
    spec: MixSpec,
    *,
    geos: int = 1,
    periods: int = 20,
    before: int = 0,
    known: int | None = None,
    days: int = 7,
    worth: float = 1.0,
    missing: tuple[tuple[int, int], ...] = (),
    seed: int = 1,
) -> MixData:
    """Make data that a spec can be fitted to.

    Parameters
    ----------
    before, known : int
        Periods of media before the window, and how many of them are known (all of them without).
    worth : float
        Revenue per outcome.
    missing : tuple of (geo, period)
        Outcomes that were not observed.
    """
    rng = np.random.default_rng(seed)
    wide = (len(spec.channels), geos, before + periods)
    exposure = rng.gamma(2.0, 50.0, wide) * (rng.random(wide) < 0.8)
    exposure[..., before] += 20.0
    for c, channel in enumerate(spec.channels):
        if channel.national:
            exposure[c] = exposure[c, :1]
    outcome = rng.gamma(40.0, 25.0, (geos, periods)) + 2.0 * exposure.sum(axis=0)[:, before:]
    for g, t in missing:
        outcome[g, t] = np.nan
    return MixData(
        dates=np.datetime64("2023-01-02") + np.arange(periods) * np.timedelta64(days, "D"),
        geos=GEOS[:geos] if geos > 1 else ("national",),
        outcome=outcome,
        exposure=exposure,
        spend=exposure[..., before:] * rng.uniform(0.5, 2.0, (wide[0], 1, 1)),
        controls=rng.normal(3.0, 1.5, (len(spec.controls), geos, periods)),
        population=rng.uniform(0.5, 3.0, geos) if spec.population else np.ones(geos),
        revenue_per_outcome=np.full((geos, periods), worth),
        frequency=rng.uniform(0.5, 6.0, wide) * (exposure > 0),
        history=before if known is None else known,
    )


def lift(
    spec: MixSpec, data: MixData, channel: int, geos: tuple[int, ...], start: int, end: int, left: float = 0.0
) -> Lift:
    """Make a test in which a channel ran at `left` times its exposure, from `start` to the period before `end`."""
    s = structure(spec, data)
    acting = s.reach if spec.channels[channel].frequency is not None else s.media
    without = acting[channel, list(geos)].copy()
    without[:, data.before + start : data.before + end] *= left
    size = 0.05 * float(np.nansum(data.outcome[list(geos), start : end + 1]))
    name = f"{spec.channels[channel].name} {start}"
    return Lift(name, channel, geos, start, end, without, size * (1 if left < 1 else -1), 0.4 * size)
