"""How records are compared, and which pairs are compared at all: a Fellegi-Sunter model in Splink's terms.

A pair's score is the probability that both records are one person, given how well each column agrees (Fellegi and
Sunter, 1969): the prior odds times, per column, the ratio of how often records of one person agree that well (m) to how
often records of two people do (u). u comes from random pairs, m from expectation maximisation over pairs that agree in
some columns; common names and towns count less than rare ones (term frequencies).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attribution.engine import identifier, one_row
from attribution.errors import UsageError
from attribution.identity.linkage_records import RECORDS

Rule = tuple[str, ...]
# Pairs that agree in one of these are compared, the widest rules first: each catches what differs elsewhere.
_BLOCKS: tuple[Rule, ...] = (
    ("last_name",), ("first_name",), ("birth_date",), ("email",), ("phone",), ("street",),
    ("first_name", "last_name"), ("last_name", "birth_date"), ("first_name", "birth_date"), ("last_name", "zip"),
    ("first_name", "zip"), ("birth_date", "zip"), ("last_name", "city"), ("birth_date", "city"), ("street", "zip"),
    ("first_name", "last_name", "zip"), ("first_name", "last_name", "city"),
)  # fmt: skip
# Pairs that agree in all of these are hardly ever two people: they tell how many matches there are.
_CERTAIN: tuple[Rule, ...] = (
    ("first_name", "last_name", "birth_date"), ("last_name", "email"), ("first_name", "email"), ("last_name", "phone"),
    ("first_name", "last_name", "zip"), ("first_name", "last_name", "street"),
)  # fmt: skip
# Pairs that agree in these are some of them matches: the others' columns are learned from them.
_LEARNING: tuple[Rule, ...] = (
    ("first_name", "last_name"), ("birth_date",), ("email",), ("phone",), ("last_name", "zip"), ("street", "zip"),
    ("last_name", "city"), ("first_name", "zip"), ("zip",), ("city", "first_name"),
)  # fmt: skip
LEAST_LEARNING_PAIRS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkageSettings:
    """How records are linked.

    Attributes
    ----------
    least : float
        Least score of a pair that is given; below the least of tier ``broad`` no tier uses it.
    recall : float
        Share of all matches that agree fully in name and date of birth, in name and e-mail, or the like; it sets how
        many matches are expected beforehand.
    pairs : int
        Pairs that one blocking rule may give; a wider rule is left out.
    random_pairs : int
        Random pairs from which agreement by chance is learned.
    seed : int
        Of the random pairs.
    """

    least: float = 0.80
    recall: float = 0.6
    pairs: int = 20_000_000
    random_pairs: int = 5_000_000
    seed: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.least <= 1 or not 0 < self.recall <= 1:
            raise UsageError(f"least is {self.least:g}, recall {self.recall:g}: both lie above 0 and up to 1.")
        if self.pairs < 1000 or self.random_pairs < 1000 or self.seed < 0:
            raise UsageError("pairs and random pairs are 1,000 or more, seed is 0 or more.")


def blocks(connection: Any, columns: tuple[str, ...], most: int) -> tuple[Rule, ...]:
    """Choose the rules whose pairs are few enough; one that a wider chosen rule contains is left out."""
    chosen: list[Rule] = []
    for rule in _BLOCKS:
        contained = any(set(wider) <= set(rule) for wider in chosen)
        if set(rule) <= set(columns) and not contained and 0 < pairs_of(connection, rule) <= most:
            chosen.append(rule)
    if not chosen:
        msg = (
            "No two records agree in a name, an e-mail, a phone, a street or a date of birth, or too many do; there is "
            "nothing to compare. Raise --pairs, or give more columns."
        )
        raise UsageError(msg)
    return tuple(chosen)


def learning(connection: Any, columns: tuple[str, ...]) -> tuple[Rule, ...]:
    """Choose sets of agreeing columns until each column is learned from pairs that need not agree in it."""
    chosen: list[Rule] = []
    missing = set(columns)
    for rule in _LEARNING:
        learned = missing - set(rule)
        if set(rule) <= set(columns) and learned and pairs_of(connection, rule) >= LEAST_LEARNING_PAIRS:
            chosen.append(rule)
            missing &= set(rule)
    return tuple(chosen)


def prior(connection: Any, columns: tuple[str, ...], records: int, recall: float) -> float:
    """Probability that two random records are one person: pairs that agree for certain, over their recall."""
    parts = []
    for rule in (r for r in _CERTAIN if set(r) <= set(columns)):
        agree = " AND ".join(f"l.{identifier(c)} = r.{identifier(c)}" for c in rule)
        joined = f"{RECORDS} l JOIN {RECORDS} r ON {agree} AND l.unique_id < r.unique_id"
        parts.append(f"SELECT l.unique_id AS a, r.unique_id AS b FROM {joined}")
    found = one_row(connection, f"SELECT count(*) FROM ({' UNION '.join(parts)})")[0] if parts else 0
    everything = records * (records - 1) / 2
    return min(0.5, max(1, found) / recall / everything)


def pairs_of(connection: Any, rule: Rule) -> int:
    """Pairs of records that agree in all columns of a rule."""
    names = ", ".join(identifier(c) for c in rule)
    filled = " AND ".join(f"{identifier(c)} IS NOT NULL" for c in rule)
    alike = f"SELECT count(*) AS n FROM {RECORDS} WHERE {filled} GROUP BY {names}"
    return int(one_row(connection, f"SELECT coalesce(sum(n * (n - 1) // 2), 0) FROM ({alike})")[0])


def comparisons(columns: tuple[str, ...]) -> list[Any]:
    """Splink's comparison of each column."""
    import splink.comparison_library as library  # noqa: PLC0415  (an optional library)

    kinds: dict[str, Callable[[], Any]] = {
        "first_name": lambda: library.NameComparison("first_name"),
        "last_name": lambda: library.NameComparison("last_name"),
        "birth_date": lambda: library.DamerauLevenshteinAtThresholds("birth_date", [1, 2]),
        "email": lambda: library.EmailComparison("email"),
        "phone": lambda: library.LevenshteinAtThresholds("phone", [1, 2]),
        "street": lambda: library.JaroWinklerAtThresholds("street", [0.92, 0.8]),
        "zip": lambda: library.DamerauLevenshteinAtThresholds("zip", [1]),
        "city": lambda: library.JaroWinklerAtThresholds("city", [0.9]),
        "country": lambda: library.ExactMatch("country"),
    }
    frequent = {"first_name", "last_name", "zip", "city", "street"}
    return [kinds[c]().configure(term_frequency_adjustments=True) if c in frequent else kinds[c]() for c in columns]
