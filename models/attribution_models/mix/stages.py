"""Which compiled stages a model needs; what it does not need is not compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import Stage
from attribution_models.mix.draw_kernel import draw_back
from attribution_models.mix.effect_kernel import lift_tests, pull_effects, pull_responses
from attribution_models.mix.likelihood_kernel import (
    autoregressive_noise,
    normal_noise,
    normal_noise_anew,
    student_noise,
)
from attribution_models.mix.mean_kernel import left_over, pull_mean
from attribution_models.mix.priors_kernel import values
from attribution_models.mix.response_kernel import responses
from attribution_models.mix.structure import Structure
from attribution_models.mix.varying_kernel import pull_vary, vary

Ints = NDArray[np.int64]


def density_stages(s: Structure, *, anew: bool) -> tuple[Stage, ...]:
    """Stages of the log density and its gradient, in order.

    Parameters
    ----------
    anew : bool
        Whether integrated columns are factorised in each step.
    """
    lifts = (lift_tests,) if s.lifts else ()
    before, after = ((), ()) if s.varying is None else ((vary,), (pull_vary,))
    noise = _noise(s, anew=anew)
    return values, *before, responses, left_over, noise, pull_mean, *lifts, pull_effects, *after, pull_responses


def _noise(s: Structure, *, anew: bool) -> Stage:
    if s.nu is not None:
        return student_noise
    if s.rho is not None:
        return autoregressive_noise
    return normal_noise_anew if anew else normal_noise


def draw_stages(s: Structure) -> Ints:
    """Addresses of the stages that `draw_kernel.draw_values` takes; 0 for those that the model does not need."""
    integrates = any(term.integrate for term in s.terms)
    wanted = (True, s.varying is not None, True, integrates, integrates)
    stages = (values, vary, responses, left_over, draw_back)
    return np.array([stage.address if w else 0 for w, stage in zip(wanted, stages, strict=True)], dtype=np.int64)
