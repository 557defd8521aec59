"""What mkdocs calls while it builds the site: pages that are made, links to them, and a look at what pages load."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from api_page import api_page
from command_page import commands_page
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from notebooks import as_page, notebooks
from outside import outside

DOCS = Path(__file__).parent
PROJECT = DOCS.parent
# Documents that lie elsewhere in the repository, where their readers look for them first: page to file.
ELSEWHERE = {
    "architecture.md": PROJECT / "ARCHITECTURE.md",
    "benchmarks.md": PROJECT / "benchmarks" / "README.md",
    "changes.md": PROJECT / "CHANGELOG.md",
    "contributing.md": PROJECT / "CONTRIBUTING.md",
    "examples/README.md": PROJECT / "examples" / "README.md",
}
NOTEBOOKS = {f"examples/{path.stem.partition('_')[2]}.md": path for path in notebooks()}
PAGES = {path: page for page, path in {**ELSEWHERE, **NOTEBOOKS}.items()}
# Names that share a line of a docstring ("folds, horizon : int") are all given the default of one of them; each has its
# own in the signature above.
_DEFAULT = re.compile(r",?\s*default:\s*<code>.*?</code>\s*(?=\))", re.DOTALL)
_CODE = re.compile(r"`[^`]+`")
_LINK = re.compile(r"\]\(([^)\s#:]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made."""
    texts = {page: path.read_text(encoding="utf-8") for page, path in ELSEWHERE.items()}
    texts |= {page: as_page(path) for page, path in NOTEBOOKS.items()}
    texts |= {"options.md": commands_page(), "api.md": api_page()}
    for name, text in texts.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links between files of the repository become links between pages of the site."""
    name = page.file.src_uri
    start = {**ELSEWHERE, **NOTEBOOKS}.get(name, DOCS / name).parent

    def link(found: re.Match[str]) -> str:
        target = Path(os.path.normpath(start / found[1]))
        shown = PAGES.get(target)
        if shown is None and target.is_relative_to(DOCS):
            shown = target.relative_to(DOCS).as_posix()
        if shown is None:
            return found[0]
        return f"]({os.path.relpath(shown, Path(name).parent)}{found[2] or ''})"

    return "\n".join(_whole_code(line) for line in _LINK.sub(link, markdown).split("\n"))


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Leave defaults to the signatures."""
    return _DEFAULT.sub("", html) if page.file.src_uri == "api.md" else html


def _whole_code(line: str) -> str:
    """In a table, GitHub wants a bar in code to be escaped; here the escape would be shown."""
    return _CODE.sub(lambda code: code[0].replace("\\|", "|"), line) if line.startswith("|") else line


@event_priority(-100)
def on_post_build(config: Any) -> None:
    """Let the search work without a server; stop where a page would load anything from outside."""
    site = Path(config["site_dir"])
    index = (site / "search" / "search_index.json").read_text(encoding="utf-8")
    (site / "search" / "search_index.js").write_text(f"var __index = {index}", encoding="utf-8")
    found = [f"{path.relative_to(site)}: {address}" for path in sorted(site.rglob("*")) for address in outside(path)]
    if found:
        raise PluginError("Pages load addresses from outside:\n" + "\n".join(found))
