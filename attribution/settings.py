"""Every default in one place, as frozen settings that read durations and write TOML."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from attribution.errors import UsageError, listed

MICROSECONDS = {
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}

Direct = Literal["keep", "drop", "drop-unless-only"]
NullEnd = Literal["last-touch", "data-end"]

DIRECT_NAMES = ("direct", "(direct)", "(direct) / (none)")
TRANSFORMS = ("unique", "exposure", "first", "frequency")
TARGETED_TRANSFORMS = ("remove-if-not-all", "remove-if-last-and-not-all")


def duration(text: str, option: str = "duration") -> int:
    """Read ``90d``, ``36h``, ``30m``, ``45s``, ``2w`` as microseconds.

    Raises
    ------
    UsageError
        Where the text is anything else, or not above zero.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*", text)
    if not found:
        msg = (
            f'{option}: "{text}" is no duration. Write a number and a unit: 90d, 36h, 30m, 45s or 2w '
            "(days, hours, minutes, seconds, weeks)."
        )
        raise UsageError(msg)
    microseconds = round(float(found[1]) * MICROSECONDS[found[2]])
    if microseconds <= 0:
        raise UsageError(f'{option}: "{text}" is not above zero. Leave the option out to switch it off.')
    return microseconds


def moment(text: str, option: str = "as-of") -> int:
    """Read an ISO date or time as microseconds since 1970; a date means the end of that day (UTC)."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f'{option}: "{text}" is no date. Write 2026-03-31 or 2026-03-31T18:00:00.') from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    if len(text.strip()) <= len("2026-03-31"):
        at += timedelta(days=1, microseconds=-1)
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneySettings:
    """How touches and conversions become journeys.

    Attributes
    ----------
    lookback : str
        A touch counts for a conversion when at most this old at that moment.
    lookback_impressions, lookback_clicks : str or None
        Windows of their own for touches whose ``interaction`` is an impression (view) or a click.
    inactivity : str or None
        A longer gap between two touches, or between the last touch and the conversion, ends the
        journey before it as non-converting. None: no such cut.
    direct : {"keep", "drop", "drop-unless-only"}
        What becomes of direct touches.
    direct_names : tuple of str
        Channel names that are direct traffic, compared without case.
    collapse_repeats : bool
        Touches of one channel that follow each other become the first of them.
    transforms : tuple of str
        ``unique``, ``exposure``, ``first``, ``frequency``, ``remove-if-not-all:CHANNEL``,
        ``remove-if-last-and-not-all:CHANNEL``, applied in this order.
    null_end : {"last-touch", "data-end"}
        When a journey that never converts ends; its lookback counts back from there.
    as_of : str or None
        Leave out everything later than this moment (ISO date or time, UTC).
    """

    lookback: str = "90d"
    lookback_impressions: str | None = None
    lookback_clicks: str | None = None
    inactivity: str | None = None
    direct: Direct = "keep"
    direct_names: tuple[str, ...] = DIRECT_NAMES
    collapse_repeats: bool = False
    transforms: tuple[str, ...] = ()
    null_end: NullEnd = "last-touch"
    as_of: str | None = None

    def __post_init__(self) -> None:
        for name in ("lookback", "lookback_impressions", "lookback_clicks", "inactivity"):
            text = getattr(self, name)
            if text is not None:
                duration(text, name)
        if self.direct not in ("keep", "drop", "drop-unless-only"):
            raise UsageError(f'direct: "{self.direct}" is unknown. Choose keep, drop or drop-unless-only.')
        if self.null_end not in ("last-touch", "data-end"):
            raise UsageError(f'null_end: "{self.null_end}" is unknown. Choose last-touch or data-end.')
        for transform in self.transforms:
            check_transform(transform)
        if self.as_of is not None:
            moment(self.as_of)

    def as_dict(self) -> dict[str, Any]:
        """Plain data; equal settings give equal data."""
        return asdict(self)


def check_transform(text: str) -> tuple[str, str]:
    """Split ``name`` or ``name:CHANNEL`` and say what is wrong with anything else."""
    name, _, channel = text.partition(":")
    if name in TRANSFORMS and not channel:
        return name, ""
    if name in TARGETED_TRANSFORMS and channel:
        return name, channel
    if name in TARGETED_TRANSFORMS:
        raise UsageError(f'transform "{name}" needs a channel: {name}:Direct')
    known = listed([*TRANSFORMS, *(f"{t}:CHANNEL" for t in TARGETED_TRANSFORMS)])
    raise UsageError(f'transform "{text}" is unknown. Known: {known}.')


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSettings:
    """How files are read; every None is found by looking at the file.

    Attributes
    ----------
    columns : dict of str to str
        ``{"touchpoints.channel": "source"}``: the header that holds a field.
    timezone : str or None
        Zone of times that state none; None reads them as UTC and says so.
    delimiter, encoding, timestamp_format, path_separator : str or None
        Set instead of found.
    header : str or None
        Column names, comma-separated, for files without a header row.
    missing_channel : str or None
        Name given to touches without a channel; None quarantines them.
    conversion_token : str or None
        In journeys laid out in wide columns: the token that means a conversion.
    as_of : str or None
        Rows later than this are counted as outside the window and left out.
    """

    columns: dict[str, str] = field(default_factory=dict)
    timezone: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    timestamp_format: str | None = None
    path_separator: str | None = None
    header: str | None = None
    missing_channel: str | None = None
    conversion_token: str | None = None
    as_of: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data; equal settings give equal data."""
        return asdict(self)


Tier = Literal["exact", "high", "broad"]
TIERS: tuple[Tier, ...] = ("exact", "high", "broad")
OVERSIZED = ("apart", "cut", "keep")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """How ids become customers.

    Attributes
    ----------
    tier : {"exact", "high", "broad"}
        Which links count: ``exact`` those without a score, ``high`` and ``broad`` also those whose score reaches
        the tier's least. Each tier has a registry of its own.
    high, broad : float
        Least score of a link in that tier.
    unified_id : str
        What ``unified_id`` is: ``person`` (a CRM or loyalty number), ``device`` (a cookie or client id whose type is
        not named elsewhere), or the name of an id type, whose ids it then meets. ``auto``: the type whose ids most
        unified ids are, if there is one; else ``person`` where a customers file is keyed by it, else ``device``.
    region : str or None
        Country of phone numbers without one (``DE``, ``US``); None leaves them out.
    most : dict of str to int
        ``{"email > crm_id": 1}``: an e-mail linked with more CRM ids than that joins nobody.
    most_partners : int
        The same for every pair of types without a rule.
    people_per_device : int
        With how many people a cookie or device may be seen and still join them; 1 keeps people apart.
    largest : int
        Ids that one customer plausibly has.
    oversized : {"apart", "cut", "keep"}
        Larger clusters: their ids stand apart, or their weakest bridges are cut first, or they are kept.
    gmail : bool
        Whether dots and what follows a plus are left out of Gmail addresses.
    guards : bool
        Whether ids are guarded at all; without, every link joins. To see what guards are worth.
    as_of : str or None
        Use only links seen until then.
    """

    tier: Tier = "high"
    high: float = 0.95
    broad: float = 0.80
    unified_id: str = "auto"
    region: str | None = None
    most: dict[str, int] = field(default_factory=dict)
    most_partners: int = 200
    people_per_device: int = 1
    largest: int = 500
    oversized: Literal["apart", "cut", "keep"] = "apart"
    gmail: bool = False
    guards: bool = True
    as_of: str | None = None

    def __post_init__(self) -> None:
        if self.tier not in TIERS:
            raise UsageError(f'tier: "{self.tier}" is unknown. Choose exact, high or broad.')
        if self.oversized not in OVERSIZED:
            raise UsageError(f'oversized: "{self.oversized}" is unknown. Choose apart, cut or keep.')
        if not 0 < self.broad <= self.high <= 1:
            msg = f"high is {self.high}, broad {self.broad}: scores lie in 0 to 1, and high is not below broad."
            raise UsageError(msg)
        for name in ("most_partners", "people_per_device", "largest"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}: it must be at least 1.")
        for rule, number in self.most.items():
            if number < 1:
                raise UsageError(f'most: "{rule}" = {number}: it must be at least 1.')
            of_rule(rule)
        if self.as_of is not None:
            moment(self.as_of)

    @property
    def least_score(self) -> float | None:
        """Least score of a link with one; None where such links do not count."""
        return {"exact": None, "high": self.high, "broad": self.broad}[self.tier]

    def as_dict(self) -> dict[str, Any]:
        """Plain data; equal settings give equal data."""
        return asdict(self)


def of_rule(text: str) -> tuple[str, str]:
    """Split ``email > crm_id`` into its two id types."""
    first, mark, second = (part.strip() for part in text.partition(">"))
    if not mark or not first or not second:
        msg = f'most: "{text}" is no rule. Write ID_TYPE > ID_TYPE, as in "email > crm_id" = 1.'
        raise UsageError(msg)
    return first, second
