"""Peers in their own environments, and what they and the engine did with the same journeys."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.measure import ROOT, Child, run

HOME = ROOT / ".venv-bench"
# In order; the first list is what a build from source without isolation of ChannelAttribution needs.
PACKAGES = {
    "channelattribution": (
        ("setuptools", "wheel", "cython", "numpy", "pandas", "matplotlib", "duckdb"),
        ("ChannelAttribution==2.2.5",),
    ),
    "mam": (("marketing-attribution-models==2.1.1",),),
}
MODULES = {"channelattribution": "ChannelAttribution, duckdb", "mam": "mam"}


class UnavailableError(RuntimeError):
    """A peer that cannot be installed here; says why."""


def environment(peer: str) -> Path:
    """The Python of a peer's environment, made on first use.

    Raises
    ------
    UnavailableError
        Where its packages cannot be installed.
    """
    folder = HOME / peer
    python = folder / "bin" / "python"
    ready = folder / ".installed"
    wanted = repr(PACKAGES[peer])
    if ready.is_file() and ready.read_text(encoding="utf-8") == wanted:
        return python
    print(
        f"Installing {peer} in {folder.relative_to(ROOT)} (once; ChannelAttribution compiles for a minute) …",
        file=sys.stderr,
    )
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    for packages in PACKAGES[peer]:
        _succeed([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])
    _succeed([str(python), "-c", f"import {MODULES[peer]}"])
    ready.write_text(wanted, encoding="utf-8")
    return python


def _succeed(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        wrong = [line for line in lines if "error" in line.lower()]
        raise UnavailableError(f"{' '.join(command[1:4])}: {(wrong or lines or ['failed'])[-1].strip()[:160]}")


def peer(name: str, *arguments: str | Path | int, timeout: float = 3600) -> Child:
    """Run a peer's script under its own Python, with nothing of this project on its path."""
    script = ROOT / "benchmarks" / f"peer_{name}.py"
    return run(
        [environment(name), "-I", script, *map(str, arguments)],
        timeout=timeout,
        environment={"MPLBACKEND": "agg"},
    )


def largest_difference(ours: dict[str, float], theirs: dict[str, float]) -> float:
    """The largest difference between two tables of conversions by channel."""
    return max(abs(ours.get(c, 0.0) - theirs.get(c, 0.0)) for c in ours.keys() | theirs.keys())
