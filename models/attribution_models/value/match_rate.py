"""How many impressions of a list a platform can stop: match rates by their counts, weighted by impressions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, expit

Floats = NDArray[np.float64]

STEPS = 60


def rate_draws(uploaded: Floats, matched: Floats, deviation: float, draws: int, rng: np.random.Generator) -> Floats:
    """Match rates of the next upload, by stratum.

    What was counted gives m_s ~ Beta(matched + ½, uploaded − matched + ½). A list of thousands pins that down to
    a fraction of a point, yet the next upload differs: another platform, another list, another month. So the rate
    that will hold is Beta with mean m_s and the declared standard deviation, with one common quantile for all strata,
    as they share the upload.

    Parameters
    ----------
    uploaded, matched : array (strata,)
    deviation : float
        Standard deviation between uploads and platforms, as a share (0.05: five points).
    draws : int
    rng : Generator

    Returns
    -------
    array (draws, strata)
    """
    mean = np.clip(rng.beta(matched + 0.5, uploaded - matched + 0.5, size=(draws, uploaded.size)), 1e-9, 1 - 1e-9)
    if deviation <= 0:
        return mean
    spread = np.minimum(deviation, 0.99 * np.sqrt(mean * (1 - mean)))
    weight = mean * (1 - mean) / spread**2 - 1
    common = rng.uniform(size=(draws, 1))
    found = betaincinv(mean * weight, (1 - mean) * weight, common)
    return np.clip(np.asarray(found, dtype=np.float64), 1e-9, 1 - 1e-9)


def tilted(rate: Floats, tilt: Floats, logs: Floats, people: Floats) -> Floats:
    """Chance of a match by impressions, where heavy users match more often.

        logit p = c + κ log(1 + impressions),  c such that the mean over people is the match rate.

    Parameters
    ----------
    rate, tilt : array (draws,)
        Match rate over people and κ of each draw.
    logs, people : array (groups,)
        log(1 + impressions) of a person of each group, and how many people it holds.

    Returns
    -------
    array (draws, groups)
    """
    slope, share = tilt[:, None] * logs, people / people.sum()
    reach = np.abs(slope).max(axis=1) + 40
    low, high = -reach, reach
    middle = np.log(rate / (1 - rate)) - slope @ share
    for _ in range(STEPS):
        chance = expit(middle[:, None] + slope)
        excess = chance @ share - rate
        low, high = np.where(excess < 0, middle, low), np.where(excess > 0, middle, high)
        newton = middle - excess / np.maximum((chance * (1 - chance)) @ share, 1e-12)
        inside = (newton > low) & (newton < high)  # else the curve is too flat here: halve
        middle = np.where(inside, newton, (low + high) / 2)
        if np.abs(excess).max() < 1e-6:
            break
    return np.asarray(expit(middle[:, None] + slope), dtype=np.float64)
