"""Read and check what a media-mix fit needs: model, panel, lift tests, and the fit that is refreshed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from attribution.errors import UsageError, listed
from attribution.findings import Finding
from attribution.mix.checks import check_model
from attribution.mix.guard_rails import check_prior, prior_of
from attribution.mix.lift_priors import with_lift_priors
from attribution.mix.lift_tests import LiftTest
from attribution.mix.lifts import read_lifts
from attribution.mix.model_file import read_model
from attribution.mix.panel import Panel, read_panel
from attribution.mix.refresh import frozen_scales
from attribution.mix.stored import FAMILY, StoredMix, load_mix
from attribution.settings import IngestSettings
from attribution.workspace import Workspace, digest_of_file
from attribution_models.mix.fit import ROUNDS
from attribution_models.mix.lifts import Lift
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.prior_checks import PriorCheck
from attribution_models.mix.scales import Scales
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import Structure, structure


@dataclass(frozen=True, slots=True, kw_only=True)
class MixOptions:
    """How a mix model is fitted.

    Attributes
    ----------
    name : str, optional
        Kept as ``mmm-NAME``; without: the model file's name, or that of the fit that is refreshed.
    tuning : Tuning
    rounds : int
        At most; sampling stops at the first one after which the gate passes.
    refresh : str, optional
        An earlier fit: its scales stay, half of the chains start at its draws, drift from it is reported.
    checks : bool
        Judge the fit: residuals, priors, returns, unseen confounders.
    placebo : bool
        Fit it once more for each channel, with its future spend beside it.
    allow_saturated : bool
        National channels beside near-saturated time effects only warn.
    force : bool
        Go on past a gate that does not pass: its finding is a warning, and every output says so.
    level : float
        Of intervals.
    """

    name: str | None = None
    tuning: Tuning = field(default_factory=lambda: Tuning(tune=600))
    rounds: int = ROUNDS
    refresh: str | None = None
    checks: bool = True
    placebo: bool = False
    allow_saturated: bool = False
    force: bool = False
    level: float = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class MixReady:
    """A model and its data, read and checked, before any sampling.

    Attributes
    ----------
    structure : Structure
    panel : Panel
    old : StoredMix or None
        What is refreshed.
    inputs : dict
        Names of files to digests of their content.
    findings : tuple of Finding
    tests : tuple of LiftTest
        Lift tests that are no part of the likelihood.
    """

    structure: Structure
    panel: Panel
    old: StoredMix | None
    inputs: dict[str, str]
    findings: tuple[Finding, ...]
    tests: tuple[LiftTest, ...] = ()

    def named(self, name: str | None) -> str:
        """What the fit is called."""
        given = name or (self.old.name if self.old is not None else self.structure.spec.name)
        return given if given == FAMILY or given.startswith(f"{FAMILY}-") else f"{FAMILY}-{given}"


def ready_mix(
    workspace: Workspace,
    panels: Sequence[str],
    model: Path | MixSpec | None,
    lifts: Sequence[str] = (),
    options: MixOptions | None = None,
    settings: IngestSettings | None = None,
) -> MixReady:
    """Read and check everything that a fit needs; nothing is sampled or written.

    Raises
    ------
    UsageError
        A file, column, channel or fit is missing, or the model cannot be fitted on this panel.
    AttributionError
        The panel or the lift tests cannot be used as they are.
    """
    chosen = options or MixOptions()
    old = None if chosen.refresh is None else load_mix(workspace, chosen.refresh)
    spec = _spec(model, old)
    panel = read_panel(panels, spec, settings)
    scales = None if old is None else frozen_scales(old, spec, panel)
    found = [*check_model(spec, panel, allow_saturated=chosen.allow_saturated, lifts=bool(lifts))]
    blocking = [f for f in found if f.severity == "error"]
    if blocking:
        raise UsageError(" ".join(f"{f.message} {f.remedy}".strip() for f in blocking))
    likelihood: tuple[Lift, ...] = ()
    others: tuple[LiftTest, ...] = ()
    if lifts:
        read = read_lifts(lifts, spec, panel, scales=scales, settings=settings)
        likelihood = read.likelihood
        others = (*(LiftTest("prior", t) for t in read.prior), *(LiftTest("validate", t) for t in read.validate))
        spec, noted = with_lift_priors(spec, panel.data, read.prior, scales)
        found += [*read.findings, *noted]
        if read.validate:
            named = listed(dict.fromkeys(lift.experiment for lift in read.validate))
            found.append(
                Finding(
                    "note", "lift-kept", f"Kept away from the fit, to score it: {named}.", "See attribution compare."
                )
            )
    files = [*panels, *lifts, *([str(model)] if isinstance(model, Path) else [])]
    inputs = {Path(f).name: digest_of_file(Path(f)) for f in files if Path(f).is_file()}
    return MixReady(_structure(spec, panel, likelihood, scales), panel, old, inputs, tuple(found), others)


def _spec(model: Path | MixSpec | None, old: StoredMix | None) -> MixSpec:
    if isinstance(model, MixSpec):
        return model
    if model is not None:
        return read_model(model)
    if old is None:
        raise UsageError("A media-mix fit needs --model FILE. Draft one: attribution mmm draft PANEL > mmm.toml.")
    return old.spec


def _structure(spec: MixSpec, panel: Panel, lifts: tuple[Lift, ...], scales: Scales | None) -> Structure:
    try:
        return structure(spec, panel.data, lifts, scales=scales)
    except ValueError as error:
        raise UsageError(f"{panel.name}: {error}") from None


def prior_report(ready: MixReady, seed: int = 1) -> tuple[PriorCheck | None, tuple[Finding, ...]]:
    """What the priors say before the data, for ``--prior-check``."""
    check, found = check_prior(prior_of(ready.structure, seed))
    return check, (*ready.findings, *found)
