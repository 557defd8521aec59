"""Compiled code on disk is used again, and never after anything that it was made of has changed."""

from __future__ import annotations

import fcntl
import importlib
import logging
import sys
from pathlib import Path

import numba
import pytest
from numba.core.caching import IndexDataCacheFile

import attribution_models
from attribution_models import kernel_cache
from attribution_models.kernel_cache import is_kept, sources

PACKAGE = Path(attribution_models.__file__).parent
CALLEE = """
from attribution_models.mix.compiling import inner
from little.constants import FACTOR

@inner
def scaled(x):
    return FACTOR * x
"""
CALLER = """
from attribution_models.mix.compiling import kernel
from little import callee

scaled = callee.scaled

@kernel
def result(x):
    return scaled(x) + 1.0
"""


class Little:
    """A package of three modules, imported anew as another process would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "little"
        self.folder.mkdir()
        for name, text in (("__init__", ""), ("constants", "FACTOR = 2.0\n"), ("callee", CALLEE), ("caller", CALLER)):
            (self.folder / f"{name}.py").write_text(text)

    def load(self):
        for name in [n for n in sys.modules if n.split(".")[0] == "little"]:
            del sys.modules[name]
        importlib.invalidate_caches()
        for known in (
            kernel_cache.stamp,
            kernel_cache._read,
            kernel_cache._imported,
            kernel_cache._top,
            kernel_cache._warn,
        ):
            known.cache_clear()
        return importlib.import_module("little.caller").result


@pytest.fixture
def little(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a source of the same second and size would not be read anew
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    return Little(tmp_path)


def test_a_kernel_is_compiled_once(little):
    first = little.load()
    assert not is_kept(first)
    assert first(3.0) == 7.0
    again = little.load()
    assert is_kept(again)
    assert again(3.0) == 7.0
    assert sum(again.stats.cache_hits.values()) == 1


def test_a_change_in_what_a_kernel_calls_or_reads_is_seen(little):
    assert little.load()(3.0) == 7.0
    (little.folder / "constants.py").write_text("FACTOR = 5.0\n")
    changed = little.load()
    assert not is_kept(changed)
    assert changed(3.0) == 16.0
    (little.folder / "callee.py").write_text(CALLEE.replace("FACTOR * x", "FACTOR - x"))
    assert little.load()(3.0) == 3.0


def test_while_a_process_writes_or_reads_an_entry_no_other_does(little, monkeypatch):
    """Else one could read or overwrite the code of another entry, between the name of an entry and the entry."""
    held = []

    def watched(name):
        plain = getattr(IndexDataCacheFile, name)

        def step(self, *arguments):
            with (Path(self._cache_path) / ".lock").open("a") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    held.append(name)
            return plain(self, *arguments)

        return step

    for name in ("_save_index", "_save_data", "_load_data"):
        monkeypatch.setattr(IndexDataCacheFile, name, watched(name))
    assert little.load()(3.0) == 7.0
    assert held == ["_save_index", "_save_data"] * 2  # the kernel and what it calls
    assert little.load()(3.0) == 7.0
    assert held[4:] == ["_load_data"]
    with (next(Path(numba.config.CACHE_DIR).rglob(".lock"))).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # and all can afterwards


def test_read_only_packages_use_the_users_folder(little, tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    (little.folder / "__pycache__").write_text("in the way of a folder")
    assert little.load()(3.0) == 7.0
    assert sorted(p.suffix for p in (tmp_path / "home").rglob("caller*")) == [".nbc", ".nbi"]


def test_without_any_folder_it_computes_all_the_same(little, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(little.folder / "__init__.py"))
    (little.folder / "__pycache__").write_text("in the way of a folder")
    with caplog.at_level(logging.WARNING, logger="attribution_models.kernel_cache"):
        found = little.load()
    assert found(3.0) == 7.0
    assert not is_kept(found)
    assert "NUMBA_CACHE_DIR" in caplog.text


@pytest.mark.parametrize(
    ("kernel", "needed"),
    [
        ("mix/response_kernel.py", {"mix/adstock.py", "mix/priors.py", "mix/media.py", "mix/compiling.py"}),
        ("paths/kgram_dense.py", {"paths/compiled.py", "kernel_cache.py"}),
    ],
)
def test_sources_are_all_that_a_kernel_is_made_of(kernel, needed):
    found = {str(p.relative_to(PACKAGE)) for p in sources((PACKAGE / kernel).resolve())}
    assert needed <= found


def test_kernels_of_other_packages_depend_on_this_one_too():
    import attribution.journeys.cut as cut  # noqa: PLC0415

    names = {p.name for p in sources(Path(cut.__file__).resolve())}
    assert {"cut.py", "compiled.py", "kernel_cache.py"} <= names
