"""The built wheel holds our three import roots and nothing else, and works where nothing else is."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest

from tests.conftest import PROJECT

ROOTS = {"attribution", "attribution_models", "attribution_cli"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    target = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)], cwd=PROJECT, check=True,
        capture_output=True,
    )  # fmt: skip
    (built,) = target.glob("*.whl")
    return built


def test_only_our_roots(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {n.partition("/")[0] for n in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == ROOTS
    assert all(f"{root}/py.typed" in names for root in ROOTS)
    assert not [n for n in names if n.endswith((".csv", ".parquet", ".nbi", ".nbc", ".pyc"))]
    assert any(n.endswith("licenses/LICENSE") for n in names)


def test_every_module_of_the_checkout_is_in_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("attribution", "models/attribution_models", "cli/attribution_cli"):
        base = PROJECT / folder
        for path in base.rglob("*.py"):
            assert f"{base.name}/{path.relative_to(base)}" in names


def test_it_runs_from_the_wheel_alone(wheel, tmp_path):
    code = (
        f"import sys; sys.path = [{str(wheel)!r}] + [p for p in sys.path if 'site-packages' in p or 'python3' in p]; "
        "sys.argv = ['attribution', '--help']; from attribution_cli.main import main; main()"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "suppress" in done.stdout
