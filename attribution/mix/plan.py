"""A plan as data of a model: the fitted window with the plan in it, and the periods after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attribution.errors import listed
from attribution.findings import Finding
from attribution.mix.panel_gaps import fill_control, fill_medium, not_known
from attribution.mix.panel_rows import Problems
from attribution.mix.plan_cube import PlanCube
from attribution.mix.plan_exposure import Media, planned_media
from attribution.mix.stored import StoredMix
from attribution_models.mix.data import MixData
from attribution_models.mix.effects import longest, revenue_ahead

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is to be predicted.

    Attributes
    ----------
    window : MixData
        The fitted window, with the plan's media and controls where it has any.
    future : MixData or None
        The periods after it.
    first, last : int
        Periods that the plan has rows for, counted from the window's first.
    changes_window : bool
        Whether the plan differs from what was, inside the window.
    findings : tuple of Finding
    """

    window: MixData
    future: MixData | None
    first: int
    last: int
    changes_window: bool
    findings: tuple[Finding, ...]


def plan_of(cube: PlanCube, stored: StoredMix, *, convert: bool = False) -> Plan:
    """Complete a plan: what it does not say of the window is as it was; of periods after it everything must be said.

    Parameters
    ----------
    convert : bool
        Turn spend into exposure by what exposure cost in the window, where the plan gives only spend.

    Raises
    ------
    AttributionError
        A line for each column that is missing, with its periods.
    """
    problems = Problems()
    findings: list[Finding] = list(cube.findings)
    if not any(column in cube.columns for column in _inputs(stored)):
        problems.add(f"{cube.name}: no column of media or controls is in it; the model reads {_listed(stored)}.")
        problems.stop()
    media = planned_media(cube, stored, convert=convert, problems=problems, findings=findings)
    filled = _filled(media, cube, stored, problems, findings)
    controls = _controls(cube, stored, problems, findings)
    _signs(filled, stored, cube.name, problems)
    _absent(cube, stored, problems)
    problems.stop()
    return _data(filled, controls, cube, stored, findings)


def _absent(cube: PlanCube, stored: StoredMix, problems: Problems) -> None:
    """Where something is missing, say which columns the file lacks, and which of its own are not read."""
    absent = [column for column in dict.fromkeys(_inputs(stored)) if column not in cube.columns]
    if not problems.texts or not absent:
        return
    unread = " ".join(finding.message for finding in cube.findings if finding.code == "columns-unused")
    problems.add(f"{cube.name}: not among its columns: {listed(absent)}. {unread}".rstrip())


def _inputs(stored: StoredMix) -> Iterator[str]:
    for channel in stored.spec.channels:
        yield from filter(None, (channel.exposure, channel.spend, channel.frequency))
    yield from (control.column for control in stored.spec.controls)


def _listed(stored: StoredMix) -> str:
    return listed(dict.fromkeys(_inputs(stored)))


def _filled(
    media: Media, cube: PlanCube, stored: StoredMix, problems: Problems, findings: list[Finding]
) -> tuple[Floats, Floats]:
    """Exposure and frequency, empty cells filled as the model file declares."""
    at = not_known(cube.calendar, 0)
    exposure, frequency = media.exposure.copy(), media.frequency.copy()
    for c, channel in enumerate(stored.spec.channels):
        role = f"{cube.name}: channel {channel.name}"
        if c not in media.told:
            exposure[c] = fill_medium(exposure[c], channel, role, channel.exposure, at, problems, findings)
        if channel.frequency:
            frequency[c] = fill_medium(frequency[c], channel, role, channel.frequency, at, problems, findings)
    return exposure, frequency


def _signs(filled: tuple[Floats, Floats], stored: StoredMix, name: str, problems: Problems) -> None:
    for c, channel in enumerate(stored.spec.channels):
        for column, values in zip((channel.exposure, channel.frequency), filled, strict=True):
            below = int((values[c] < 0).sum())
            if below:
                problems.add(f'{name}: column "{column}" ({channel.name}) is below zero in {below:,} cells.')


def _controls(cube: PlanCube, stored: StoredMix, problems: Problems, findings: list[Finding]) -> Floats:
    data, at = stored.data, not_known(cube.calendar, 0)
    found, kept = [], []
    for k, control in enumerate(stored.spec.controls):
        if control.column in stored.spec.stand_ins:
            found.append(_stood_in(data.controls[k], len(cube.calendar.dates)))
            kept.append(control.column)
            continue
        values = overlaid(data.controls[k], cube.columns.get(control.column), len(cube.calendar.dates))
        found.append(fill_control(values, control, f"{cube.name}: control", at, problems, findings))
    if kept:
        message = (
            f"As controls {listed(kept)} stand for demand that moved with spend. A plan says what is spent, not what "
            "demand will be: they stay as they were in the window, and are at their average after it."
        )
        findings.append(Finding("note", "demand-not-planned", message, "", len(kept)))
    return np.stack(found) if found else np.zeros((0, len(data.geos), len(cube.calendar.dates)))


def _stood_in(was: Floats, length: int) -> Floats:
    """A channel's spend as a control, (G, N): what was, and after the window each geo's average."""
    mean = was.mean(axis=1, keepdims=True)
    return np.concatenate([was, np.repeat(mean, length - was.shape[1], axis=1)], axis=1)


def overlaid(was: Floats, given: Floats | None, length: int) -> Floats:
    """What was in the window, with what a plan gives over it and after it; NaN where neither says anything."""
    found = np.full((len(was), length), np.nan)
    found[:, : was.shape[1]] = was
    return found if given is None else np.where(np.isfinite(given), given, found)


def _data(
    filled: tuple[Floats, Floats], controls: Floats, cube: PlanCube, stored: StoredMix, findings: list[Finding]
) -> Plan:
    data, periods = stored.data, len(stored.data.dates)
    exposure, frequency = filled
    known = data.frequency if data.frequency.size else np.zeros_like(data.exposure)
    window = replace(
        data,
        exposure=np.concatenate([data.exposure[..., : data.before], exposure[..., :periods]], axis=-1),
        frequency=np.concatenate([known[..., : data.before], frequency[..., :periods]], axis=-1),
        controls=controls[..., :periods],
    )
    pairs = ((window.exposure, data.exposure), (window.frequency, known), (window.controls, data.controls))
    changed = any(not np.array_equal(plan, was, equal_nan=True) for plan, was in pairs)
    ahead = len(cube.calendar.dates) - periods
    future = None
    if ahead:
        given = cube.columns.get(stored.spec.outcome)
        later = slice(periods, None)
        future = MixData(
            dates=cube.calendar.dates[later],
            geos=data.geos,
            outcome=np.full((len(data.geos), ahead), np.nan) if given is None else given[:, later],
            exposure=exposure[..., later],
            spend=np.zeros_like(exposure[..., later]),
            controls=controls[..., later],
            population=data.population,
            revenue_per_outcome=_worth(stored, ahead),
            frequency=frequency[..., later],
        )
    return Plan(window, future, cube.first, cube.last, changed, tuple(findings))


def _worth(stored: StoredMix, ahead: int) -> Floats:
    """An outcome's worth goes on as it was lately."""
    lags = longest(stored.structure)
    lately = revenue_ahead(stored.data.revenue_per_outcome, max(lags, 2))[:, -1:]
    return np.repeat(lately, ahead, axis=1)
