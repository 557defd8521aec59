"""Qini and uplift curves, with the formulas that their names stand for here.

Packages mean different things by "Qini" and "AUUC"; a figure without its formula cannot be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

FORMULA = (
    "People are ordered by predicted uplift, highest first; among the first k, Y_t and Y_c are the summed outcomes and "
    "N_t and N_c the numbers of the treated and the control. Qini curve q(k) = Y_t - Y_c N_t/N_c; uplift curve "
    "u(k) = (Y_t/N_t - Y_c/N_c) (N_t + N_c). qini = area between q and the straight line to q(n) over k/n, per treated "
    "person. auuc = the same area of u, per person. qini_coefficient (outcomes 0 and 1) = area between q and the line "
    "over that of the best order there can be (treated who convert first, control who convert last)."
)


@dataclass(frozen=True, slots=True)
class UpliftCurve:
    """How well an order of people sorts them by the effect of a treatment.

    Attributes
    ----------
    qini : float
        Outcome per treated person gained over a random order, on average over all depths; 0 is no better than chance.
    auuc : float
        Likewise from the uplift curve, per person.
    qini_coefficient : float
        Share of the best possible; nan for outcomes other than 0 and 1.
    formula : str
        What these stand for.
    """

    qini: float
    auuc: float
    qini_coefficient: float
    formula: str = FORMULA


def uplift_curve(score: ArrayLike, outcome: ArrayLike, treated: ArrayLike) -> UpliftCurve:
    """Areas under the Qini and the uplift curve of an order of people.

    Equal scores are one step of the curve, so that the order of rows decides nothing; see `FORMULA`.

    Parameters
    ----------
    score, outcome : array (n,)
    treated : array (n,) of bool

    Raises
    ------
    ValueError
        Nobody treated, or everybody.

    References
    ----------
    .. [1] Radcliffe (2007), Using control groups to target on predicted lift. Direct Marketing Analytics Journal 1.
    .. [2] Devriendt et al. (2020), Learning to rank for uplift modeling. IEEE TKDE 34(10).
    """
    scores, y = np.asarray(score, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    t = np.asarray(treated, dtype=bool)
    if t.all() or not t.any():
        raise ValueError(f"{int(t.sum()):,} of {t.size:,} people are treated: a curve needs treated and control.")
    k, qini, uplift = _curves(scores, y, t)
    excess = _area(k, qini)
    best = np.nan
    if np.isin(y, (0.0, 1.0)).all():
        ideal_k, ideal, _ = _curves(y * np.where(t, 1.0, -1.0), y, t)
        ceiling = _area(ideal_k, ideal)
        best = excess / ceiling if ceiling > 0 else np.nan
    return UpliftCurve(excess / float(t.sum()), _area(k, uplift) / t.size, best)


def _curves(score: Floats, y: Floats, t: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Depth k/n, q and u where the score steps, from depth 0."""
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    at = np.r_[np.flatnonzero(np.diff(ordered) != 0), score.size - 1]
    treated, control = np.cumsum(t[order])[at], np.cumsum(~t[order])[at]
    with_it, without = np.cumsum(y[order] * t[order])[at], np.cumsum(y[order] * ~t[order])[at]
    rate = without / np.maximum(control, 1)
    qini = with_it - rate * treated
    uplift = (with_it / np.maximum(treated, 1) - rate) * (treated + control)
    return np.r_[0.0, (at + 1) / score.size], np.r_[0.0, qini], np.r_[0.0, uplift]


def _area(k: Floats, curve: Floats) -> float:
    """Area between a curve and the straight line to its end."""
    return float(np.trapezoid(curve - k * curve[-1], k))
