"""What a cell of a people table is: an address or number as given, a digest, or nothing; read in SQL, column by column.

Every value becomes a token: the value itself, cleaned of what is not seen; ``#`` and 64 hexadecimal digits for a
SHA-256 that came with the data; ``?`` and a number that libphonenumber has to read; ``!`` and why it is left out.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from attribution.engine import literal
from attribution.identity.emails import PLAIN
from attribution.identity.phones import E164

EMPTY = {
    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "md5": "d41d8cd98f00b204e9800998ecf8427e",
}
# Addresses that forms are filled with; matched after the platform's steps as well, since they may lead there.
NOBODY = ("none@none.com", "null@null.com", "test@test.com", "no@email.com", "noemail@noemail.com")
_ZERO = "00000000-0000-0000-0000-000000000000"
_WORDS = (
    "",
    " ",
    "null",
    "none",
    "nan",
    "n/a",
    "na",
    "undefined",
    "unknown",
    "nil",
    "(null)",
    "0",
    "-",
    _ZERO,
    *NOBODY,
)
# What exporters write for "there is none"; Null and None are names of people, so names keep those.
NOTHING = ("n/a", "#n/a", "(null)", "undefined", "unknown", "-", "--")
NO_NAME = (
    r"[+]?[0-9][.,]?[0-9]*[eE]\+[0-9]+|#(?:NAME|REF|VALUE|N/A|NUM)[?!]?.*"
    r"|[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{56}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}"
)
# Not seen, or white space that is no blank: controls, byte order and direction marks, zero-width spaces. Joiners stay
# in names, where Persian and Indic spelling needs them.
UNSEEN = r"[\p{Cc}\x{FEFF}\x{200B}\x{2060}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2066}-\x{2069}\x{AD}]"
JOINERS = r"[\x{200C}\x{200D}]"
BLANK = r"[\s\p{Z}]+"
ASCII_WORDS = "[!-~]+(?: [!-~]+)*"


def cleaned(x: str, *, joiners: bool) -> str:
    """SQL of a text without what is not seen, composed (NFC), blanks cut at both ends; tabs and line ends as blanks."""
    text = f"regexp_replace({x}, '[\\t\\n\\v\\f\\r\\x{{85}}\\x{{2028}}\\x{{2029}}]+', ' ', 'g')"
    text = f"regexp_replace({text}, {literal(UNSEEN)}, '', 'g')"
    if not joiners:
        text = f"regexp_replace({text}, {literal(JOINERS)}, '', 'g')"
    text = f"regexp_replace(nfc_normalize({text}), {literal(f'^{BLANK}|{BLANK}$')}, '', 'g')"
    return f"CASE WHEN regexp_full_match({x}, '{ASCII_WORDS}') THEN {x} ELSE {text} END"


@cache
def _of_nothing() -> tuple[str, str]:
    """SQL lists of the digests of nothing and of words for it, as hexadecimal and as base64."""
    texts = {t.encode() for word in _WORDS for t in (word, word.upper())}
    digests = sorted(hashlib.sha256(text).digest() for text in texts)
    ends = (*(d.hex() for d in digests), EMPTY["sha1"], EMPTY["md5"])
    return ", ".join(literal(d) for d in ends), ", ".join(literal(base64.b64encode(d).decode()) for d in digests)


def _digests(x: str) -> str:
    """WHEN branches for digests: SHA-256 in either case or in base64, others, those of nothing."""
    plain, coded = _of_nothing()
    return (
        f"WHEN lower({x}) IN ({plain}) OR {x} IN ({coded}) THEN '!hash of nothing' "
        f"WHEN regexp_full_match({x}, '[0-9a-fA-F]{{64}}') THEN '#' || lower({x}) "
        f"WHEN regexp_full_match({x}, '[A-Za-z0-9+/]{{43}}=') THEN coalesce('#' || lower(hex(try(from_base64({x})))), "
        "'!form') "
        f"WHEN regexp_full_match({x}, '[0-9a-fA-F]{{32}}|[0-9a-fA-F]{{40}}|[0-9a-fA-F]{{96}}|[0-9a-fA-F]{{128}}') "
        "THEN '!another hash than SHA-256' "
    )


def email_tokens(values: str) -> str:
    """SQL of the tokens of e-mail cells; several addresses in a cell are split at ``;``, ``,`` and ``|``."""
    split = "CASE WHEN regexp_matches(x, '[;,|]') THEN string_split_regex(x, '[;,|]') ELSE [x] END"
    plain = f"regexp_full_match(x, {literal(PLAIN)})"
    named = f"regexp_replace({cleaned('x', joiners=False)}, '^[^<>]*<([^<>]*)>$', '\\1')"
    inner = f"regexp_replace({named}, '^(?i)mailto:', '')"
    tidy = f"CASE WHEN {plain} THEN x ELSE regexp_replace({inner}, '[.]+$', '') END"
    token = (
        f"CASE WHEN {plain} THEN x WHEN trim(x) = '' THEN NULL {_digests('x')}"
        "WHEN contains(x, '@') AND x[1] NOT IN ('#', '!', '?') THEN x ELSE '!form' END"
    )
    return _present(f"list_transform(list_transform(flatten(list_transform({values}, lambda x: {split})), "
                    f"lambda x: {tidy}), lambda x: {token})")  # fmt: skip


def phone_tokens(values: str) -> str:
    """SQL of the tokens of phone cells; several numbers in a cell are split at ``;`` and ``|``."""
    split = "CASE WHEN regexp_matches(x, '[;|]') THEN string_split_regex(x, '[;|]') ELSE [x] END"
    known = f"regexp_full_match(x, {literal(E164)})"
    tidy = f"CASE WHEN {known} THEN x ELSE {cleaned('x', joiners=False)} END"
    token = f"CASE WHEN {known} THEN x WHEN trim(x) = '' THEN NULL {_digests('x')}ELSE '?' || x END"
    return _present(f"list_transform(list_transform(flatten(list_transform({values}, lambda x: {split})), "
                    f"lambda x: {tidy}), lambda x: {token})")  # fmt: skip


def device_tokens(values: str) -> str:
    """SQL of the tokens of advertising ids: ``i`` or ``a`` (Apple, Android) and the UUID in lower case.

    An id in capitals is Apple's, one in small letters Android's, as both systems print them; ``idfa:``, ``aaid:`` and
    ``gaid:`` before it say so as well.
    """
    uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    tidy = f"regexp_replace({cleaned('x', joiners=False)}, '^[{{(\\x22'']+|[)}}\\x22'']+$', '', 'g')"
    joined = r"'^([0-9A-Fa-f]{8})([0-9A-Fa-f]{4})([1-5][0-9A-Fa-f]{3})([89abAB][0-9A-Fa-f]{3})([0-9A-Fa-f]{12})$'"
    hyphened = f"regexp_replace(x, {joined}, '\\1-\\2-\\3-\\4-\\5')"
    bare = "regexp_replace(x, '^(?i)(?:idfa|aaid|gaid|adid|maid)\\s*:\\s*', '')"
    apple = (
        "CASE WHEN regexp_matches(x, '^(?i)idfa') THEN 'i' WHEN regexp_matches(x, '^(?i)[agm]a?[ia]d') THEN 'a' "
        "WHEN regexp_matches(x, '[A-F]') AND NOT regexp_matches(x, '[a-f]') THEN 'i' ELSE 'a' END"
    )
    token = (
        f"CASE WHEN trim(x) = '' THEN NULL WHEN replace({bare}, '0', '') IN ('', '----') THEN '!all zeros' "
        f"WHEN regexp_full_match(lower({bare}), '{uuid}') THEN ({apple}) || lower({bare}) {_digests('x')}"
        "ELSE '!form' END"
    )
    return _present(f"list_transform(list_transform(list_transform({values}, lambda x: {tidy}), "
                    f"lambda x: {hyphened}), lambda x: {token})")  # fmt: skip


def _present(values: str) -> str:
    return f"list_filter({values}, lambda x: x IS NOT NULL)"


def name_sql(x: str) -> str:
    """SQL of a name, cleaned; NULL where there is none, or a number or another hash stands in its place."""
    nothing = ", ".join(literal(w) for w in (*NOTHING, "", EMPTY["sha256"]))
    return f"CASE WHEN lower({x}) IN ({nothing}) OR regexp_full_match({x}, {literal(NO_NAME)}) THEN NULL ELSE {x} END"


def zip_sql(x: str, country: str) -> str:
    """SQL of a postal code: without what a spreadsheet put behind it, and with the zeros it took in the US."""
    whole = f"regexp_replace({x}, '[.]0$', '')"
    return (
        f"CASE WHEN {country} = 'US' AND regexp_full_match({whole}, '[0-9]{{3,4}}') THEN lpad({whole}, 5, '0') "
        f"ELSE {name_sql(whole)} END"
    )
