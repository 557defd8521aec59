"""Imports go one way: attribution_cli → attribution → attribution_models; each layer keeps to its libraries."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.conftest import PROJECT

OWN = {"attribution_cli", "attribution", "attribution_models"}
LAYERS = {
    "cli/attribution_cli": {"attribution_cli", "attribution", "click", "msgspec", "pandas"},
    "attribution": {
        "attribution", "attribution_models", "duckdb", "msgspec", "numpy", "pandas", "pyarrow", "scipy", "zstandard",
    },
    "models/attribution_models": {"attribution_models", "numpy", "scipy", "numba"},
}  # fmt: skip
# A room with libraries of its own beside those of its layer.
ROOMS = {
    "attribution/activation": {"holidays", "phonenumbers"},
    "attribution/identity": {"phonenumbers", "splink"},
    "attribution/report": {"babel", "jinja2"},
    "models/attribution_models/mix": {"arviz", "holidays", "nutpie", "pyarrow", "pymc", "pytensor", "xarray"},
    "models/attribution_models/value": {"sklearn"},
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield node.module or "", node.lineno


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_what_it_may(layer):
    files = sorted((PROJECT / layer).rglob("*.py"))
    assert files
    for path in files:
        own = ROOMS.get(str(path.parent.relative_to(PROJECT)), set())
        for module, line in imports(path):
            root = module.partition(".")[0]
            if root not in sys.stdlib_module_names:
                assert root in LAYERS[layer] | own, f"{path.relative_to(PROJECT)}:{line} imports {module}"


def test_duckdb_is_opened_in_one_place():
    """Only the engine connects; time zones and users' own databases are the stated exceptions."""
    allowed = {"attribution/engine.py", "attribution/ingest/database.py", "attribution/ingest/timestamps.py"}
    found = {
        str(p.relative_to(PROJECT))
        for p in (PROJECT / "attribution").rglob("*.py")
        if "duckdb.connect(" in p.read_text()
    }
    assert found <= allowed


def test_no_room_is_crowded():
    for layer in LAYERS:
        for path in (PROJECT / layer).rglob("*.py"):
            lines = path.read_text(encoding="utf-8").count("\n")
            assert lines <= 400, f"{path.relative_to(PROJECT)} has {lines} lines; split it by concept"
            assert path.stem not in {"utils", "helpers", "manager", "misc", "common"}
