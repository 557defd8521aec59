"""What a platform imports, as data: one dated, versioned TOML file per platform in ``platforms/``."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec

from attribution.errors import AttributionError, UsageError, did_you_mean, listed

Identifier = Literal[
    "email", "phone", "maid", "idfa", "aaid", "first_name", "last_name", "country", "zip", "value", "row_key"
]
Hash = Literal["sha256", "sha1", "md5", "none"]
CONTACTS = ("email", "phone", "maid", "idfa", "aaid")
ADDRESS = ("first_name", "last_name", "country", "zip")


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a rule was read.

    Attributes
    ----------
    title : str
        Page, repository or document.
    kind : {"platform", "mirror", "connector", "third party"}
        The platform's own page or code, a copy of it, code of somebody who sends to it, or somebody's account.
    read_on : date
        When it was read.
    copy_of : str
        Date of the copy that was read, as the copy states it; empty where it states none.
    address : str
        Where it is.
    """

    title: str
    kind: Literal["platform", "mirror", "connector", "third party"]
    read_on: date
    copy_of: str = ""
    address: str = ""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A statement about a platform, its source, and whether the platform's own words were read.

    Attributes
    ----------
    verified : bool
        Read in the platform's own page or code, or in a copy of it. False: what others do, or what is likely;
        printed with every file made under it.
    source : str
        Key in ``sources``; empty where there is none.
    says : str
        The rule in words.
    """

    verified: bool
    source: str = ""
    says: str = ""


class IdentifierRule(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How values of one identifier become what the platform matches on.

    Attributes
    ----------
    steps : tuple of str
        Names in `attribution.activation.steps`, in order; an argument follows a colon.
    hash : {"sha256", "sha1", "md5", "none"}
        Of the normalised text in UTF-8.
    encoding : {"hex", "base64"}
        Of the digest: lower-case hexadecimal, or base64 of its raw bytes.
    plain : bool
        Whether the platform takes unhashed values as well (for the linter; the writer hashes).
    """

    steps: tuple[str, ...]
    hash: Hash = "none"
    encoding: Literal["hex", "base64"] = "hex"
    plain: bool = False


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A column of a delimited file.

    Attributes
    ----------
    header : str
        As the platform spells it; ``{n}`` becomes the number of a repeated column.
    of : Identifier or None
        What stands in it; None for fixed text.
    text : str
        Fixed text.
    repeat : int
        How often the column may appear; the writer uses as many as the data need.
    hash : Hash or None
        Another hash than the identifier's.
    written : bool
        False: only known to the linter.
    """

    header: str
    of: Identifier | None = None
    text: str = ""
    repeat: int = 1
    hash: Hash | None = None
    written: bool = True


class Limit(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A number that the platform states."""

    value: int


class AudienceList(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One list that the platform takes: a file, or requests as JSON lines.

    Attributes
    ----------
    name : str
        Part of the file's name.
    form : {"csv", "txt", "jsonl"}
        ``csv`` has a header unless ``header`` is false, ``txt`` one value a line, ``jsonl`` one request a line.
    columns : tuple of Column
        Of a file.
    header, quoted : bool
        Whether there is a header row; whether every cell stands in quotes.
    preface : tuple of str
        Lines after the header, before the people.
    member, envelope : str
        Of a payload: one person as JSON with ``$identifier`` in it, and the request around them (`template`).
    repeat : dict
        How many values of an identifier one member takes; 1 where not named.
    address : {"any", "all"}
        Whether names, country and zip are written one without the others.
    needs : tuple of tuple of Identifier
        A row is worth sending with all identifiers of one of these.
    rows, bytes : Limit or None
        Most people, most bytes: of a file, or of a request.
    """

    name: str
    form: Literal["csv", "txt", "jsonl"]
    columns: tuple[Column, ...] = ()
    header: bool = True
    quoted: bool = False
    preface: tuple[str, ...] = ()
    member: str = ""
    envelope: str = ""
    repeat: dict[str, int] = {}
    address: Literal["any", "all"] = "any"
    needs: tuple[tuple[Identifier, ...], ...] = ()
    rows: Limit | None = None
    bytes: Limit | None = None


class PlatformSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything the writer and the linter know about a platform.

    Attributes
    ----------
    platform, title : str
        Name on the command line; name of the product.
    version : int
        Counts up with every change of this file.
    dated : date
        When the rules were last compared with their sources.
    sources, identifiers : dict
    lists : tuple of AudienceList
    least : Limit or None
        People that a list must have before it is served.
    expiry_days : Limit or None
        Days after which members or the whole list lapse at the platform.
    exclusion : Rule
        How the list is set as an exclusion.
    actions : dict
        Words for ``add``, ``remove`` and ``replace`` in ``{action}``.
    replaces : bool
        Whether a file can replace what is there.
    left_to_you : tuple of str
        Fields of a request that only the account's owner knows.
    """

    platform: str
    title: str
    version: int
    dated: date
    sources: dict[str, Source]
    identifiers: dict[Identifier, IdentifierRule]
    lists: tuple[AudienceList, ...]
    exclusion: Rule
    least: Limit | None = None
    expiry_days: Limit | None = None
    refresh: Rule | None = None
    actions: dict[str, str] = {}
    replaces: bool = True
    left_to_you: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Platform and version, for manifests."""
        return f"{self.platform}@{self.version}"

    def unverified(self) -> tuple[str, ...]:
        """Statements of this file that nobody read in the platform's own words."""
        found = [f"{name}: {r.says or _steps(r)}" for name, r in self.identifiers.items() if not r.verified]
        for item in self.lists:
            named = ((f"list {item.name}", item), ("most rows", item.rows), ("most bytes", item.bytes))
            found += [f"{what}: {_words(rule)}" for what, rule in named if rule is not None and not rule.verified]
        for what, rule in (("least size", self.least), ("expiry", self.expiry_days), ("exclusion", self.exclusion)):
            if rule is not None and not rule.verified:
                found.append(f"{what}: {_words(rule)}")
        return tuple(dict.fromkeys(found))


def _steps(rule: IdentifierRule) -> str:
    return " → ".join((*rule.steps, rule.hash))


def _words(rule: Rule) -> str:
    if isinstance(rule, Limit):
        return f"{rule.value:,}" + (f" ({rule.says})" if rule.says else "")
    return rule.says or "form"


def platforms() -> tuple[str, ...]:
    """Names of all platforms, sorted."""
    return tuple(sorted(f.name.removesuffix(".toml") for f in _folder().iterdir() if f.name.endswith(".toml")))


@cache
def platform_spec(platform: str) -> PlatformSpec:
    """Read a platform's description.

    Raises
    ------
    UsageError
        There is none of that name.
    """
    known = platforms()
    if platform not in known:
        msg = f'There is no platform "{platform}".{did_you_mean(platform, known)} Known: {listed(known, 30)}.'
        raise UsageError(msg)
    return read_spec(_folder().joinpath(f"{platform}.toml").read_bytes(), platform)


def read_spec(text: bytes, name: str) -> PlatformSpec:
    """Check a description: types, names of steps and sources, placeholders of payloads.

    Raises
    ------
    AttributionError
        It does not hold together; says where.
    """
    from attribution.activation.spec_checks import contradictions  # noqa: PLC0415  (it reads the types of this file)

    try:
        spec = msgspec.toml.decode(text, type=PlatformSpec)
    except msgspec.MsgspecError as error:
        msg = f"Platform file {name}.toml: {error}"
        raise AttributionError(msg) from None
    wrong = contradictions(spec)
    if wrong:
        msg = f"Platform file {name}.toml: {'; '.join(wrong)}"
        raise AttributionError(msg)
    return spec


def spec_schema() -> dict[str, Any]:
    """JSON schema of a platform file; ``platforms/schema.json`` is this, and a test keeps it so."""
    return msgspec.json.schema(PlatformSpec)


def _folder() -> Any:
    return files("attribution.activation") / "platforms"
