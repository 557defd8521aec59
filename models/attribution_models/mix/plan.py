"""Another plan than the one that was: expected rows under it, and what changes against what was spent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.continuation import continuation
from attribution_models.mix.data import MixData
from attribution_models.mix.draw_summary import Summary
from attribution_models.mix.effects import longest
from attribution_models.mix.means import Means
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.structure import Structure, structure

Floats = NDArray[np.float64]


def planned_means(posterior: Posterior, window: MixData, future: MixData | None = None, *, seed: int = 1) -> Means:
    """Means of every row under other media and controls.

    Parameters
    ----------
    window : MixData
        The fitted window with the plan's media and controls in it.
    future : MixData, optional
        Periods after it; see `continuation.continuation`.
    """
    fit = posterior.structure
    if future is None:
        return Means.of(posterior, _rows(fit, window))
    return continuation(replace(posterior, structure=replace(fit, data=window)), future, seed=seed)


def change(posterior: Posterior, window: MixData, level: float = 0.9) -> Summary:
    """Σ μ(plan) − Σ μ(as it was), over the window and the l_max − 1 periods after it: one number, summarised.

    After the window nothing is spent and controls are as they were in its last period, in both.

    Parameters
    ----------
    window : MixData
        The fitted window with the plan's media and controls in it.
    """
    fit, ahead = posterior.structure, longest(posterior.structure) - 1
    was = Means.of(posterior, _ahead(fit, fit, ahead))
    plan = Means.of(posterior, _ahead(_rows(fit, window), fit, ahead))
    total = np.zeros(was.size)
    for geo in range(len(fit.data.geos)):
        total += (plan.outcome(geo, plan.scaled(geo)) - was.outcome(geo, was.scaled(geo))).sum(axis=1)
    return Summary.of(total, level)


def _rows(fit: Structure, window: MixData) -> Structure:
    """The fitted structure on other media and controls, with the fit's scales."""
    return structure(fit.spec, window, scales=fit.scales)


def _ahead(s: Structure, last: Structure, ahead: int) -> Structure:
    """Go on for some periods without media, with columns as `last` ends."""
    terms = []
    for term, own in zip(s.terms, last.terms, strict=True):
        after = np.repeat(own.columns[..., -1:], ahead, axis=-1)
        terms.append(replace(term, columns=np.concatenate([term.columns, after], axis=-1)))

    def padded(values: Floats) -> Floats:
        return np.pad(values, ((0, 0),) * (values.ndim - 1) + ((0, ahead),))

    return replace(s, media=padded(s.media), reach=padded(s.reach), outcome=padded(s.outcome), terms=tuple(terms))
