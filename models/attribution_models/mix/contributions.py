"""Contributions: what channels, treatments and the baseline brought of what was observed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.cells import Cells
from attribution_models.mix.contribution_kernel import contribute
from attribution_models.mix.draw_summary import Summary
from attribution_models.mix.effects import HELD, Effects

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """Contributions by row and group; in every draw the rows of a group add up to what was observed in it.

    Attributes
    ----------
    names : tuple of str
        Rows: channels, treatments, ``(baseline)``, ``(interaction)`` under a log link, ``(unattributed)``.
    cells : Cells
        The groups.
    measures : tuple of str
        ``outcome``, and ``revenue`` where that is something else.
    summary : Summary
        Arrays (rows, groups, measures).
    observed : array (groups, measures)
    level : float
    """

    names: tuple[str, ...]
    cells: Cells
    measures: tuple[str, ...]
    summary: Summary
    observed: Floats
    level: float


def contributions(effects: Effects, groups: Cells, level: float = 0.9) -> Contributions:
    """Contributions summed over groups of cells, summarised; a block of groups at a time, as memory allows."""
    row = len(effects.names) * len(effects.measures) * effects.size
    step, count = max(HELD // row, 1), len(groups.names)
    blocks = [groups.some(first, min(first + step, count)) for first in range(0, count, step)]
    parts = [Summary.of(contribution_draws(effects, block), level) for block in blocks]
    observed = observed_totals(effects, groups)
    return Contributions(effects.names, groups, effects.measures, Summary.joined(parts, 1), observed, level)


def contribution_draws(effects: Effects, groups: Cells) -> Floats:
    """Contributions draw by draw, array (rows, groups, measures, D).

    With h_c the response of channel c, β its effect, v_t what multiplies all effects in a period (1 unless they drift),
    z the columns of treatment k and o_g the worth of the scaled mean:

        identity link   channel o_g β_gc v_t h_cgt,  treatment o_g γ_gk (z_kgt − min z_k),  baseline all else of μ
        log link        channel and treatment μ − μ(without it),  baseline μ(without all of them),
                        (interaction) what these leave of μ: effects multiply, so one-off effects do not add up

    and (unattributed) = observed − μ. What spend before a group carried into it is part of it. Cells without
    an outcome, and the first periods where media before them are unknown, are in no sum.
    """
    s, rows = effects.structure, effects.rows
    runs = groups.runs()
    out = np.zeros((len(effects.names), len(groups.names), len(effects.measures), effects.size))
    observed = np.nan_to_num(s.data.outcome, nan=0.0) / effects.worth[:, None]
    weights = np.ascontiguousarray(effects.weights()[:, :, : s.outcome.shape[1]])

    def work(first: int, last: int) -> None:
        contribute(
            effects.parameters, effects.beta, effects.coefficients, effects.channel, s.media, s.reach,
            effects.multiplier, rows.layout, rows.values, rows.edges, rows.shift, observed, weights, runs, effects.log,
            out, first, last,
        )  # fmt: skip

    effects.over_draws(work)
    return out


def observed_totals(effects: Effects, groups: Cells) -> Floats:
    """What was observed, by group and measure."""
    found = np.zeros((len(groups.names), len(effects.measures)))
    inside = groups.of >= 0
    y = effects.structure.data.outcome
    worth = effects.revenue[:, : y.shape[1]]
    np.add.at(found[:, 0], groups.of[inside], y[inside])
    if len(effects.measures) > 1:
        np.add.at(found[:, 1], groups.of[inside], (y * worth)[inside])
    return found
