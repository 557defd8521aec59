"""Which parameters the sampler sees on a bent line, and how far bent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.bend_kernel import PROBIT, SOFT
from attribution_models.mix.callback import density_function, draw_function
from attribution_models.mix.density import Density
from attribution_models.mix.media import CONTRIBUTION_SCALE
from attribution_models.mix.priors import INTERVAL
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Priors on an effect whose density is finite at zero and has no heavy tail: on others log c is the better line.
SOFTENED = ("half-normal", "exponential")
# Of a channel's mean exposure over its spread, given the other channels: beyond, data say nothing about its effect.
STEEPEST = 30.0
HALVINGS = 90


@dataclass(frozen=True, slots=True, eq=False)
class Bends:
    """The map from the sampler's line z to the line x of a density.

    Attributes
    ----------
    density : Density
    kinds : array (n,)
        ``STRAIGHT``, ``PROBIT`` or ``SOFT``, of `bend_kernel`.
    log_scales : array (n,)
        log s where ``SOFT``.
    table : array (4,)
        Addresses, as `bend_kernel` takes them.
    """

    density: Density
    kinds: Ints
    log_scales: Floats
    table: Ints

    @classmethod
    def of(cls, density: Density) -> Bends:
        """Shares are bent to probits, effects of channels to a soft zero."""
        s = density.structure
        kinds, log_scales = np.zeros(s.size, np.int64), np.zeros(s.size)
        for group in s.groups:
            for e in range(group.size):
                if group.prior(e).transform == INTERVAL:
                    kinds[group.start + e] = PROBIT
        soft = np.log(least_contributions(s))
        for c, plan in enumerate(s.channels):
            if plan.mode == CONTRIBUTION_SCALE and s.spec.channels[c].effect.prior.family in SOFTENED:
                kinds[s.index(plan.effect)], log_scales[s.index(plan.effect)] = SOFT, soft[c]
        held = (density_function().address, density.ready(), kinds, log_scales)
        table = np.array([a if isinstance(a, int) else a.ctypes.data for a in held], np.int64)
        return cls(density, kinds, log_scales, table)

    def straight(self, z: Floats) -> Floats:
        """The x of z, array (n,)."""
        z, x = np.ascontiguousarray(z, dtype=float), np.empty(z.size)
        pointers = (
            a.ctypes.data_as(kind) for a, kind in zip((z, x), draw_function().ctypes.argtypes[2:4], strict=True)
        )
        draw_function().ctypes(z.size, z.size, *pointers, self.table.ctypes.data)
        return x

    def bent(self, x: Floats) -> Floats:
        """The z of x, array (n,), by bisection: both bends rise, no faster than z² / 2 away from 0 on the long side."""
        t = x - self.log_scales
        reach = np.sqrt(2 * np.abs(t)) + 2
        top = np.where(self.kinds == SOFT, np.exp(np.minimum(t, 600.0)) + 2, reach)
        low, high = -reach, top
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            below = self.straight(middle) < x
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.where(self.kinds == 0, x, 0.5 * (low + high))


def least_contributions(s: Structure) -> Floats:
    """Contribution per row, on the outcome's scale, that the data can hardly tell from nothing; by channel, (C,).

    The standard error of a least-squares contribution: what an outcome's mean is uncertain by, times how much larger a
    channel's mean exposure is than what of its spread no other channel shares. It is a scale and no estimate: twice or
    half of it samples as well.
    """
    x = (s.media * s.reach)[:, :, s.media.shape[2] - s.outcome.shape[1] :][:, s.fitted]
    y = s.outcome[s.fitted]
    error = max(float(y.std()), 1e-6) / np.sqrt(y.size)
    spread, mean = x.std(axis=1), np.abs(x.mean(axis=1))
    z = (x - x.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-12)[:, None]
    alone = 1 / np.diag(np.linalg.inv(z @ z.T / y.size + 1e-3 * np.eye(len(x))))
    steep = mean / np.maximum(spread * np.sqrt(np.maximum(alone, 0.0)), 1e-12)
    found: Floats = error * np.clip(steep, 1.0, STEEPEST)
    return found
