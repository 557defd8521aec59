"""Read a configuration, and say what is wrong with it by the path of the key."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from attribution.configuration.whole import Configuration
from attribution.credit.grains import check_grains
from attribution.errors import UsageError, did_you_mean


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
    if found.seed < 0:
        raise UsageError(f"seed: {found.seed} is below 0. Write 0 or more.")
    found.identity.settings()
    found.journeys.settings()
    found.fit.specs()
    found.fit.uncertainty(found.seed)
    found.mmm.check()
    _check_decisions(found)
    found.suppression.check()
    found.report.check()
    # Periods are those of a panel; which fits have which grain is seen when credits are made.
    check_grains(tuple(grain for grain in found.credits.by if grain != "period"))
    return found


def _check_decisions(found: Configuration) -> None:
    """Their checks import what plans and reconciliations are made of: only where something was asked."""
    if found.reconcile.asked:
        found.reconcile.options(found.seed)
    if found.plan.asked:
        found.plan.check()


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
