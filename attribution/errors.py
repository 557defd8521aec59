"""Errors that answer: what is wrong, what was seen, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class AttributionError(Exception):
    """A failure the user can mend; the message says how. The command line exits with 1."""

    exit_code = 1


class UsageError(AttributionError):
    """A wrong option, setting, file name or configuration. The command line exits with 2."""

    exit_code = 2


class GateError(AttributionError):
    """A finding of severity error stopped the work; ``--force`` goes on past it."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``' Did you mean "channel"?'`` where a known word is close, else an empty string."""
    by_lower = {k.lower(): k for k in known}
    close = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f' Did you mean "{by_lower[close[0]]}"?' if close else ""


def counted(number: int, what: str) -> str:
    """``1 cell``, ``3 cells``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def listed(words: Iterable[str], limit: int = 20) -> str:
    """``a, b, c`` with the tail cut where it is long."""
    items = list(words)
    shown = ", ".join(items[:limit])
    return shown + (f" and {len(items) - limit} more" if len(items) > limit else "")
