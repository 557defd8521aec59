"""Whether an id may join others."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Why an id joins nobody; ``JOINS`` where it does."""

    JOINS = 0
    PLACEHOLDER = 1
    BY_HAND = 2
    TOO_MANY = 3
    SHARED = 4
    OVERSIZED = 5
