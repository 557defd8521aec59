"""What is observed around the mean: residuals of several kinds, with memory where wanted."""

from __future__ import annotations

import numpy as np

from attribution_models.worlds.mix_chance import Floats, stream, wandering
from attribution_models.worlds.mix_world import MixWorld


def residual_deviation(world: MixWorld, mean: Floats) -> Floats:
    """Standard deviation of the residual, (G, N): a share of the geo's mean outcome in the window.

    ``overdispersed``: √(μ + (noise · μ)²) of each period.
    """
    if world.noise_kind == "overdispersed":
        return np.asarray(np.sqrt(mean + (world.noise * mean) ** 2))
    usual = mean[:, world.window].mean(axis=1, keepdims=True)
    return np.broadcast_to(world.noise * usual, mean.shape)


def observed(world: MixWorld, mean: Floats) -> Floats:
    """Draw outcomes around their mean, as the panel shows them: cents of revenue or whole conversions, (G, N)."""
    rng = stream(world.seed, "noise")
    if world.noise_kind == "overdispersed":
        return _counts(world, mean, rng)
    z = rng.standard_normal(mean.shape)
    if world.noise_kind == "student-t":
        # t = z / √(χ² / ν) has variance ν / (ν − 2), by which it is brought to 1.
        z = z / np.sqrt(rng.chisquare(world.tail, mean.shape) / (world.tail - 2))
    y = np.maximum(mean + residual_deviation(world, mean) * wandering(z, world.residual_memory), 0.0)
    return np.asarray(np.round(y, 2 if world.revenue_per_outcome is None else 0), dtype=np.float64)


def _counts(world: MixWorld, mean: Floats, rng: np.random.Generator) -> Floats:
    """Poisson with a Gamma mean: variance μ + (noise · μ)²."""
    if world.noise == 0:
        return rng.poisson(mean).astype(np.float64)
    shape = world.noise**-2
    return rng.poisson(mean * rng.gamma(shape, 1 / shape, mean.shape)).astype(np.float64)
