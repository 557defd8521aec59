"""Model files: TOML into a frozen `MixSpec`, what is wrong named by its path."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, time
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from attribution.errors import UsageError, did_you_mean
from attribution.mix import model_tables as tables
from attribution.mix.model_tables import ModelFile, Pooling, PriorTable, PriorValue
from attribution.tables import BASELINE, UNATTRIBUTED
from attribution_models.mix import adstock, saturation, spec
from attribution_models.mix.countries import check_country
from attribution_models.mix.priors import Prior, half_normal, normal
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.time_varying import TimeVarying

MEDIATOR = (
    "a mediator lies on the way from media to the outcome (own traffic, brand searches that ads cause); controlling "
    "for it takes away part of what media did. Leave the column out"
)


class _WrongError(ValueError):
    """What is wrong at a path of the file."""


def read_model(path: Path) -> MixSpec:
    """Read a model file.

    Raises
    ------
    UsageError
        Where the file is missing, is no TOML, or something in it is unknown or cannot be; the message names it by its
        path, as in ``channel[2].adstock.kind``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f'Cannot read "{path}": {error.strerror}.') from None
    except UnicodeDecodeError:
        raise UsageError(f'"{path}" is no valid TOML: it is not UTF-8.') from None
    return parse_model(text, str(path))


def parse_model(text: str, name: str = "model file") -> MixSpec:
    """Read the text of a model file; see `read_model`."""
    try:
        raw = _plain(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f'"{name}" is no valid TOML: {error}.') from None
    try:
        return _spec(msgspec.convert(raw, ModelFile), raw)
    except msgspec.ValidationError as error:
        raise UsageError(f"{name}: {_explained(str(error))}") from None
    except _WrongError as error:
        raise UsageError(f"{name}: {error}") from None


def template() -> str:
    """The commented template of a model file."""
    return files("attribution.mix").joinpath("template.toml").read_text(encoding="utf-8")


def _plain(value: Any) -> Any:
    """TOML's own dates as text, so that ``2026-11-27`` may be written with or without quotes."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, (date, time)) else value


def _explained(message: str) -> str:
    """The words of msgspec with the path first, and the nearest known key for an unknown one."""
    text, _, where = message.partition(" - at `$")
    place = where.strip("`.").lstrip(".")
    unknown = re.search(r"unknown field `([^`]+)`", text)
    if unknown:
        known = _keys(place)
        full = f"{place}.{unknown[1]}" if place else unknown[1]
        return f'"{full}" is unknown.{did_you_mean(unknown[1], known)} Known here: {", ".join(known)}.'
    return f"{place}: {text}." if place else f"{text}."


def _keys(place: str) -> tuple[str, ...]:
    """The keys that the table at a path may hold."""
    found: Any = ModelFile
    for step in re.findall(r"\w+", re.sub(r"\[\d+\]", "", place)):
        found = _table(get_type_hints(found)[step])
    keys: tuple[str, ...] = found.__struct_fields__
    return keys


def _table(hint: Any) -> Any:
    """The table inside ``tuple[Table, …]`` or ``float | Table``."""
    if isinstance(hint, type) and issubclass(hint, tables.Section):
        return hint
    return next((found for part in get_args(hint) if (found := _table(part))), None)


@contextmanager
def _at(path: str) -> Iterator[None]:
    """Say at which path a value cannot be."""
    try:
        yield
    except _WrongError:
        raise
    except ValueError as error:
        raise _WrongError(f"{path}: {error}") from None


def _prior(value: PriorValue, path: str) -> Prior:
    if not isinstance(value, PriorTable):
        return Prior("fixed", (float(value),))
    given = {k: v for k, v in msgspec.structs.asdict(value).items() if k != "dist" and v is not None}
    if value.dist == "truncated-normal":
        given.setdefault("upper", float("inf"))
    with _at(path):
        return Prior.of(value.dist, **given)


def _pooling(value: Pooling, default: Prior | None, path: str) -> Prior | None:
    """``false``: none; ``true``: the default."""
    if isinstance(value, bool):
        return default if value else None
    return _prior(value, path)


def _priors(table: tables.Section, path: str, **renamed: str) -> dict[str, Prior]:
    """Priors that a table gives, as arguments; the others keep the defaults of the specification."""
    hints = get_type_hints(type(table))
    names = [n for n, hint in hints.items() if hint == PriorValue | None and getattr(table, n) is not None]
    return {renamed.get(n, n): _prior(getattr(table, n), f"{path}.{n}") for n in names}


def _spec(file: ModelFile, raw: dict[str, Any]) -> MixSpec:
    _check_columns(file)
    channels = tuple(
        _channel(entry, raw["channel"][i], raw.get("defaults", {}), f"channel[{i}]")
        for i, entry in enumerate(file.channel)
    )
    trend, seasonality = file.trend, file.seasonality
    with _at("channel"):
        return MixSpec(
            **msgspec.structs.asdict(file.data),
            channels=channels,
            controls=tuple(_control(c, f"control[{i}]") for i, c in enumerate(file.control)),
            events=tuple(_event(e, f"event[{i}]") for i, e in enumerate(file.event)),
            holidays=tuple(_holidays(h, f"holidays[{i}]") for i, h in enumerate(file.holidays)),
            trend=_trend(trend),
            seasonality=spec.Seasonality(
                seasonality.yearly, seasonality.monthly, seasonality.weekly, **_priors(seasonality, "seasonality")
            ),
            intercept=_intercept(file.intercept),
            noise=_noise(file.noise),
            scaling=spec.Scaling(**msgspec.structs.asdict(file.scaling)),
            period_effect=_prior(file.period_effect, "period_effect") if file.period_effect else None,
            time_varying=None if file.time_varying is None else _time_varying(file.time_varying),
            **msgspec.structs.asdict(file.model),
        )


def _check_columns(file: ModelFile) -> None:
    """A column has one role; only a channel's spend may be its exposure too, and a confounder besides.

    As a confounder it stands for what moves with the spend and is not recorded: lift tests tell the two apart.
    """
    data = file.data
    worth = data.revenue_per_outcome if isinstance(data.revenue_per_outcome, str) else None
    uses = [("data.date", data.date), ("data.outcome", data.outcome), ("data.revenue_per_outcome", worth)]
    uses += [("data.geo", data.geo), ("data.population", data.population)]
    for i, channel in enumerate(file.channel):
        acts = {channel.exposure or channel.spend, channel.spend, channel.frequency}
        uses += [(f"channel[{i}]", column) for column in sorted(filter(None, acts))]
    spends = {channel.spend for channel in file.channel}
    stands_in = {c.column for c in file.control if c.role == "confounder" and not c.treatment} & spends
    uses += [(f"control[{i}].column", c.column) for i, c in enumerate(file.control) if c.column not in stands_in]
    seen: dict[str, str] = {}
    for path, column in uses:
        if column is None:
            continue
        if column in seen:
            raise _WrongError(f'{path}: column "{column}" has a role already, at {seen[column]}. Give it one.')
        seen[column] = path


def _channel(table: tables.ChannelTable, raw: dict[str, Any], defaults: dict[str, Any], path: str) -> spec.Channel:
    if table.name in (BASELINE, UNATTRIBUTED):
        raise _WrongError(f'{path}.name: "{table.name}" is a reserved name.')
    exposure = table.exposure or table.spend
    if exposure is None:
        raise _WrongError(f"{path}: name the column that acts (exposure), that of its cost (spend), or both.")
    carry = _merged(defaults.get("adstock", {}), raw.get("adstock", {}), "geometric", adstock.KINDS)
    curve = _merged(defaults.get("saturation", {}), raw.get("saturation", {}), "logistic", saturation.KINDS)
    pooled = spec.Channel(table.name, exposure).pooling
    with _at(path):
        return spec.Channel(
            table.name,
            exposure,
            table.spend,
            table.frequency,
            adstock=_adstock(carry, f"{path}.adstock"),
            saturation=_saturation(curve, f"{path}.saturation"),
            order=table.order,
            effect=_effect(table, raw, defaults, path),
            pooling=_pooling(table.pooling, pooled, f"{path}.pooling"),
            national=table.national,
            missing=table.missing,
        )


def _merged(
    defaults: dict[str, Any], own: dict[str, Any], usual: str, kinds: Mapping[str, adstock.AdstockKind | Any]
) -> dict[str, Any]:
    """A channel's table over the defaults; priors of another kind's parameters are not its own."""
    kind = defaults.get("kind", usual)
    if own.get("kind", kind) != kind:
        defaults = {k: v for k, v in defaults.items() if k not in kinds[kind].parameters}
    return {**defaults, **own}


def _shape_priors(table: tables.Section, raw: dict[str, Any], path: str) -> tuple[tuple[str, Prior], ...]:
    """Priors of a curve's parameters, in the order of the file (a saved model reads back as it was)."""
    found = _priors(table, path)
    return tuple((name, found[name]) for name in raw if name in found)


def _adstock(raw: dict[str, Any], path: str) -> adstock.Adstock:
    table = msgspec.convert(raw, tables.AdstockTable)
    priors = _shape_priors(table, raw, path)
    with _at(path):
        return adstock.Adstock(table.kind, table.l_max, table.normalize, priors, table.shared)


def _saturation(raw: dict[str, Any], path: str) -> saturation.Saturation:
    table = msgspec.convert(raw, tables.SaturationTable)
    priors = _shape_priors(table, raw, path)
    with _at(path):
        return saturation.Saturation(table.kind, priors, table.shared)


def _effect(table: tables.ChannelTable, raw: dict[str, Any], defaults: dict[str, Any], path: str) -> spec.Effect:
    own = bool(raw.get("effect"))
    where = f"{path}.effect" if own else "defaults.effect"
    chosen = table.effect if own else msgspec.convert(defaults.get("effect", {}), tables.EffectTable)
    given = _priors(chosen, where)
    if not given:
        return spec.Effect()
    if len(given) > 1:
        raise _WrongError(f"{where}: one prior, on {' or '.join(given)}; this has {len(given)}.")
    ((target, prior),) = given.items()
    if target in ("roi", "mroi") and table.spend is None:
        raise _WrongError(
            f"{where}.{target}: {path} ({table.name}) has no spend, which a prior on {target} needs. Name its spend "
            f"column, or give it effect = {{ contribution = … }}."
        )
    with _at(f"{where}.{target}"):
        return spec.Effect(target, prior)  # type: ignore[arg-type]


def _control(table: tables.ControlTable, path: str) -> spec.Control:
    if table.role == "mediator":
        raise _WrongError(f'{path}.role: "{table.column}": {MEDIATOR}.')
    priors = _priors(table, path)
    pooling = _pooling(table.pooling, half_normal(1.0), f"{path}.pooling")
    with _at(f"{path}.prior"):
        return spec.Control(
            table.column,
            sign=table.sign,
            role=table.role,
            treatment=table.treatment,
            scale=table.scale,
            pooling=pooling,
            missing=table.missing,
            **priors,
        )


def _event(table: tables.EventTable, path: str) -> spec.Event:
    dates = []
    for i, entry in enumerate(table.dates):
        first, last = (entry, entry) if isinstance(entry, str) else entry
        for text in (first, last):
            try:
                date.fromisoformat(text)
            except ValueError:
                raise _WrongError(f'{path}.dates[{i}]: "{text}" is no date. Write 2026-11-27.') from None
        if last < first:
            raise _WrongError(f"{path}.dates[{i}]: ends ({last}) before it begins ({first}).")
        dates.append((first, last))
    if not dates:
        raise _WrongError(f"{path}.dates: no date. Name the days, as in [2026-11-27] or [[2026-12-01, 2026-12-24]].")
    return spec.Event(table.name, tuple(dates), **_priors(table, path))


def _holidays(table: tables.HolidaysTable, path: str) -> spec.Holidays:
    with _at(path):
        check_country(table.country, table.subdivision)
    return spec.Holidays(table.country, table.subdivision, table.each, **_priors(table, path))


def _trend(table: tables.TrendTable) -> spec.Trend:
    priors = _priors(table, "trend")
    if table.kind in ("linear", "knots") and priors.get("prior", normal(0, 1)).family not in ("normal", "laplace"):
        raise _WrongError(f"trend.prior: {priors['prior'].family} is not possible here; normal or laplace.")
    return spec.Trend(table.kind, table.points, table.at, covariance=table.covariance, **priors)


def _noise(table: tables.NoiseTable) -> spec.Noise:
    priors = _priors(table, "noise")
    with _at("noise.autoregression"):
        return spec.Noise(table.kind, by_geo=table.by_geo, **priors)


def _time_varying(table: tables.TimeVaryingTable) -> TimeVarying:
    priors = _priors(table, "time_varying")
    with _at("time_varying"):
        return TimeVarying(table.points, covariance=table.covariance, **priors)


def _intercept(table: tables.InterceptTable) -> spec.Intercept:
    pooled = _pooling(table.pooling, spec.Intercept().pooling, "intercept.pooling")
    return spec.Intercept(pooling=pooled, common=table.common, **_priors(table, "intercept"))
