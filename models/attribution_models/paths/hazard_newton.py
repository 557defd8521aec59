"""Damped Newton steps to the maximum of a penalised likelihood within lower bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

Floats = NDArray[np.float64]
Evaluate = Callable[[Floats, bool], tuple[float, Floats, Floats]]
Maximum = tuple[Floats, float, Floats, NDArray[np.bool_]]

_STEPS: Final = 100
_ENOUGH: Final = 1e-8  # Newton decrement, in units of log-likelihood


class NotConverged(RuntimeError):  # noqa: N818 - a state of the fit that callers may wish to name
    """The maximum was not reached."""


def maximise(evaluate: Evaluate, start: Floats, lower: Floats, reach: Floats, enough: float = _ENOUGH) -> Maximum:
    """Climb to the maximum.

    Parameters
    ----------
    evaluate : callable
        Takes a point, and whether the Hessian is asked for; returns value, gradient, Hessian.
    start, lower : float64[P]
        First point and lower bounds (−inf for none).
    reach : float64[P]
        Longest step of each coordinate (inf for any); keeps exponentials from running away.
    enough : float
        Newton decrement at which to stop, in units of log-likelihood. A coarse one serves to compare maxima.

    Returns
    -------
    point : float64[P]
    value : float
    hessian : float64[P, P]
    free : bool[P]
        Coordinates that are not held at a bound.

    Raises
    ------
    NotConverged
        No step helps and the gradient is still large.

    Notes
    -----
    Coordinates at their bound with a gradient that points outside are held. The others step by (−H + τ D)⁻¹ g,
    D the diagonal of −H, with τ raised until the matrix is positive definite; the step is projected on the bounds
    and halved until the value rises (Bertsekas, "Projected Newton methods", SIAM J. Control Optim. 20, 1982).
    """
    point = np.maximum(start, lower)
    value, grad, hess = evaluate(point, True)
    for _ in range(_STEPS):
        free = ~((point <= lower) & (grad <= 0.0))
        step = np.zeros_like(point)
        step[free] = _solve(-hess[np.ix_(free, free)], grad[free])
        if float(grad @ step) < enough:
            return point, value, hess, free
        found = _line(evaluate, point, _shortened(step, reach), lower, value, grad)
        if found is None:
            if float(grad @ step) < 1e-4:
                return point, value, hess, free  # rounding hides the rest
            break
        point, (value, grad, hess) = found
    raise NotConverged(
        f"The likelihood has no reachable maximum after {_STEPS} steps (decrement {float(grad @ step):.2g}). "
        "Check that kinds of touch are not copies of each other; a larger ridge helps."
    )


def _solve(matrix: Floats, grad: Floats) -> Floats:
    diagonal = np.abs(np.diag(matrix)) + 1e-12
    scale = 1.0 / np.sqrt(diagonal)
    scaled = matrix * np.outer(scale, scale)
    damping = 0.0
    while True:
        try:
            factor = cho_factor(scaled + damping * np.eye(scale.size))
        except LinAlgError:
            damping = max(2.0 * damping, 1e-6)
            continue
        solved: Floats = cho_solve(factor, grad * scale) * scale
        return solved


def _shortened(step: Floats, reach: Floats) -> Floats:
    return step * min(1.0, float(np.min(reach / np.maximum(np.abs(step), 1e-300))))


def _line(
    evaluate: Evaluate, point: Floats, step: Floats, lower: Floats, value: float, grad: Floats
) -> tuple[Floats, tuple[float, Floats, Floats]] | None:
    """Find a point along the projected step whose value rises by enough, and evaluate it there."""
    length = 1.0
    for _ in range(40):
        candidate = np.maximum(point + length * step, lower)
        risen = evaluate(candidate, length == 1.0)  # most first steps are taken
        if risen[0] >= value + 1e-4 * float(grad @ (candidate - point)) and risen[0] > value:
            return candidate, risen if length == 1.0 else evaluate(candidate, True)
        length *= 0.5
    return None
