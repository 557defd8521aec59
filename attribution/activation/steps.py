"""Named steps of normalisation, as SQL: what a platform asks to be done to a text before it is hashed.

Each takes the SQL of a text and gives the SQL of the text after it. A step whose result uses the text once may be
written around it; the others get a name for it first (`normalize`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attribution.engine import literal

SPACE = r"[\s\p{Z}\x{FEFF}\x{200B}\x{2060}]+"
# Titles before a first name, degrees and generations after a last one, as whole words.
TITLES = r"^(?:(?:mr|mrs|ms|miss|mx|dr|prof|sir|dame|rev|herr|frau|mme|mlle|sr|sra|srta)\.?\s+)+"
SUFFIXES = r"(?:[\s,]+(?:jr|sr|ii|iii|iv|md|phd|ph\.d|esq|dds|cpa|mba)\.?)+$"


@dataclass(frozen=True, slots=True)
class Step:
    """A step.

    Attributes
    ----------
    sql : callable
        (text, argument, country) to SQL.
    says : str
        In words, for documents.
    once : bool
        Whether the result uses the text once.
    """

    sql: Callable[[str, str, str], str]
    says: str
    once: bool = True


def _replace(pattern: str, by: str = "") -> Callable[[str, str, str], str]:
    return lambda x, _argument, _country: f"regexp_replace({x}, {literal(pattern)}, {literal(by)}, 'g')"


def _call(name: str) -> Callable[[str, str, str], str]:
    return lambda x, _argument, _country: f"{name}({x})"


def _lower(x: str, _argument: str, _country: str) -> str:
    """Lower case; a sigma that ends a word in its final form, as Unicode and browsers have it, DuckDB not."""
    final = f"regexp_replace(lower({x}), '([^\\s.,''’-])σ($|[\\s.,''’()-])', '\\1ς\\2', 'g')"
    return f"CASE WHEN contains({x}, 'σ') OR contains({x}, 'Σ') THEN {final} ELSE lower({x}) END"


def _local(change: str) -> Callable[[str, str, str], str]:
    """Change the part before the @, on the domains that the argument names; on all where it names none."""

    def sql(x: str, argument: str, _country: str) -> str:
        changed = f"{change.format(local=f'''split_part({x}, '@', 1)''')} || '@' || split_part({x}, '@', 2)"
        if not argument:
            return f"CASE WHEN contains({x}, '@') THEN {changed} ELSE {x} END"
        domains = ", ".join(literal(d) for d in argument.split(","))
        return f"CASE WHEN split_part({x}, '@', 2) IN ({domains}) THEN {changed} ELSE {x} END"

    return sql


def _zip_us5(x: str, _argument: str, country: str) -> str:
    return f"CASE WHEN {country} = 'US' THEN {x}[:5] ELSE {x} END"


def _us10(x: str, _argument: str, _country: str) -> str:
    return f"CASE WHEN regexp_full_match({x}, '\\+1[2-9][0-9]{{9}}') THEN {x}[3:] END"


STEPS: dict[str, Step] = {
    "trim": Step(_call("trim"), "cut blanks at both ends"),
    "no_blanks": Step(_replace(SPACE), "leave out all blanks"),
    "lower": Step(_lower, "lower case", once=False),
    "upper": Step(_call("upper"), "upper case"),
    "no_dots": Step(_local("replace({local}, '.', '')"), "leave out dots before the @", once=False),
    "no_plus": Step(_local("split_part({local}, '+', 1)"), "leave out + and what follows before the @", once=False),
    "keep_email": Step(_replace(r"[^a-z0-9.@-]+"), "keep only a-z, 0-9, dot, @ and hyphen"),
    "keep_alphanumeric": Step(_replace(r"[^a-z0-9]+"), "keep only a-z and 0-9"),
    "no_punctuation": Step(_replace(r"[\p{P}$+<=>^`|~]+"), "leave out punctuation"),
    "no_hyphens": Step(_replace(r"[\p{Pd}]+"), "leave out hyphens"),
    "no_title": Step(_replace(TITLES), "leave out titles such as mrs."),
    "no_suffix": Step(_replace(SUFFIXES), "leave out suffixes such as jr."),
    "digits": Step(_replace(r"[^0-9]+"), "digits only, country code first, no +"),
    "e164": Step(lambda x, _a, _c: x, "E.164: +, country code, number"),
    "us10": Step(_us10, "10 digits without country code, US and Canada only", once=False),
    "us_zip5": Step(_zip_us5, "first five digits in the US", once=False),
    "iso2": Step(lambda x, _a, _c: x, "two letters (ISO 3166-1)"),
    "as_given": Step(lambda x, _a, _c: x, "as given"),
}
