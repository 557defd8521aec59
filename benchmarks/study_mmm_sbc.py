"""One replicate of simulation-based calibration: fit the world, and rank its truth among posterior draws.

Ranks are on 99 draws, evenly spaced in a fit whose smallest effective sample size is at least 400: nearly independent.
Nothing is dropped: a fit that fails its gate counts as a failure, and its ranks stay in.

Talts, Betancourt, Simpson, Vehtari, Gelman (2018): Validating Bayesian inference algorithms with simulation-based
calibration. Modrák et al. (2023): the log likelihood as a quantity sees what parameters alone do not.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.cells import Cells, cells
from attribution_models.mix.contributions import contribution_draws
from attribution_models.mix.effects import UNATTRIBUTED, Effects
from attribution_models.mix.fit import MixFit, fit
from attribution_models.mix.lifts import Lift
from attribution_models.mix.likelihood import log_likelihood
from attribution_models.mix.means import Means
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.returns import gains, roas_draws
from benchmarks.study_mmm_specs import CASES, Case
from benchmarks.study_mmm_truth import LOG_LIKELIHOOD, Replicate, named_parameters

Floats = NDArray[np.float64]
DRAWS = 99
ROUNDS = 5


@dataclass(frozen=True)
class Job:
    """One fit."""

    spec: str
    world: Replicate

    @property
    def key(self) -> tuple[str, int, str]:
        """By which a kept result is known; a world that changed has another digest."""
        return self.spec, self.world.number, self.world.digest


@cache
def case_of(name: str) -> Case:
    """A case, made once in each process."""
    return CASES[name]()


def calibrate(job: Job) -> dict[str, Any]:
    """Fit one world: ranks by quantity, and how the fit went."""
    case, started = case_of(job.spec), time.perf_counter()
    tuning = Tuning(seed=10_000 + job.world.number, cores=1)
    done = fit(case.observed(job.world.outcome, job.world.lifts), tuning, rounds=ROUNDS)
    drawn = quantities(case, done.posterior)
    spec, number, digest = job.key
    return {
        "spec": spec,
        "replicate": number,
        "digest": digest,
        "ranks": ranks(job.world.truth, drawn, number),
        **_story(done),
        "seconds": round(time.perf_counter() - started, 3),
    }


def _story(done: MixFit) -> dict[str, Any]:
    return {
        "passed": done.gate.passed,
        "failures": list(done.gate.failures),
        "rhat": done.gate.worst_rhat,
        "ess": done.gate.least_ess,
        "rounds": len(done.rounds),
        "divergences": sum(r.divergences for r in done.rounds if r.kept),
        "draws": done.posterior.size,
    }


def ranks(truth: Mapping[str, float], drawn: Mapping[str, Floats], seed: int) -> dict[str, int]:
    """How many of the draws lie below the truth, 0 … 99; draws that equal it count by chance."""
    if set(truth) != set(drawn):
        raise ValueError(f"The graph and the fit name different quantities: {sorted(set(truth) ^ set(drawn))}.")
    rng = np.random.default_rng([seed, 99])
    return {
        name: int((x < truth[name]).sum() + rng.integers(0, (x == truth[name]).sum() + 1)) for name, x in drawn.items()
    }


def quantities(case: Case, posterior: Posterior, draws: int = DRAWS) -> dict[str, Floats]:
    """Every quantity that is ranked, arrays (draws,)."""
    kept = np.linspace(0, posterior.size - 1, draws).astype(int)
    effects, s = Effects.of(posterior, draws), posterior.structure
    thinned = {name: x.reshape(posterior.size, -1)[kept] for name, x in posterior.by_name().items()}
    found: dict[str, Floats] = named_parameters(s, thinned)
    found |= _contributions(effects)
    found |= {f"lift[{test.experiment}]": _lift(effects, test) for test in s.lifts}
    roas, mroas = roas_draws(effects, gains(effects, case.window))
    for c, channel in enumerate(s.spec.channels):
        found[f"roas[{channel.name}]"], found[f"mroas[{channel.name}]"] = roas[c, 0], mroas[c, 0]
    return found | {LOG_LIKELIHOOD: _likelihood(posterior)[kept]}


def _contributions(effects: Effects) -> dict[str, Floats]:
    s, found = effects.structure, {}
    for by in ((), ("geo",)) if len(s.data.geos) > 1 else ((),):
        groups = cells(s.data, s.fitted, by)
        drawn = contribution_draws(effects, groups)
        for row, name in enumerate(effects.names):
            # What is not attributed is the observed total less all other rows.
            if name == UNATTRIBUTED:
                continue
            for g, geo in enumerate(groups.names):
                found[f"contribution[{', '.join((name, *geo))}]"] = drawn[row, g, 0]
    return found


def _lift(effects: Effects, test: Lift) -> Floats:
    """What the test's channel brought in its window and geos, less what it would have brought under the other plan."""
    s = effects.structure
    of = np.full(s.outcome.shape, -1)
    of[list(test.geos), test.start : test.end + 1] = 0
    inside, media = Cells((), ((),), of), s.media.copy()
    media[test.channel, list(test.geos)] = test.without
    other = replace(effects, structure=replace(s, media=media))
    actual, without = (contribution_draws(e, inside)[test.channel, 0, 0] for e in (effects, other))
    return np.asarray(actual - without)


def _likelihood(posterior: Posterior) -> Floats:
    means, s = Means.of(posterior), posterior.structure
    parts = [log_likelihood(means, g)[:, s.fitted[g]].sum(axis=1) for g in range(len(s.data.geos))]
    return np.asarray(sum(parts))
