"""Draws of a fitted model beside everything that effects are worked out from."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.columns import Term
from attribution_models.mix.density import tables_of
from attribution_models.mix.linear_rows import LinearRows, linear_rows
from attribution_models.mix.media_multiplier import media_multiplier
from attribution_models.mix.nuts import available
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Names of what is no channel, as the credits table has them.
BASELINE, INTERACTION, UNATTRIBUTED = "(baseline)", "(interaction)", "(unattributed)"
# Numbers of one result that are held at once, all draws of them: half a gigabyte.
HELD = 1 << 26


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """What the kernels of contributions, returns and curves read.

    The mean outcome is in the outcome's own unit. With s the scaled mean of `MixSpec` without noise and o_g the outcome
    per unit of it (`worth`):

        identity link   μ_gt = o_g (s_gt + centre / scale)
        log link        μ_gt = o_g exp(s_gt), the median of the outcome, not its mean: noise does not move it

    Attributes
    ----------
    structure : Structure
    parameters : array (D, n + constants)
    beta : array (D, C, G)
    coefficients : array (D, k)
        One per column of `rows`.
    channel : array (C, 16)
        `tables.Tables.channel`.
    rows : LinearRows
        The baseline and the treatments, as columns.
    worth : array (G,)
    revenue : array (G, T + L − 1)
        Revenue per outcome. Cells where it is not known take the geo's mean (or the panel's); after the data's end each
        geo has the mean of its last L periods, L the longest carry-over. NaN where nothing is known.
    multiplier : array (D, T + L − 1) or (1, T + L − 1)
        v_t, what multiplies every effect of media; ones where effects stay the same. `media_multiplier` says how it
        goes on after the data's end.
    """

    structure: Structure
    parameters: Floats
    beta: Floats
    coefficients: Floats
    channel: Ints
    rows: LinearRows
    worth: Floats
    revenue: Floats
    multiplier: Floats

    @classmethod
    def of(cls, posterior: Posterior, draws: int | None = None) -> Effects:
        """Put them together for all draws, or for `draws` evenly spaced ones."""
        s = posterior.structure
        rows = linear_rows(s)
        size = posterior.size
        kept = np.arange(size) if draws is None or draws >= size else np.linspace(0, size - 1, draws).astype(int)
        return cls(
            structure=s,
            parameters=np.ascontiguousarray(posterior.parameters[kept]),
            beta=np.ascontiguousarray(posterior.beta[kept]),
            coefficients=_coefficients(posterior, s.terms, rows, kept),
            channel=tables_of(s)[0].channel,
            rows=rows,
            worth=s.scales.population * s.scales.outcome,
            revenue=revenue_ahead(s.data.revenue_per_outcome, longest(s)),
            multiplier=media_multiplier(s, posterior.parameters[kept], s.outcome.shape[1] + longest(s) - 1),
        )

    @property
    def size(self) -> int:
        """Number of draws, D."""
        return len(self.parameters)

    @property
    def log(self) -> bool:
        """Whether effects multiply."""
        return self.structure.spec.link == "log"

    @property
    def names(self) -> tuple[str, ...]:
        """Rows of a contribution table: channels, treatments, and what closes the sum."""
        channels = tuple(channel.name for channel in self.structure.spec.channels)
        rest = (BASELINE, INTERACTION, UNATTRIBUTED) if self.log else (BASELINE, UNATTRIBUTED)
        return (*channels, *self.rows.treatments, *rest)

    @property
    def money(self) -> bool:
        """Whether the outcome is money itself."""
        return self.structure.spec.revenue and self.structure.spec.revenue_per_outcome is None

    @property
    def measures(self) -> tuple[str, ...]:
        """What is counted: the outcome, and its revenue where the outcome is no money and its worth is known."""
        if self.money or not np.isfinite(self.revenue).all():
            return ("outcome",)
        return "outcome", "revenue"

    def weights(self) -> Floats:
        """What a unit of scaled mean counts as, by measure: array (measures, G, T + L − 1)."""
        outcome = np.repeat(self.worth[:, None], self.revenue.shape[1], axis=1)
        return np.stack([outcome, outcome * self.revenue][: len(self.measures)])

    def over_draws(self, work: Callable[[int, int], None]) -> None:
        """Call a kernel for ranges of draws, on all processors; kernels hold no interpreter lock."""
        edges = np.linspace(0, self.size, 4 * available() + 1).astype(int)
        with ThreadPoolExecutor(available()) as pool:
            list(pool.map(work, edges[:-1], edges[1:]))


def longest(s: Structure) -> int:
    """L: periods of the longest carry-over."""
    return max(channel.adstock.length for channel in s.spec.channels)


def revenue_ahead(known: Floats, lags: int) -> Floats:
    """Fill what is not known of revenue per outcome, (G, T), and go on for lags − 1 periods."""
    geos, periods = known.shape
    filled = np.full((geos, periods + lags - 1), np.nan)
    if not np.isfinite(known).any():
        return filled
    for g in range(geos):
        row = known[g] if np.isfinite(known[g]).any() else known
        filled[g, :periods] = np.where(np.isfinite(known[g]), known[g], np.nanmean(row))
        filled[g, periods:] = filled[g, max(periods - lags, 0) : periods].mean()
    return filled


def _coefficients(posterior: Posterior, terms: tuple[Term, ...], rows: LinearRows, kept: Ints) -> Floats:
    """Coefficient of every column; a term's columns may stand in two rows."""
    if not terms:
        return np.zeros((len(kept), 0))
    every = np.concatenate([posterior.coefficients[term.name][kept] for term in terms], axis=1)
    return np.ascontiguousarray(every[:, rows.source])
