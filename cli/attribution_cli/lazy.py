"""A group of commands that imports a command's file only when that command is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group whose commands live in one file each.

    Parameters
    ----------
    loads : mapping of str to str
        Command to the line that lists it, in the order of a day's work. Command ``draft`` is the attribute ``draft``
        of the module ``{prefix}draft``.
    prefix : str
        Start of the modules' names.
    """

    def __init__(self, *arguments: Any, loads: Mapping[str, str], prefix: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.loads, self.prefix = loads, prefix

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names of the commands."""
        return list(self.loads)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in self.loads:
            return None
        command: click.Command = getattr(import_module(f"{self.prefix}{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.loads.items()))
