"""Rolling origins of one model on its panel: each fold sampled until its gate passes, warm from the fold before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.mix.panel import FEWEST, Panel
from attribution_models.mix.convergence import GateResult
from attribution_models.mix.fit import ROUNDS, MixFit, fit
from attribution_models.mix.folds import Fold, FutureScores, gathered, origins, score_origin
from attribution_models.mix.nuts import Progress, Tuning
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]
# Told what is sampled, and how far it is.
Told = Callable[[str, Progress], None]


@dataclass(frozen=True, slots=True)
class FoldPlan:
    """Which origins.

    Attributes
    ----------
    folds, horizon : int
        How many, and how many periods each predicts.
    step : int or None
        Periods between origins; None: the horizon.
    level : float
        Of the intervals whose coverage is counted.
    """

    folds: int = 4
    horizon: int = 8
    step: int | None = None
    level: float = 0.9

    def origins(self, spec: MixSpec, panel: Panel) -> tuple[int, ...]:
        """Periods before each origin.

        Raises
        ------
        UsageError
            The panel is too short for them.
        """
        reach = max(channel.adstock.length for channel in spec.channels) - 1
        masked = max(reach - panel.data.history, 0) if spec.history == "mask" else 0
        try:
            return origins(len(panel.data.dates), self.folds, self.horizon, self.step, masked + FEWEST)
        except ValueError as error:
            raise UsageError(f"{panel.name}: {error}") from None


@dataclass(frozen=True, slots=True, eq=False)
class Rolled:
    """Folds of one model.

    Attributes
    ----------
    scores : FutureScores
    gates : tuple of GateResult or None
        One per fold; None where it could not be fitted.
    """

    scores: FutureScores
    gates: tuple[GateResult | None, ...]

    def without(self, origins: set[int], spec: MixSpec) -> Rolled:
        """Leave folds out: their scores count nowhere."""
        kept = [i for i, fold in enumerate(self.scores.folds) if fold.origin not in origins]
        folds = tuple(self.scores.folds[i] for i in kept)
        return Rolled(gathered(spec, folds, self.scores.horizon, self.scores.level), tuple(self.gates[i] for i in kept))


def roll(
    spec: MixSpec,
    panel: Panel,
    plan: FoldPlan,
    tuning: Tuning,
    *,
    rounds: int = ROUNDS,
    warm: MixFit | None = None,
    told: Told | None = None,
) -> Rolled:
    """Fit and score every fold.

    Half of the chains start at draws of the fold before (or of `warm`), where that has the same parameters; the other
    half start dispersed. Starts are forgotten by chains that pass the gate, so nothing of the future reaches a fold
    through them. Scales are of the fold's own rows.

    Parameters
    ----------
    rounds : int
        Of sampling, at most, for each fold.
    warm : MixFit, optional
        Where the first fold's chains start.
    told : callable, optional
        Told which fold and round run, and how far they are.

    Raises
    ------
    UsageError
        The panel is too short, or no fold could be fitted.
    """
    at, folds, gates, before = plan.origins(spec, panel), [], [], warm
    for number, origin in enumerate(at, 1):
        label = f"fold {number} of {len(at)}, before {panel.data.dates[origin]}"
        fold, done = _one(
            spec, panel, plan, origin, replace(tuning, seed=tuning.seed + number), rounds, before, label, told
        )
        folds.append(fold)
        gates.append(None if done is None or fold.scores is None else done.gate)
        before = done or before
    try:
        return Rolled(gathered(spec, tuple(folds), plan.horizon, plan.level), tuple(gates))
    except ValueError as error:
        raise UsageError(f"{panel.name}: {error}") from None


def _one(
    spec: MixSpec, panel: Panel, plan: FoldPlan, origin: int, tuning: Tuning, rounds: int, before: MixFit | None,
    label: str, told: Told | None,
) -> tuple[Fold, MixFit | None]:  # fmt: skip
    """One fold, and its fit where it came so far."""
    done: list[MixFit] = []

    def sample(s: Structure) -> Floats:
        done.append(fit(s, tuning, warm=warm_points(before, s), rounds=rounds, told=labelled(label, told)))
        return done[0].posterior.points

    fold = score_origin(spec, panel.data, sample, origin, plan.horizon, level=plan.level, seed=tuning.seed)
    return fold, done[0] if done else None


def labelled(label: str, told: Told | None) -> Callable[[int, Progress], None] | None:
    """What `fit` calls with a round's number, as what a person is told."""
    if told is None:
        return None
    return lambda number, progress: told(f"{label}, round {number}" if number > 1 else label, progress)


def warm_points(before: MixFit | None, s: Structure) -> Floats | None:
    """Draws of an earlier fit as starts, where its parameters are the same ones."""
    if before is None:
        return None
    old = before.posterior.structure
    if [(g.name, g.shape) for g in old.groups] != [(g.name, g.shape) for g in s.groups]:
        return None
    return before.posterior.points.reshape(-1, s.size)


def rolled_findings(rolled: Rolled, panel: Panel, name: str = "") -> Iterator[Finding]:
    """Folds that could not be fitted, and folds whose chains may not be believed."""
    whose, advised = f"{name}: " if name else "", False
    for fold, gate in zip(rolled.scores.folds, rolled.gates, strict=True):
        if fold.scores is None:
            yield Finding("warning", "fold-failed", f"{whose}{fold.failure}", "It is in no score.")
        elif gate is not None and not gate.passed:
            message = f"{whose}the fold before {panel.data.dates[fold.origin]} did not converge. "
            remedy = "" if advised else " ".join(gate.checklist)
            yield Finding("error", "fold-not-converged", message + " ".join(gate.failures), remedy)
            advised = True
