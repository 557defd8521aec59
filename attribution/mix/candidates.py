"""Models of one panel that are to be set side by side: read, checked against each other, fitted, scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.mix.lifts import read_lifts
from attribution.mix.model_file import read_model
from attribution.mix.panel import Panel, read_panel
from attribution.mix.rolling import FoldPlan, Rolled, Told, labelled, roll
from attribution.settings import IngestSettings
from attribution_models.mix.density import Density
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit import ROUNDS, MixFit, fit
from attribution_models.mix.loo import Loo, loo
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.prior_checks import Learned, learned
from attribution_models.mix.prior_draws import prior_draws
from attribution_models.mix.returns import Returns, returns
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.spec_table import Candidate, Interval
from attribution_models.mix.structure import Structure, structure

# Draws of the prior that posteriors are set beside.
PRIOR_DRAWS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Entrant:
    """A model file with its panel, before anything is fitted.

    Attributes
    ----------
    name : str
        Of the file, without its ending.
    spec : MixSpec
    panel : Panel
    structure : Structure
    findings : tuple of Finding
        Of panel and lift tests.
    """

    name: str
    spec: MixSpec
    panel: Panel
    structure: Structure
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A model with its fit and scores.

    Attributes
    ----------
    entrant : Entrant
    fit : MixFit
        To all rows.
    returns : Returns
        Of all spend in the window.
    learned : Learned
        Posterior beside prior.
    rolled : Rolled or None
    loo : Loo or None
    """

    entrant: Entrant
    fit: MixFit
    returns: Returns
    learned: Learned
    rolled: Rolled | None
    loo: Loo | None

    @property
    def candidate(self) -> Candidate:
        """As `spec_table` takes it; channels without spend have no return."""
        found = return_per_spend(self.returns)
        scores = self.rolled.scores if self.rolled else None
        return Candidate({c: i for c, i in found.items() if np.isfinite(i.mean)}, scores, self.loo)


def entrants(
    panels: Sequence[str],
    models: Sequence[Path],
    lifts: Sequence[str] = (),
    settings: IngestSettings | None = None,
) -> tuple[Entrant, ...]:
    """Read every model with the panel.

    Raises
    ------
    UsageError
        Fewer than two models, or one that cannot be built on the panel.
    """
    if len(models) < 2:
        raise UsageError("One model has nothing to stand beside: name two or more with --model.")
    stems = [model.stem for model in models]
    names = [str(m) if stems.count(m.stem) > 1 else m.stem for m in models]
    if len(set(names)) < len(names):
        raise UsageError("The same model file is named twice.")
    return tuple(_entrant(name, panels, model, lifts, settings) for name, model in zip(names, models, strict=True))


def _entrant(
    name: str, panels: Sequence[str], model: Path, lifts: Sequence[str], settings: IngestSettings | None
) -> Entrant:
    spec = read_model(model)
    panel = read_panel(panels, spec, settings)
    read = read_lifts(lifts, spec, panel, settings=settings) if lifts else None
    try:
        built = structure(spec, panel.data, read.likelihood if read else ())
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None
    return Entrant(name, spec, panel, built, (*panel.findings, *(read.findings if read else ())))


def check_comparable(models: Sequence[Entrant], *, by_loo: bool) -> None:
    """Refuse models of other outcomes, rows or units before anything is sampled.

    Raises
    ------
    UsageError
        What differs, and what to do.
    """
    first = models[0]
    for other in models[1:]:
        pair, one, two = f"{first.name} and {other.name}", first.panel.data, other.panel.data
        if first.spec.outcome != other.spec.outcome:
            raise UsageError(
                f"{first.name} is about {first.spec.outcome}, {other.name} about {other.spec.outcome}: nothing in "
                "common to compare. Give both the same data.outcome."
            )
        same = one.geos == two.geos and np.array_equal(one.dates, two.dates)
        if not same or not np.array_equal(one.outcome, two.outcome, equal_nan=True):
            raise UsageError(f"{pair} have other outcome rows. Give both the same panel, date and geo.")
        if not np.array_equal(one.revenue_per_outcome, two.revenue_per_outcome, equal_nan=True):
            raise UsageError(
                f"{pair} value an outcome differently, so that their returns cannot stand side by side. Give both the "
                "same data.revenue and data.revenue_per_outcome."
            )
        if by_loo and not np.array_equal(first.structure.fitted, other.structure.fitted):
            raise UsageError(
                f"{pair} are fitted to other rows ({int(first.structure.fitted.sum()):,} and "
                f"{int(other.structure.fitted.sum()):,}): a longer carry-over leaves out more of the first ones. Give "
                "both one l_max, bring media before the window, or leave leave-one-out away with --no-loo."
            )


def fit_entrant(
    entrant: Entrant,
    tuning: Tuning,
    plan: FoldPlan | None = None,
    *,
    rounds: int = ROUNDS,
    by_loo: bool = True,
    level: float = 0.9,
    told: Told | None = None,
) -> Fitted:
    """Fit a model to all rows, work out its returns, and score it; the folds start from that fit."""
    done = fit(entrant.structure, tuning, rounds=rounds, told=labelled(f"{entrant.name}, all rows", told))
    tell = None if told is None else _prefixed(entrant.name, told)
    rolled = (
        None if plan is None else roll(entrant.spec, entrant.panel, plan, tuning, rounds=rounds, warm=done, told=tell)
    )
    effects = Effects.of(done.posterior)
    prior = Effects.of(prior_draws(Density.of(entrant.structure), PRIOR_DRAWS, tuning.seed))
    return Fitted(
        entrant=entrant,
        fit=done,
        returns=returns(effects, level=level),
        learned=learned(effects, prior),
        rolled=rolled,
        loo=loo(done.posterior) if by_loo else None,
    )


def _prefixed(name: str, told: Told) -> Told:
    return lambda label, progress: told(f"{name}, {label}", progress)


def on_common_folds(fitted: Sequence[Fitted]) -> tuple[tuple[Fitted, ...], tuple[int, ...]]:
    """Leave out, for all models, the folds that one of them could not fit; and say which origins these are.

    Raises
    ------
    UsageError
        No fold is left.
    """
    folds = [fold for model in fitted if model.rolled is not None for fold in model.rolled.scores.folds]
    lost = {fold.origin for fold in folds if fold.scores is None}
    if not lost:
        return tuple(fitted), ()
    if lost == {fold.origin for fold in folds}:
        raise UsageError("No fold could be fitted by all models. Take fewer or shorter folds, or other models.")
    kept = tuple(
        replace(m, rolled=m.rolled.without(lost, m.entrant.spec)) if m.rolled is not None else m for m in fitted
    )
    return kept, tuple(sorted(lost))


def return_per_spend(found: Returns) -> dict[str, Interval]:
    """ROAS by channel; where the outcome's worth is not known, incremental outcome per unit of spend."""
    parts = [getattr(found.roas, end)[:, 0] for end in ("mean", "lower", "upper")]
    if not np.isfinite(parts[0]).any():
        spend = np.where(found.spend[:, 0] > 0, found.spend[:, 0], np.nan)
        parts = [getattr(found.incremental, end)[:, 0, 0] / spend for end in ("mean", "lower", "upper")]
    return {c: Interval(*(float(v) for v in row)) for c, *row in zip(found.channels, *parts, strict=True)}


def quantity(found: Returns) -> str:
    """What `return_per_spend` gives: ``roas``, or ``outcome_per_spend``."""
    return "roas" if np.isfinite(found.roas.mean).any() else "outcome_per_spend"
