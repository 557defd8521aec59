"""A workspace that cannot be written to is said to be one, not called a defect."""

from __future__ import annotations

import pytest

from attribution.errors import UsageError
from attribution.workspace import Workspace


def test_a_lock_that_cannot_be_made(tmp_path):
    workspace = Workspace(tmp_path / "ws")
    with workspace.write():
        pass
    (tmp_path / "ws" / ".lock").unlink(missing_ok=True)
    (tmp_path / "ws" / ".lock").mkdir()
    with pytest.raises(UsageError, match="Cannot write"), workspace.write():
        pass


def test_a_place_for_temporary_files_that_cannot_be_made(tmp_path):
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "tmp").write_text("in the way")
    with pytest.raises(UsageError, match="Cannot write"):
        Workspace(tmp_path / "ws").scratch()
