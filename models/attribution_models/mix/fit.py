"""Fit a mix model: sample in rounds until the gate passes, or a limit is hit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.convergence import Gate, GateResult, verdict
from attribution_models.mix.density import Density
from attribution_models.mix.nuts import Chains, Progress, Tuning, sample
from attribution_models.mix.parameter_table import ParameterTable, parameter_table
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.start import starts
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]
Sampler: TypeAlias = Callable[[Tuning, Callable[[Progress], None] | None], Chains]
ROUNDS = 4
TARGETS = (0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of sampling did.

    Attributes
    ----------
    tuning : Tuning
    kept : bool
        Whether its draws are part of the result; a round after which the tuning changed is not.
    gradients, divergences : int
    seconds : float
    """

    tuning: Tuning
    kept: bool
    gradients: int
    divergences: int
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class MixFit:
    """A fitted mix model.

    Attributes
    ----------
    posterior : Posterior
    table : ParameterTable
        Every sampled parameter and baseline coefficient, with its diagnostics.
    gate : GateResult
        Whether the chains may be believed.
    rounds : tuple of Round
    sampler : str
    """

    posterior: Posterior
    table: ParameterTable
    gate: GateResult
    rounds: tuple[Round, ...]
    sampler: str


def fit(
    structure: Structure,
    tuning: Tuning | None = None,
    gate: Gate | None = None,
    *,
    warm: Floats | None = None,
    rounds: int = ROUNDS,
    told: Callable[[int, Progress], None] | None = None,
) -> MixFit:
    """Sample until the gate passes.

    A round that has converged without divergences but is too short is kept, and joined by new chains. Where chains
    disagree or diverge, the next round tunes longer and more carefully, and earlier draws are discarded: draws under
    another tuning are no continuation of them.

    What the compiled density does not cover (`Structure.uncovered`) is sampled through the PyMC graph.

    Parameters
    ----------
    structure : Structure
    tuning : Tuning, optional
        Of the first round.
    gate : Gate, optional
    warm : array (draws, n), optional
        Draws of an earlier fit to start half of the chains at.
    rounds : int
        At most.
    told : callable, optional
        Called a few times a second with the round's number and how far it is.
    """
    density = Density.of(structure)
    current, gate = tuning or Tuning(), gate or Gate()
    run = _sampler(density, warm)
    done: list[Round] = []
    kept: list[Chains] = []
    while True:
        started = time.perf_counter()
        show = None if told is None else _numbered(told, len(done) + 1)
        chains = run(current, show)
        kept.append(chains)
        done.append(
            Round(current, True, chains.gradients, int(chains.diverging.sum()), round(time.perf_counter() - started, 3))
        )
        found = _judge(density, kept, gate, current.seed)
        posterior, table, result = found
        if result.passed or len(done) == rounds:
            return MixFit(posterior, table, result, tuple(done), chains.sampler)
        if _only_short(table, kept, gate):
            current = replace(current, seed=current.seed + 1000)
        else:
            current = _careful(current)
            done = [replace(r, kept=False) for r in done]
            kept = []


def _sampler(density: Density, warm: Floats | None) -> Sampler:
    """What runs the chains of a round: the compiled density where it covers the model, else the PyMC graph."""
    if not density.structure.uncovered:
        return lambda tuning, told: sample(density, starts(density.structure, tuning.seed, warm), tuning, told)
    from attribution_models.mix.graph_sampling import compile_graph, sample_graph  # noqa: PLC0415

    model = compile_graph(density)
    return lambda tuning, told: sample_graph(density, model, tuning, told)


def _numbered(told: Callable[[int, Progress], None], number: int) -> Callable[[Progress], None]:
    return lambda progress: told(number, progress)


def _judge(density: Density, kept: list[Chains], gate: Gate, seed: int) -> tuple[Posterior, ParameterTable, GateResult]:
    posterior = Posterior.of(density, np.concatenate([c.draws for c in kept]), seed)
    table = parameter_table(posterior)
    return posterior, table, verdict(table, sum(int(c.diverging.sum()) for c in kept), gate, posterior.points.shape[0])


def _only_short(table: ParameterTable, kept: list[Chains], gate: Gate) -> bool:
    """Whether more draws of the same kind are all that is missing: they would also bring R-hat down a little."""
    agree = bool((table.rhat <= 1 + 2 * (gate.rhat - 1)).all())
    return agree and not any(c.diverging.any() for c in kept)


def _careful(tuning: Tuning) -> Tuning:
    higher = [t for t in TARGETS if t > tuning.target_accept] or [tuning.target_accept]
    return replace(tuning, target_accept=higher[0], tune=2 * tuning.tune, low_rank=True, seed=tuning.seed + 1000)
