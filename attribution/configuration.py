"""``attribution.toml``: every step of a run, read into frozen descriptions, wrong keys named by their path."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

from attribution.credit.grains import check_grains
from attribution.credit.intervals import Uncertainty
from attribution.credit.specs import SPECS, make, named
from attribution.errors import UsageError, did_you_mean
from attribution.settings import DIRECT_NAMES, Direct, IdentitySettings, IngestSettings, JourneySettings, NullEnd, Tier
from attribution.suppression.rules import SuppressionPolicy
from attribution.tables import TABLES

# The form of a report by the end of its file's name.
REPORT_FORMS: dict[str, Literal["html", "markdown", "json"]] = {
    ".html": "html", ".htm": "html", ".md": "markdown", ".json": "json",
}  # fmt: skip


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


class Fit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[fit]``: families or models by name, models with settings of their own, and how intervals are made."""

    models: tuple[str, ...] = ("rules", "markov", "shapley")
    bootstrap: int = 200
    level: float = 0.9
    model: tuple[dict[str, Any], ...] = ()

    def uncertainty(self, seed: int) -> Uncertainty:
        """How intervals are made."""
        return Uncertainty(bootstrap=self.bootstrap, seed=seed, level=self.level)

    def specs(self) -> tuple[Any, ...]:
        """The specs to fit; a later one of the same name replaces an earlier."""
        specs = [*named(list(self.models))]
        for number, entry in enumerate(self.model):
            settings = dict(entry)
            name = settings.pop("model", None)
            if name not in SPECS:
                known = did_you_mean(str(name), SPECS)
                raise UsageError(f'fit.model[{number}].model: "{name}" is unknown.{known} Known: {", ".join(SPECS)}.')
            specs.append(make(name, settings))
        return tuple({s.name: s for s in specs}.values())


class Hazard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[hazard]``: whether the time-to-event model is fitted, and how; it needs time at risk without touches."""

    enabled: bool = False
    positive: bool = False
    lag: float = 0.0
    signals: tuple[str, ...] = ()
    people: int | None = None
    checks: bool = True

    def options(self) -> dict[str, Any]:
        """What `hazard_step` takes."""
        return {n: getattr(self, n) for n in ("positive", "lag", "signals", "people", "checks")}


class Mmm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[mmm]``: a media-mix model, fitted where a panel is named. Paths are relative to the configuration file."""

    panel: tuple[str, ...] = ()
    model: str | None = None
    lifts: tuple[str, ...] = ()
    name: str | None = None
    chains: int = 4
    tune: int = 600
    draws: int = 1000
    max_rounds: int = 4
    target_accept: float = 0.9
    checks: bool = True
    placebo: bool = False
    allow_saturated: bool = False
    force: bool = False

    @property
    def enabled(self) -> bool:
        """Whether there is something to fit."""
        return bool(self.panel)

    def check(self) -> None:
        """Refuse what cannot be fitted.

        Raises
        ------
        UsageError
        """
        if self.enabled and self.model is None:
            raise UsageError("mmm.model: name the model file. Draft one: attribution mmm draft PANEL > mmm.toml.")
        if not self.enabled and (self.model is not None or self.lifts):
            raise UsageError("mmm.panel: name the panel that the model is of.")
        for name, least in (("chains", 2), ("tune", 50), ("draws", 50), ("max_rounds", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"mmm.{name}: {getattr(self, name)} is too few; the least is {least}.")
        if not 0.5 <= self.target_accept < 1:
            raise UsageError(f"mmm.target_accept: {self.target_accept} does not lie between 0.5 and 1. Write 0.9.")

    def files(self, base: Path, names: tuple[str, ...]) -> tuple[str, ...]:
        """File arguments as absolute paths."""
        return tuple(name if name == "-" else str(base / name) for name in names)


class Credits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[credits]``: what is printed and written."""

    models: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    kind: str | None = None
    output: str | None = None


class Suppress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[suppress]``: whether lists are made."""

    enabled: bool = True


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[report]``: the page, and how its numbers are written."""

    enabled: bool = True
    output: str = "report.html"
    fit: str | None = None
    title: str = "Channel contributions"
    locale: str = "en-US"
    currency: str = ""

    def options(self) -> dict[str, Any]:
        """What `report_step` takes."""
        return {n: getattr(self, n) for n in ("fit", "title", "locale", "currency")}

    def check(self) -> None:
        """Refuse a file name that says another form, and what nobody can write numbers by.

        Raises
        ------
        UsageError
        """
        from attribution.report.words import Words  # noqa: PLC0415  (slow to import)

        if not self.enabled:
            return
        Words(self.locale, self.currency)
        if Path(self.output).suffix not in REPORT_FORMS:
            known = ", ".join(REPORT_FORMS)
            raise UsageError(f'report.output: "{self.output}" does not tell its form by its name. Known: {known}.')


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole run.

    Attributes
    ----------
    workspace : str
        Folder of the workspace, relative to the configuration file.
    seed : int
        For steps that draw: the bootstrap.
    """

    workspace: str = "attribution-workspace"
    seed: int = 1
    ingest: Ingest = Ingest()
    identity: Identity = Identity()
    journeys: Journeys = Journeys()
    fit: Fit = Fit()
    hazard: Hazard = Hazard()
    mmm: Mmm = Mmm()
    credits: Credits = Credits()
    suppress: Suppress = Suppress()
    suppression: SuppressionPolicy = SuppressionPolicy()
    report: Report = Report()


def read_configuration(path: Path) -> Configuration:
    """Read and check a configuration file.

    Raises
    ------
    UsageError
        Where the file is missing, is no TOML, or holds a key or value that is not known; the message names
        the key by its path.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f'Cannot read "{path}": {error.strerror}.') from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f'"{path}" is no valid TOML: {error}.') from None
    return configure(data, str(path))


def configure(data: dict[str, Any], name: str) -> Configuration:
    """Check plain data against `Configuration`."""
    try:
        found = msgspec.convert(data, Configuration)
    except msgspec.ValidationError as error:
        raise UsageError(f"{name}: {_explained(str(error))}") from None
    found.identity.settings()
    found.journeys.settings()
    found.fit.specs()
    found.fit.uncertainty(found.seed)
    found.mmm.check()
    found.suppression.check()
    found.report.check()
    # Periods are those of a panel; which fits have which grain is seen when credits are made.
    check_grains(tuple(grain for grain in found.credits.by if grain != "period"))
    return found


def _explained(message: str) -> str:
    """The words of msgspec with the path first, and the nearest known key for an unknown one."""
    text, _, where = message.partition(" - at `$")
    place = where.strip("`.").lstrip(".")
    unknown = re.search(r"unknown field `([^`]+)`", text)
    if unknown:
        section: Any = Configuration
        if place:
            section = type(getattr(Configuration(), place.split(".")[0].split("[")[0], Configuration()))
        known = section.__struct_fields__
        full = f"{place}.{unknown[1]}" if place else unknown[1]
        return f'"{full}" is unknown.{did_you_mean(unknown[1], known)} Known here: {", ".join(known)}.'
    return f"{place}: {text}." if place else f"{text}."


def as_toml(configuration: Configuration) -> str:
    """The configuration with every default written out, as TOML."""
    data = msgspec.to_builtins(configuration)
    lines = [f"{k} = {_value(v)}" for k, v in data.items() if not isinstance(v, dict)]
    for section, values in data.items():
        if not isinstance(values, dict):
            continue
        lines += ["", f"[{section}]"]
        own = values.get("model", ())
        models = () if isinstance(own, str) or own is None else own
        entries = {k: v for k, v in values.items() if not isinstance(v, dict) and (k != "model" or own is not models)}
        lines += [f"{k} = {_value(v)}" if v is not None else f"# {k} = (found, or off)" for k, v in entries.items()]
        for entry in models:
            lines += ["", f"[[{section}.model]]", *(f"{k} = {_value(v)}" for k, v in entry.items())]
        for inner, pairs in ((k, v) for k, v in values.items() if isinstance(v, dict) and v):
            lines += ["", f"[{section}.{inner}]", *(f"{_value(k)} = {_value(v)}" for k, v in pairs.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, str):
        # JSON's escapes are TOML's, for basic strings.
        return msgspec.json.encode(value).decode()
    return str(value)
