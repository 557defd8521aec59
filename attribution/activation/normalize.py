"""A platform's steps, composed into SQL over the values of a person.

These are the platforms' rules, each dated in its description. They differ from one another and from the canonical form
by which `attribution.identity` joins people: an address may be one person here and hash three ways there.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from attribution.activation.spec import Hash, IdentifierRule
from attribution.activation.steps import STEPS
from attribution.activation.tokens import NOBODY
from attribution.engine import literal

AS_IS = frozenset({"e164", "as_given", "iso2"})
HEX64 = "[0-9a-f]{64}"
# What must hold after all steps; a value that does not is left out and counted, never hashed.
SOUND = {
    "email": r"[^\s@,;<>\x22]*[^\s@.,;<>\x22][^\s@,;<>\x22]*@(?:[^\s@.,;<>\x22]+\.)+[^\s@.,;<>\x22]+",
    "phone": r"\+?[0-9]{6,15}",
    "maid": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "country": r"[A-Za-z]{2}",
    "zip": r"[0-9A-Za-z](?:[0-9A-Za-z -]*[0-9A-Za-z])?",
}
SOUND |= {"idfa": SOUND["maid"], "aaid": SOUND["maid"]}


def steps_sql(text: str, steps: Sequence[str], country: str = "NULL") -> str:
    """SQL of a text after all steps, in order."""
    for step in steps:
        name, _, argument = step.partition(":")
        text = STEPS[name].sql(text, argument, country)
    return text


def passes(steps: Sequence[str]) -> list[tuple[str, ...]]:
    """Steps in groups that may be written around one another; those that use their text more than once stand alone.

    SQL text and work would else double with every such step.
    """
    made: list[tuple[str, ...]] = []
    for once, group in groupby(steps, lambda s: STEPS[s.partition(":")[0]].once):
        same = tuple(group)
        made += [same] if once else [(step,) for step in same]
    return [part for part in made if not all(s.partition(":")[0] in AS_IS for s in part)]


def usable_list(values: str, steps: Sequence[str], identifier: str) -> str:
    """SQL of a list of texts after all steps, without those that are not sound."""
    for part in passes(steps):
        values = f"list_transform({values}, lambda x: {steps_sql('x', part)})"
    return f"list_filter({values}, lambda x: {sound_sql('x', identifier)})"


def sound_sql(text: str, identifier: str) -> str:
    """SQL of whether a contact identifier is worth writing, after all steps."""
    sound = SOUND[identifier]
    kept = f"{text} IS NOT NULL AND regexp_full_match({text}, '{sound}')"
    return f"{kept} AND {text} NOT IN ({', '.join(literal(e) for e in NOBODY)})" if identifier == "email" else kept


def digest_sql(text: str, hash: Hash, encoding: str = "hex") -> str:  # noqa: A002  (the spec's word)
    """SQL of a text's digest: lower-case hexadecimal, or base64 of the raw bytes."""
    if hash == "none":
        return text
    digest = f"{hash}({text})"
    return f"base64(from_hex({digest}))" if encoding == "base64" else digest


def ready_sql(rule: IdentifierRule, digest: str) -> str:
    """SQL of a digest that came with the data, in the platform's encoding."""
    return f"base64(from_hex({digest}))" if rule.encoding == "base64" else digest


def once_each(values: str) -> str:
    """SQL of a list without doubles, sorted; a list of one is both."""
    return f"CASE WHEN len({values}) < 2 THEN {values} ELSE list_sort(list_distinct({values})) END"


def marked(text: str) -> str:
    """SQL of one field of an address; a digest that came with the data behind a ``#``."""
    ready = f"strlen({text}) = 64 AND regexp_full_match(lower({text}), '{HEX64}')"
    return f"CASE WHEN {ready} THEN '#' || lower({text}) ELSE {text} END"


def field_pass(text: str, part: Sequence[str], country: str) -> str:
    """SQL of one pass of steps over a marked field; a digest stays what it is."""
    made = steps_sql(text, part, country)
    return f"CASE WHEN starts_with({text}, '#') AND strlen({text}) = 65 THEN {text} ELSE {made} END"


def field_digest(text: str, name: str, rule: IdentifierRule) -> str:
    """SQL of a field after its steps: sound, hashed; NULL where nothing is left.

    A digest passes where the platform hashes this field, and is left out where it does not.
    """
    sound = SOUND.get(name)
    kept = f"regexp_full_match({text}, '{sound}')" if sound else f"{text} <> ''"
    ready = f"{text}[2:]" if rule.hash == "sha256" else "NULL"
    if rule.encoding == "base64" and rule.hash == "sha256":
        ready = f"base64(from_hex({ready}))"
    made = f"CASE WHEN {kept} THEN {digest_sql(text, rule.hash, rule.encoding)} END"
    return f"CASE WHEN starts_with({text}, '#') AND strlen({text}) = 65 THEN {ready} ELSE {made} END"
