"""Options about panels that sub-commands of ``mmm`` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from attribution.settings import IngestSettings

F = TypeVar("F", bound=Callable[..., Any])


def reading_options(command: F) -> F:
    """How panel files are read, where that is not to be found by looking."""
    for option in (
        click.option("--header", metavar="NAMES", help="Column names, comma-separated, for a file without a header."),
        click.option("--encoding", metavar="NAME", help="Encoding of text files [found]."),
        click.option("--delimiter", metavar="C", help="Delimiter of text files [found]."),
        click.option("--timestamp-format", metavar="PATTERN", help="How dates are written, as %d.%m.%Y [found]."),
    ):
        command = option(command)
    return command


def reading(options: dict[str, Any]) -> IngestSettings:
    """Settings of those options."""
    from attribution.settings import IngestSettings  # noqa: PLC0415

    names = ("header", "encoding", "delimiter", "timestamp_format")
    return IngestSettings(**{name: options[name] for name in names})
