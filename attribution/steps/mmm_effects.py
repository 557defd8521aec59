"""Effects of a kept media-mix fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from attribution.credit.mix_fits import gate_told
from attribution.findings import Finding
from attribution.mix.effect_findings import learned_findings
from attribution.mix.effects_table import effects_table
from attribution.mix.marks import known_of, marks
from attribution.mix.stored import StoredMix, effects_of, load_mix
from attribution.mix.window import unfitted_finding, window_between
from attribution.workspace import Workspace
from attribution_models.mix.cells import Window


@dataclass(frozen=True, slots=True, eq=False)
class EffectsReport:
    """A table of effects, and what should be known about it.

    Attributes
    ----------
    stored : StoredMix
    window : Window
    table : DataFrame
        `effects_table.effects_table`.
    findings : tuple of Finding
        The gate's first, with severity error, where the fit did not pass.
    """

    stored: StoredMix
    window: Window
    table: pd.DataFrame
    findings: tuple[Finding, ...]

    @property
    def span(self) -> tuple[str, str]:
        """First and last day of the window."""
        return str(self.stored.data.dates[self.window.start]), str(self.stored.calendar.last_day(self.window.end))


def effects_step(
    workspace: Workspace,
    name: str | None = None,
    *,
    by: Sequence[str] = (),
    first: str | None = None,
    last: str | None = None,
    level: float = 0.9,
    draws: int | None = None,
    force: bool = False,
) -> EffectsReport:
    """Contributions, and what spend returned, of a fit.

    Parameters
    ----------
    name : str, optional
        Of the fit; without: the only or the latest one.
    by : sequence of str
        ``geo``, and one of ``period``, ``week``, ``month``.
    first, last : str, optional
        Only periods that begin from one date to the other.
    level : float
        Of the intervals.
    draws : int, optional
        Of so many evenly spaced draws instead of all.
    force : bool
        A gate that did not pass is a warning.
    """
    return effects_report(
        load_mix(workspace, name), by=by, first=first, last=last, level=level, draws=draws, force=force
    )


def effects_report(
    stored: StoredMix,
    *,
    by: Sequence[str] = (),
    first: str | None = None,
    last: str | None = None,
    level: float = 0.9,
    draws: int | None = None,
    force: bool = False,
) -> EffectsReport:
    """The same of a fit at hand, kept in a workspace or not; see `effects_step`."""
    window = window_between(stored, first, last)
    known = known_of(stored)
    table = effects_table(effects_of(stored, draws), by=by, window=window, level=level, marked=marks(known))
    table = table.assign(converged=stored.passed)
    findings = (
        *gate_told((stored.entry,), force=force),
        *_of_the_fit(stored),
        *learned_findings(known),
        *unfitted_finding(stored, window),
    )
    return EffectsReport(stored, window or Window.whole(stored.data), table, findings)


def _of_the_fit(stored: StoredMix) -> Iterator[Finding]:
    """Warnings that were found when it was fitted; what the gate and the priors say is worked out anew."""
    for kept in stored.entry.get("findings", ()):
        if kept["severity"] == "warning" and kept["code"] not in ("fit-not-converged", "prior-dominated"):
            yield Finding(**kept)
