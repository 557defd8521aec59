"""What is asked of a reconciliation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from attribution.errors import UsageError, did_you_mean, listed

GRAINS: Final = ("campaign", "week", "month")
DEFAULT: Final = "reconciled"
# Replicates of a path fit that was made without intervals.
BOOTSTRAP: Final = 200


@dataclass(frozen=True, slots=True)
class ReconcileOptions:
    """Options of `attribution reconcile`.

    Attributes
    ----------
    by : tuple of str
        ``campaign``, and one of ``week`` and ``month``.
    discrepancy : float or None
        τ, how far each channel's path total may be off in logs; None: by what the path model estimates
        (`attribution_models.reconcile.evidence.DISCREPANCY`).
    match : tuple of (panel's name, paths' name)
        Beside names that are the same but for capitals.
    name : str
        Under which the result is kept.
    level : float
        Of the intervals.
    seed : int
    """

    by: tuple[str, ...] = ()
    discrepancy: float | None = None
    match: tuple[tuple[str, str], ...] = ()
    name: str = DEFAULT
    level: float = 0.9
    seed: int = 1

    def __post_init__(self) -> None:
        for grain in self.by:
            if grain not in GRAINS:
                raise UsageError(
                    f'by: "{grain}" is unknown here.{did_you_mean(grain, GRAINS)} Known: {listed(GRAINS)}.'
                )
        if len(set(self.by)) < len(self.by) or {"week", "month"} <= set(self.by):
            raise UsageError(f"by: name campaign, and one of week and month, once each; got {listed(self.by)}.")
        if self.discrepancy is not None and not (self.discrepancy > 0 and math.isfinite(self.discrepancy)):
            raise UsageError(f"--discrepancy: {self.discrepancy:g} is not above zero. Usual is 0.7: a factor of 2.")
        if not 0 < self.level < 1:
            raise UsageError(f"level: {self.level} does not lie between 0 and 1. Write 0.9.")
        if not self.name.strip():
            raise UsageError("--name: a result needs a name.")

    @property
    def time(self) -> str | None:
        """The grain of time, if one is asked for."""
        return next((grain for grain in self.by if grain != "campaign"), None)


def parse_match(texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Read ``PANEL=PATH``.

    Raises
    ------
    UsageError
    """
    pairs = []
    for text in texts:
        panel, sign, path = text.partition("=")
        if not (sign and panel.strip() and path.strip()):
            raise UsageError(
                f"--match: \"{text}\" is no pair. Write the panel's name, =, and the paths': tv=Television."
            )
        pairs.append((panel.strip(), path.strip()))
    return tuple(pairs)
