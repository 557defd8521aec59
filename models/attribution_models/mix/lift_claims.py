"""What a fitted model says that a lift test should have measured, draw by draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.lifts import Lift
from attribution_models.mix.means import Means
from attribution_models.mix.posterior import Posterior

Floats = NDArray[np.float64]


def lift_claim(posterior: Posterior, lift: Lift) -> Floats:
    """Modelled lift over the test's window and geos, in the outcome's unit: array (D,).

        Σ_{g, t} [μ_gt(exposure as it was) − μ_gt(without the test's spend)]

    over the geos of the test and t = start … end, carry-over inside the window included. It is what `Lift` puts into
    the likelihood, and under a log link the difference of medians, which depends on the whole mean.

    Parameters
    ----------
    posterior : Posterior
    lift : Lift
        Placed on the panel that the model was fitted to, with the fit's scales.

    Raises
    ------
    ValueError
        Where the test lies outside that panel.
    """
    fit = posterior.structure
    if not 0 <= lift.start <= lift.end < fit.outcome.shape[1] or max(lift.geos) >= len(fit.data.geos):
        raise ValueError(f"Lift test {lift.experiment} lies outside the panel that was fitted.")
    # Of reach and frequency, reach is what money moves.
    acting = "reach" if fit.spec.channels[lift.channel].frequency is not None else "media"
    exposure = getattr(fit, acting).copy()
    exposure[lift.channel, list(lift.geos)] = lift.without
    was, without = Means.of(posterior), Means.of(posterior, replace(fit, **{acting: exposure}))
    total = np.zeros(was.size)
    for geo in lift.geos:
        gap = was.outcome(geo, was.scaled(geo)) - without.outcome(geo, without.scaled(geo))
        total += gap[:, lift.start : lift.end + 1].sum(axis=1)
    return total
