"""Intervals of credits: what a bootstrap or a posterior of a path model says, as columns of the credits table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.credit.columns import ordered
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.progress import Told, counted, silent
from attribution_models.paths.markov import Markov, MarkovFit
from attribution_models.paths.order_draws import order_draws
from attribution_models.paths.posterior import posterior
from attribution_models.paths.registry import PathFit
from attribution_models.paths.resampling import BootstrapIntervals, FitIntervals, bootstrap, replicate_scale
from attribution_models.paths.resampling_orders import bootstrap_order

# Columns of the credits table to the measure of the channels, and of what is unattributed.
MEASURES = {
    "conversions": "unattributed_conversions",
    "value": "unattributed_value",
    "conversion_share": "unattributed_conversion_share",
    "value_share": "unattributed_value_share",
    "removal_effect": None,
    "value_removal_effect": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty:
    """How intervals are made.

    Attributes
    ----------
    bootstrap : int
        Replicates; 0 makes none.
    posterior : int
        Draws of the Markov chain's rows instead, conditional on the chain; 0 makes none.
    seed : int
    level : float
        Of the intervals, such as 0.9.
    orders : tuple of int
        Candidates, where a chain's order was chosen from the data: each replicate then chooses again. Empty
        keeps the order of the spec.
    """

    bootstrap: int = 0
    posterior: int = 0
    seed: int = 1
    level: float = 0.9
    orders: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.bootstrap and self.posterior:
            raise UsageError("bootstrap and posterior: intervals are made in one way; leave one of them out.")
        if not 0 < self.level < 1:
            raise UsageError(f"level: {self.level} does not lie between 0 and 1. Write 0.9.")
        if self.bootstrap == 1 or self.bootstrap < 0 or self.posterior == 1 or self.posterior < 0:
            raise UsageError("bootstrap: at least 2 replicates are needed, 200 are usual.")


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """Intervals of one fit, and how they were made."""

    kind: str
    found: FitIntervals


@dataclass(frozen=True, slots=True, eq=False)
class Replicates:
    """What is drawn once, on all journeys, and holds for every part of them.

    Attributes
    ----------
    scale : float64[R] or None
        What a replicate's credit is multiplied by; None where only all journeys are fitted, which give it
        themselves.
    orders : int64[R] or None
        The order that each replicate chooses.
    """

    scale: NDArray[np.float64] | None
    orders: NDArray[np.int64] | None


def replicates_of(paths: Any, how: Uncertainty, told: Told = silent, *, parts: bool = False) -> Replicates | None:
    """Draw what all fits on these journeys share; None where nothing is resampled.

    Parameters
    ----------
    paths : Journeys
    how : Uncertainty
    told : Told
        Called with the number of replicates whose order is chosen, which takes the longest.
    parts : bool
        Whether parts of the journeys are fitted, which need the scale of the whole.
    """
    if not how.bootstrap:
        return None
    orders = None
    if how.orders:
        orders = order_draws(
            paths, how.orders, seed=how.seed, replicates=how.bootstrap, bootstrap_seed=how.seed,
            told=counted(told, "choosing the order again", how.bootstrap),
        )  # fmt: skip
    return Replicates(replicate_scale(paths, how.bootstrap, how.seed) if parts else None, orders)


def intervals_of(
    paths: Any, specs: list[Any], results: list[PathFit], how: Uncertainty, drawn: Replicates | None,
    told: Told = silent,
) -> tuple[list[Made | None], list[Finding]]:  # fmt: skip
    """Make intervals for fits, all models in one scan; None for a fit that has none.

    Parameters
    ----------
    paths : Journeys or JourneyView
    specs, results
        What was fitted, and the fits.
    how : Uncertainty
    drawn : Replicates or None
        From `replicates_of` all journeys.
    told : Told
        Called with how many replicates are made.

    Raises
    ------
    UsageError
        Where a posterior is asked for models that have none.
    """
    if how.posterior:
        if not all(isinstance(spec, Markov) for spec in specs):
            raise UsageError("posterior: only Markov chains have one. Use --bootstrap 200 for other models.")
        told("drawing chains", 0, 0)
        rows = [posterior(paths, spec, how.posterior, how.seed, level=how.level) for spec in specs]
        return [Made(made.kind, made.fits[0]) for made in rows], _few(paths, rows[0])
    if drawn is None:
        return [None] * len(specs), []
    chosen = {} if drawn.orders is None else {i: r for i, r in enumerate(results) if isinstance(r, MarkovFit)}
    plain = [i for i in range(len(specs)) if i not in chosen]
    made = bootstrap(
        paths, [specs[i] for i in plain], how.bootstrap, how.seed,
        level=how.level, fits=[results[i] for i in plain], scale=drawn.scale,
        told=counted(told, "resampling", how.bootstrap),
    )  # fmt: skip
    found = dict(zip(plain, made.fits, strict=True))
    for i, result in chosen.items():
        told("solving the chains of all replicates", 0, 0)
        assert drawn.orders is not None
        found[i] = bootstrap_order(paths, result, drawn.orders, how.seed, level=how.level, scale=drawn.scale)
    return [Made(made.kind, found[i]) for i in range(len(specs))], _few(paths, made)


def orders_told(drawn: Replicates | None, chosen: int) -> list[Finding]:
    """How often the replicates chose each order, and whether that is the order chosen on all journeys."""
    if drawn is None or drawn.orders is None:
        return []
    counts = zip(*np.unique(drawn.orders, return_counts=True), strict=True)
    often = ", ".join(f"{order} in {count}" for order, count in counts)
    message = f"Order chosen anew in each of {drawn.orders.size} replicates: {often}. The intervals hold that choice."
    if np.mean(drawn.orders == chosen) >= 0.5:
        return [Finding("note", "order-replicates", message)]
    # A resample repeats some customers and lacks others: it has less to learn a long memory from.
    message += f" Most differ from order {chosen}, so credit may lie outside its interval."
    return [Finding("note", "order-replicates", message, "The data hardly tell the orders apart; fix one: --order K.")]


def _few(paths: Any, made: BootstrapIntervals) -> list[Finding]:
    """Name the channels whose intervals rest on a handful of conversions."""
    few = [c for c, flag in zip(paths.channels, made.few_conversions, strict=True) if flag]
    if not few:
        return []
    shown = ", ".join(few[:8]) + (f" and {len(few) - 8} more" if len(few) > 8 else "")
    message = f"Fewer than 20 converting journeys hold {shown}: do not trust their intervals."
    return [Finding("note", "few-conversions", message, "", len(few))]


def with_intervals(frame: pd.DataFrame, made: Made | None) -> pd.DataFrame:
    """A fit's rows with ``_lower`` and ``_upper`` beside each measure; the last row is ``(unattributed)``."""
    if made is None:
        return frame
    columns: dict[str, NDArray[np.float64]] = {}
    for name, rest in MEASURES.items():
        try:
            channels = made.found.interval(name)
        except ValueError:  # rules and Shapley have no removal effects
            continue
        total = None if rest is None else made.found.interval(rest)
        for end in ("lower", "upper"):
            last = np.nan if total is None else float(getattr(total, end))
            columns[f"{name}_{end}"] = np.append(getattr(channels, end), last)
    return ordered(frame.assign(interval_level=made.found.level, interval_kind=made.kind, **columns))
