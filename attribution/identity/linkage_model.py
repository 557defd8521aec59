"""How records are compared, and which pairs are compared at all: a Fellegi-Sunter model in Splink's terms.

A pair's score is the probability that both records are one person, given how well each column agrees (Fellegi and
Sunter, 1969): the prior odds times, per column, the ratio of how often records of one person agree that well (m) to how
often records of two people do (u). u comes from random pairs, m from expectation maximisation over pairs that agree in
some columns; common names and towns count less than rare ones (term frequencies).

The product is right where columns agree independently among records of two people. Street, zip and city never do, so
they are one comparison; house numbers make streets alike that are not, so streets are compared by single characters.
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
# Of pairs that agree in these many are matches: how well the other columns agree then is learned from them. Each names
# a first name or a date of birth, since mailbox, phone, address and last name are a family's too.
_LEARNING: tuple[Rule, ...] = (
    ("first_name", "last_name"), ("birth_date",), ("first_name", "last_name", "zip"),
    ("first_name", "last_name", "city"), ("first_name", "email"), ("first_name", "phone"), ("first_name", "street"),
    ("first_name", "birth_date"), ("last_name", "birth_date"), ("birth_date", "zip"), ("birth_date", "city"),
    ("first_name", "zip"), ("first_name", "city"),
)  # fmt: skip
# Where fewer than one pair in so many is a match, what is learned is how namesakes or neighbours agree.
MOST_PAIRS_PER_MATCH = 20
# How many times as many matches as were expected a model may find before it is taken to have found something else.
MOST_MATCHES = 3
LEAST_LEARNING_PAIRS = 20
_ADDRESS = ("street", "zip", "city")


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
    random_pairs: int = 2_000_000
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


def learning(connection: Any, columns: tuple[str, ...], matches: float) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """Choose sets of agreeing columns until each comparison is learned from pairs that need not agree in it.

    Parameters
    ----------
    connection : DuckDB connection
    columns : tuple of str
    matches : float
        Pairs of records that are expected to be one person's.

    Returns
    -------
    tuple
        The sets, and the comparisons that none of them can teach.
    """
    chosen: list[Rule] = []
    missing = compared(columns)
    for rule in _LEARNING:
        taught = [name for name, of in missing.items() if not set(of) & set(rule)]
        if not set(rule) <= set(columns) or not taught:
            continue
        if LEAST_LEARNING_PAIRS <= pairs_of(connection, rule) <= MOST_PAIRS_PER_MATCH * matches:
            chosen.append(rule)
            missing = {name: of for name, of in missing.items() if name not in taught}
    return tuple(chosen), tuple(missing)


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


def model(columns: tuple[str, ...], chosen: tuple[Rule, ...], before: float) -> Any:
    """Splink's settings: what is compared, which pairs, and the probability that two random records are one person."""
    from splink import SettingsCreator, block_on  # noqa: PLC0415  (an optional library)

    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons(columns),
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in chosen],
        probability_two_random_records_match=before,
        retain_matching_columns=False,
    )


def without_matches(learned: dict[str, Any], share: float, random_pairs: int) -> dict[str, Any]:
    """Take the matches out of what random pairs taught of two people.

    Random pairs hold matches at the rate λ = ``share``, so that what is seen at a level is u′ = λ m + (1 − λ) u. In
    files with many duplicates they are most of what agrees by chance: agreement would count for too little. What was
    learned of m is left out: it is learned again, from u, and from its start, since it only ever shrinks.

    Parameters
    ----------
    learned : dict
        A model as Splink writes it; changed in place.
    share : float
        λ, which becomes the prior.
    random_pairs : int
        Pairs that u′ was seen in; u is at least its standard error √(u′ / pairs), since less cannot be told from none.

    Returns
    -------
    dict
        The model.
    """
    for comparison in learned["comparisons"]:
        for level in comparison["comparison_levels"]:
            seen, same = level.get("u_probability"), level.pop("m_probability", None)
            if isinstance(seen, float) and isinstance(same, float):
                least = max((seen / random_pairs) ** 0.5, 1e-12)
                level["u_probability"] = min(1.0, max((seen - share * same) / (1 - share), least))
    learned["probability_two_random_records_match"] = min(0.5, share)
    return learned


def compared(columns: tuple[str, ...]) -> dict[str, Rule]:
    """Comparisons and the columns that each reads: one per column, and one of the whole address."""
    address = tuple(c for c in _ADDRESS if c in columns)
    alone = {c: (c,) for c in columns if c not in address}
    return alone | ({"address": address} if address else {})


def comparisons(columns: tuple[str, ...]) -> list[Any]:
    """Give Splink's comparison of each column, and of the address."""
    import splink.comparison_library as library  # noqa: PLC0415  (an optional library)

    kinds: dict[str, Callable[[], Any]] = {
        "first_name": lambda: library.NameComparison("first_name").configure(term_frequency_adjustments=True),
        "last_name": lambda: library.NameComparison("last_name").configure(term_frequency_adjustments=True),
        "birth_date": lambda: library.DamerauLevenshteinAtThresholds("birth_date", [1, 2]),
        "email": _email,
        "phone": lambda: library.LevenshteinAtThresholds("phone", [1, 2]),
        "country": lambda: library.ExactMatch("country"),
        "address": lambda: _address(compared(columns)["address"]),
    }
    return [kinds[name]() for name in compared(columns)]


def _email() -> Any:
    """Same address; same mailbox elsewhere; a slip or two. Less alike are addresses of namesakes too."""
    import splink.comparison_level_library as levels  # noqa: PLC0415
    import splink.comparison_library as library  # noqa: PLC0415

    return library.CustomComparison(
        output_column_name="email",
        comparison_levels=[
            levels.NullLevel("email"),
            levels.ExactMatchLevel("email"),
            levels.CustomLevel("split_part(email_l, '@', 1) = split_part(email_r, '@', 1)"),
            levels.CustomLevel("damerau_levenshtein(email_l, email_r) <= 2"),
            levels.ElseLevel(),
        ],
    )


def _address(columns: Rule) -> Any:
    """Same house; nearly; the same or nearly the same street elsewhere; same zip; same city; one of them nearly."""
    import splink.comparison_level_library as levels  # noqa: PLC0415
    import splink.comparison_library as library  # noqa: PLC0415

    towns = [c for c in ("zip", "city") if c in columns]
    town = " OR ".join(f"{c}_l = {c}_r" for c in towns)
    near = {"street": "levenshtein(street_l, street_r) <= 2", "zip": "damerau_levenshtein(zip_l, zip_r) <= 1",
            "city": "jaro_winkler_similarity(city_l, city_r) >= 0.9"}  # fmt: skip
    found = []
    if "street" in columns:
        found = [f"({town}) AND street_l = street_r", f"({town}) AND {near['street']}"] if towns else []
        found += ["street_l = street_r", near["street"]]
    missing = " AND ".join(f"({c}_l IS NULL OR {c}_r IS NULL)" for c in columns)
    return library.CustomComparison(
        output_column_name="address",
        comparison_levels=[
            levels.CustomLevel(missing).configure(is_null_level=True),
            *(levels.CustomLevel(f"coalesce({sql}, false)") for sql in found),
            *(levels.ExactMatchLevel(c, term_frequency_adjustments=True) for c in towns),
            *([levels.CustomLevel(f"coalesce({' OR '.join(near[c] for c in towns)}, false)")] if towns else []),
            levels.ElseLevel(),
        ],
    )
