"""What a media-mix fit says, by period and draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.mix.stored import StoredMix, effects_of
from attribution_models.mix.cells import Window, cells
from attribution_models.mix.contributions import contribution_draws, observed_totals
from attribution_models.mix.effects import BASELINE, HELD, UNATTRIBUTED
from attribution_models.reconcile.evidence import MixTotals

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MixSide:
    """Contributions of a fit.

    Attributes
    ----------
    stored : StoredMix
    names : tuple of str
        Rows: channels, treatments, ``(baseline)``, ``(interaction)`` under a log link, ``(unattributed)``.
    channels : tuple of str
        The first of them.
    draws : array (rows, T, S)
        In the unit of the outcome.
    observed : array (T,)
    spend : array (C, T)
        NaN for channels without.
    measure : str
        ``conversions``, or ``value`` where the outcome is money.
    revenue : array (rows, T, S) or None
        The draws in money, where the outcome is counted and its worth is known.
    observed_revenue : array (T,) or None
    """

    stored: StoredMix
    names: tuple[str, ...]
    channels: tuple[str, ...]
    draws: Floats
    observed: Floats
    spend: Floats
    measure: str
    revenue: Floats | None = None
    observed_revenue: Floats | None = None

    def rows(self, *names: str) -> Floats:
        """Draws of some rows, (len(names), T, S)."""
        return self.draws[[self.names.index(name) for name in names]]

    @property
    def rest(self) -> tuple[str, ...]:
        """Rows that are no channel and not the baseline: treatments, ``(interaction)``, ``(unattributed)``."""
        return tuple(n for n in self.names[len(self.channels) :] if n != BASELINE)

    def totals(self, window: Window) -> MixTotals:
        """Totals of a window."""
        part = slice(window.start, window.end + 1)
        return MixTotals(
            self.channels,
            np.ascontiguousarray(self.draws[: len(self.channels), part].sum(axis=1).T),
            self.rows(BASELINE)[0, part].sum(axis=0),
            float(self.observed[part].sum()),
        )


def mix_side(stored: StoredMix) -> MixSide:
    """Work it out; of as many draws as memory allows, evenly spaced."""
    data = stored.data
    most = max(HELD // (2 * (len(stored.spec.channels) + 8) * len(data.dates)), 200)
    effects = effects_of(stored, most)
    # Cells that are not fitted belong to no group; every period is one all the same.
    groups = cells(data, effects.structure.fitted, ("period",))
    bought = np.asarray((data.spend > 0).any(axis=(1, 2)))
    spend = np.where(bought[:, None], data.spend.sum(axis=1), np.nan)
    draws, observed = contribution_draws(effects, groups), observed_totals(effects, groups)
    worth = "revenue" in effects.measures
    return MixSide(
        stored,
        effects.names,
        tuple(c.name for c in stored.spec.channels),
        draws[:, :, 0, :],
        observed[:, 0],
        spend,
        "value" if effects.money else "conversions",
        draws[:, :, 1, :] if worth else None,
        observed[:, 1] if worth else None,
    )


__all__ = ["BASELINE", "UNATTRIBUTED", "MixSide", "mix_side"]
