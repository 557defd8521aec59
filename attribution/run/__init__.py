"""One command: every step of a configuration, all of it validated before the first starts."""

from __future__ import annotations

from attribution.run.every_step import run
from attribution.run.files import validate
from attribution.run.made import RunReport

__all__ = ["RunReport", "run", "validate"]
