"""Markov chains over channels, of any order, with exact removal effects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.absorption import removal_effects
from attribution_models.paths.credit import PathCredit, share_out
from attribution_models.paths.encoded import Paths
from attribution_models.paths.kgrams import Chain, count_chain
from attribution_models.paths.markov_touches import presence_effects, spread_credit

START: Final = -1
CONVERSION: Final = -2
NULL: Final = -3
_ENDS: Final = {START: "(start)", CONVERSION: "(conversion)", NULL: "(null)"}


@dataclass(frozen=True, slots=True, eq=False)
class Transitions:
    """The counted chain, one row per observed transition.

    Attributes
    ----------
    channels : tuple of str
        Channel names.
    windows : int32[S, k]
        Channel codes of each state, oldest first, padded on the left with -1.
    source, target : int64[E]
        Rows of ``windows``, or START, CONVERSION, NULL (negative).
    weight : float64[E]
        Weight of journeys that took the transition (conversions + nulls), above 0.
    """

    channels: tuple[str, ...]
    windows: NDArray[np.int32]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    weight: NDArray[np.float64]

    def decode(self, state: int) -> tuple[str, ...]:
        """Channel names of a state, oldest first; ``("(start)",)`` and so on for the three ends."""
        if state in _ENDS:
            return (_ENDS[state],)
        return tuple(self.channels[code] for code in self.windows[state] if code >= 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Markov:
    """Credit in proportion to what is lost when a channel is removed from a Markov chain.

    Journeys are walks START → window of the last k channels → … → CONVERSION or NULL with the observed
    transition frequencies. RE_a = 1 - P_-a / P is the share of conversions that is lost when every step
    into a state containing a leads to NULL, which is the chance that a converting walk visits a. Then

        credit_a = C · RE_a / Σ_b RE_b,

    with C the observed conversions of journeys with touches; value the same with the expected value
    of a walk. Journeys without touches are not in the chain; their conversions are unattributed.

    Parameters
    ----------
    order : int
        k, at least 1. From the longest journey on, RE_a is the share of conversions whose journey
        contains a.
    removal : {"redirect-to-null", "presence"}
        ``presence`` takes that share (of conversions, of value) as RE_a at any order.
    nulls : bool
        Whether journeys that do not convert count. Without them every walk converts (P = 1).

    Raises
    ------
    ValueError
        For an order below 1 or an unknown removal; on fitting, for negative numbers.

    References
    ----------
    E. Anderl, I. Becker, F. von Wangenheim, J. H. Schumann, "Mapping the customer journey: Lessons
    learned from graph-based online attribution modeling", IJRM 33(3), 2016.
    """

    order: int = 1
    removal: Literal["redirect-to-null", "presence"] = "redirect-to-null"
    nulls: bool = True

    def __post_init__(self) -> None:
        if self.order < 1:
            raise ValueError(f"The Markov order must be at least 1; got {self.order}. Give 1, 2, 3 or more.")
        if self.removal not in {"redirect-to-null", "presence"}:
            raise ValueError(f"Unknown removal {self.removal!r}. Use 'redirect-to-null' (the chain's) or 'presence'.")

    @property
    def name(self) -> str:
        """Name of the fit."""
        presence = "-presence" if self.removal == "presence" else ""
        return f"markov-{self.order}{presence}{'' if self.nulls else '-no-nulls'}"

    def fit(self, paths: Paths, *, threads: int | None = None) -> MarkovFit:
        """Count the chain in one scan and compute all removal effects exactly.

        Threads never change a bit of the result.
        """
        chain = count_chain(paths, self.order, nulls=self.nulls, threads=threads)
        size = len(paths.channels)
        if self.removal == "presence":
            effect, value_effect = presence_effects(paths, self.nulls, threads)
        else:
            effect, value_effect = removal_effects(chain, size)
        weight = float(chain.conversions.sum() + chain.nulls.sum())
        return MarkovFit(
            spec=self,
            credit=_credit(chain, effect, value_effect),
            transitions=_transitions(chain, paths.channels),
            conversion_probability=float(chain.conversions.sum()) / weight if weight > 0 else 0.0,
        )


@dataclass(frozen=True, slots=True, eq=False)
class MarkovFit:
    """A fitted Markov chain.

    Attributes
    ----------
    spec : Markov
        The model.
    credit : PathCredit
        Credit per channel, with removal effects.
    transitions : Transitions
        The chain that was counted.
    conversion_probability : float
        P, the chance that a walk converts: C / (C + N); 0 without journeys.
    """

    spec: Markov
    credit: PathCredit
    transitions: Transitions
    conversion_probability: float

    @property
    def name(self) -> str:
        """Name of the fit."""
        return self.spec.name

    @property
    def states(self) -> int:
        """Number of states, with START, without CONVERSION and NULL."""
        return len(self.transitions.windows) + 1

    def touch_credits(
        self, paths: Paths, *, threads: int | None = None
    ) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Yield per block the credit of every touch, conversions and value.

        The chain gives credit to channels, not to touches. A channel's credit is spread over its
        touches i of converting journeys j in proportion to c_j · RE_a / Σ_{touches of j} RE, and its
        value likewise with v_j and the removal effects on value. A channel may earn credit through
        the chain without a touch in any converting journey; its credit is spread over its touches in
        proportion to the journeys' nulls, which is equally in journeys from events.

        Parameters
        ----------
        paths : Paths
            The journeys of the fit.
        threads : int, optional
            Threads to use; they never change a bit of the result.
        """
        return spread_credit(paths, self.credit, self.spec.nulls, threads)


def _credit(chain: Chain, effect: NDArray[np.float64], value_effect: NDArray[np.float64]) -> PathCredit:
    C, V = float(chain.conversions.sum()), float(chain.value.sum())
    conversions, value = share_out(C, effect), share_out(V, value_effect)
    # Where nothing has an effect, nothing can be placed: the sum still closes.
    lost = C if effect.sum() == 0 else 0.0
    lost_value = V if value_effect.sum() == 0 else 0.0
    return PathCredit(
        conversions=conversions,
        value=value,
        unattributed_conversions=chain.unattributed_conversions + lost,
        unattributed_value=chain.unattributed_value + lost_value,
        observed_conversions=C + chain.unattributed_conversions,
        observed_value=V + chain.unattributed_value,
        removal_effect=effect,
        value_removal_effect=value_effect,
    )


def _transitions(chain: Chain, channels: tuple[str, ...]) -> Transitions:
    source, target, weight = [chain.source], [chain.target], [chain.weight]
    for end, weights in ((START, chain.start), (CONVERSION, chain.conversions), (NULL, chain.nulls)):
        states = np.flatnonzero(weights)
        ends = np.full(states.size, end, dtype=np.int64)
        source.append(ends if end == START else states)
        target.append(states if end == START else ends)
        weight.append(weights[states])
    return Transitions(channels, chain.windows, np.concatenate(source), np.concatenate(target), np.concatenate(weight))
