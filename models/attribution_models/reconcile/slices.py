"""A sampler of smooth posteriors whose prior is standard normal and whose likelihood is a sum of squares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Residuals = Callable[[Floats], Floats]
STEPS = 60
# The ellipse is that of the posterior near its peak, this much wider, so that it reaches into the tails.
WIDER = 1.3
# Quantile functions bend at every draw; slopes are taken across a part of a standard deviation.
ACROSS = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Ellipse:
    """N(centre, root rootᵀ): what the posterior is near its peak."""

    centre: Floats
    root: Floats


def ellipse_at_peak(residuals: Residuals, start: Floats, rounds: int = 40) -> Ellipse:
    """Find the peak of −½ |u|² − ½ |r(u)|² by damped Gauss-Newton steps, and its curvature I + JᵀJ.

    Parameters
    ----------
    residuals : callable
        r of each row of (N, D).
    start : array (D,)
    """
    u, damping, size = start.copy(), 1e-3, len(start)
    r, jacobian = _slopes(residuals, u)
    for _ in range(rounds):
        step = np.linalg.solve((1 + damping) * np.eye(size) + jacobian.T @ jacobian, -(u + jacobian.T @ r))
        tried = residuals((u + step)[None])[0]
        better = (u + step) @ (u + step) + tried @ tried < u @ u + r @ r
        damping = damping / 5 if better else damping * 10
        if better:
            u = u + step
            r, jacobian = _slopes(residuals, u)
        if np.abs(step).max(initial=0.0) < 1e-4:
            break
    cover = np.linalg.inv(np.eye(size) + jacobian.T @ jacobian)
    return Ellipse(u, WIDER * np.asarray(np.linalg.cholesky((cover + cover.T) / 2)))


def _slopes(residuals: Residuals, u: Floats) -> tuple[Floats, Floats]:
    """Residuals at a point and their slopes, (m,) and (m, D)."""
    ahead = np.eye(len(u)) * ACROSS / 2
    found = residuals(np.concatenate([u[None], u + ahead, u - ahead]))
    return found[0], np.asarray((found[1 : 1 + len(u)] - found[1 + len(u) :]).T / ACROSS)


def elliptical_slices(
    residuals: Residuals, ellipse: Ellipse, chains: int, rng: np.random.Generator, steps: int = STEPS
) -> tuple[Floats, float]:
    """Draw from exp(−½ |u|² − ½ |r(u)|²): so many chains at once; the last state of each.

    With u = centre + root x, an ellipse through x and ν ~ N(0, I), and a slice below the target over N(x; 0, I), the
    next state is the first on the slice, at angles θ from a bracket that shrinks towards 0 (Murray, Adams and MacKay,
    "Elliptical slice sampling", AISTATS 2010; another ellipse than the prior's: Nishihara, Murray and Adams, JMLR
    15, 2014). It leaves the target as it is, whatever the ellipse; that only decides how fast it moves.

    Returns
    -------
    tuple of (array (N, D), float)
        The states, and their drift: how far means moved over the last third, in standard deviations (the largest of
        all coordinates); about 2 / √N where the chains have arrived.
    """

    def over(x: Floats) -> Floats:
        u = ellipse.centre + x @ ellipse.root.T
        return np.asarray(0.5 * ((x**2).sum(axis=1) - (u**2).sum(axis=1) - (residuals(u) ** 2).sum(axis=1)))

    x = rng.standard_normal((chains, len(ellipse.centre)))
    level, before = over(x), x
    for step in range(steps):
        before = x.copy() if step == 2 * steps // 3 else before
        x, level = _step(x, level, over, rng)
    moved = np.abs(x.mean(axis=0) - before.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-12)
    return ellipse.centre + x @ ellipse.root.T, float(moved.max(initial=0.0))


def _step(
    x: Floats, level: Floats, over: Callable[[Floats], Floats], rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """One step of every chain."""
    other, below = rng.standard_normal(x.shape), level + np.log(rng.random(len(x)))
    angle = 2 * np.pi * rng.random(len(x))
    low, high = angle - 2 * np.pi, angle.copy()
    found, reached = x.copy(), level.copy()
    left = np.arange(len(x))
    while left.size:
        tried = x[left] * np.cos(angle[left])[:, None] + other[left] * np.sin(angle[left])[:, None]
        value = over(tried)
        on = value > below[left]
        found[left[on]], reached[left[on]] = tried[on], value[on]
        left = left[~on & (high[left] - low[left] > 1e-9)]
        low[left] = np.where(angle[left] < 0, angle[left], low[left])
        high[left] = np.where(angle[left] >= 0, angle[left], high[left])
        angle[left] = low[left] + (high[left] - low[left]) * rng.random(left.size)
    return found, reached
