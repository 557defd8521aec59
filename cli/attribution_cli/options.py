"""Options that several commands share, and how they become settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from attribution.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_WORKSPACE = "attribution-workspace"


def workspace_option(command: F) -> F:
    """``-w FOLDER``, also accepted before the command."""
    return click.option(
        "-w",
        "--workspace",
        metavar="FOLDER",
        envvar="ATTRIBUTION_WORKSPACE",
        help=f"Folder of the workspace [{DEFAULT_WORKSPACE}].",
    )(command)


def strict_option(command: F) -> F:
    """``--strict``: findings exit with 1."""
    return click.option("--strict", is_flag=True, help="Exit 1 on any finding, not only on errors.")(command)


def format_options(command: F) -> F:
    """``-f`` and ``-o`` for commands that print a table."""
    command = click.option(
        "-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Write to a file instead of stdout."
    )(command)
    return click.option(
        "-f",
        "--format",
        "form",
        type=click.Choice(["table", "csv", "json", "jsonl", "parquet"]),
        default="table",
        show_default=True,
        help="How the table is written. It never changes with the terminal.",
    )(command)


def journey_options(command: F) -> F:
    """How journeys are cut; the defaults are those of `attribution.settings`."""
    options = [
        click.option("--lookback", metavar="90d", help="A touch counts when at most this old at the conversion."),
        click.option("--lookback-impressions", metavar="D", help="A window of their own for impressions."),
        click.option("--lookback-clicks", metavar="D", help="A window of their own for clicks."),
        click.option("--inactivity", metavar="D", help="A longer gap ends a journey as non-converting."),
        click.option(
            "--direct",
            type=click.Choice(["keep", "drop", "drop-unless-only"]),
            help="What becomes of direct traffic [keep].",
        ),
        click.option(
            "--direct-name", "direct_names", multiple=True, metavar="CHANNEL", help="A channel that is direct."
        ),
        click.option("--collapse-repeats", is_flag=True, default=None, help="Repeats of a channel count as one touch."),
        click.option(
            "--transform",
            "transforms",
            multiple=True,
            metavar="NAME",
            help="unique, exposure, first, frequency, remove-if-not-all:CHANNEL, remove-if-last-and-not-all:CHANNEL.",
        ),
        click.option(
            "--null-end",
            type=click.Choice(["last-touch", "data-end"]),
            help="When a journey that never converts ends [last-touch].",
        ),
        click.option("--as-of", metavar="DATE", help="Leave out everything later; a date means its end (UTC)."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def open_workspace(ctx: click.Context, workspace: str | None) -> Workspace:
    """The workspace that a command, the group or the environment names."""
    from attribution.workspace import Workspace  # noqa: PLC0415

    given = workspace or ((ctx.find_root().obj or {}).get("workspace"))
    return Workspace(given or DEFAULT_WORKSPACE)


def given(options: dict[str, Any]) -> dict[str, Any]:
    """Options that were set; the others keep their defaults."""
    return {k: v for k, v in options.items() if v is not None and v != ()}
