"""The forecast that needs no model: what was observed a year before, or lately. A model should do better."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.data import MixData

Floats = NDArray[np.float64]
YEAR = 365.25


def naive(data: MixData, origin: int, horizon: int) -> Floats:
    """Predict the `horizon` periods after an origin from outcomes before it, (G, horizon).

    The outcome of the same period a year earlier; where that is not known, the mean of as many last known outcomes
    before the origin as the horizon has. NaN for a geo without any.
    """
    year = round(YEAR / data.days)
    found = np.full((len(data.geos), horizon), np.nan)
    for g, known in enumerate(data.outcome[:, :origin]):
        seen = known[np.isfinite(known)][-horizon:]
        found[g] = seen.mean() if len(seen) else np.nan
        places = np.arange(origin, origin + horizon) - year
        usable = (places >= 0) & (places < origin)
        last_year = known[places[usable]]
        found[g, usable] = np.where(np.isfinite(last_year), last_year, found[g, usable])
    return found
