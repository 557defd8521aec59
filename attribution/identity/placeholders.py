"""Ids that are none: ``null``, all-zero device ids, test addresses, digests of nothing.

They are shared by strangers, so they join nobody. A list per kind of id (also of the digests that other systems make
of such values) and a few patterns; the list is finite, so that it is compared by key, without reading ten million ids.
What is not listed and still shared by implausibly many is found by how often it is linked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from ipaddress import ip_address
from itertools import product

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from attribution.identity.characters import without_space
from attribution.identity.id_types import Form, IdType, id_type

# What exporters, forms and people write for "there is none".
WORDS = (
    "null", "(null)", "[null]", "<null>", "nil", "none", "(none)", "nan", "na", "n/a", "#n/a", "n.a.", "n.a", "k.a.",
    "undefined", "unknown", "(unknown)", "unbekannt", "inconnu", "desconocido", "sconosciuto", "onbekend", "missing",
    "empty", "(empty)", "blank", "(blank)", "not set", "(not set)", "not_set", "notset", "not available",
    "not provided", "(not provided)", "not applicable", "unavailable", "anonymous", "anon", "guest", "visitor", "user",
    "customer", "test", "tester", "testuser", "test user", "test_user", "test123", "testing", "dummy", "fake", "sample",
    "example", "default", "deleted", "(deleted)", "removed", "redacted", "[redacted]", "(redacted)", "gdpr",
    "opt-out", "opt_out", "optout", "opted_out", "opted out", "no consent", "no_consent", "private", "hidden",
    "invalid",
    "error", "#ref!", "#value!", "#name?", "#null!", "#div/0!", "#num!", "true", "false", "yes", "no", "tbd", "tba",
    "[object object]", "object", "string", "email", "e-mail", "phone", "id", "-", "--", "---", ".", "..", "...", "?",
    "??", "???", "*", "**", "***", "_", "__", "#", "0", "-1", "-99", "-999", "-9999", "0.0", "0x0", "123456789",
    "1234567890", "0123456789", "987654321", "9876543210", "abc",
    "abc123", "abcdef", "asdf", "asdfgh", "qwerty", "foo", "bar", "foobar", "xyz", "[]", "{}", "()",
)  # fmt: skip
# Names that ad servers put in place of an id where they did not fill in the macro.
MACROS = (
    "user_id", "userid", "device_id", "deviceid", "advertising_id", "idfa", "gaid", "aaid", "adid", "maid", "ifa",
    "cookie_id", "client_id", "visitor_id", "click_id", "clickid", "gclid", "email", "email_sha256", "hashed_email",
    "phone", "uid", "id", "customer_id", "crm_id",
)  # fmt: skip
_WRAPPERS = ("{{%s}}", "{%s}", "${%s}", "%%%%%s%%%%", "[%s]", "__%s__", "<%s>", "{{ %s }}")
MACRO = re.compile(
    r"\{\{.*\}\}|\$?\{[A-Za-z_. ]+\}|%%[A-Za-z_]+%%|\[[A-Za-z_]+\]|__[A-Za-z]+(?:_[A-Za-z]+)*__|<[A-Za-z_]+>", re.DOTALL
)
# A number that a spreadsheet has shortened: many ids become one.
SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+")

_LOCALS = (
    "test", "test1", "test2", "test123", "tester", "testing", "testuser", "noreply", "no-reply", "no_reply", "no.reply",
    "donotreply", "do-not-reply", "unknown", "none", "null", "na", "n", "nomail", "no", "noemail", "no-email", "noone",
    "nobody", "undefined", "anonymous", "guest", "dummy", "fake", "example", "sample", "user", "email", "mail", "name",
    "customer", "abc", "abc123", "aaa", "aa", "a", "asd", "asdf", "qwerty", "xxx", "xx", "x", "xyz", "123", "1234",
    "12345", "foo", "bar", "me", "you", "your", "youremail", "your.email", "yourname", "first.last",
    "firstname.lastname", "john.doe", "johndoe", "jane.doe", "max.mustermann",
)  # fmt: skip
_DOMAINS = (
    "example.com", "example.org", "example.net", "test.com", "test.de", "test.test", "domain.com", "email.com",
    "mail.com", "none.com", "noemail.com", "nomail.com", "noreply.com", "na.com", "null.com", "unknown.com", "fake.com",
    "abc.com", "xyz.com", "asdf.com", "company.com", "yourdomain.com", "anonymous.com", "noone.com", "x.com", "a.com",
)  # fmt: skip
# At large providers only what nobody can have as a mailbox of their own.
_PROVIDERS = (
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "gmx.de",
    "web.de",
)
_NOBODYS = (
    "test", "test123", "noreply", "no-reply", "unknown", "none", "null", "noemail", "nomail", "undefined", "anonymous",
    "abc", "abc123", "asdf", "xxx", "example", "user", "email", "guest", "nobody", "noone", "123", "1234", "12345",
)  # fmt: skip
# Both Python and DuckDB read this expression, on an address in normal form.
PLACEHOLDER_EMAIL = (
    r"^(?:no[._-]?reply|do[._-]?not[._-]?reply|mailer-daemon|no[._-]?e?-?mail|unknown|undefined|null|none|n/?a|nobody"
    r"|anonymous|dummy|test(?:er|ing|user)?[0-9]*)@|@(?:[^@]*\.)?(?:invalid|localhost|localdomain)$"
)
_EMAIL = re.compile(PLACEHOLDER_EMAIL)
# A country code and one digit over and over.
PLACEHOLDER_PHONE = r"^\+[0-9]{1,3}(?:" + "|".join(f"{digit}{{7,}}" for digit in "0123456789") + ")$"
_PHONE = re.compile(PLACEHOLDER_PHONE)
_SEQUENCES = ("1234567", "12345678", "123456789", "1234567890", "0123456789")
# Ids that one phone model, one emulator or one consent setting gave to many.
_DEVICES = ("9774d56d682e549c", "12345678-1234-1234-1234-123456789012", "12345678-1234-1234-1234-123456789abc",
            "00000000-0000-0000-0000-000000000001")  # fmt: skip
_ADDRESSES = (
    "0.0.0.0",  # noqa: S104 - an id, nothing is bound
    "127.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "8.8.8.8",
    "8.8.4.4",
    "1.1.1.1",
)
_OPAQUE: tuple[Form, ...] = ("maid", "device", "token", "number", "text")


def is_placeholder(kind: IdType | str, canonical: str) -> bool:
    """Whether an id is none.

    Parameters
    ----------
    kind : IdType or str
    canonical : str
        Canonical text, as `attribution.identity.normalize.canonical` gives it; of a raw e-mail or phone that is its
        SHA-256, of which only listed ones are known. `placeholder_contact` judges the text before hashing.

    Examples
    --------
    >>> is_placeholder("idfa", "00000000-0000-0000-0000-000000000000"), is_placeholder("cookie", "GA7x")
    (True, False)
    """
    kind = id_type(kind)
    if canonical in _listed_set(kind.form):
        return True
    if kind.form == "ip":
        return not _is_global(canonical)
    if kind.form not in _OPAQUE:
        return False
    return MACRO.fullmatch(canonical) is not None or (
        kind.form == "number" and SHORTENED.fullmatch(canonical) is not None
    )


def placeholder_contact(form: Form, normal: str) -> bool:
    """Whether an e-mail address or a telephone number in normal form, not hashed yet, is nobody's."""
    if form == "email":
        return _EMAIL.search(normal) is not None
    return _PHONE.search(normal) is not None


def listed(kind: IdType | str) -> tuple[str, ...]:
    """Canonical texts of that kind which are no ids, in alphabetic order."""
    return _listed(id_type(kind).form)


@cache
def _listed(form: Form) -> tuple[str, ...]:
    return tuple(sorted(set(_texts(form))))


@cache
def _listed_set(form: Form) -> frozenset[str]:
    return frozenset(_listed(form))


def _texts(form: Form) -> Iterator[str]:
    if form == "ip":
        yield from _ADDRESSES
    elif form == "email":
        yield from _digests("sha256", [*_emails(), *_cased(WORDS), ""])
    elif form == "phone":
        yield from _digests("sha256", [*_phones(), *_cased(WORDS), ""])
    elif form in {"md5", "sha1", "sha256"}:
        devices = [*_uuids(), *_DEVICES]
        raw = [*_emails(), *_phones(), *devices, *(d.upper() for d in devices), *_cased(WORDS), ""]
        yield from _digests(form, raw)
        yield from (digit * {"md5": 32, "sha1": 40, "sha256": 64}[form] for digit in "0f")
    else:
        yield from _opaque(form)
    if form in {"email", "phone"}:
        yield from ("0" * 64, "f" * 64)


def _opaque(form: Form) -> Iterator[str]:
    # Whatever the kind: a digest of nothing is nothing.
    texts = [*_cased(WORDS), *_repeated(), *_macros(), *_uuids(), *_DEVICES]
    texts += [d for name in ("md5", "sha1", "sha256") for d in _digests(name, [""])]
    # Advertising ids have neither capitals nor white space.
    yield from {without_space(t.lower()) for t in texts} if form == "maid" else texts
    if form in {"token", "text", "number"}:
        yield from (u.upper() for u in _uuids())


def _digests(name: str, texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def _cased(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield from {word, word.upper(), word.capitalize(), word.title()}


def _macros() -> Iterator[str]:
    for wrapper, name in product(_WRAPPERS, MACROS):
        yield from (wrapper % name, wrapper % name.upper())


def _repeated() -> Iterator[str]:
    """One character over and over: zeros and dashes at any length, others where chance would not do it."""
    for character in "0-.?*_#":
        yield from (character * n for n in range(1, 41))
    for character in "xX":
        yield from (character * n for n in range(3, 41))
    # Shorter ones are numbers of customers.
    for character in "123456789abcdefABCDEF":
        yield from (character * n for n in range(8, 41))


def _uuids() -> Iterator[str]:
    yield from ("-".join(digit * n for n in (8, 4, 4, 4, 12)) for digit in "0123456789abcdef")


def _emails() -> Iterator[str]:
    yield from (f"{local}@{domain}" for local, domain in product(_LOCALS, _DOMAINS))
    yield from (f"{local}@{domain}" for local, domain in product(_NOBODYS, _PROVIDERS))


def _phones() -> Iterator[str]:
    """Every country's numbers of one digit repeated, and those that count up."""
    nationals = [digit * n for digit in "0123456789" for n in range(7, 12)] + list(_SEQUENCES)
    for code, national in product(COUNTRY_CODE_TO_REGION_CODE, nationals):
        if len(f"{code}{national}") <= 15:
            yield f"+{code}{national}"


def _is_global(address: str) -> bool:
    try:
        return ip_address(address).is_global
    except ValueError:
        return False
