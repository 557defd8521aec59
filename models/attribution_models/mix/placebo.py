"""A placebo: spend of the future cannot have caused the outcome of today."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.data import MixData
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.window import first_periods

Floats = NDArray[np.float64]
NEGLIGIBLE = 0.01
SUSPICIOUS = 0.5


def with_future(spec: MixSpec, data: MixData, channel: str, lead: int | None = None) -> tuple[MixSpec, MixData]:
    """Add a channel whose exposure in t is the given channel's in t + lead.

    With a lead of the carry-over's length, all that acts in the placebo lies after t. Where it gets an effect, spend
    follows demand (it was planned with what the outcome would be in view), and the channel's own effect holds some of
    that too. The last `lead` periods are cut off: their future is not known.

    Parameters
    ----------
    channel : str
        Name of a channel of `spec`.
    lead : int, optional
        Periods; without: the length of the channel's carry-over.

    Returns
    -------
    spec, data
        With one more channel, ``NAME (future)``, last in order.

    Raises
    ------
    ValueError
        No such channel, or nothing is left to fit.
    """
    names = [c.name for c in spec.channels]
    if channel not in names:
        raise ValueError(f"No channel {channel}; there are {', '.join(names)}.")
    c = names.index(channel)
    own = spec.channels[c]
    shift = own.adstock.length if lead is None else lead
    periods = data.outcome.shape[1] - shift
    if shift < 1 or periods < 1:
        raise ValueError(f"A lead of {shift} periods leaves nothing of {data.outcome.shape[1]}.")
    twin = replace(own, name=f"{channel} (future)")
    shorter, known = first_periods(spec, data, periods)
    media = slice(shift, data.before + shift + periods)
    later = replace(
        known,
        exposure=np.concatenate([known.exposure, data.exposure[[c], :, media]]),
        spend=np.concatenate([known.spend, data.spend[[c], :, shift:]]),
        frequency=_longer(known.frequency, data.frequency, c, media),
    )
    return replace(shorter, channels=(*spec.channels, twin)), later


def _longer(known: Floats, whole: Floats, c: int, media: slice) -> Floats:
    return np.concatenate([known, whole[[c], :, media]]) if whole.size else known


@dataclass(frozen=True, slots=True)
class PlaceboResult:
    """What the placebo got.

    Attributes
    ----------
    channel : str
    share, prior_share : float
        P(contribution below 1 % of the outcome), posterior and prior.
    ratio : float
        Mean contribution over that of the channel itself in the same fit.
    verdict : str
        ``indistinguishable from zero``, ``suspicious`` or ``undecided``.
    """

    channel: str
    share: float
    prior_share: float
    ratio: float
    verdict: str


def judge(channel: str, placebo: Floats, own: Floats, prior: Floats) -> PlaceboResult:
    """Judge a placebo's contribution.

    ``indistinguishable from zero``: P(share < 1 %) is above one half, and not below what the prior gives it.
    ``suspicious``: that probability is below 5 %, and the placebo has at least half of the channel's own effect.

    Parameters
    ----------
    placebo, own, prior : array (D,)
        Contributions as shares of the outcome: the placebo's, the channel's in the same fit, the placebo's prior.
    """
    share, before = (float(np.mean(np.abs(x) < NEGLIGIBLE)) for x in (placebo, prior))
    ratio = float(placebo.mean() / own.mean()) if own.mean() else float("inf")
    if share > SUSPICIOUS and share >= before:
        verdict = "indistinguishable from zero"
    elif share < 0.05 and abs(ratio) >= SUSPICIOUS:
        verdict = "suspicious"
    else:
        verdict = "undecided"
    return PlaceboResult(channel, share, before, ratio, verdict)
