"""Rules: each journey's conversion is divided over its touches by where or when they happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import read_only
from attribution_models.paths.credit import PathCredit, placed
from attribution_models.paths.encoded import PathBlock, Paths, map_blocks
from attribution_models.paths.rule_weights import (
    FIRST,
    LAST,
    LAST_NON_DIRECT,
    LINEAR,
    POSITION,
    TIME_DECAY,
    credit_rules,
    credit_touches,
)

MICROSECONDS_PER_DAY = 86_400_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """All credit to the first touch."""

    @property
    def name(self) -> str:
        """Name of the fit."""
        return "first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """All credit to the last touch."""

    @property
    def name(self) -> str:
        """Name of the fit."""
        return "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastNonDirect:
    """All credit to the last touch that is not direct traffic; to the last touch if all are direct."""

    @property
    def name(self) -> str:
        """Name of the fit."""
        return "last-non-direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Equal credit to every touch: 1/L each in a journey of L touches."""

    @property
    def name(self) -> str:
        """Name of the fit."""
        return "linear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Fixed shares for the first and the last touch; the touches between share the rest equally.

    With one touch it takes all; with two they take first/(first + last) and last/(first + last).

    Parameters
    ----------
    first, last : float
        Shares of the first and last touch, at least 0, together above 0 and at most 1.

    Raises
    ------
    ValueError
        For shares outside these bounds.
    """

    first: float = 0.4
    last: float = 0.4

    def __post_init__(self) -> None:
        ok = self.first >= 0 and self.last >= 0 and 0 < self.first + self.last <= 1 + 1e-12
        if not ok:
            raise ValueError(
                f"Position shares must be at least 0, with a sum above 0 and at most 1; got "
                f"first={self.first}, last={self.last}. Give shares such as first=0.4, last=0.4, "
                f"or use Linear for equal credit."
            )

    @property
    def name(self) -> str:
        """Name of the fit, with the shares in percent."""
        middle = max(0.0, 1 - self.first - self.last)
        percent = [f"{round(100 * share, 6):g}" for share in (self.first, middle, self.last)]
        return "position-" + "-".join(percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeDecay:
    """Credit that halves with every half-life before the conversion.

    w_i = 2^-((ended_at - touched_at_i) / half-life), normalized to sum to 1 in the journey.

    Parameters
    ----------
    half_life_days : float
        Half-life in days, above 0.

    Raises
    ------
    ValueError
        For a half-life that is not a positive number; on fitting, for paths without times.
    """

    half_life_days: float = 7.0

    def __post_init__(self) -> None:
        if not (isfinite(self.half_life_days) and self.half_life_days > 0):
            raise ValueError(
                f"The half-life must be a number of days above 0; got {self.half_life_days}. "
                f"Give for example half_life_days=7."
            )

    @property
    def name(self) -> str:
        """Name of the fit, with the half-life in days."""
        return f"time-decay-{self.half_life_days:g}d"


Rule: TypeAlias = First | Last | LastNonDirect | Linear | Position | TimeDecay
_Columns: TypeAlias = tuple[
    NDArray[np.int64], NDArray[np.int32], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]
]
DEFAULT_RULES: tuple[Rule, ...] = (First(), Last(), LastNonDirect(), Linear(), Position(), TimeDecay())


@dataclass(frozen=True, slots=True, eq=False)
class RuleFit:
    """A rule applied to journeys.

    Attributes
    ----------
    spec : Rule
        The rule.
    credit : PathCredit
        Credit per channel.
    """

    spec: Rule
    credit: PathCredit

    @property
    def name(self) -> str:
        """Name of the fit."""
        return self.spec.name

    def touch_credits(
        self, paths: Paths, *, threads: int | None = None
    ) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Yield per block the credit of every touch, conversions and value: the rule's exact weights."""
        kind, a, b = _encode(self.spec)
        direct = read_only(paths.direct)

        def kernel(block: PathBlock) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            return credit_touches(*_columns(block, (self.spec,)), direct, kind, a, b)

        return map_blocks(paths, kernel, threads)


def fit_rules(paths: Paths, rules: Sequence[Rule], *, threads: int | None = None) -> tuple[RuleFit, ...]:
    """Fit any number of rules in one scan of the converting journeys.

    credit_a = Σ_j c_j Σ_{touches i of a in j} w_ij, with Σ_i w_ij = 1 in every journey with touches;
    the same with values. Journeys without touches are unattributed.

    Parameters
    ----------
    paths : Paths
        Encoded journeys.
    rules : sequence of Rule
        Which rules; the fits come in this order.
    threads : int, optional
        Threads to use; they never change a bit of the result.

    Returns
    -------
    tuple of RuleFit

    Raises
    ------
    ValueError
        When a rule needs times and the paths have none.
    """
    codes = [_encode(rule) for rule in rules]
    kinds = read_only(np.array([kind for kind, _, _ in codes], dtype=np.int64))
    settings = read_only(np.array([(a, b) for _, a, b in codes], dtype=np.float64).reshape(-1, 2))
    direct = read_only(paths.direct)
    credit = np.zeros((len(codes), 2, len(paths.channels)))
    totals = np.zeros(4)

    def scan(block: PathBlock) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return credit_rules(*_columns(block, rules), direct, kinds, settings)

    for block_credit, block_totals in map_blocks(paths, scan, threads):
        credit += block_credit
        totals += block_totals
    return tuple(RuleFit(rule, placed(credit[r], totals)) for r, rule in enumerate(rules))


def _encode(rule: Rule) -> tuple[int, float, float]:
    match rule:
        case First():
            return FIRST, 0.0, 0.0
        case Last():
            return LAST, 0.0, 0.0
        case LastNonDirect():
            return LAST_NON_DIRECT, 0.0, 0.0
        case Linear():
            return LINEAR, 0.0, 0.0
        case Position():
            return POSITION, rule.first, rule.last
        case TimeDecay():
            return TIME_DECAY, rule.half_life_days * MICROSECONDS_PER_DAY, 0.0


def _columns(block: PathBlock, rules: Sequence[Rule]) -> _Columns:
    times = block.touched_at
    if times is None:
        timed = [rule.name for rule in rules if isinstance(rule, TimeDecay)]
        if timed:
            raise ValueError(
                f"{timed[0]} needs the time of every touch; these are aggregated paths, which have none. "
                f"Fit it on journeys built from touchpoints, or leave it out."
            )
        times = np.empty(0, dtype=np.int64)
    return (
        read_only(block.offsets),
        read_only(block.channels),
        read_only(block.conversions),
        read_only(block.value),
        read_only(times),
    )
