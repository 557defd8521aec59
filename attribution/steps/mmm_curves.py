"""Curves of a kept media-mix fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from attribution.credit.mix_fits import gate_told
from attribution.errors import UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.mix.effect_findings import learned_findings
from attribution.mix.effect_frames import adstock_frame, multiplier_frame, response_frame, saturation_frame
from attribution.mix.marks import known_of, marks
from attribution.mix.stored import StoredMix, effects_of, load_mix
from attribution.mix.window import window_between
from attribution.workspace import Workspace
from attribution_models.mix.cells import Window
from attribution_models.mix.curves import adstock_weights, multipliers, response_curves, saturation_curves
from attribution_models.mix.effects import Effects

Kind = Literal["response", "saturation", "adstock", "time-varying"]
KINDS: tuple[Kind, ...] = ("response", "saturation", "adstock", "time-varying")
POINTS = 21
UP_TO = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class CurvesReport:
    """Curves, and what should be known about them.

    Attributes
    ----------
    stored : StoredMix
    window : Window
        Whose spend a response curve multiplies.
    kind : str
    table : DataFrame
        As `attribution.mix.effect_frames` has it, with ``mark`` and ``converged``.
    findings : tuple of Finding
    """

    stored: StoredMix
    window: Window
    kind: Kind
    table: pd.DataFrame
    findings: tuple[Finding, ...]

    @property
    def unit(self) -> str:
        """What a period is called."""
        return self.stored.calendar.unit

    @property
    def span(self) -> tuple[str, str]:
        """First and last day of the window."""
        return str(self.stored.data.dates[self.window.start]), str(self.stored.calendar.last_day(self.window.end))


def curves_step(
    workspace: Workspace,
    name: str | None = None,
    *,
    kind: Kind = "response",
    channels: Sequence[str] = (),
    points: int | None = None,
    up_to: float = UP_TO,
    first: str | None = None,
    last: str | None = None,
    level: float = 0.9,
    draws: int | None = None,
    force: bool = False,
) -> CurvesReport:
    """Curves of a fit.

    Parameters
    ----------
    kind : str
        ``response``: incremental outcome against spend in the window. ``saturation``: the curve of one period's
        exposure. ``adstock``: the share of an exposure's effect in each period after it. ``time-varying``: what
        multiplies the effects of all channels in each period.
    channels : sequence of str
        Only these.
    points : int, optional
        Of a response or saturation curve; 1 × the spend is always one of a response curve's.
    up_to : float
        The largest multiple of spend of a response curve.
    first, last : str, optional
        Of a response curve: multiply the spend of periods that begin from one date to the other.

    Raises
    ------
    UsageError
        An unknown fit or channel, an option that says nothing about that kind of curve, or ``time-varying`` of a model
        whose effects stay the same.
    """
    _check(kind, points, first, last)
    return curves_report(
        load_mix(workspace, name), kind=kind, channels=channels, points=points, up_to=up_to, first=first, last=last,
        level=level, draws=draws, force=force,
    )  # fmt: skip


def curves_report(
    stored: StoredMix,
    *,
    kind: Kind = "response",
    channels: Sequence[str] = (),
    points: int | None = None,
    up_to: float = UP_TO,
    first: str | None = None,
    last: str | None = None,
    level: float = 0.9,
    draws: int | None = None,
    force: bool = False,
) -> CurvesReport:
    """The same of a fit at hand, kept in a workspace or not; see `curves_step`."""
    _check(kind, points, first, last)
    if kind == "time-varying":
        _check_varying(stored, channels)
    window = window_between(stored, first, last) or Window.whole(stored.data)
    known, names = known_of(stored), [channel.name for channel in stored.spec.channels]
    for channel in channels:
        if channel not in names:
            near = did_you_mean(channel, names)
            raise UsageError(f'No channel "{channel}" in {stored.name}.{near} It has {listed(names)}.')
    table = _frame(kind, effects_of(stored, draws), window, points or POINTS, up_to, level)
    if "channel" in table:
        said = marks(known)
        table = table.assign(mark=[said[c] for c in table["channel"]])
    table = table.assign(converged=stored.passed)
    if channels:
        table = table[table["channel"].isin(channels)].reset_index(drop=True)
    return CurvesReport(
        stored, window, kind, table, (*gate_told((stored.entry,), force=force), *learned_findings(known))
    )


def _check(kind: Kind, points: int | None, first: str | None, last: str | None) -> None:
    if kind not in KINDS:
        raise UsageError(f'kind: "{kind}" is none of {listed(KINDS)}.')
    if kind == "adstock" and points is not None:
        raise UsageError("--points says nothing about adstock: it has a weight for each period up to l_max.")
    if kind == "time-varying" and any(option is not None for option in (points, first, last)):
        raise UsageError("--points, --from and --to say nothing about time-varying effects: every period has a row.")
    if kind != "response" and (first is not None or last is not None):
        raise UsageError(f"--from and --to say nothing about {kind} curves: they are the same in every period.")


def _check_varying(stored: StoredMix, channels: Sequence[str]) -> None:
    if channels:
        raise UsageError("--channel says nothing about time-varying effects: all channels share them.")
    if stored.spec.time_varying is None:
        raise UsageError(
            f"Effects of {stored.name} stay the same in every period. A model file with a [time_varying] table lets "
            "them drift."
        )


def _frame(kind: Kind, effects: Effects, window: Window, points: int, up_to: float, level: float) -> pd.DataFrame:
    if kind == "saturation":
        return saturation_frame(saturation_curves(effects, points, level))
    if kind == "adstock":
        return adstock_frame(adstock_weights(effects, level))
    if kind == "time-varying":
        return multiplier_frame(multipliers(effects, level))
    multiples = np.unique([*np.linspace(0.0, up_to, points).round(6), 1.0])
    return response_frame(response_curves(effects, window, tuple(float(m) for m in multiples), level))
