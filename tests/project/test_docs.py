"""The documentation site: pages that are made hold everything, examples in pages are what commands print."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil

import click
import pytest

import attribution
from attribution_cli.main import attribution as group
from tests.conftest import PROJECT

DOCS = PROJECT / "docs"
COMMANDS_PAGE = runpy.run_path(str(DOCS / "command_page.py"))
WRITTEN = [*sorted(DOCS.rglob("*.md")), PROJECT / "README.md", *sorted((PROJECT / "examples").glob("*.sh"))]
# In the order of reading: later pages go on with the demo of the first.
WALKED = ("first-ten-minutes", "howto/media-planner", "howto/analyst", "howto/ad-ops")


def contexts():
    return list(COMMANDS_PAGE["commands"]())


def test_the_page_of_options_has_every_command_and_every_option():
    page = COMMANDS_PAGE["commands_page"]()
    _, *parts = re.split(r"^#+ (attribution.*)$", page, flags=re.MULTILINE)
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    assert len(sections) == len(contexts()) > 30
    for context in contexts():
        for option in context.command.params:
            if isinstance(option, click.Option) and not option.hidden:
                for name in option.opts:
                    assert re.search(rf"[`, ]{name}\b", sections[context.command_path]), (context.command_path, name)


def test_every_page_of_options_has_its_example_in_a_block():
    page = COMMANDS_PAGE["commands_page"]()
    assert "\b" not in page
    for name in group.list_commands(click.Context(group)):
        assert f"\n## attribution {name}\n" in page


def test_every_public_name_is_in_the_reference():
    api = runpy.run_path(str(DOCS / "api_page.py"))
    listed = re.findall(r"^::: (\S+)$", api["api_page"](), re.MULTILINE)
    homes = [home.replace(":", ".") if ":" in home else f"{home}.{name}" for name, home in attribution._HOMES.items()]
    assert sorted(listed) == sorted(homes)
    assert {name for names in api["GROUPS"].values() for name in names} <= set(attribution.__all__)


def test_what_a_page_loads_from_outside_is_seen(tmp_path):
    outside = runpy.run_path(str(DOCS / "outside.py"))["outside"]
    page = tmp_path / "page.html"
    page.write_text(
        '<link rel="stylesheet" href="//fonts.example/a.css"><script src="https://cdn.example/b.js"></script>'
        '<a href="https://example.com">a link</a><img src="own.png"><style>@import "https://c.example/d.css";</style>'
        "<p style=\"background: url('https://e.example/f.png')\">https://example.com/text</p>"
    )
    assert len(list(outside(page))) == 4
    sheet = tmp_path / "sheet.css"
    sheet.write_text("a { background: url(own.png) } b { background: url(http://g.example/h.png) }")
    assert list(outside(sheet)) == ["http://g.example/h.png"]


def lines_of(path):
    """Commands that a document shows, as words; without what is behind a pipe or a comment."""
    text = path.read_text(encoding="utf-8")
    blocks = [text] if path.suffix == ".sh" else re.findall(r"```(?:sh|console)\n(.*?)```", text, re.DOTALL)
    for line in "\n".join(blocks).replace("\\\n", " ").split("\n"):
        found = re.match(r"(?:\$ )?attribution (.*)", line)
        if found and "…" not in line and not re.match(r"(?:\$ )?attribution COMMAND", line):
            yield shlex.split(re.split(r"\s[|>]\s", found[1])[0], comments=True)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_command_in_a_document_is_one_that_the_program_knows(path):
    for words in lines_of(path):
        command, left, context = group, words, click.Context(group, info_name="attribution")
        try:
            while True:
                _, left, _ = command.make_parser(context).parse_args(list(left))
                if not isinstance(command, click.Group) or not left:
                    break
                name, *left = left
                command = command.get_command(context, name)
                assert command is not None, f"no command {name}"
                context = click.Context(command, info_name=name, parent=context)
        except click.UsageError as error:
            pytest.fail(f"attribution {shlex.join(words)}: {error.format_message()}")


def walked(page):
    """Commands of a page with the lines that it shows for each; a block may hold several commands."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        commands = [line[len("$ attribution ") :] for line in block.split("\n") if line.startswith("$ ")]
        shown = [line for line in block.split("\n") if line.strip() and not line.startswith("$ ")]
        for number, command in enumerate(commands, start=1):
            yield shlex.split(command), shown if number == len(commands) else []


@pytest.mark.slow
def test_the_pages_for_newcomers_show_what_the_demo_prints(run, tmp_path):
    shutil.copytree(PROJECT / "examples" / "data", tmp_path / "data")
    printed = {}
    for page in WALKED:
        for words, shown in walked(page):
            key = shlex.join(words)
            if "direct.csv" in words:
                rows = (tmp_path / "trap" / "truth.csv").read_text().split("\n")
                direct = [row.split(",")[1:3] for row in rows if row.startswith("direct,")]
                (tmp_path / "direct.csv").write_text("\n".join(map(",".join, [["channel", "conversions"], *direct])))
            if key not in printed:
                done = run(*words, status=1 if words[0] == "lint" else 0)
                printed[key] = (done.out + done.err).split("\n")
            for line in shown:
                known = any(p.startswith(line[:-2]) if line.endswith(" …") else p == line for p in printed[key])
                assert known, f"{page}: {key} no longer prints: {line}\n" + "\n".join(printed[key])
