"""What the prior says before the data, and what the data changed of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.cells import Window, cells
from attribution_models.mix.contributions import contribution_draws, observed_totals
from attribution_models.mix.draw_summary import Summary
from attribution_models.mix.effects import BASELINE, INTERACTION, Effects
from attribution_models.mix.returns import gains, roas_draws

Floats = NDArray[np.float64]
# More than this share of implausible prior draws is worth a finding.
IMPLAUSIBLE = 0.05
# A prior that the data left this wide decides.
DOMINATED = 0.8
# A channel with less than this share of the outcome does nothing worth speaking of.
NEGLIGIBLE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class PriorCheck:
    """What draws of the prior say of the fitted cells.

    Attributes
    ----------
    channels : tuple of str
    share : Summary
        (C,): contribution over what was observed.
    media_share : Summary
        (): of all media together.
    share_above_one : float
        P(media contribute more than all that was observed).
    baseline_negative : float
        P(the baseline of all fitted cells together is below zero).
    draws, finite : int
        How many there were, and how many gave finite numbers; only these count.
    """

    channels: tuple[str, ...]
    share: Summary
    media_share: Summary
    share_above_one: float
    baseline_negative: float
    draws: int
    finite: int

    @property
    def implausible(self) -> tuple[str, ...]:
        """Which of the two probabilities are above 5 %: ``share_above_one``, ``baseline_negative``."""
        names = ("share_above_one", "baseline_negative")
        return tuple(name for name in names if getattr(self, name) > IMPLAUSIBLE)


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What the data changed of every channel's prior, arrays (C,).

    Attributes
    ----------
    channels : tuple of str
    quantity : tuple of str
        ``roas``, or ``share`` of the outcome for channels without spend or an outcome of unknown worth.
    posterior_deviation, prior_deviation : array
        Standard deviations of that quantity.
    negligible, negligible_prior : array
        P(share of the outcome < 1 %) afterwards and before: a null channel has both, and the data raised it.
    """

    channels: tuple[str, ...]
    quantity: tuple[str, ...]
    posterior_deviation: Floats
    prior_deviation: Floats
    negligible: Floats
    negligible_prior: Floats

    @property
    def ratio(self) -> Floats:
        """Posterior over prior standard deviation."""
        return np.asarray(self.posterior_deviation / np.where(self.prior_deviation > 0, self.prior_deviation, np.nan))

    @property
    def prior_dominated(self) -> NDArray[np.bool_]:
        """Where the ratio is above 0.8: the answer is the prior's."""
        return np.asarray(self.ratio > DOMINATED)


def prior_check(prior: Effects, level: float = 0.9) -> PriorCheck:
    """Check draws of the prior (`prior_draws.prior_draws`) against what was observed."""
    shares, baseline, media = _shares(prior)
    kept = np.isfinite(shares).all(axis=0) & np.isfinite(baseline) & np.isfinite(media)
    if not kept.any():
        raise ValueError("No draw of the prior gives finite contributions; the priors allow too large effects.")
    return PriorCheck(
        channels=tuple(channel.name for channel in prior.structure.spec.channels),
        share=Summary.of(shares[:, kept], level),
        media_share=Summary.of(media[kept], level),
        share_above_one=float((media[kept] > 1).mean()),
        baseline_negative=float((baseline[kept] < 0).mean()),
        draws=prior.size,
        finite=int(kept.sum()),
    )


def learned(posterior: Effects, prior: Effects) -> Learned:
    """Set the posterior beside the prior, channel by channel."""
    spec = posterior.structure.spec
    after, before = (_shares(effects)[0] for effects in (posterior, prior))
    ratios = [_roas(effects) for effects in (posterior, prior)]
    paid = np.asarray(np.isfinite(ratios[0]).any(axis=1))
    quantities = [np.where(paid[:, None], r, share) for r, share in zip(ratios, (after, before), strict=True)]
    return Learned(
        channels=tuple(channel.name for channel in spec.channels),
        quantity=tuple("roas" if p else "share" for p in paid),
        posterior_deviation=_deviation(quantities[0]),
        prior_deviation=_deviation(quantities[1]),
        negligible=(after < NEGLIGIBLE).mean(axis=1),
        negligible_prior=(before < NEGLIGIBLE).mean(axis=1),
    )


def _shares(effects: Effects) -> tuple[Floats, Floats, Floats]:
    """Each channel's share of the observed outcome (C, D), the baseline's (D,), and that of all media (D,)."""
    s = effects.structure
    whole = cells(s.data, s.fitted)
    found = contribution_draws(effects, whole)[:, 0, 0] / observed_totals(effects, whole)[0, 0]
    row = dict(zip(effects.names, found, strict=True))
    media = found[: len(s.channels)].sum(axis=0)
    if effects.log:
        # Channels' one-off effects do not add up; what they leave belongs to media (and treatments) together.
        media = media + row[INTERACTION]
    return found[: len(s.channels)], row[BASELINE], media


def _roas(effects: Effects) -> Floats:
    found = roas_draws(effects, gains(effects, Window.whole(effects.structure.data)))[0]
    return found[:, 0]


def _deviation(draws: Floats) -> Floats:
    """Standard deviation of the finite draws of each row."""
    kept = np.where(np.isfinite(draws), draws, np.nan)
    return np.array([np.nanstd(row) if np.isfinite(row).any() else np.nan for row in kept])
