"""When the chains of a fit may be believed; and what to do when it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.parameter_table import ParameterTable, parameter_table

SHOWN = 3  # a reason names this many parameters; the table has them all
MORE_DRAWS = "Draw longer: more rounds, or more draws per chain."
DISAGREE = (
    "Chains disagree: tune longer, look for channels whose spend moves together (pairwise correlation and VIF), and "
    "tighten priors that the data say nothing about; several modes often mean that a curve and a carry-over can "
    "replace each other."
)
DIVERGE = (
    "Divergences: raise target_accept (0.95, then 0.99), tighten priors of spreads and curves, and fix what few geos "
    "cannot tell (a pooling spread with fewer than 5 geos)."
)
STUCK = "A quantity never moved: its prior has no width, or the sampler was stuck; look at its prior and its column."
ONE_CHAIN = "Run at least two chains: agreement cannot be seen in one."


@dataclass(frozen=True, slots=True)
class GateResult:
    """Whether a fit passed.

    Attributes
    ----------
    passed : bool
    failures : tuple of str
        One sentence for each limit that was missed.
    checklist : tuple of str
        What to do, the most likely help first; empty where it passed.
    worst_rhat, least_ess : float
        Over all quantities; NaN where one is not known.
    """

    passed: bool
    failures: tuple[str, ...]
    checklist: tuple[str, ...]
    worst_rhat: float
    least_ess: float


@dataclass(frozen=True, slots=True)
class Gate:
    """Limits that every quantity of a fit has to keep (Vehtari et al. 2021: R-hat 1.01, 100 effective draws a chain).

    Attributes
    ----------
    rhat : float
        The largest R-hat.
    ess : float
        The smallest bulk and tail effective sample size.
    divergences : int
        The most divergent transitions.
    """

    rhat: float = 1.01
    ess: float = 400.0
    divergences: int = 0


def verdict(table: ParameterTable, divergences: int, gate: Gate, chains: int = 4) -> GateResult:
    """Judge a fit.

    Parameters
    ----------
    table : ParameterTable
    divergences : int
        After tuning, in all chains.
    gate : Gate
    chains : int
    """
    failures: list[str] = []
    todo: list[str] = []
    for missed, advice in _missed(table, divergences, gate, chains):
        failures.append(missed)
        todo += [line for line in advice if line not in todo]
    least = min(_worst(table.ess_bulk, np.min), _worst(table.ess_tail, np.min))
    return GateResult(not failures, tuple(failures), tuple(todo), _worst(table.rhat, np.max), least)


def _missed(table: ParameterTable, divergences: int, gate: Gate, chains: int) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = []
    if divergences > gate.divergences:
        found.append((f"{divergences} divergent transitions; allowed are {gate.divergences}.", (DIVERGE,)))
    if chains < 2:
        return [*found, ("Only one chain was run: R-hat needs two.", (ONE_CHAIN,))]
    unknown = ~np.isfinite(table.rhat)
    if unknown.any():
        found.append((_reason(table, unknown, table.rhat, "never moved, or are not finite"), (STUCK,)))
    apart = table.rhat > gate.rhat
    if apart.any():
        reason = _reason(table, apart, -table.rhat, f"have R-hat above {gate.rhat:g}", table.rhat)
        found.append((reason, (DISAGREE, MORE_DRAWS)))
    for kind, ess in (("bulk", table.ess_bulk), ("tail", table.ess_tail)):
        short = (ess < gate.ess) & ~unknown
        if short.any():
            text = f"have {kind} effective sample size below {gate.ess:g}"
            found.append((_reason(table, short, ess, text, ess), (MORE_DRAWS,)))
    return found


def _worst(values: NDArray[np.float64], pick: Callable[..., np.float64]) -> float:
    return float(pick(values)) if len(values) else float("nan")


def _reason(
    table: ParameterTable,
    missed: NDArray[np.bool_],
    order: NDArray[np.float64],
    text: str,
    shown: NDArray[np.float64] | None = None,
) -> str:
    """Say how many quantities, and name the worst."""
    places = [int(i) for i in np.argsort(order, kind="stable") if missed[i]]
    named = [f"{table.names[i]} ({_number(shown[i])})" if shown is not None else table.names[i] for i in places[:SHOWN]]
    more = ", …" if len(places) > SHOWN else ""
    return f"{len(places)} of {len(table)} quantities {text}: {', '.join(named)}{more}."


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.3f}"


__all__ = ["Gate", "GateResult", "ParameterTable", "parameter_table", "verdict"]
