"""Lift tests of a file: what each measured, its window on the panel, and the exposure that there would have been."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.errors import AttributionError, UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.mix.lift_rows import USES, LiftRow, read_lift_rows
from attribution.mix.panel import Panel
from attribution.mix.panel_rows import Problems
from attribution.settings import IngestSettings
from attribution_models.mix.lifts import Lift
from attribution_models.mix.scales import Scales
from attribution_models.mix.spec import MixSpec

Floats = NDArray[np.float64]
# A lift is measured in one place and time and used in another: this share of it is added to its standard error.
TRANSPORT = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Lifts:
    """Lift tests by their one use.

    Attributes
    ----------
    likelihood : tuple of Lift
        Part of the model.
    prior : tuple of Lift
        For priors on effects.
    validate : tuple of Lift
        Kept away from the fit, to score it.
    findings : tuple of Finding
    """

    likelihood: tuple[Lift, ...] = ()
    prior: tuple[Lift, ...] = ()
    validate: tuple[Lift, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Window:
    """A test on the panel: its channel and geos, periods of changed spend, periods of counted outcomes."""

    channel: int
    geos: tuple[int, ...]
    start: int
    end: int
    outcome_end: int


def read_lifts(
    arguments: Sequence[str],
    spec: MixSpec,
    panel: Panel,
    *,
    scales: Scales | None = None,
    transport: float = TRANSPORT,
    settings: IngestSettings | None = None,
) -> Lifts:
    """Read lift tests and place them on the panel.

    The exposure x' that there would have been without the test's spend, inside the test's spend window:

    - no ``spend_change``: zero;
    - ``spend_change`` d (money; what the test had more than its comparison): exposure × (spend − d) / spend;
    - where the channel had no spend there and d is negative (a holdout): the mean exposure of as many periods before,
      brought to a spend of −d.

    Parameters
    ----------
    arguments : sequence of str
        Files: experiment, channel, start, end, lift, standard_error, [geo, spend_change, outcome_end, use].
    scales : Scales, optional
        From an earlier fit; else taken from the panel.
    transport : float
        Share of the lift that is added, squared, to the squared standard error.

    Raises
    ------
    UsageError
        A file or column is missing; an experiment has two uses; a channel or geo is not in the model.
    AttributionError
        Rows that cannot be used; a line for each.
    """
    if not 0 <= transport < 10:
        raise UsageError(f"transport: {transport} is no share; write 0.1 for ten per cent.")
    rows, findings = read_lift_rows(arguments, settings)
    scales = scales or Scales.of(spec, panel.data)
    problems = Problems()
    windows = [_placed(row, spec, panel, problems, findings) for row in rows]
    problems.stop()
    _check_overlaps(rows, windows, problems)
    problems.stop()
    uses: dict[str, list[Lift]] = {use: [] for use in USES}
    for row, window in zip(rows, windows, strict=True):
        assert window is not None
        uses[row.use].append(_lift(row, window, spec, panel, scales, transport, problems, findings))
    problems.stop()
    findings += _in_panel(rows, windows, panel)
    return Lifts(tuple(uses["likelihood"]), tuple(uses["prior"]), tuple(uses["validate"]), tuple(findings))


def _placed(row: LiftRow, spec: MixSpec, panel: Panel, problems: Problems, findings: list[Finding]) -> _Window | None:
    """Find channel, geos and periods."""
    names = [channel.name for channel in spec.channels]
    if row.channel not in names:
        near = did_you_mean(row.channel, names)
        problems.add(f'{row.where}: channel "{row.channel}" is not in the model.{near} Known: {listed(names)}.')
        return None
    unknown = [g for g in row.geos if g not in panel.data.geos]
    if unknown:
        problems.add(f"{row.where}: geo {listed(unknown, 5)} is not in the panel. Known: {listed(panel.data.geos, 5)}.")
        return None
    geos = tuple(panel.data.geos.index(g) for g in row.geos) or tuple(range(len(panel.data.geos)))
    calendar = panel.calendar
    start, end, outcome_end = (int(calendar.place(np.array([d]))[0]) for d in (row.start, row.end, row.outcome_end))
    if start < 0 or outcome_end >= len(calendar.dates):
        problems.add(
            f"{row.where}: its window ({row.start} to {row.outcome_end}) is outside the panel's "
            f"({calendar.dates[0]} to {calendar.last_day(len(calendar.dates) - 1)}). Take the row out, or bring "
            "a panel that covers it."
        )
        return None
    if row.start != calendar.dates[start] or row.outcome_end != calendar.last_day(outcome_end):
        message = f"{row.where}: its window begins or ends inside a {calendar.unit}; whole {calendar.unit}s are taken."
        findings.append(Finding("info", "lift-window-rounded", message))
    return _Window(names.index(row.channel), geos, start, end, outcome_end)


def _check_overlaps(rows: Sequence[LiftRow], windows: Sequence[_Window | None], problems: Problems) -> None:
    """Rows of one experiment measure different things; the same periods of a geo would count twice."""
    for i, (row, mine) in enumerate(zip(rows, windows, strict=True)):
        for other, its in zip(rows[:i], windows[:i], strict=True):
            if mine is None or its is None or other.experiment != row.experiment or its.channel != mine.channel:
                continue
            apart = mine.start > its.outcome_end or its.start > mine.outcome_end
            if not apart and set(mine.geos) & set(its.geos):
                problems.add(
                    f"{row.where}: its window and geos overlap with those of line {other.line} of the same experiment. "
                    "Give each outcome once."
                )
                break


def _lift(
    row: LiftRow, window: _Window, spec: MixSpec, panel: Panel, scales: Scales, transport: float,
    problems: Problems, findings: list[Finding],
) -> Lift:  # fmt: skip
    without = panel.data.exposure.copy()
    before, geos = panel.data.before, list(window.geos)
    cells = np.ix_(geos, range(before + window.start, before + window.end + 1))
    before_this = len(problems.texts)
    without[window.channel][cells] = _without(row, window, panel, spec, problems, findings)
    same = np.array_equal(without[window.channel], panel.data.exposure[window.channel])
    if same and len(problems.texts) == before_this:
        problems.add(
            f"{row.where}: the panel has no exposure of {row.channel} in the window, so that the test changes nothing. "
            "For a holdout give spend_change: what would have been spent, with a minus."
        )
    # Tested rows are often masked, so that they do not count twice: then there is nothing to compare with.
    seen = np.abs(panel.data.outcome[geos, window.start : window.outcome_end + 1])
    if np.isfinite(seen).all() and abs(row.lift) > seen.sum():
        message = (
            f"{row.where}: the lift of {row.experiment} is larger than all outcome that the panel has in its window "
            "and geos."
        )
        remedy = "Give it in units of the panel's outcome, summed over the window; check its dates and geos."
        findings.append(Finding("warning", "lift-above-outcome", message, remedy))
    scaled = scales.scaled_media(spec, without)[window.channel][geos]
    deviation = float(np.hypot(row.standard_error, transport * row.lift))
    return Lift(
        row.experiment, window.channel, window.geos, window.start, window.outcome_end, scaled, row.lift, deviation
    )


def _without(
    row: LiftRow, window: _Window, panel: Panel, spec: MixSpec, problems: Problems, findings: list[Finding]
) -> Floats:
    """Exposure in the window as it would have been: (geos, periods)."""
    data, geos = panel.data, list(window.geos)
    periods = slice(window.start, window.end + 1)
    exposure: Floats = data.exposure[window.channel][geos][:, data.before :][:, periods]
    change = row.spend_change
    if change is None:
        return np.zeros_like(exposure)
    channel = spec.channels[window.channel]
    if channel.spend is None:
        problems.add(
            f"{row.where}: spend_change says nothing about {channel.name}, which has no spend. Leave it empty."
        )
        return exposure
    spend = float(data.spend[window.channel][geos][:, periods].sum())
    if spend > 0 and spend - change >= -1e-9 * spend:
        return exposure * max((spend - change) / spend, 0.0)
    if spend > 0 or change > 0:
        problems.add(
            f"{row.where}: spend_change ({change:,.2f}) is more than what the panel has in the window ({spend:,.2f}); "
            "without the test it would have been below zero. Check its sign: plus means more than the comparison."
        )
        return exposure
    return _held_out(row, window, panel, problems, findings)


def _held_out(row: LiftRow, window: _Window, panel: Panel, problems: Problems, findings: list[Finding]) -> Floats:
    """The mean exposure of as many periods before the window, brought to the spend that was held back."""
    data, geos = panel.data, list(window.geos)
    length = window.end - window.start + 1
    earlier = slice(max(window.start - length, 0), window.start)
    exposure = data.exposure[window.channel][geos][:, data.before :][:, earlier]
    spend = data.spend[window.channel][geos][:, earlier]
    assert row.spend_change is not None
    if not spend.sum() > 0:
        problems.add(
            f"{row.where}: the panel has no spend of {row.channel} in the window nor in the {length} "
            f"{panel.calendar.unit}(s) before it, so that what was held back cannot be turned into exposure."
        )
        return np.zeros((len(geos), length))
    mean = exposure.mean(axis=1)
    factor = -row.spend_change / (spend.mean(axis=1).sum() * length)
    message = (
        f"{row.where}: nothing was spent in the window; the exposure held back is the mean of the {exposure.shape[1]} "
        f"{panel.calendar.unit}(s) before it, times {factor:.2f} to meet spend_change."
    )
    findings.append(Finding("info", "lift-held-out", message))
    return np.repeat((mean * factor)[:, None], length, axis=1)


def _in_panel(rows: Sequence[LiftRow], windows: Sequence[_Window | None], panel: Panel) -> Iterator[Finding]:
    """The rows that a test was measured on must not be fitted a second time."""
    known = np.isfinite(panel.data.outcome)
    both = [
        row.experiment
        for row, window in zip(rows, windows, strict=True)
        if window is not None
        and row.use == "likelihood"
        and known[list(window.geos), window.start : window.outcome_end + 1].any()
    ]
    if both:
        message = (
            f"Outcomes in the windows and geos of {listed(dict.fromkeys(both), 5)} are fitted as well. Where a lift "
            "was measured on them (a test between geos), they count twice."
        )
        remedy = "Empty those outcomes in the panel; a test on a split of people inside the geos may stay."
        yield Finding("info", "lift-rows-in-panel", message, remedy, len(both))


def lift_table(lifts: Sequence[Lift], spec: MixSpec, panel: Panel) -> list[dict[str, Any]]:
    """Lift tests as rows for people."""
    dates = panel.calendar.dates
    return [
        {
            "experiment": lift.experiment,
            "channel": spec.channels[lift.channel].name,
            "geos": len(lift.geos),
            "start": str(dates[lift.start]),
            "end": str(panel.calendar.last_day(lift.end)),
            "lift": lift.lift,
            "deviation": lift.deviation,
        }
        for lift in lifts
    ]


__all__ = ["TRANSPORT", "AttributionError", "Lifts", "lift_table", "read_lifts"]
