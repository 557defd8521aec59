"""How long a fit will take, before it is started."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from attribution_models.mix.density import Density
from attribution_models.mix.nuts import Tuning, available
from attribution_models.mix.start import starts
from attribution_models.mix.structure import uncovered_note

BATCHES, EACH = 20, 16
LONGEST = 1.0
# Gradients of one draw, tuning or not: a path doubles until it turns. The median over two dozen national and geo models
# at a target of 0.9; most lie between 10 and 40.
PER_DRAW = 16
SPREAD = 2.5


@dataclass(frozen=True, slots=True)
class RunTime:
    """An estimate of one round's length.

    Attributes
    ----------
    parameters : int
        Sampled ones.
    gradient : float
        Seconds of one evaluation of density and gradient.
    gradients : int
        Expected, in all chains.
    cores : int
        Chains that run at once.
    note : str
        Why there is no estimate (`gradient` is NaN then); empty where there is one.
    """

    parameters: int
    gradient: float
    gradients: int
    cores: int
    note: str = ""

    @property
    def seconds(self) -> float:
        """Of one round."""
        return self.gradient * self.gradients / self.cores

    @property
    def between(self) -> tuple[float, float]:
        """Where most rounds end, in seconds."""
        return self.seconds / SPREAD, self.seconds * SPREAD


def run_time(density: Density, tuning: Tuning) -> RunTime:
    """Time some gradients, at points where chains start, and multiply by how many a round is expected to need.

    The fastest of twenty batches counts, so that what else runs on the machine does not; at most one second of them.
    """
    cores = min(tuning.chains, tuning.cores or available())
    if density.structure.uncovered:
        return RunTime(density.size, math.nan, 0, cores, uncovered_note(density.structure))
    start = starts(density.structure, tuning.seed)
    points = [start(seed) for seed in range(8)]
    density(points[0])  # compiled, and in the processor's cache
    begun = time.perf_counter()
    batches: list[float] = []
    while len(batches) < BATCHES and time.perf_counter() - begun < LONGEST:
        started = time.perf_counter()
        for i in range(EACH):
            density(points[i % len(points)])
        batches.append((time.perf_counter() - started) / EACH)
    gradient = min(batches)
    # A deeper target takes smaller steps, in inverse proportion to what is let go.
    finer = float(np.sqrt(0.1 / max(1 - tuning.target_accept, 1e-3)))
    gradients = round(tuning.chains * (tuning.tune + tuning.draws) * PER_DRAW * finer)
    return RunTime(density.size, gradient, gradients, cores)
