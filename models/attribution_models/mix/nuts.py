"""nutpie's No-U-Turn sampler on the compiled density, along a line with short tails (`bends`)."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.bends import Bends
from attribution_models.mix.callback import bent_function, draw_function
from attribution_models.mix.density import Density

Floats = NDArray[np.float64]
PROGRESS = "{{ total_finished_draws }} {{ total_draws }} {% for chain in chains %}{{ chain.divergences }} {% endfor %}"
PROGRESS_MS = 250


@dataclass(frozen=True, slots=True, eq=False)
class Chains:
    """Draws of one run, on the sampled line.

    Attributes
    ----------
    draws : array (chains, draws, n)
    diverging : array (chains, draws) of bool
    gradients : int
        Evaluations of the density, tuning included.
    sampler : str
        Name and version.
    """

    draws: Floats
    diverging: NDArray[np.bool_]
    gradients: int
    sampler: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    done, total : int
        Draws of all chains, tuning included.
    divergences : int
        So far, tuning included.
    """

    done: int
    total: int
    divergences: int


@dataclass(frozen=True, slots=True)
class Tuning:
    """How long, and how carefully, to sample.

    Attributes
    ----------
    chains, tune, draws : int
    target_accept : float
    low_rank : bool
        Adapt to correlations by a low-rank mass matrix. Effects are sampled on scales that take most correlations out:
        on national and geo panels the diagonal gave the same number of effective draws or up to twice as many.
    seed : int
    cores : int or None
    max_depth : int
    """

    chains: int = 4
    tune: int = 500
    draws: int = 1000
    target_accept: float = 0.9
    low_rank: bool = False
    seed: int = 1
    cores: int | None = None
    max_depth: int = 10


def sampler_core() -> ModuleType:
    """Nutpie's compiled core, without the Python package around it where that is not loaded yet.

    The package imports ArviZ and with it some four seconds of libraries that a fit does not use. The core is an
    extension module of its own, so it is loaded by itself; where that fails the package is imported.
    """
    if "nutpie._lib" in sys.modules:
        return sys.modules["nutpie._lib"]
    found = importlib.util.find_spec("nutpie")
    for folder in (found.submodule_search_locations or ()) if found else ():
        finder = importlib.machinery.FileFinder(
            folder, (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES)
        )
        spec = finder.find_spec("_lib")
        if spec is not None and spec.origin is not None:
            loader = importlib.machinery.ExtensionFileLoader("nutpie._lib", spec.origin)
            module = importlib.util.module_from_spec(importlib.util.spec_from_loader("nutpie._lib", loader))  # type: ignore[arg-type]
            loader.exec_module(module)
            return module
    return importlib.import_module("nutpie._lib")


def sample(
    density: Density, start: Callable[[int], Floats], tuning: Tuning, told: Callable[[Progress], None] | None = None
) -> Chains:
    """Run the chains.

    Parameters
    ----------
    density : Density
    start : callable
        A seed to a starting point, array (n,).
    tuning : Tuning
    told : callable, optional
        Called a few times a second, from a thread of the sampler's, with how far it is.
    """
    if density.structure.uncovered:
        raise ValueError(f"The compiled density does not cover {' and '.join(density.structure.uncovered)}.")
    core = sampler_core()
    settings = (core.PyNutsSettings.LowRank if tuning.low_rank else core.PyNutsSettings.Diag)(tuning.seed)
    settings.num_tune, settings.num_draws, settings.num_chains = tuning.tune, tuning.draws, tuning.chains
    settings.target_accept, settings.maxdepth = tuning.target_accept, tuning.max_depth
    running = _launch(core, settings, density, start, tuning, told)
    try:
        running.wait(None)
    except RuntimeError as error:
        running.abort()
        if "initial" not in str(error).lower():
            raise
        raise ValueError(
            "No chain found a point to start at: the density is not finite around the priors' middle. Look for priors "
            "far from the data's scale, and for curves or carry-overs fixed at an end of their range."
        ) from None
    except BaseException:
        running.abort()
        raise
    return _read(running.take_results(), density.size)


def _launch(
    core: ModuleType, settings: Any, density: Density, start: Callable[[int], Floats], tuning: Tuning,
    told: Callable[[Progress], None] | None,
) -> Any:  # fmt: skip
    n = density.size
    bends = Bends.of(density)
    function, draw = bent_function(), draw_function()
    table = bends.table.ctypes.data
    keep = (function, draw, bends)
    logp = core.LogpFunc(function.address, table, keep)
    expand = core.ExpandFunc(n, n, draw.address, table, keep)
    sizes = {"parameter": n}

    def bent(seed: int) -> Floats:
        return bends.bent(start(seed))

    variables = core.PyVariable.new_variables(["x"], ["float64"], [(n,)], sizes, {"x": ["parameter"]})
    model = core.PyMcModel(logp, expand, variables, n, sizes, {"parameter": np.arange(n)}, bent, None)
    cores = min(tuning.chains, tuning.cores or available())
    shown = core.ProgressType.none() if told is None else _progress(core, cores, told)
    store = core.PyStorage.arrow()
    try:
        return core.PySampler.from_pymc(settings, cores, model, shown, store)
    except TypeError:  # from 0.16.9 on a callback and its rate stand before the store
        return core.PySampler.from_pymc(settings, cores, model, shown, None, PROGRESS_MS, store)


def _progress(core: ModuleType, cores: int, told: Callable[[Progress], None]) -> Any:
    """The sampler fills in a template and calls with its text; what it cannot fill in is no progress."""

    def read(text: str) -> None:
        numbers = text.split()
        if len(numbers) >= 2 and all(number.isdigit() for number in numbers):
            done, total, *divergences = map(int, numbers)
            told(Progress(done, total, sum(divergences)))

    return core.ProgressType.template_callback(PROGRESS_MS, PROGRESS, cores, read)


def available() -> int:
    """Processors that this process may use."""
    import os  # noqa: PLC0415

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _read(results: Any, size: int) -> Chains:
    import pyarrow as pa  # noqa: PLC0415

    draws, stats = results.get_arrow_trace()
    points, diverging, gradients = [], [], 0
    for drawn, stat in zip(draws, stats, strict=True):
        kept = ~pa.array(stat.column("tuning")).to_numpy(zero_copy_only=False).astype(bool)
        values = pa.array(drawn.column("x")).flatten().to_numpy().reshape(-1, size)
        points.append(values[kept])
        diverging.append(pa.array(stat.column("diverging")).to_numpy(zero_copy_only=False).astype(bool)[kept])
        gradients += int(pa.array(stat.column("n_steps")).to_numpy().sum())
    return Chains(np.stack(points), np.stack(diverging), gradients, f"nutpie {version('nutpie')}")
