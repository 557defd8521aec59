"""Cells of a panel that are empty: filled as the model file declares, refused where it declares nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attribution.errors import listed
from attribution.findings import Finding
from attribution.mix.calendar import Calendar
from attribution.mix.panel_rows import Problems
from attribution_models.mix.spec import Channel, Control, MixSpec

if TYPE_CHECKING:
    from attribution.mix.panel import Cube

Floats = NDArray[np.float64]
Where = Callable[[NDArray[np.bool_]], str]


def not_known(calendar: Calendar, start: int) -> Where:
    """Make what tells how many cells are empty and in which periods, for columns that begin at period `start`."""

    def tell(empty: NDArray[np.bool_]) -> str:
        periods = np.flatnonzero(empty.any(axis=0))
        dates = listed((str(calendar.dates[start + p]) for p in periods), 3)
        return f"empty in {int(empty.sum()):,} of {empty.size:,} cells ({dates})"

    return tell


def fill_medium(
    values: Floats, channel: Channel, role: str, column: str, at: Where, problems: Problems, findings: list[Finding]
) -> Floats:
    """Fill one column of a channel by its ``missing``; a national one first from the geos that have it."""
    filled = national_figure(values, role, column, problems) if channel.national else values.copy()
    empty = ~np.isfinite(filled)
    if not empty.any():
        return filled
    if channel.missing == "error":
        problems.add(
            f'{role}: column "{column}" is {at(empty)}; media that are not known cannot be left out. Fill the cells '
            f'in, or say in the model file what an empty cell means: missing = "zero" or "impute".'
        )
        return filled
    if channel.missing == "zero":
        filled[empty] = 0.0
        _declared(findings, role, column, int(empty.sum()), "zero")
        return filled
    means = _row_means(filled)
    if np.isnan(means).any():
        problems.add(f'{role}: column "{column}" holds nothing from which an empty cell could be imputed.')
        return filled
    filled[empty] = np.repeat(means[:, None], filled.shape[1], axis=1)[empty]
    _declared(findings, role, column, int(empty.sum()), "the mean")
    return filled


def fill_control(
    values: Floats, control: Control, role: str, at: Where, problems: Problems, findings: list[Finding]
) -> Floats:
    """Fill a control by its ``missing``; ``impute`` is linear in time."""
    filled, empty = values.copy(), ~np.isfinite(values)
    if not empty.any():
        return filled
    if control.missing == "error":
        problems.add(
            f'{role}: column "{control.column}" is {at(empty)}. Fill the cells in, or say in the model file what an '
            'empty cell means: missing = "zero" or "impute".'
        )
    elif control.missing == "zero":
        filled[empty] = 0.0
        _declared(findings, role, control.column, int(empty.sum()), "zero")
    elif empty.all(axis=1).any():
        problems.add(
            f'{role}: column "{control.column}" is empty throughout a geo; nothing can be imputed. Leave it out.'
        )
    else:
        filled = interpolated(filled)
        _declared(findings, role, control.column, int(empty.sum()), "interpolation in time")
    return filled


def fill_population(cube: Cube, spec: MixSpec, problems: Problems, findings: list[Finding]) -> Floats:
    """One population per geo: the mean over time; ones without a column."""
    if spec.population is None:
        return np.ones(len(cube.geos))
    values = cube.columns[spec.population]
    means = _row_means(values, own=True)
    if not (means > 0).all():
        bad = listed((g for g, m in zip(cube.geos, means, strict=True) if not m > 0), 5)
        problems.add(f'data.population: column "{spec.population}" is empty or not above zero in {bad}.')
        return np.ones(len(cube.geos))
    spread = np.nanmax(values, axis=1) / np.nanmin(values, axis=1) - 1
    if (spread > 1e-9).any():
        message = f"Population changes over time (by up to {spread.max():.1%}); each geo takes its mean."
        findings.append(Finding("info", "population-changes", message))
    return means


def fill_worth(cube: Cube, spec: MixSpec, problems: Problems, findings: list[Finding]) -> Floats:
    """Money per unit of outcome: the column, the number, one where the outcome is money, else not known."""
    worth = spec.revenue_per_outcome
    shape = cube.window(spec.outcome).shape
    if not isinstance(worth, str):
        return np.full(shape, float(worth) if worth is not None else 1.0 if spec.revenue else np.nan)
    values = cube.window(worth)
    empty = ~np.isfinite(values)
    if (values < 0).any() or not (values > 0).any():
        problems.add(f'data.revenue_per_outcome: column "{worth}" is negative somewhere, or nowhere above zero.')
        return values.copy()
    if empty.all(axis=1).any():
        problems.add(f'data.revenue_per_outcome: column "{worth}" is empty throughout a geo.')
        return values.copy()
    if empty.any():
        _declared(findings, "data.revenue_per_outcome", worth, int(empty.sum()), "interpolation in time")
    return interpolated(values)


def interpolated(values: Floats) -> Floats:
    """Each row linear in time between what is known, level beyond."""
    filled = values.copy()
    periods = np.arange(values.shape[1])
    for row in filled:
        known = np.isfinite(row)
        row[~known] = np.interp(periods[~known], periods[known], row[known])
    return filled


def national_figure(values: Floats, role: str, column: str, problems: Problems) -> Floats:
    """The one figure of each period, in every geo; NaN where none has it."""
    known = np.isfinite(values)
    low, high = np.where(known, values, np.inf).min(axis=0), np.where(known, values, -np.inf).max(axis=0)
    differ = (low < high - 1e-9 * np.abs(high)) & known.any(axis=0)
    if differ.any():
        problems.add(
            f'{role}: it is declared national, but column "{column}" differs between geos in {int(differ.sum()):,} '
            "periods. Take national = true out, or repeat the national figure in every geo."
        )
    return np.repeat(np.where(known.any(axis=0), low, np.nan)[None, :], len(values), axis=0)


def _row_means(values: Floats, *, own: bool = False) -> Floats:
    """Mean of what each geo has; that of all geos for one that has nothing, unless it must be its `own`."""
    known = np.isfinite(values)
    counts = known.sum(axis=1)
    sums = np.where(known, values, 0.0).sum(axis=1)
    if not known.any():
        return np.full(len(values), np.nan)
    other = np.nan if own else sums.sum() / counts.sum()
    return np.where(counts > 0, sums / np.maximum(counts, 1), other)


def _declared(findings: list[Finding], role: str, column: str, count: int, how: str) -> None:
    message = f'{role}: {count:,} empty cells of "{column}" are filled with {how}.'
    findings.append(Finding("info", "cells-filled", message, "", count))
