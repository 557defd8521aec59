"""Words of a plan as numbers: amounts, bounds, channels, moves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from attribution.errors import UsageError, did_you_mean, listed


@dataclass(frozen=True, slots=True)
class Amount:
    """Money, or a multiple of a channel's part of today's split.

    Attributes
    ----------
    value : float
    times : bool
    """

    value: float
    times: bool = False

    def of(self, today: float) -> float:
        """In money."""
        return self.value * today if self.times else self.value


def amount(text: str, option: str) -> Amount:
    """Read ``1200``, ``1,200.50``, ``1.2x`` or, for no end, nothing.

    Raises
    ------
    UsageError
        It is no number, or below zero.
    """
    plain = text.strip().replace(",", "").replace("_", "")
    if not plain:
        return Amount(math.inf)
    times = plain[-1] in "xX×"
    try:
        value = float(plain[:-1] if times else plain)
    except ValueError:
        raise UsageError(f'{option}: "{text}" is no amount. Write money, as 1200, or a multiple, as 1.2x.') from None
    if not value >= 0:
        raise UsageError(f'{option}: "{text}" is not 0 or more.')
    return Amount(value, times)


def ends(text: str, option: str) -> tuple[Amount, Amount]:
    """Read ``LOW:HIGH``; an end may be left open."""
    low, colon, high = text.rpartition(":")
    if not colon:
        raise UsageError(f'{option}: "{text}" is no LOW:HIGH. Write both ends, as 100:250 or 0.8x:1.2x.')
    return amount(low or "0", option), amount(high, option)


def pair(text: str, option: str, names: Sequence[str]) -> tuple[list[int], str]:
    """Read ``CHANNEL,…=REST``: places of the channels, and the rest.

    Raises
    ------
    UsageError
        There is no ``=``, or a channel that the fit does not plan.
    """
    words, equals, rest = text.rpartition("=")
    if not equals:
        raise UsageError(f'{option}: "{text}" has no "=". Write CHANNEL=…; channels are {listed(names)}.')
    return places(words, option, names), rest


def places(words: str, option: str, names: Sequence[str]) -> list[int]:
    """Places of one channel, or of several with commas (a name may hold commas itself)."""
    parts = [words] if words in names else [word.strip() for word in words.split(",")]
    return [place(word, option, names) for word in parts]


def place(word: str, option: str, names: Sequence[str]) -> int:
    """Place of a channel.

    Raises
    ------
    UsageError
        No such channel.
    """
    if word in names:
        return list(names).index(word)
    near = did_you_mean(word, names)
    raise UsageError(f'{option}: no channel "{word}" with spend in this fit.{near} It has {listed(names)}.')


def move(text: str, names: Sequence[str]) -> tuple[list[int], list[int], float]:
    """Read ``FROM=TO:PERCENT``: places given from, places given to, and the share of the former's money.

    Raises
    ------
    UsageError
    """
    words, colon, percent = text.rpartition(":")
    if not colon:
        raise UsageError(f'--move: "{text}" has no percent. Write FROM=TO:PERCENT, as tv,radio=search:20.')
    try:
        share = float(percent.strip().removesuffix("%")) / 100
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise UsageError(f'--move: "{percent}" is no percentage above 0 and up to 100.')
    given, taken = pair(words, "--move", names)[0], places(words.rpartition("=")[2], "--move", names)
    both = sorted({names[i] for i in given} & {names[i] for i in taken})
    if both:
        raise UsageError(f"--move: {listed(both)} is on both sides of {text}.")
    return given, taken, share
