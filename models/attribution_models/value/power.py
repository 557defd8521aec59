"""What a holdout of this size will be able to see, told before it starts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import norm


@dataclass(frozen=True, slots=True)
class HoldoutPower:
    """What the actual split can show.

    Attributes
    ----------
    suppressed, held_out : int
        Listed people in either arm.
    detectable : float
        Least difference between the arms' mean outcomes that is found with the given power (intention to treat).
    detectable_matched : float
        Least effect on a person whom the platform matches: `detectable` / match rate. An effect on matched people is
        diluted by all whom the platform does not know.
    match_rate : float
    significance, power : float
    """

    suppressed: int
    held_out: int
    detectable: float
    detectable_matched: float
    match_rate: float
    significance: float
    power: float


def holdout_power(
    suppressed: int,
    held_out: int,
    deviation: float,
    match_rate: float = 1.0,
    explained: float = 0.0,
    significance: float = 0.05,
    power: float = 0.8,
) -> HoldoutPower:
    """Least detectable effect of a holdout.

        (z_{1−α/2} + z_{power}) · σ · sqrt(1 − ρ²) · sqrt(1/n₁ + 1/n₀)

    Parameters
    ----------
    suppressed, held_out : int
        n₁ and n₀, the actual split.
    deviation : float
        σ, standard deviation of the outcome per person over the analysis window; of a yes/no outcome with rate p
        it is sqrt(p (1 − p)), see `rate_deviation`.
    match_rate : float
        Share of listed people whom the platform matches.
    explained : float
        ρ², share of the variance that CUPED's covariate takes away.
    significance, power : float
        α (two-sided) and the chance to find an effect of that size.

    Raises
    ------
    ValueError
        An arm with fewer than 2 people, or a number outside its range.
    """
    _checked(suppressed, held_out, deviation, match_rate, explained)
    z = float(norm.ppf(1 - significance / 2) + norm.ppf(power))
    found = z * _error(suppressed, held_out, deviation, explained)
    return HoldoutPower(suppressed, held_out, found, found / match_rate, match_rate, significance, power)


def power_of(
    effect: float,
    suppressed: int,
    held_out: int,
    deviation: float,
    match_rate: float = 1.0,
    explained: float = 0.0,
    significance: float = 0.05,
) -> float:
    """Chance that a two-sided test finds an effect on matched people; their effect times the match rate is compared.

    Parameters
    ----------
    effect : float
        Difference per matched person.
    suppressed, held_out, deviation, match_rate, explained, significance
        As in `holdout_power`.

    Raises
    ------
    ValueError
        As `holdout_power`.
    """
    _checked(suppressed, held_out, deviation, match_rate, explained)
    shift = abs(effect) * match_rate / _error(suppressed, held_out, deviation, explained)
    z = float(norm.ppf(1 - significance / 2))
    return float(norm.sf(z - shift) + norm.cdf(-z - shift))


def people_needed(
    effect: float,
    deviation: float,
    held_out_share: float,
    match_rate: float = 1.0,
    explained: float = 0.0,
    significance: float = 0.05,
    power: float = 0.8,
) -> int:
    """Listed people, both arms together, that are needed to find an effect on matched people.

        n = (z_{1−α/2} + z_{power})² σ² (1 − ρ²) / (effect · match)² · (1/h + 1/(1−h)),  h the share held out.

    Raises
    ------
    ValueError
        An effect of 0, or a share outside (0, 1).
    """
    if effect == 0 or not 0 < held_out_share < 1:
        raise ValueError(f"Effect {effect}, share held out {held_out_share}: give one other than 0, and in (0, 1).")
    _checked(2, 2, deviation, match_rate, explained)
    z = float(norm.ppf(1 - significance / 2) + norm.ppf(power))
    split = 1 / held_out_share + 1 / (1 - held_out_share)
    return math.ceil((z * deviation / (effect * match_rate)) ** 2 * (1 - explained) * split)


def rate_deviation(rate: float) -> float:
    """Standard deviation of a yes/no outcome: sqrt(p (1 − p))."""
    if not 0 < rate < 1:
        raise ValueError(f"A rate of {rate}: give a share between 0 and 1, as 0.02 for two in a hundred.")
    return math.sqrt(rate * (1 - rate))


def _error(suppressed: int, held_out: int, deviation: float, explained: float) -> float:
    return deviation * math.sqrt((1 - explained) * (1 / suppressed + 1 / held_out))


def _checked(suppressed: int, held_out: int, deviation: float, match_rate: float, explained: float) -> None:
    if min(suppressed, held_out) < 2:
        raise ValueError(
            f"{suppressed:,} suppressed and {held_out:,} held out: at least 2 people in each arm are needed. "
            "Hold out a larger share, or list more people."
        )
    if not (deviation > 0 and 0 < match_rate <= 1 and 0 <= explained < 1):
        raise ValueError(
            f"Deviation {deviation}, match rate {match_rate}, explained {explained}: the deviation lies above 0, the "
            "match rate in (0, 1], the explained share in [0, 1)."
        )
