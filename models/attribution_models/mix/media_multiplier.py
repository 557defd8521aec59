"""What multiplies every media effect in each period, draw by draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.columns import TIME, Spread
from attribution_models.mix.density import KINDS
from attribution_models.mix.groups import Parameter
from attribution_models.mix.linear_kernel import multipliers_of
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]


def media_multiplier(s: Structure, parameters: Floats, length: int) -> Floats:
    """v_t of the panel's periods and of those after it, as `TimeVarying` has it.

    After the panel's end v_t goes on by the same basis functions, as a Gaussian-process trend does: its deviation dies
    away over a quarter of the panel's length, and effects are back near their mean.

    Parameters
    ----------
    s : Structure
        Of the fit.
    parameters : array (D, n + constants)
        Values of sampled parameters.
    length : int
        Periods, counted from the panel's first.

    Returns
    -------
    array (D, length), or ones (1, length) where effects stay the same
    """
    if s.varying is None:
        return np.ones((1, length))
    term = s.varying.term
    assert term.spread is not None
    first = s.by_name[term.vector].start
    drawn = parameters[:, first : first + term.size]
    return s.varying.multiplier(drawn * _deviations(s, term.spread, parameters), length)


def _deviations(s: Structure, spread: Spread, parameters: Floats) -> Floats:
    """Standard deviation of every basis function's coefficient, (D, k)."""
    hyper = np.stack([_value(s, parameters, p) for p in (spread.scale, spread.length)], axis=1)
    layout = np.array([[TIME, 0, 0, KINDS[spread.kind], 0, 1]] * len(spread.frequencies), dtype=np.int64)
    numbers = np.stack([np.ones(len(layout)), np.array(spread.frequencies)], axis=1)
    found = np.empty((len(parameters), len(layout)))
    multipliers_of(layout, numbers, hyper, found)
    return found


def _value(s: Structure, parameters: Floats, wanted: Parameter) -> Floats:
    if not wanted.group:
        return np.full(len(parameters), wanted.constant)
    return np.asarray(parameters[:, s.index(wanted)])
