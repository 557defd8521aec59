"""Media of a plan: exposure where it is given, or what the planned spend buys at the window's prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.errors import listed
from attribution.findings import Finding
from attribution.mix.panel_rows import Problems
from attribution.mix.plan_cube import Panelled, PlanCube

Floats = NDArray[np.float64]
# Prices of the last year of the window.
YEAR = 365.25


@dataclass(frozen=True, slots=True, eq=False)
class Media:
    """Exposure and frequency of a plan.

    Attributes
    ----------
    exposure, frequency : array (C, G, T + F)
        NaN where the plan leaves open what it must say.
    told : frozenset of int
        Channels whose exposure has been complained about already.
    """

    exposure: Floats
    frequency: Floats
    told: frozenset[int]


def planned_media(
    cube: PlanCube, stored: Panelled, *, convert: bool, problems: Problems, findings: list[Finding]
) -> Media:
    """Lay a plan's media over what was."""
    data, length = stored.data, len(cube.calendar.dates)
    exposure = np.full((len(stored.spec.channels), len(data.geos), length), np.nan)
    frequency = exposure.copy()
    exposure[..., : len(data.dates)] = data.exposure[..., data.before :]
    frequency[..., : len(data.dates)] = data.frequency[..., data.before :] if data.frequency.size else 0.0
    told = set()
    for c, channel in enumerate(stored.spec.channels):
        _over(exposure[c], cube.columns.get(channel.exposure))
        _over(frequency[c], cube.columns.get(channel.frequency or ""))
        if channel.frequency is None:
            frequency[c] = 0.0
        if channel.spend is None or channel.spend == channel.exposure:
            continue
        only = _only_spend(cube, channel.exposure, channel.spend, exposure[c], stored, c)
        if not only.any():
            continue
        if convert:
            findings.append(_convert(exposure[c], cube.columns[channel.spend], only, stored, c))
        else:
            told.add(c)
            dates = listed((str(d) for d in cube.calendar.dates[only.any(axis=0)]), 3)
            problems.add(
                f'{cube.name}: channel {channel.name} has spend but no exposure ("{channel.exposure}") in '
                f"{int(only.sum()):,} cells ({dates}). Give the exposure that is planned, or let spend buy it at last "
                "year's prices: --exposure-from-spend."
            )
    return Media(exposure, frequency, frozenset(told))


def _over(values: Floats, given: Floats | None) -> None:
    if given is not None:
        np.copyto(values, given, where=np.isfinite(given))


def _only_spend(
    cube: PlanCube, exposure: str, spend: str, values: Floats, stored: Panelled, c: int
) -> NDArray[np.bool_]:
    """Cells whose spend is planned and whose exposure is not; the same spend as before buys what it bought."""
    given = cube.columns.get(spend)
    if given is None:
        return np.zeros(values.shape, bool)
    own = cube.columns.get(exposure)
    only: NDArray[np.bool_] = np.isfinite(given) & (np.ones(values.shape, bool) if own is None else ~np.isfinite(own))
    was = spent(stored, c)
    only[:, : was.shape[1]] &= np.abs(given[:, : was.shape[1]] - was) > 1e-9 * np.maximum(np.abs(was), 1.0)
    return only


def spent(stored: Panelled, c: int) -> Floats:
    """Spend of a channel in the window as the panel had it: a national figure stands in every geo."""
    found: Floats = stored.data.spend[c]
    if stored.spec.channels[c].national and len(stored.data.geos) > 1:
        return np.repeat(found.sum(axis=0, keepdims=True), len(found), axis=0)
    return found


def _convert(values: Floats, spend: Floats, only: NDArray[np.bool_], stored: Panelled, c: int) -> Finding:
    """Exposure in proportion to spend: to that of the same cell where there was any, else at last year's price."""
    was, channel = spent(stored, c), stored.spec.channels[c]
    year = slice(max(was.shape[1] - round(YEAR / stored.calendar.days), 0), None)
    known = stored.data.exposure[c][:, stored.data.before :]
    bought, paid = known[:, year].sum(axis=1), was[:, year].sum(axis=1)
    all_paid = paid.sum()
    overall = bought.sum() / all_paid if all_paid > 0 else np.nan
    price = np.where(paid > 0, bought / np.where(paid > 0, paid, 1.0), overall)
    wide = np.broadcast_to(price[:, None], values.shape).copy()
    there = (was > 0) & (known > 0)
    wide[:, : was.shape[1]][there] = known[there] / was[there]
    values[only] = spend[only] * wide[only]
    message = (
        f"{channel.name}: exposure of {int(only.sum()):,} cells follows from planned spend, at the price of the last "
        f"year ({overall:,.4g} for each unit of spend), or of the same cell where there was spend."
    )
    return Finding("info", "exposure-from-spend", message, "", int(only.sum()))
