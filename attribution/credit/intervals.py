"""Intervals of credits: what a bootstrap or a posterior of a path model says, as columns of the credits table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.tables import CREDIT_COLUMNS
from attribution_models.paths.markov import Markov
from attribution_models.paths.posterior import posterior
from attribution_models.paths.registry import PathFit
from attribution_models.paths.resampling import BootstrapIntervals, FitIntervals, bootstrap

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
    """

    bootstrap: int = 0
    posterior: int = 0
    seed: int = 1
    level: float = 0.9

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


def intervals_of(
    paths: Any, specs: list[Any], results: list[PathFit], how: Uncertainty
) -> tuple[list[Made | None], list[Finding]]:
    """Make intervals for fits, all models in one scan; None for a fit that has none.

    Raises
    ------
    UsageError
        Where a posterior is asked for models that have none.
    """
    if how.posterior:
        if not all(isinstance(spec, Markov) for spec in specs):
            raise UsageError("posterior: only Markov chains have one. Use --bootstrap 200 for other models.")
        drawn = [posterior(paths, spec, how.posterior, how.seed, level=how.level) for spec in specs]
        return [Made(made.kind, made.fits[0]) for made in drawn], _few(paths, drawn[0])
    if how.bootstrap:
        made = bootstrap(paths, specs, how.bootstrap, how.seed, level=how.level, fits=results)
        return [Made(made.kind, found) for found in made.fits], _few(paths, made)
    return [None] * len(specs), []


def _few(paths: Any, made: BootstrapIntervals) -> list[Finding]:
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


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns in the order of the contract, each measure followed by its interval, grains last."""
    known = [c for name in CREDIT_COLUMNS for c in (name, f"{name}_lower", f"{name}_upper")]
    return frame[[c for c in known if c in frame.columns] + [c for c in frame.columns if c not in known]]
