"""``[suppression]``: which rules put a person on the list, in which order, where, and until when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from attribution.errors import UsageError, did_you_mean
from attribution.workspace import digest_of

# What a rule says of a person, for the column ``reason``.
REASONS: dict[str, str] = {
    "complaint": "has an open complaint",
    "employee": "is an employee",
    "test-account": "is a test account",
    "subscriber": "is a subscriber",
    "recent": "bought recently",
    "active": "is an active customer",
    "harm-shown": "ads harmed people like them in an experiment",
    "below-cost": "ads cost more than they brought in an experiment",
    "over-frequency": "has seen many ads without a response",
    "lapsed": "has lapsed",
    "converted": "has converted",
    "customers-file": "is listed as a customer",
}
# Rules that protect people: nothing overrides them, and nobody under them takes part in an experiment.
PROTECTIVE = frozenset({"complaint", "employee", "test-account"})
KEEP = ("cross-sell", "win-back")
# Words of a customers file's ``status``, compared without case; several are separated by ; , or |.
WORDS: dict[str, tuple[str, ...]] = {
    "opted-out": ("opted out", "opted-out", "opt-out", "unsubscribed", "do not sell", "do not contact", "deleted"),
    "complaint": ("complaint", "open complaint"),
    "employee": ("employee", "staff"),
    "test-account": ("test", "test account"),
    "subscriber": ("subscriber", "subscribed"),
    "cross-sell": ("cross-sell", "cross-selling"),
    "win-back": ("win-back", "winback"),
}
SHARES = ("recent_share", "active_share", "lapsed_share", "alive", "lapsed_alive")
ABOVE_0 = ("window_days", "longest_days", "most_impressions", "impression_days")
BY_PURCHASES = frozenset({"recent", "active", "lapsed"})
# Rules that read the verdicts of an experiment: `attribution uplift` keeps them.
BY_UPLIFT = frozenset({"harm-shown", "below-cost"})


class SuppressionPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[suppression]``: the policy. Without rules the list is of everybody who is known to be a customer.

    Attributes
    ----------
    name : str
        What the policy is called; a digest of its rules is put behind it.
    rules : tuple of str
        Keys of `REASONS`; the first that holds gives the reason.
    keep : tuple of str
        ``cross-sell`` and ``win-back``: people who stay in targeting although a commercial rule holds. ``win-back``
        is of lapsed people and of whom the status names so.
    channels : dict
        Rule to the platforms that it is for; a rule that is not named is for all.
    window : {"gaps", "alive"}
        What says that a customer is active: gaps between purchases, or P(alive) of an MBG/NBD.
    window_days : float or None
        Days that replace every gap window where too few people bought twice.
    recent_share, active_share, lapsed_share : float
        Shares of gaps that end within the window, among those who come back.
    alive, lapsed_alive : float
        Bounds of P(alive).
    longest_days : float
        Cap on every window, so that people return by themselves.
    most_impressions, impression_days : int
        More impressions in so many days, without a click or a purchase in them, are over-frequency.
    holdout : float
        Share of whom commercial rules list that stays in targeting, so that the effect can be measured; 0: nobody.
    experiment : str
        Name of the experiment: another name, another draw.
    words : dict
        Rule to the words of ``status`` that mean it, in place of `WORDS`.
    applies : dict
        Platform to the channels that its list acts on. It tells what a list frees, and decides about nobody.
    """

    name: str = "policy"
    rules: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    channels: dict[str, tuple[str, ...]] = {}
    window: Literal["gaps", "alive"] = "gaps"
    window_days: float | None = None
    recent_share: float = 0.5
    active_share: float = 0.75
    lapsed_share: float = 0.95
    alive: float = 0.6
    lapsed_alive: float = 0.3
    longest_days: float = 540.0
    most_impressions: int = 30
    impression_days: int = 30
    holdout: float = 0.0
    experiment: str = "suppression"
    words: dict[str, tuple[str, ...]] = {}
    applies: dict[str, tuple[str, ...]] = {}

    @property
    def version(self) -> str:
        """Name and digest of everything that decides."""
        decides = {k: v for k, v in msgspec.to_builtins(self).items() if k != "applies"}
        return f"{self.name}/{digest_of(decides)[:8]}"

    @property
    def by_purchases(self) -> bool:
        """Whether some rule reads the history of purchases."""
        return bool(BY_PURCHASES & set(self.rules)) or "win-back" in self.keep

    def holds_on(self, rule: str, channel: str | None) -> bool:
        """Whether a rule is for a platform; None asks whether it is for all."""
        return rule not in self.channels or channel in self.channels[rule]

    def words_of(self, rule: str) -> tuple[str, ...]:
        """Words of ``status`` that mean a rule, in small letters."""
        return tuple(w.strip().lower() for w in self.words.get(rule, WORDS[rule]))

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises
        ------
        UsageError
            Names the key.
        """
        self._check_names()
        for key in SHARES:
            if not 0 < getattr(self, key) < 1:
                raise UsageError(f"suppression.{key}: {getattr(self, key)} does not lie between 0 and 1.")
        if self.lapsed_share < self.active_share:
            raise UsageError("suppression.lapsed_share lies below active_share: people would lapse while active.")
        if self.lapsed_alive > self.alive:
            raise UsageError("suppression.lapsed_alive lies above alive: people would lapse while active.")
        for key in ABOVE_0:
            value = getattr(self, key)
            if value is not None and not value > 0:
                raise UsageError(f"suppression.{key}: {value} is not above 0.")
        self._check_holdout()

    def _check_holdout(self) -> None:
        """Refuse a share that nobody can be drawn by, and an experiment without a name."""
        parts = self.holdout * 10_000
        if not 0 <= self.holdout <= 0.5 or abs(parts - round(parts)) > 1e-6:
            raise UsageError(f"suppression.holdout: {self.holdout} is no share from 0 to 0.5 in steps of 0.0001.")
        if not self.experiment.strip() or "\x1f" in self.experiment:
            raise UsageError("suppression.experiment: give the experiment a name.")
        if self.holdout and not self.rules:
            raise UsageError('suppression.holdout: there are no rules to hold people out of. Add rules, as ["active"].')

    def _check_names(self) -> None:
        """Refuse rules that are unknown, keep-rules without rules, and channels that are no names of platforms."""
        known: dict[str, Mapping[str, object] | tuple[str, ...]] = {
            "rules": REASONS, "keep": KEEP, "channels": (*self.rules, *self.keep), "words": WORDS,
        }  # fmt: skip
        for key, names in known.items():
            for name in getattr(self, key):
                if name not in names:
                    near = did_you_mean(name, names)
                    raise UsageError(f'suppression.{key}: "{name}" is unknown.{near} Known: {", ".join(names)}.')
        if self.keep and not self.rules:
            raise UsageError('suppression.keep: there are no rules to keep people from. Add rules, as ["active"].')
        for rule, channels in self.channels.items():
            for channel in channels:
                if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", channel):
                    msg = f'suppression.channels."{rule}": write names of platforms in small letters, as "google-ads".'
                    raise UsageError(msg)
