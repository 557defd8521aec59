"""The media-mix part of a run: its files, its check, its fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.configuration import Configuration
from attribution.progress import Told
from attribution.workspace import Workspace

if TYPE_CHECKING:
    from attribution.steps.mmm import MixOptions, MixReady, MixReport, Progress


def ready(configuration: Configuration, base: Path) -> MixReady:
    """Read and check the model's files."""
    from attribution.steps.mmm import ready_mix  # noqa: PLC0415  (its kernels are slow to import)

    return ready_mix(Workspace(base / configuration.workspace), *_arguments(configuration, base))


def fitted_mix(configuration: Configuration, workspace: Workspace, base: Path, progress: Told) -> MixReport | None:
    """Fit the model where a panel is named."""
    if not configuration.mmm.enabled:
        return None
    from attribution.steps.mmm import mmm_step  # noqa: PLC0415

    progress("fitting the media-mix model", 0, 0)
    return mmm_step(workspace, *_arguments(configuration, base), told=_sampled(progress))


def _sampled(progress: Told) -> Callable[[str, Progress], None]:
    """What the sampler tells of its chains, as all steps tell it."""
    return lambda label, chains: progress(f"sampling, {label}", chains.done, chains.total)


def _arguments(configuration: Configuration, base: Path) -> tuple[Sequence[str], Path, Sequence[str], MixOptions]:
    """Panels, model, lift tests and options."""
    from attribution.steps.mmm import MixOptions, Tuning  # noqa: PLC0415

    c = configuration.mmm
    assert c.model is not None
    tuning = Tuning(
        chains=c.chains, tune=c.tune, draws=c.draws, target_accept=c.target_accept, seed=configuration.seed
    )  # fmt: skip
    options = MixOptions(
        name=c.name, tuning=tuning, rounds=c.max_rounds, checks=c.checks, placebo=c.placebo,
        allow_saturated=c.allow_saturated, force=c.force,
    )  # fmt: skip
    return c.files(base, c.panel), base / c.model, c.files(base, c.lifts), options
