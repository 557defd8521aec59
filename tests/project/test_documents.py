"""What the documents promise is there."""

from __future__ import annotations

import re
import tomllib

import pytest

from attribution_cli.main import COMMANDS
from tests.conftest import PROJECT

DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/commands.md",
    "docs/first-ten-minutes.md",
    "docs/formats.md",
    "docs/howto/ad-ops.md",
    "docs/howto/analyst.md",
    "docs/howto/media-planner.md",
    "docs/identity-forms.md",
    "docs/identity.md",
    "docs/models.md",
    "docs/plan.md",
    "docs/reconcile.md",
    "docs/report.md",
    "docs/value.md",
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name):
    text = (PROJECT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not target.startswith(("http://", "https://")):
            assert (PROJECT / name).parent.joinpath(target).exists(), f"{name} links to {target}"


def test_every_command_has_its_section():
    text = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"## attribution {name}" in text


def test_every_library_has_its_reason():
    data = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    text = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for requirement in data["project"]["dependencies"]:
        name = re.match(r"[A-Za-z0-9_-]+", requirement)[0]
        assert f"| {name} |" in text, f"ARCHITECTURE.md gives no reason for {name}"


def test_every_folder_of_the_code_is_in_the_inventory():
    text = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for layer in ("attribution", "models/attribution_models", "cli/attribution_cli"):
        for path in (PROJECT / layer).rglob("__init__.py"):
            folder = str(path.parent.relative_to(PROJECT))
            assert f"`{folder}/`" in text, f"ARCHITECTURE.md does not name {folder}/"


def test_the_version_has_its_changes():
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## {version}" in (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
