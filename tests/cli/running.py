"""Run commands in process, as the program runs them."""

from __future__ import annotations

import json
from dataclasses import dataclass

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
