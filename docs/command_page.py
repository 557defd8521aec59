"""Every command with every option, from the help that the program itself prints; made whenever the site is built."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from attribution_cli.main import attribution

HEAD = """# Every option

This page is made from the help of the program. `attribution COMMAND --help` prints the same in a terminal.
[Commands and what they print](commands.md) shows each command at work.

Every option can also be set in the environment: `ATTRIBUTION_`, then command and option in capitals with `_` for `-`:
`ATTRIBUTION_JOURNEYS_LOOKBACK=30d`. `ATTRIBUTION_WORKSPACE` names the workspace for all commands. `…` behind an option
means that it may be given several times.
"""


def commands_page() -> str:
    """The page as Markdown."""
    return "\n".join([HEAD, *(part for context in commands() for part in _section(context))])


def commands() -> Iterator[click.Context]:
    """A context for each command and sub-command, in the order of the program's own list."""
    yield from _below(click.Context(attribution, info_name="attribution"))


def _below(context: click.Context) -> Iterator[click.Context]:
    yield context
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from _below(click.Context(command, info_name=name, parent=context))


def _section(context: click.Context) -> Iterator[str]:
    command, path = context.command, context.command_path
    depth = min(path.count(" ") + 1, 3)
    yield f"{'#' * max(depth, 2)} {path}\n"
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```text\n{path} {usage}\n```\n"
    yield from _help(command.help or "")
    rows = [_row(parameter, context) for parameter in command.get_params(context)]
    if found := [row for row in rows if row]:
        yield "| option | what it does |\n|---|---|"
        yield from found
        yield ""
    if isinstance(command, click.Group):
        yield "| command | what it does |\n|---|---|"
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            short = getattr(command, "loads", {}).get(name) or child.get_short_help_str(200)
            yield f"| [`{name}`](#{_anchor(f'{path} {name}')}) | {_cell(short)} |"
        yield ""


def _help(text: str) -> Iterator[str]:
    r"""Paragraphs of a help text; what stands under ``\b`` keeps its lines, as a block of commands."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        kept, _, block = paragraph.partition("\b\n")
        if kept.strip():
            yield _cell(" ".join(kept.split())) + "\n"
        if block:
            title, _, lines = block.partition("\n")
            yield f"{title}\n\n```sh\n{inspect.cleandoc(lines)}\n```\n"


def _row(parameter: click.Parameter, context: click.Context) -> str:
    """One line of the table; arguments have no help of their own and stand in the usage."""
    record = parameter.get_help_record(context)
    if record is None or "--help" in parameter.opts:
        return ""
    repeats = " …" if parameter.multiple else ""
    return f"| `{_code(record[0])}`{repeats} | {_cell(record[1])} |"


def _anchor(path: str) -> str:
    return path.replace(" ", "-")


def _code(text: str) -> str:
    """Text between backticks inside a table, as GitHub reads it too."""
    return text.replace("|", "\\|")


def _cell(text: str) -> str:
    """Words that are no markup."""
    for sign in "\\`*_[]<|":
        text = text.replace(sign, f"\\{sign}" if sign != "<" else "&lt;")
    return text
