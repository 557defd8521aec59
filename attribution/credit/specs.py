"""Path models by name, as a command line, a configuration file and a saved fit write them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from attribution.errors import UsageError, did_you_mean, listed
from attribution_models.paths.markov import Markov
from attribution_models.paths.registry import FAMILIES
from attribution_models.paths.rules import First, Last, LastNonDirect, Linear, Position, TimeDecay
from attribution_models.paths.shapley import Shapley

# Name of the model in the credits table, its spec and its family. A new path model is one line here.
SPECS: dict[str, tuple[type[Any], str]] = {
    "first": (First, "rules"),
    "last": (Last, "rules"),
    "last-non-direct": (LastNonDirect, "rules"),
    "linear": (Linear, "rules"),
    "position": (Position, "rules"),
    "time-decay": (TimeDecay, "rules"),
    "markov": (Markov, "markov"),
    "shapley": (Shapley, "shapley"),
}


def model_of(spec: Any) -> str:
    """The model's name in the credits table."""
    return next(name for name, (kind, _) in SPECS.items() if type(spec) is kind)


def family_of(spec: Any) -> str:
    """The family that fits it: ``rules``, ``markov`` or ``shapley``."""
    return SPECS[model_of(spec)][1]


def make(model: str, settings: dict[str, Any] | None = None) -> Any:
    """A spec from its model name and settings.

    Raises
    ------
    UsageError
        Where the name or a setting is unknown, or a value is refused.
    """
    if model not in SPECS:
        raise UsageError(f'No model "{model}".{did_you_mean(model, SPECS)} Known: {listed(SPECS)}.')
    try:
        return SPECS[model][0](**(settings or {}))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{model}: {error}") from None


def settings_of(spec: Any) -> dict[str, Any]:
    """A spec's settings as plain data."""
    return asdict(spec)


def defaults(family: str) -> tuple[Any, ...]:
    """The specs that a family fits when none are named."""
    return FAMILIES[family].defaults


def named(words: list[str]) -> tuple[Any, ...]:
    """Specs of family or model names: ``rules`` is all rules, ``markov`` is order 1, ``first`` is itself."""
    specs: list[Any] = []
    for word in words:
        if word not in FAMILIES and word not in SPECS:
            known = [*FAMILIES, *(s for s in SPECS if s not in FAMILIES)]
            raise UsageError(f'No model "{word}".{did_you_mean(word, known)} Known: {listed(known)}.')
        specs += defaults(word) if word in FAMILIES else [make(word)]
    unique = {spec.name: spec for spec in specs}
    return tuple(unique.values())
