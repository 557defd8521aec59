"""Runs of one process each, and their results on disk: a run is named by all that could change its result.

A fresh benchmark measures everything. ``--reuse peers`` takes results of peers that an earlier one left, as long as
version, script, arguments, data and machine are the same; ``--reuse all`` goes on where a stopped one ended.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import OUT, ROOT, Child, run
from benchmarks.mmm import environments

HOME = OUT / "mmm"
DATA = Path(os.environ.get("ATTRIBUTION_TEST_DATA") or ROOT.parent / "shared" / "data") / "mmm"
# Everything that a run of ours computes with.
OURS = (
    "models/attribution_models/mix",
    "attribution/mix",
    "attribution/steps/mmm.py",
    "cli/attribution_cli/fit_mmm.py",
)


class FailedError(RuntimeError):
    """A process that ended with an error; says its last line."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a process left.

    Attributes
    ----------
    result : dict
        The JSON that it wrote.
    seconds, peak : float
        Its wall time, and its ``ru_maxrss`` in MB.
    """

    result: dict[str, Any]
    seconds: float
    peak: float


@dataclass(slots=True)
class Runner:
    """Starts processes, one at a time, and keeps what they left.

    Attributes
    ----------
    reuse : {"nothing", "peers", "all"}
        Which earlier results count.
    skip_peers : bool
    fresh : set of Path
        Results of this benchmark, which count for its later parts.
    """

    reuse: str = "nothing"
    skip_peers: bool = False
    fresh: set[Path] = field(default_factory=set)

    def peer(self, name: str, script: str, data: Path, *arguments: str | int, first: bool = False) -> Run:
        """Run a peer's script in its environment: ``script DATA arguments RESULT``; options stand after a ``--``.

        `first`: with nothing compiled before.

        Raises
        ------
        UnavailableError
            Where it is left out or cannot be installed.
        FailedError
        """
        if self.skip_peers:
            raise environments.UnavailableError("--skip-peers")
        code = environments.HERE / f"{script}.py"
        key = digest(environments.PEERS[name], code.read_bytes(), contents(data), machine())
        words, options = split(arguments)
        file = self._file(f"{name}-{script}", arguments, key)
        cache = HOME / "caches" / name

        def start() -> Child:
            cleared(cache, first)
            return environments.peer(name, script, data, *words, part(file), *options, cache=cache)

        return self._kept(file, self.reuse != "nothing", start)

    def ours(self, module: str, *arguments: str | Path | int, first: bool = False) -> Run:
        """Run a module of this folder: ``module arguments RESULT``; options stand after a ``--``.

        `first`: with nothing compiled before.

        Raises
        ------
        FailedError
        """
        files = [a for a in arguments if isinstance(a, Path)]
        code = environments.HERE / f"{module}.py"
        key = digest(engine(), code.read_bytes(), *(contents(f) for f in files), machine())
        words, options = split(arguments)
        file = self._file(module, [a for a in arguments if not isinstance(a, Path)], key)
        command = [sys.executable, "-m", f"benchmarks.mmm.{module}", *words, part(file), *options]
        cache = HOME / "caches" / "engine"

        def start() -> Child:
            cleared(cache, first)
            return run([str(word) for word in command], environment={"NUMBA_CACHE_DIR": str(cache)})

        return self._kept(file, self.reuse == "all", start)

    @staticmethod
    def _file(name: str, arguments: Sequence[Any], key: str) -> Path:
        label = "-".join(str(a).strip("-").replace("/", "_") for a in arguments if str(a).strip("-"))
        return HOME / "runs" / f"{name}-{label}-{key}.json"

    def _kept(self, file: Path, usable: bool, start: Any) -> Run:
        if not (file.is_file() and (usable or file in self.fresh)):
            file.parent.mkdir(parents=True, exist_ok=True)
            _keep(file, start())
        self.fresh.add(file)
        return Run(**json.loads(file.read_text(encoding="utf-8")))


def _keep(file: Path, child: Child) -> None:
    """Put a child's result and what it took into one file; a result that is not whole is never seen."""
    if child.code:
        raise FailedError(child.reason)
    made = part(file)
    kept = {"result": json.loads(made.read_text(encoding="utf-8")), "seconds": child.seconds, "peak": child.peak}
    made.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    made.replace(file)


def cleared(cache: Path, first: bool) -> None:
    """Make a compile cache, or empty it."""
    if first:
        shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(parents=True, exist_ok=True)


def part(file: Path) -> Path:
    """Where a result is written before it counts."""
    return file.with_suffix(".part.json")


def split(arguments: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Words before and after a ``--``."""
    words = list(arguments)
    place = words.index("--") if "--" in words else len(words)
    return words[:place], words[place + 1 :]


def digest(*parts: Any) -> str:
    """Twelve hexadecimal digits for what a result depends on."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def contents(file: Path) -> str:
    """A digest of a file, and of a table beside a case."""
    beside = file.with_suffix(".csv")
    found = [file, beside] if beside != file and beside.is_file() else [file]
    return hashlib.sha256(b"".join(f.read_bytes() for f in found)).hexdigest()


def engine() -> str:
    """A digest of the engine's source."""
    files = [
        f for name in OURS for f in ([ROOT / name] if name.endswith(".py") else sorted((ROOT / name).glob("*.py")))
    ]
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()


def machine() -> str:
    """What times depend on beside the program: processor and its number, and this Python."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").is_file() else []
    models = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return f"{[*models, platform.processor()][0]}, {len(os.sched_getaffinity(0))} cores, {platform.python_version()}"


def program() -> list[str]:
    """The command, as a user starts it."""
    return [str(Path(sys.executable).parent / "attribution")]
