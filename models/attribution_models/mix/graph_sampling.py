"""Sampling the PyMC graph itself: what a fit falls back to where the compiled density does not cover the model."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.density import Density
from attribution_models.mix.nuts import Chains, Progress, Tuning, available
from attribution_models.mix.prior_draws import to_contributions
from attribution_models.mix.start import unconstrain

Floats = NDArray[np.float64]


def compile_graph(density: Density) -> Any:
    """Compile the graph of a model through nutpie, once for all rounds; takes some ten seconds."""
    import nutpie  # noqa: PLC0415

    from attribution_models.mix.graph import graph  # noqa: PLC0415

    with warnings.catch_warnings():
        # nutpie compiles through numba, which brings its own linear algebra.
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS", category=UserWarning)
        return nutpie.compile_pymc_model(graph(density.structure))


def sample_graph(
    density: Density, model: Any, tuning: Tuning, told: Callable[[Progress], None] | None = None
) -> Chains:
    """Run the chains on the compiled graph of a model.

    The draws come back on the line of the compiled kernels, so that all that follows a fit is the same. Chains start
    dispersed about the prior's middle, as nutpie does it; the mass matrix is diagonal.

    Parameters
    ----------
    density : Density
        Of the model's structure, in which every coefficient is sampled; it is not evaluated.
    model
        From `compile_graph`.
    tuning : Tuning
    told : callable, optional
        Called when sampling starts and when it ends.
    """
    import nutpie  # noqa: PLC0415

    total = tuning.chains * (tuning.tune + tuning.draws)
    if told is not None:
        told(Progress(0, total, 0))
    found = nutpie.sample(
        model,
        chains=tuning.chains,
        tune=tuning.tune,
        draws=tuning.draws,
        cores=min(tuning.chains, tuning.cores or available()),
        seed=tuning.seed,
        target_accept=tuning.target_accept,
        maxdepth=tuning.max_depth,
        progress_bar=False,
    )
    chains = _read(density, found)
    if told is not None:
        told(Progress(total, total, int(chains.diverging.sum())))
    return chains


def _read(density: Density, found: Any) -> Chains:
    from attribution_models.mix import generations  # noqa: PLC0415

    posterior, stats = generations.group(found, "posterior"), generations.group(found, "sample_stats")
    values = {group.name: posterior[group.name].to_numpy() for group in density.structure.groups}
    steps = [stats, generations.group(found, "warmup_sample_stats")]
    return Chains(
        draws=points_of(density, values),
        diverging=stats["diverging"].to_numpy().astype(bool),
        gradients=sum(int(part["n_steps"].sum()) for part in steps),
        sampler=f"nutpie {version('nutpie')} on the PyMC {version('pymc')} graph",
    )


def points_of(density: Density, values: dict[str, Floats]) -> Floats:
    """Put draws by name, (chains, draws, …), on the line of the compiled kernels, (chains, draws, n)."""
    s = density.structure
    lead = next(iter(values.values())).shape[:2]
    flat = np.empty((int(np.prod(lead)), s.size))
    for group in s.groups:
        drawn = values[group.name].reshape(len(flat), group.size)
        for e in range(group.size):
            flat[:, group.start + e] = unconstrain(group.prior(e), drawn[:, e])
    return to_contributions(density, flat).reshape(*lead, s.size)
