"""Kept fits that plans are made of: those of the mix tests."""

from __future__ import annotations

import shutil

import pytest

from tests.mix.conftest import kept

__all__ = ["kept", "ws"]


@pytest.fixture
def ws(kept, tmp_path):
    """A workspace of one's own with ``mmm-regions``, which did not converge, and ``mmm-national``, which did."""
    shutil.copytree(kept / "ws", tmp_path / "ws")
    return tmp_path / "ws"
