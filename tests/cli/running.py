"""Run commands in process, as the program runs them."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from attribution_cli.main import main


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Runner:
    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def __call__(self, *arguments: object, status: int = 0) -> Result:
        self.capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(a) for a in arguments])
        out, err = self.capfd.readouterr()
        code = end.value.code or 0
        assert code == status, f"exit {code}, wanted {status}\n{err}"
        assert "Traceback" not in err
        return Result(int(code), out, err)


def prepared(folder: Path, *commands: tuple[object, ...]) -> str:
    """Run commands in a folder whose copies several tests go on with; return what they told on stderr."""
    told = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(told):
        patch.chdir(folder)
        patch.delenv("ATTRIBUTION_WORKSPACE", raising=False)
        patch.setenv("NO_COLOR", "1")
        for arguments in commands:
            with pytest.raises(SystemExit) as end:
                main([str(a) for a in arguments])
            assert not end.value.code, told.getvalue()
    assert "Traceback" not in told.getvalue()
    return told.getvalue()
