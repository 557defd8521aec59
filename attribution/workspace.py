"""The workspace: a folder whose manifest names everything that counts.

A step writes its files under new names and then replaces ``manifest.json`` in one rename. Files that the
manifest does not name are leftovers of a killed run; the next step that writes removes them.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

from attribution.engine import read_parquet
from attribution.errors import AttributionError, UsageError

FORMAT = 1
PRIVATE = 0o600
# What a manifest is called until it is whole.
UNFINISHED = ".manifest.json."
FOLDERS = ("tables", "quarantine", "identity", "journeys", "fits", "plans", "lists")


def empty_manifest() -> dict[str, Any]:
    """A workspace that holds nothing yet."""
    return {"format": FORMAT, "inputs": [], "tables": {}, "journeys": None, "fits": {}, "lists": {}, "steps": []}


class Workspace:
    """One folder of tables, journeys, fits and lists.

    Parameters
    ----------
    path : Path or str
        The folder; made when something is first written.

    Raises
    ------
    UsageError
        Where the path is a file, or a folder that holds other things.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f'"{path}" is a file; a workspace is a folder. Name another with -w.')

    def __repr__(self) -> str:
        return f"Workspace({str(self.path)!r})"

    @property
    def manifest_path(self) -> Path:
        """Where the manifest lies."""
        return self.path / "manifest.json"

    @property
    def exists(self) -> bool:
        """Whether anything was ever written."""
        return self.manifest_path.exists()

    def manifest(self) -> dict[str, Any]:
        """The last good state.

        Raises
        ------
        AttributionError
            Where the manifest cannot be read or is of a later version.
        """
        if not self.exists:
            return empty_manifest()
        try:
            manifest = json.loads(self.manifest_path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise self._unreadable(type(error).__name__) from None
        if not isinstance(manifest, dict):
            raise self._unreadable("no object")
        if manifest.get("format") != FORMAT:
            msg = (
                f"{self.manifest_path} has format {manifest.get('format')!r}; this version reads format {FORMAT}. "
                "Use the version that wrote it, or ingest into a new workspace."
            )
            raise AttributionError(msg)
        missing = sorted(set(empty_manifest()) - set(manifest))
        if missing:
            raise self._unreadable(f"without {missing[0]}")
        return manifest

    def _unreadable(self, why: str) -> AttributionError:
        msg = f"{self.manifest_path} cannot be read ({why}). Restore it from a copy, or start a new workspace with -w."
        return AttributionError(msg)

    def require(self) -> dict[str, Any]:
        """The manifest of a workspace that must exist already."""
        if not self.exists:
            msg = (
                f'No workspace at "{self.path}". Start one with: attribution ingest -w {self.path} FILE…, '
                "or name another with -w or ATTRIBUTION_WORKSPACE."
            )
            raise UsageError(msg)
        return self.manifest()

    @contextmanager
    def write(self) -> Iterator[dict[str, Any]]:
        """Change the workspace: yields the manifest to alter, then commits it in one rename.

        One writer at a time; a second one is refused with a message. Leftovers of killed runs are removed
        before the work, and files that the change left unnamed after it.
        """
        self._prepare()
        with self._lock() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                msg = f'Another attribution command is writing to "{self.path}". Wait for it, or use another -w.'
                raise AttributionError(msg) from None
            manifest = self.manifest()
            self._sweep(manifest)
            try:
                yield manifest
                self._commit(manifest)
            finally:
                self._sweep(self.manifest())

    def _prepare(self) -> None:
        if self.path.exists() and not self.exists:
            foreign = self._foreign()
            if foreign:
                msg = (
                    f'"{self.path}" holds other things ("{foreign[0]}"…) and is no workspace. Name a new or an '
                    "empty folder with -w."
                )
                raise UsageError(msg)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for folder in FOLDERS:
                (self.path / folder).mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise self._unwritable(error) from None

    def _foreign(self) -> list[str]:
        """List what no step of ours leaves behind, killed or not."""
        try:
            names = sorted(p.name for p in self.path.iterdir())
        except OSError as error:
            raise UsageError(f'Cannot read "{self.path}": {error.strerror}. Name another folder with -w.') from None
        return [n for n in names if n not in {*FOLDERS, ".lock", "tmp"} and not n.startswith(UNFINISHED)]

    def _commit(self, manifest: dict[str, Any]) -> None:
        manifest["versions"] = versions()
        text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
        write_atomically(self.manifest_path, text.encode())

    def _sweep(self, manifest: dict[str, Any]) -> None:
        """Remove what the manifest does not name."""
        shutil.rmtree(self.path / "tmp", ignore_errors=True)
        for unfinished in self.path.glob(f"{UNFINISHED}*"):
            unfinished.unlink(missing_ok=True)
        named = {self.path / name for name in named_files(manifest)}
        for folder in FOLDERS:
            for entry in (self.path / folder).iterdir():
                if entry in named or any(entry in n.parents for n in named):
                    self._sweep_inside(entry, named)
                elif entry.is_dir():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink(missing_ok=True)

    @staticmethod
    def _sweep_inside(entry: Path, named: set[Path]) -> None:
        if entry in named or not entry.is_dir():
            return
        for inner in entry.iterdir():
            if inner in named:
                continue
            if inner.is_dir():
                shutil.rmtree(inner, ignore_errors=True)
            else:
                inner.unlink(missing_ok=True)

    def _lock(self) -> IO[str]:
        try:
            return (self.path / ".lock").open("w")
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> UsageError:
        return UsageError(f'Cannot write to "{self.path}": {error.strerror}. Name another folder with -w.')

    def scratch(self) -> Path:
        """A folder for temporary files, gone after the step.

        Raises
        ------
        UsageError
            The workspace cannot be written to.
        """
        folder = self.path / "tmp"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from None
        return folder

    def table(self, name: str, manifest: dict[str, Any] | None = None) -> str | None:
        """SQL relation of one table, or None where nothing of it was ingested."""
        files = (manifest or self.manifest())["tables"].get(name)
        return read_parquet([self.path / f for f in files]) if files else None


def named_files(manifest: dict[str, Any]) -> Iterator[str]:
    """Every file or folder that a manifest names, relative to the workspace."""
    for files in manifest["tables"].values():
        yield from files
    for item in manifest["inputs"]:
        yield from item["aside"].values()
        if item.get("quarantine"):
            yield item["quarantine"]
    if manifest["journeys"]:
        yield manifest["journeys"]["path"]
    for fit in manifest["fits"].values():
        yield fit["path"]
    for kept in (entry for kind in ("mixes", "plans", "reconciled") for entry in manifest.get(kind, {}).values()):
        yield kept["path"]
    for entry in manifest["lists"].values():
        yield from entry["files"]
        if entry.get("snapshot"):
            yield entry["snapshot"]
    for mark in manifest.get("uploads", {}).values():
        yield mark["snapshot"]
    identity = manifest.get("identity", {})
    for tier in identity.get("tiers", {}).values():
        yield from (tier[name] for name in ("path", "registry") if tier[name])
    yield from (identity[name] for name in ("by_hand", "tombstones", "key") if identity.get(name))


def write_atomically(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Write under a temporary name, flush to disk, rename: readers see the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def digest_of(*parts: Any) -> str:
    """A short name for plain data; equal data give equal names."""
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()


def digest_of_file(path: Path) -> str:
    """Content digest of a file (SHA-256)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """Versions that a result depends on."""
    found = {"python": platform.python_version()}
    for name in ("multichannel-attribution", "duckdb", "numpy", "numba", "pyarrow", "scipy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # running from a checkout that was never installed
            found[name] = "unknown"
    return found
