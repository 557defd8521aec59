"""Sections of what follows from several fits, or from one: ``[reconcile]``, ``[plan]``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from attribution.errors import UsageError

if TYPE_CHECKING:
    from attribution.plan.options import Goal, PlanOptions, Target
    from attribution.reconcile.options import ReconcileOptions


class Reconcile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[reconcile]``: one answer from the fits of journeys, the media-mix fit and experiments on people.

    ``enabled`` left out: where the workspace then holds both fits, and the media-mix fit passed its gate. Texts and
    numbers are those of ``attribution reconcile``.
    """

    enabled: bool | None = None
    paths: str | None = None
    by: tuple[str, ...] = ()
    discrepancy: float | None = None
    match: tuple[str, ...] = ()
    name: str = "reconciled"
    level: float = 0.9

    @property
    def asked(self) -> bool:
        """Whether somebody wants it: then what cannot be done is an error, else a note."""
        return self.enabled is True or (self.enabled is None and self != Reconcile())

    def options(self, seed: int) -> ReconcileOptions:
        """What `reconcile_step` takes.

        Raises
        ------
        UsageError
        """
        from attribution.reconcile.options import ReconcileOptions, parse_match  # noqa: PLC0415

        try:
            return ReconcileOptions(
                self.by, self.discrepancy, parse_match(self.match), self.name, self.level, seed
            )  # fmt: skip
        except UsageError as error:
            raise UsageError(f"[reconcile] {error}") from None


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[plan]``: where the money should go, by the media-mix fit.

    ``enabled`` left out: where ``[mmm]`` names a panel and its fit passed its gate, since it is made to say what
    moving the budget would do; without another key the plan is of today's money. Texts are those of ``attribution
    plan``: ``within`` for all channels (``--bounds``), ``bounds`` for one (``--channel-bounds``), and so on. Files are
    relative to the configuration file.
    """

    enabled: bool | None = None
    name: str = "plan"
    budget: float | None = None
    window: str | None = None
    future: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    within: str = "0.5x:1.5x"
    bounds: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()
    objective: Literal["expected", "quantile", "cvar", "beat-today"] | None = None
    quantile: float | None = None
    target_outcome: float | None = None
    target_roas: float | None = None
    target_mroas: float | None = None
    starts: int = 5

    @property
    def asked(self) -> bool:
        """Whether somebody wants it: then what cannot be done is an error, else a note."""
        return self.enabled is True or (self.enabled is None and self != Plan())

    def options(self, seed: int, base: Path = Path()) -> PlanOptions:
        """What `plan_step` takes; `base`: the folder of the configuration file.

        Raises
        ------
        UsageError
        """
        from attribution.plan.options import PlanOptions, Search  # noqa: PLC0415  (slow to import)

        names = ("budget", "window", "by", "within", "bounds", "locks", "groups", "steps", "moves")
        given = {name: getattr(self, name) for name in names}
        future = tuple(str(base / name) for name in self.future)
        try:
            return PlanOptions(
                **given, future=future, target=self._target(), goal=self._goal(), search=Search(self.starts, seed)
            )  # fmt: skip
        except ValueError as error:
            raise UsageError(f"[plan] {error}") from None

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises
        ------
        UsageError
        """
        if not self.name.strip():
            raise UsageError("plan.name: a plan needs a name.")
        self.options(1)
        target, others = self._target(), [n for n in ("budget", "steps", "moves") if getattr(self, n)]
        if target is not None and others:
            raise UsageError(
                f"plan.target_{target.quantity}: a target asks how much to spend. Leave plan.{others[0]} out."
            )
        if self.moves and self.steps:
            raise UsageError("plan.moves: they say where money goes. Leave plan.steps out.")

    def _target(self) -> Target | None:
        from attribution.plan.options import QUANTITIES, Target  # noqa: PLC0415

        given = [q for q in QUANTITIES if getattr(self, f"target_{q}") is not None]
        if len(given) > 1:
            raise UsageError(f"Take one target: {', '.join(f'plan.target_{q}' for q in given)}.")
        return Target(given[0], getattr(self, f"target_{given[0]}")) if given else None

    def _goal(self) -> Goal | None:
        from attribution.plan.options import goal_of  # noqa: PLC0415

        if self.objective is None:
            if self.quantile is not None:
                raise UsageError("plan.quantile: say of which plan.objective it is, quantile or cvar.")
            return None
        try:
            return goal_of(self.objective, self.quantile)
        except ValueError as error:
            raise UsageError(f"plan.quantile: {error}") from None
