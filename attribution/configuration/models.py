"""Sections of what is fitted: ``[fit]``, ``[hazard]``, ``[mmm]``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from attribution.credit.intervals import Uncertainty
from attribution.credit.specs import SPECS, make, named
from attribution.errors import UsageError, did_you_mean


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
