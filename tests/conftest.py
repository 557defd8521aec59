"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.cli.running import Runner

PROJECT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("ATTRIBUTION_TEST_DATA", PROJECT.parent / "shared" / "data"))

# Kernels compile inside the first example, and machines differ: time is measured in benchmarks, never here.
settings.register_profile(
    "project", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("project")


@pytest.fixture(scope="session")
def public() -> Callable[[str], Path]:
    """Path of a public data file; the test is skipped, with the reason, where the folder is absent."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"public test data not here: {name} (set ATTRIBUTION_TEST_DATA to its folder)")
        return path

    return find


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATTRIBUTION_WORKSPACE", raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    return Runner(capfd)
