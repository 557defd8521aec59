"""Environments of the media-mix peers: one virtual environment each beside the project's own.

Run as ``python -m benchmarks.mmm.environments [--python312 PATH] [NAME …]`` to make them beforehand.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import ROOT, Child, run
from benchmarks.peers import UnavailableError

HERE = Path(__file__).resolve().parent
# The version of Python, then what pip is asked for. Samplers and PyMC are pinned to what was measured.
PEERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "meridian": ("3.11", ("google-meridian==2.1.0",)),
    "pymc-marketing-0.19": ("3.11", ("pymc-marketing==0.19.2", "pymc==5.28.5", "nutpie==0.16.8")),
    "pymc-marketing-1.3": ("3.12", ("pymc-marketing==1.3.0", "pymc==6.3.2", "nutpie==0.16.11")),
}


def environment(peer: str, python: str | Path | None = None) -> Path:
    """The Python of a peer's environment, made on first use; ``python`` is the interpreter to make it from.

    Raises
    ------
    UnavailableError
        Where no interpreter of its version is found, or its packages cannot be installed.
    """
    version, packages = PEERS[peer]
    folder = ROOT / f".venv-bench-{peer}"
    inside, ready = folder / "bin" / "python", folder / ".installed"
    if ready.is_file() and ready.read_text(encoding="utf-8") == repr(packages):
        return inside
    if not works(inside, version):
        print(f"Making {folder.name} (once; minutes) …", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        _succeed([str(interpreter(version, python)), "-m", "venv", str(folder)])
    _succeed([str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])
    ready.write_text(repr(packages), encoding="utf-8")
    return inside


def interpreter(version: str, given: str | Path | None = None) -> Path:
    """An interpreter of a version such as "3.12": the given one, else one on PATH, else one of pyenv's."""
    for candidate in [Path(given)] if given else _candidates(version):
        if works(candidate, version):
            return candidate
    asked = f"{given} is not Python {version}" if given else f"no python{version} on PATH"
    raise UnavailableError(f"{asked}: install it, or name one by --python{version.replace('.', '')}")


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys.executable)
    for folder in os.get_exec_path():
        yield Path(folder) / f"python{version}"
    pyenv = shutil.which("pyenv")
    if pyenv:
        home = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False).stdout.strip()
        yield from sorted(Path(home, "versions").glob(f"{version}*/bin/python{version}"), reverse=True)


def works(python: Path, version: str) -> bool:
    """Whether an interpreter runs and has the version: a shim may be on PATH without one behind it."""
    if not python.is_file():
        return False
    ask = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip() == version


def _succeed(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["failed"]
        raise UnavailableError(f"{' '.join(command[1:4])}: {lines[-1].strip()[:160]}")


def peer(name: str, script: str, *arguments: str | Path | int, cache: Path, timeout: float = 3600) -> Child:
    """Run a peer's script under its own Python, without this project on its path; `cache` holds what it compiles."""
    return run(
        [environment(name), "-I", HERE / f"{script}.py", *map(str, arguments)],
        timeout=timeout,
        environment={"MPLBACKEND": "agg", "PYTENSOR_FLAGS": f"base_compiledir={cache}"},
    )


def main() -> None:
    """Make the environments that were asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which; all by default")
    for version in sorted({version for version, _ in PEERS.values()}):
        parser.add_argument(f"--python{version.replace('.', '')}", help=f"an interpreter of Python {version}")
    given = vars(parser.parse_args())
    for name in given["names"] or PEERS:
        print(name, environment(name, given[f"python{PEERS[name][0].replace('.', '')}"]))


if __name__ == "__main__":
    main()
