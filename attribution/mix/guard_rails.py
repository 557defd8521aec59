"""What should make the reader of a fitted mix model careful: checks, robustness, placebos; as numbers and findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import listed
from attribution.findings import Finding
from attribution.mix.effect_findings import learned_findings, prior_findings
from attribution.mix.fit_findings import fit_findings
from attribution_models.mix.cells import Window
from attribution_models.mix.density import Density
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit_checks import check_fit
from attribution_models.mix.nuts import Progress, Tuning
from attribution_models.mix.placebo import PlaceboResult
from attribution_models.mix.placebo_fit import placebo
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.prior_checks import Learned, PriorCheck, learned, prior_check
from attribution_models.mix.prior_draws import prior_draws
from attribution_models.mix.returns import gains, roas_draws
from attribution_models.mix.robustness import Robustness, robustness
from attribution_models.mix.structure import Structure

# Draws that the checks look at; more change no verdict.
DRAWS = 1000
# A confounder that explains so little of a channel and of the outcome would do.
FRAGILE = 0.02
ZERO = "indistinguishable from zero"


@dataclass(frozen=True, slots=True, eq=False)
class GuardRails:
    """Checks of a fit.

    Attributes
    ----------
    learned : Learned
        What the data changed of each channel's prior.
    robustness : tuple of Robustness
        How strong an unseen confounder would have to be to halve each channel's effect.
    placebos : tuple of PlaceboResult
        Of future spend; empty where they were not fitted.
    findings : tuple of Finding
    """

    learned: Learned
    robustness: tuple[Robustness, ...]
    placebos: tuple[PlaceboResult, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for the manifest."""
        return {
            "learned": {f.name: np.asarray(getattr(self.learned, f.name)).tolist() for f in fields(Learned)},
            "robustness": [asdict(r) for r in self.robustness],
            "placebos": [asdict(p) for p in self.placebos],
        }


def prior_of(s: Structure, seed: int, draws: int = DRAWS) -> Effects:
    """Draws of the prior, with everything that effects are worked out from."""
    return Effects.of(prior_draws(Density.of(s), draws, seed))


def check_prior(prior: Effects) -> tuple[PriorCheck | None, tuple[Finding, ...]]:
    """What the priors allow that cannot be, before the data speak."""
    try:
        found = prior_check(prior)
    except ValueError as error:
        remedy = "Narrow the priors of effects, carry-over and saturation."
        return None, (Finding("warning", "prior-not-finite", str(error), remedy),)
    return found, tuple(prior_findings(found))


def guard_rails(
    posterior: Posterior,
    prior: Effects,
    *,
    placebos: Tuning | None = None,
    told: Callable[[str, Progress], None] | None = None,
) -> GuardRails:
    """Check a fit.

    Parameters
    ----------
    prior : Effects
        `prior_of` the same structure.
    placebos : Tuning, optional
        Fit the model once more for each channel, with the channel's future spend beside it; a fit each.
    told : callable, optional
        Told how far each of these fits is.
    """
    s = posterior.structure
    effects = Effects.of(posterior, DRAWS)
    known = learned(effects, prior)
    returns = roas_draws(effects, gains(effects, Window.whole(s.data)))[0][:, 0]
    roi = {c.name: r for c, r in zip(s.spec.channels, returns, strict=True) if np.isfinite(r).any()}
    strength = robustness(posterior)
    tried = tuple(_placebos(s, placebos, told)) if placebos is not None else ()
    found = (
        *fit_findings(check_fit(posterior, roi)),
        *learned_findings(known),
        *null_findings(known),
        *robustness_findings(strength),
        *placebo_findings(tried),
    )
    return GuardRails(known, strength, tried, found)


def _placebos(s: Structure, tuning: Tuning, told: Callable[[str, Progress], None] | None) -> Iterator[PlaceboResult]:
    for channel in s.spec.channels:
        yield placebo(s.spec, s.data, channel.name, tuning, told=_labelled(f"placebo {channel.name}", told))


def _labelled(label: str, told: Callable[[str, Progress], None] | None) -> Callable[[int, Progress], None] | None:
    return None if told is None else lambda _, progress: told(label, progress)


def nulls(known: Learned) -> NDArray[np.bool_]:
    """Channels that cannot be told from doing nothing.

    P(share of the outcome < 1 %) is above one half, and not below what the prior gives it: data, not the prior, say so.
    """
    return np.asarray((known.negligible > 0.5) & (known.negligible >= known.negligible_prior))


def null_findings(known: Learned) -> Iterator[Finding]:
    """Name them, posterior beside prior."""
    rows = zip(known.channels, nulls(known), known.negligible, known.negligible_prior, strict=True)
    named = [f"{c} ({after:.0%}, before the data {before:.0%})" for c, flag, after, before in rows if flag]
    if named:
        message = f"Probably below 1% of the outcome, and so {ZERO}: {listed(named)}."
        yield Finding("info", "channel-null", message, "Do not read a small return as a proven one.", len(named))


def robustness_findings(found: tuple[Robustness, ...]) -> Iterator[Finding]:
    """Name channels whose return would not stand a confounder of a likely strength."""
    weak = [r for r in found if r.strongest and r.value < r.strongest_share]
    if weak:
        shown = listed(f"{r.channel} ({r.value:.0%}; {r.strongest}: {r.strongest_share:.0%})" for r in weak)
        message = (
            "Something unseen that is tied to spend and outcome less closely than a declared control would halve the "
            f"return: {shown}."
        )
        yield Finding("warning", "fragile", message, "Bring a lift test, or the control that is missing.", len(weak))
    thin = [r for r in found if r not in weak and r.value < FRAGILE]
    if thin:
        shown = listed(f"{r.channel} ({r.value:.1%})" for r in thin)
        message = (
            f"A confounder that explains less than {FRAGILE:.0%} of what is left of the outcome and of the channel "
            f"would halve the return: {shown}."
        )
        yield Finding("info", "thin-evidence", message, "An experiment would tell.", len(thin))


def placebo_findings(found: tuple[PlaceboResult, ...]) -> Iterator[Finding]:
    """Name channels whose future spend explains today's outcome."""
    bad = [p.channel for p in found if p.verdict == "suspicious"]
    if bad:
        message = f"Future spend explains today's outcome for {listed(bad)}: spend follows demand there."
        remedy = "The channel's own return holds some of that demand: add its cause as a confounder, or a lift test."
        yield Finding("warning", "placebo", message, remedy, len(bad))
    unsure = [p.channel for p in found if p.verdict == "undecided"]
    if unsure:
        message = f"The placebo with future spend decides nothing for {listed(unsure)}."
        yield Finding("note", "placebo-undecided", message, "", len(unsure))


def rails_frame(about: Mapping[str, Any]) -> pd.DataFrame:
    """One row per channel: what the data said beyond the prior, how robust that is, what the placebo says.

    Parameters
    ----------
    about : mapping
        `GuardRails.as_dict`, or the manifest's entry of a fit.
    """
    known = learned_of(about)
    strength = {r["channel"]: r for r in about["robustness"]}
    placebos = {p["channel"]: p["verdict"] for p in about["placebos"]}
    frame = pd.DataFrame(
        {
            "channel": known.channels,
            "quantity": known.quantity,
            "posterior_over_prior_sd": known.ratio,
            "below_one_percent": known.negligible,
            "below_one_percent_prior": known.negligible_prior,
            "verdict": np.where(nulls(known), ZERO, ""),
            "halved_by": [strength[c]["value"] for c in known.channels],
            "strongest_control": [strength[c]["strongest"] for c in known.channels],
            "strongest_control_is": [strength[c]["strongest_share"] for c in known.channels],
        }
    )
    return frame.assign(placebo=[placebos[c] for c in known.channels]) if placebos else frame


def learned_of(about: Mapping[str, Any]) -> Learned:
    """What `GuardRails.as_dict` kept of it."""
    kept = about["learned"]
    arrays = {name: np.array(kept[name], dtype=float) for name in (f.name for f in fields(Learned)) if name in NUMBERS}
    return Learned(channels=tuple(kept["channels"]), quantity=tuple(kept["quantity"]), **arrays)


NUMBERS = ("posterior_deviation", "prior_deviation", "negligible", "negligible_prior")
