"""A `MixSpec` as the text of a model file that reads back as exactly the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import msgspec

from attribution_models.mix.adstock import Adstock
from attribution_models.mix.priors import Prior
from attribution_models.mix.saturation import Saturation
from attribution_models.mix.spec import Channel, Control, Effect, MixSpec

SECTIONS = ("scaling", "trend", "seasonality", "intercept", "noise")


def model_toml(spec: MixSpec) -> str:
    """Write a specification with every setting spelled out, so that later defaults change nothing in it."""
    lines = [
        *_section("[model]", {"name": spec.name, "link": spec.link, "history": spec.history}),
        *_section("[data]", {n: getattr(spec, n) for n in _DATA}),
    ]
    for name in SECTIONS:
        lines += _section(f"[{name}]", _entries(getattr(spec, name)))
    if spec.period_effect is not None:
        lines += _section("[period_effect]", {"dist": spec.period_effect.family} | spec.period_effect.parameters)
    if spec.time_varying is not None:
        lines += _section("[time_varying]", _entries(spec.time_varying))
    for channel in spec.channels:
        lines += _section("[[channel]]", _entries(channel))
    for control in spec.controls:
        lines += _section("[[control]]", _entries(control))
    for event in spec.events:
        lines += _section("[[event]]", _entries(event))
    for entry in spec.holidays:
        lines += _section("[[holidays]]", _entries(entry))
    return "\n".join(lines).lstrip("\n") + "\n"


_DATA = ("date", "outcome", "revenue", "revenue_per_outcome", "geo", "population")


def _entries(part: Any) -> dict[str, Any]:
    found = {f.name: getattr(part, f.name) for f in fields(part)}
    # TOML has no null: what may be off is written as false.
    if isinstance(part, (Channel, Control)) or "common" in found:
        found["pooling"] = found["pooling"] if found["pooling"] is not None else False
    return found


def _section(head: str, entries: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield head
    yield from (f"{name} = {toml_value(value)}" for name, value in entries.items() if value is not None)


def toml_value(value: Any) -> str:
    """One value as TOML, on one line."""
    if isinstance(value, Prior):
        return toml_value(value.values[0] if value.fixed else {"dist": value.family} | value.parameters)
    if isinstance(value, Effect):
        return toml_value({value.target: value.prior})
    if isinstance(value, (Adstock, Saturation)):
        own = {f.name: getattr(value, f.name) for f in fields(value) if f.name != "priors"}
        return toml_value(own | dict(value.priors))
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's, for basic strings.
        return msgspec.json.encode(value).decode()
    return repr(float(value)) if isinstance(value, float) else str(value)


def setting(key: str, value: object, why: str = "", *, sure: bool = True) -> str:
    """One setting and the reason for it; an unsure one asks to be checked."""
    said = "".join(c if c.isprintable() else " " for c in why)
    comment = f"  # {'' if sure else 'check: '}{said}" if said else ""
    return f"{key} = {toml_value(value)}{comment}"
