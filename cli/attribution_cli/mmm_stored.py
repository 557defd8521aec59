"""Options and lines that sub-commands of ``mmm`` about a kept fit share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from attribution.mix.stored import StoredMix

F = TypeVar("F", bound=Callable[..., Any])


def window_options(command: F) -> F:
    """A part of the window, by dates."""
    for option in (
        click.option("--to", "last", metavar="DATE", help="To periods that begin on this day [the panel's end]."),
        click.option(
            "--from", "first", metavar="DATE", help="From periods that begin on this day [the panel's begin]."
        ),
    ):
        command = option(command)
    return command


def force_option(command: F) -> F:
    """``--force``: numbers of a fit that failed its gate, with exit 0."""
    return click.option("--force", is_flag=True, help="A fit that did not converge is a warning, no error.")(command)


def draws_options(command: F) -> F:
    """Interval, and how many draws are used."""
    for option in (
        click.option("--draws", metavar="N", type=click.IntRange(min=20), help="Use so many draws only [all]."),
        click.option(
            "--level", default=0.9, show_default=True, type=click.FloatRange(0.01, 0.99), help="Of intervals."
        ),
    ):
        command = option(command)
    return command


def heading(stored: StoredMix, span: tuple[str, str]) -> str:
    """The fit, what it is about, and when."""
    geos = f", {len(stored.data.geos)} geos" if len(stored.data.geos) > 1 else ""
    text = f"{stored.name}: {stored.spec.outcome}{geos}, {span[0]} to {span[1]}."
    return text if stored.passed else f"{text} {click.style('DID NOT CONVERGE', fg='red', bold=True)}"
