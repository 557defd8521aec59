"""Maximum likelihood of positive parameters, from several starts, with standard errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats]]

EDGE = 14.0  # a parameter beyond e^±14 of its scale says that the likelihood has no maximum inside
FLAT = 1e-9
STEP = 1e-4  # of the central differences of the gradient, on the log scale


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Where a likelihood is largest.

    Attributes
    ----------
    parameters, errors : array (k,)
        Estimates and their standard errors; an error is nan where the likelihood is flat.
    covariance : array (k, k)
        Of the logarithms of the parameters.
    log_likelihood : float
    spread : float
        How far the starts' log-likelihoods lie apart.
    edges : tuple of int
        Parameters that ran off to 0 or infinity.
    """

    parameters: Floats
    errors: Floats
    covariance: Floats
    log_likelihood: float
    spread: float
    edges: tuple[int, ...]


def maximise(
    objective: Objective, starts: Sequence[Sequence[float]], rows: int, sketch: Objective | None = None
) -> Maximum:
    """Maximise a log-likelihood over the logarithms of positive parameters.

    The quasi-Newton search runs on log θ, where curvatures are of one size, from every start; the best end is kept.
    The standard error of θ_j is θ_j sqrt([−∂²ℓ/∂(log θ)²]⁻¹_jj), the Hessian by central differences of the exact
    gradient.

    Parameters
    ----------
    objective : callable
        Takes log θ, gives ℓ and ∂ℓ/∂(log θ).
    starts : sequence of sequences
        Values of θ.
    rows : int
        Number of observations: the search works on ℓ / rows, whose tolerances do not depend on it.
    sketch : callable, optional
        A cheaper likelihood of the same parameters (of a part of the rows): all starts climb it, and only its best end
        climbs the likelihood itself.

    Raises
    ------
    ArithmeticError
        No start ended at a finite likelihood.
    """

    def negative(at: Floats, climbed: Objective = objective) -> tuple[float, Floats]:
        value, slope = climbed(at)
        return -value / rows, -slope / rows

    bounds = [(-EDGE, EDGE)] * len(starts[0])
    options = {"maxiter": 500, "ftol": 1e-15, "gtol": 1e-9}
    search = partial(minimize, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    first = sketch or objective
    ends: list[Any] = [search(partial(negative, climbed=first), np.log(start)) for start in starts]
    ends = [end for end in ends if np.isfinite(end.fun)]
    if not ends:
        raise ArithmeticError(
            f"The likelihood of {rows:,} rows is not finite at any of {len(starts)} starts. "
            "Check that times are in periods of about a week and that values are of ordinary size."
        )
    values = [float(end.fun) * rows for end in ends]
    best = min(ends, key=lambda end: float(end.fun))
    best = search(negative, best.x) if sketch else best
    at = np.asarray(best.x, dtype=np.float64)
    edges = tuple(int(j) for j in np.flatnonzero(np.abs(at) > EDGE - 2))
    covariance = _covariance(objective, at, edges)
    theta = np.exp(at)
    return Maximum(
        theta,
        theta * np.sqrt(np.diag(covariance)),
        covariance,
        -float(best.fun) * rows,
        max(values) - min(values),
        edges,
    )


def _covariance(objective: Objective, at: Floats, edges: tuple[int, ...]) -> Floats:
    """Inverse of the observed information on the log scale; nan where a parameter ran away or does not matter."""
    k = at.size
    free = [j for j in range(k) if j not in edges]
    hessian = np.empty((k, k))
    for j in range(k):
        shift = np.zeros(k)
        shift[j] = STEP
        hessian[j] = (objective(at + shift)[1] - objective(at - shift)[1]) / (2 * STEP)
    information = -(hessian + hessian.T) / 2
    # Where nobody is seen to leave, how chances to leave differ has no bearing on anything: its curvature is nought.
    while free and np.linalg.eigvalsh(information[np.ix_(free, free)]).min() < FLAT * information.diagonal().max():
        free.remove(min(free, key=lambda j: float(information[j, j])))
    found = np.full((k, k), np.nan)
    found[np.ix_(free, free)] = np.linalg.inv(information[np.ix_(free, free)])
    return found
