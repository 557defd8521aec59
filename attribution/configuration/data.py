"""Sections of what is read: ``[ingest]``, ``[identity]``, ``[journeys]``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from attribution.settings import DIRECT_NAMES, Direct, IdentitySettings, IngestSettings, JourneySettings, NullEnd, Tier
from attribution.tables import TABLES


class Ingest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[ingest]``: files by table, and how they are read. Paths are relative to the configuration file."""

    files: tuple[str, ...] = ()
    touchpoints: tuple[str, ...] = ()
    conversions: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    spend: tuple[str, ...] = ()
    assignments: tuple[str, ...] = ()
    observations: tuple[str, ...] = ()
    columns: dict[str, str] = {}
    timezone: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    timestamp_format: str | None = None
    path_separator: str | None = None
    header: str | None = None
    missing_channel: str | None = None
    conversion_token: str | None = None
    as_of: str | None = None

    def inputs(self, base: Path) -> dict[str | None, tuple[str, ...]]:
        """Table (None: find it) to file arguments, as absolute paths."""
        named_tables: dict[str | None, tuple[str, ...]] = {t: getattr(self, t) for t in TABLES}
        return {
            t: tuple(a if a == "-" else str(base / a) for a in arguments)
            for t, arguments in ({None: self.files} | named_tables).items()
            if arguments
        }

    def settings(self) -> IngestSettings:
        """How files are read."""
        names = IngestSettings.__dataclass_fields__
        return IngestSettings(**{n: getattr(self, n) for n in names})


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[identity]``: whether ids are joined into customers, and how; as `IdentitySettings`.

    ``enabled`` left out: where links were ingested.
    """

    enabled: bool | None = None
    effect: bool = False
    tier: Tier = "high"
    high: float = 0.95
    broad: float = 0.80
    unified_id: str = "auto"
    region: str | None = None
    most: dict[str, int] = {}
    most_partners: int = 200
    people_per_device: int = 1
    largest: int = 500
    oversized: Literal["apart", "cut", "keep"] = "apart"
    gmail: bool = False
    guards: bool = True
    as_of: str | None = None

    def settings(self) -> IdentitySettings:
        """How ids become customers."""
        return IdentitySettings(**{n: getattr(self, n) for n in IdentitySettings.__dataclass_fields__})


class Journeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[journeys]``: as `JourneySettings`."""

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

    def settings(self) -> JourneySettings:
        """The rules journeys are cut by."""
        return JourneySettings(**{n: getattr(self, n) for n in JourneySettings.__dataclass_fields__})
