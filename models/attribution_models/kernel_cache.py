"""Compiled kernels on disk, valid as long as every source that they are made of is what it was.

Numba keeps a compiled function beside its source (in a user's cache folder where that is read-only, or in
``NUMBA_CACHE_DIR``) and compiles it anew when *that file* changes. A kernel also holds what it calls and the constants
that it reads, from other files: after an upgrade it would go on computing with the old ones. So the stamp of an entry
is a digest of the kernel's source and of all modules of this package that it imports, directly or not.
"""

from __future__ import annotations

import fcntl
import hashlib
import inspect
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache, NullCache

ROOT = Path(__file__).parent
IMPORTS = re.compile(r"^\s*(?:from|import)\s+([\w.]+)(?:\s+import\s+(\([^)]*\)|[^\n]*))?", re.MULTILINE)
log = logging.getLogger(__name__)


def keep_on_disk(compiled: Any, function: Callable[..., Any]) -> Any:
    """Give a dispatcher, or a C callback that is not compiled yet, a cache that knows its sources.

    Where no folder can be written to it is compiled in every process, which takes seconds but changes no number.
    """
    try:
        compiled._cache = _SourceCache(function)
    except RuntimeError:
        _warn()
        compiled._cache = NullCache()
    return compiled


@cache
def _warn() -> None:
    log.warning("Compiled code cannot be kept: no folder can be written to. Set NUMBA_CACHE_DIR to one.")


class _SourceCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of one function, with another notion of what is fresh."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file._source_stamp = stamp(inspect.getfile(function))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        with self._alone():
            return super().load_overload(sig, target_context)

    def save_overload(self, sig: Any, data: Any) -> None:
        with self._alone():
            super().save_overload(sig, data)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time in a folder of compiled code, where its file system has locks.

        Numba writes what an entry is called and then the entry. Between the two another process would read the code
        that had that name before, or write its own under it.
        """
        with ExitStack() as stack:
            with suppress(OSError):
                folder = Path(self.cache_path)
                folder.mkdir(parents=True, exist_ok=True)
                fcntl.flock(stack.enter_context((folder / ".lock").open("a")), fcntl.LOCK_EX)
            yield


def is_kept(kernel: Any) -> bool:
    """Whether a kernel will be read from disk, and not compiled, on this machine."""
    return not isinstance(kernel._cache, NullCache) and bool(kernel._cache._cache_file._load_index())


@cache
def stamp(file: str) -> str:
    """Digest of a source file and of every module of its package, and of this one, that it needs."""
    found = hashlib.sha256()
    for path in sorted(sources(Path(file).resolve())):
        found.update(f"{path.name}\0".encode())
        found.update(_read(path))
    return found.hexdigest()


def sources(file: Path) -> frozenset[Path]:
    """A file and the modules that it imports, directly or not, from its own package and from this one."""
    roots = tuple(dict.fromkeys((ROOT.resolve(), _top(file))))
    found: set[Path] = set()
    left = [file]
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += _imported(path, roots)
    return frozenset(found)


@cache
def _top(file: Path) -> Path:
    """Folder of the outermost package that a file belongs to."""
    folder = file.parent
    while (folder.parent / "__init__.py").is_file():
        folder = folder.parent
    return folder


@cache
def _imported(path: Path, roots: tuple[Path, ...]) -> tuple[Path, ...]:
    modules = set()
    for module, names in IMPORTS.findall(_read(path).decode()):
        modules.add(module)
        modules |= {f"{module}.{name}" for name in re.findall(r"\w+", names)}  # a name may be a module
    places = (place for module in modules for root in roots for place in _places(module, root))
    return tuple(place for place in places if place.is_file())


def _places(module: str, root: Path) -> tuple[Path, ...]:
    top, *parts = module.split(".")
    if top != root.name:
        return ()
    folder = root.joinpath(*parts)
    return folder / "__init__.py", folder.parent / f"{folder.name}.py"


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()
