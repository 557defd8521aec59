"""A configuration as TOML, with every default written out."""

from __future__ import annotations

from typing import Any

import msgspec

from attribution.configuration.whole import Configuration


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
