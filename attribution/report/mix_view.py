"""One media-mix fit as the chapters read it: draws, windows, effects and curves, each worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.credit.mix_fits import gate_told
from attribution.findings import Finding
from attribution.mix.effect_findings import learned_findings
from attribution.mix.effects_table import effects_table
from attribution.mix.marks import known_of, marks
from attribution.mix.stored import StoredMix, effects_of
from attribution.report.document import Kind
from attribution_models.mix.cells import Window, cells
from attribution_models.mix.contributions import contribution_draws
from attribution_models.mix.curves import extrapolated
from attribution_models.mix.draw_summary import Summary
from attribution_models.mix.effects import UNATTRIBUTED, Effects
from attribution_models.mix.prior_checks import Learned
from attribution_models.mix.returns import gains

Floats = NDArray[np.float64]
LEVEL = 0.9
# Multiples of today's spend at which curves are worked out: close where they bend, 1.01 for the marginal return.
MULTIPLES = (
    0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.01,
    1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.05,
)  # fmt: skip
# Cells × channels × multiples × draws that are worked out in about a second; a larger fit gives fewer of its draws.
WORK = 150_000_000
FEWEST = 200
YEAR = 365
# Findings of a fit that are worked out again from it as it is.
ANEW = ("fit-not-converged", "prior-dominated")
# Spend next to nothing makes no curve.
LEAST = 1e-9


@dataclass(frozen=True)
class MixView:
    """A fit as it is shown.

    Parameters
    ----------
    stored : StoredMix
    id : str
        Begins the names of its tables.
    """

    stored: StoredMix
    id: str = "mix"

    @property
    def channels(self) -> tuple[str, ...]:
        """All channels of the model."""
        return tuple(c.name for c in self.stored.spec.channels)

    @cached_property
    def draws(self) -> int:
        """How many of the posterior's draws are read: all where that takes no time."""
        geos, periods = self.stored.data.outcome.shape
        each = geos * (2 * periods + self.year.size * len(MULTIPLES)) * len(self.channels)
        return int(min(self.stored.posterior.size, max(FEWEST, WORK // each)))

    @cached_property
    def effects(self) -> Effects:
        """What contributions, returns and curves are worked out from."""
        return effects_of(self.stored, self.draws)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the checks noticed."""
        kept = (Finding(**f) for f in self.stored.entry.get("findings", ()) if f["code"] not in ANEW)
        return (*gate_told((self.stored.entry,)), *kept, *learned_findings(self.known))

    @property
    def thinned(self) -> str:
        """Where not all draws are read, a sentence that says so."""
        whole = self.stored.posterior.size
        return "" if self.draws == whole else f" Worked out from {self.draws:,} of {whole:,} posterior draws."

    @cached_property
    def whole(self) -> Window:
        """All periods."""
        return Window.whole(self.stored.data)

    @cached_property
    def year(self) -> Window:
        """The last twelve months of the panel, or all of it where it is shorter: what "today" means."""
        calendar, periods = self.stored.calendar, len(self.stored.data.dates)
        size = 12 if calendar.monthly else max(round(YEAR / calendar.days), 1)
        return Window(max(periods - size, 0), periods - 1)

    def span(self, window: Window) -> tuple[str, str]:
        """First and last day of a window."""
        return str(self.stored.data.dates[window.start]), str(self.stored.calendar.last_day(window.end))

    @property
    def measure(self) -> int:
        """Which measure is shown: money where the outcome's worth is known."""
        return len(self.effects.measures) - 1

    @property
    def kind(self) -> Kind:
        """How what is shown is written."""
        return "money" if self.measure or self.effects.money else "count"

    @property
    def noun(self) -> str:
        """What is shown, in a word: ``revenue``, or the name of the outcome."""
        return "revenue" if self.measure else self.stored.spec.outcome

    @property
    def unit(self) -> str:
        """What a period is called."""
        return self.stored.calendar.unit

    @cached_property
    def known(self) -> Learned:
        """What the data changed of each channel's prior."""
        return known_of(self.stored)

    @cached_property
    def marks(self) -> dict[str, str]:
        """What should be known about a channel, in words that stand beside it."""
        return marks(self.known)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Effects over the whole window, as ``attribution mmm effects`` prints them."""
        return effects_table(self.effects, level=LEVEL, marked=self.marks)

    @cached_property
    def gains(self) -> Floats:
        """What each channel's spend of the last year brings at `MULTIPLES` of it, draw by draw: (C, m, D)."""
        found = gains(self.effects, self.year, MULTIPLES).gain
        return np.ascontiguousarray(found[:, 0, self.measure].sum(axis=2))

    @cached_property
    def spend(self) -> Floats:
        """Spend of the last year by channel; NaN for channels that cost nothing."""
        inside = self.stored.data.spend[:, :, self.year.start : self.year.end + 1].sum(axis=(1, 2))
        return np.where([c.paid for c in self.stored.spec.channels], inside, np.nan)

    @cached_property
    def paid(self) -> tuple[int, ...]:
        """Places of the channels that were paid for in the last year."""
        return tuple(int(i) for i in np.flatnonzero(np.nan_to_num(self.spend) > LEAST))

    def beyond(self, multiples: Sequence[float] | Floats) -> Floats:
        """Share of multiplied exposure that would lie above the largest observed, (C, m)."""
        return extrapolated(self.effects, self.year, np.asarray(multiples, dtype=float))

    def expected(self, window: Window) -> Floats:
        """Expected total of a window by the model, spend as it was, draw by draw: (D,)."""
        data = self.stored.data
        every = cells(data, np.ones(data.outcome.shape, dtype=bool), (), window)
        found = contribution_draws(self.effects, every)[:, 0, self.measure]
        kept = [i for i, name in enumerate(self.effects.names) if name != UNATTRIBUTED]
        return np.asarray(found[kept].sum(axis=0))

    def summary(self, draws: Floats) -> Summary:
        """Draws along the last axis in a few numbers."""
        return Summary.of(draws, LEVEL)
