"""Log likelihood of every row in every draw, in the outcome's own unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from attribution_models.mix.means import Means

Floats = NDArray[np.float64]
LOG_2PI = float(np.log(2 * np.pi))


def log_likelihood(means: Means, geo: int, scaled: Floats | None = None) -> Floats:
    """Evaluate log p(y_gt | θ_d) of one geo: array (D, T), NaN where the outcome is not known.

    A density of the outcome as it stands in the panel, not of the scaled one: with o_g what a unit of the scaled
    outcome is worth, log p(y) = log p(y*) − log o_g, and − log y under the log link. So models with other scales or
    another link can be compared.

    Parameters
    ----------
    means : Means
    geo : int
    scaled : array (D, T), optional
        ``means.scaled(geo)``, where it is known already.
    """
    mean = means.scaled(geo) if scaled is None else scaled
    data, scales = means.structure.data, means.structure.scales
    y, worth = data.outcome[geo], scales.population[geo] * scales.outcome
    with np.errstate(invalid="ignore", divide="ignore"):
        target = np.log(y / worth) if means.log else (y / scales.population[geo] - scales.center) / scales.outcome
        slope = -np.log(y) if means.log else np.full(len(y), -np.log(worth))
    return np.asarray(noise_density(means, geo, target[None, :] - mean) + slope)


def noise_density(means: Means, geo: int, residual: Floats) -> Floats:
    """Log density of the noise at residuals on the scaled outcome, (D, T).

    With autoregression each row's density given the fitted row before it, so that rows add up to the joint density.
    """
    sigma = means.sigma[:, geo, None]
    new, deviation = means.innovations(geo, residual / sigma)
    z2 = (new / deviation) ** 2
    if means.nu is None:
        return np.asarray(-0.5 * (z2 + LOG_2PI) - np.log(sigma * deviation))
    nu = means.nu[:, None]
    norm = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi)
    return np.asarray(norm - np.log(sigma) - (nu + 1) / 2 * np.log1p(z2 / nu))
