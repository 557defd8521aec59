"""Checks after a fit: what in it should make its reader careful, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.posterior import Posterior
from attribution_models.mix.prior_shift import Shift, shifts
from attribution_models.mix.residuals import Residuals

Floats = NDArray[np.float64]
Severity = Literal["note", "info", "warning", "error"]
SHOWN = 5
TAIL = 0.025
LIKELY = 0.05
HIGH_ROI = 10.0
LEARNED = 0.8
FAR_OUT = 0.01
AT_END = 0.2
LAG = 0.2
POOR, CLOSE, FAR = 0.5, 0.99, 0.25


@dataclass(frozen=True, slots=True)
class Check:
    """One observation about a fit.

    Attributes
    ----------
    severity : str
        ``note``, ``info``, ``warning`` or ``error``.
    code : str
        Stable name.
    message, remedy : str
    about : tuple of str
        Channels, parameters or geos concerned.
    """

    severity: Severity
    code: str
    message: str
    remedy: str
    about: tuple[str, ...] = ()


def check_fit(
    posterior: Posterior, roi: Mapping[str, Floats], prior_roi: Mapping[str, Floats] | None = None
) -> tuple[Check, ...]:
    """Check a fit.

    Parameters
    ----------
    posterior : Posterior
    roi : Mapping of str to array (D,)
        Return on spend of each paid channel, by draw.
    prior_roi : Mapping of str to array, optional
        The same under the prior.
    """
    return (
        *residual_checks(Residuals.of(posterior)),
        *shift_checks(shifts(posterior)),
        *roi_checks(roi, prior_roi or {}),
    )


def residual_checks(found: Residuals) -> Iterator[Check]:
    """Judge predictive p-values, the baseline's sign, autocorrelation and accuracy."""
    yield from _predictive(found.p_values)
    yield from _baseline(found)
    yield from _autocorrelation(found)
    yield from _accuracy(found)


def _predictive(p_values: Mapping[str, float]) -> Iterator[Check]:
    remedies = {
        "mean": "Look at the intercept's prior and at the outcome's scale.",
        "sd": "Something moves the outcome that the model lacks, or noise is not normal: controls, or Student-t noise.",
        "min": "Look for periods without trade (closures, missing bookings) and mark them as events or as missing.",
        "max": "Look for peaks (sales, holidays) and add them as events, or take Student-t noise.",
        "autocorrelation": "Add a trend, seasons or a control that moves slowly; without it intervals are too narrow.",
    }
    for name, p in p_values.items():
        if min(p, 1 - p) < TAIL:
            where = "above" if p > 0.5 else "below"
            message = f"Data drawn from the fit have a {_statistic(name)} {where} the observed one (p = {p:.3f})."
            yield Check("warning", f"predictive-{name}", message, remedies[name])


def _statistic(name: str) -> str:
    known = {"sd": "standard deviation", "min": "minimum", "max": "maximum", "autocorrelation": "lag-1 autocorrelation"}
    return known.get(name, name)


def _baseline(found: Residuals) -> Iterator[Check]:
    if max(found.negative_baseline, found.negative_rows) > LIKELY:
        message = (
            f"The baseline is negative with probability {found.negative_baseline:.0%} in total and "
            f"{found.negative_rows:.0%} in a mean row: media are credited with more than there was."
        )
        remedy = "Tighten priors of media effects (contribution or ROI); look for a missing seasonal or price effect."
        yield Check("warning", "baseline-negative", message, remedy)


def _autocorrelation(found: Residuals) -> Iterator[Check]:
    mean, low, high = found.autocorrelation
    if abs(mean) > LAG and not low <= 0 <= high:
        message = (
            f"Residuals follow each other: lag-1 autocorrelation {mean:.2f} ({low:.2f} to {high:.2f}), Durbin-Watson "
            f"{found.durbin_watson:.2f}. Intervals of slow-moving effects are too narrow."
        )
        remedy = "Add a trend (knots or a Gaussian process), seasons, or the control that is missing."
        yield Check("warning", "residual-autocorrelation", message, remedy)


def _accuracy(found: Residuals) -> Iterator[Check]:
    whole = found.accuracy
    numbers = f"R² {whole.r2:.2f}, wMAPE {whole.wmape:.0%} over {whole.rows} rows"
    if whole.r2 < POOR:
        yield Check("info", "fit-poor", f"Much of the outcome is left over: {numbers}.", "Look for what else moves it.")
    elif whole.r2 > CLOSE:
        remedy = "Compare leave-future-out scores; take fewer knots or seasons if they are much worse."
        yield Check("info", "fit-close", f"Nearly nothing is left over: {numbers}. The model may follow noise.", remedy)
    far = [geo for geo, accuracy in found.by_geo.items() if accuracy.wmape > max(FAR, 2 * whole.wmape)]
    if far and len(found.by_geo) > 1:
        message = f"{len(far)} geos fit far worse than the rest: {_some(far)}."
        yield Check("info", "geo-fit-poor", message, "Look at their data, and at noise by geo.", tuple(far))


def shift_checks(found: Sequence[Shift]) -> Iterator[Check]:
    """Judge what the data did to the priors."""
    same = [s for s in found if s.ratio > LEARNED]
    if same:
        message = f"The data told little about {len(same)} of {len(found)} parameters: {_some([s.name for s in same])}."
        remedy = "Their posterior is their prior; check that the prior is meant, or fix them."
        yield Check("info", "prior-dominated-parameters", message, remedy, tuple(s.name for s in same))
    apart = [s for s in found if s.tail < FAR_OUT]
    if apart and len(apart) < len(found):
        names = [s.name for s in apart]
        message = (
            f"The answer lies where its prior had put less than {FAR_OUT:.0%}, for {len(apart)} of {len(found)} "
            f"parameters: {_some(names)}."
        )
        remedy = "Where the prior was meant seriously, data and prior disagree: look at both."
        yield Check("note", "prior-conflict", message, remedy, tuple(names))
    ends = [s.name for s in found if s.at_end > AT_END]
    if ends:
        message = f"{len(ends)} parameters lie at an end of their prior's interval: {_some(ends)}."
        yield Check("warning", "prior-bound", message, "Widen the interval, or say why it ends there.", tuple(ends))


def roi_checks(roi: Mapping[str, Floats], prior: Mapping[str, Floats]) -> Iterator[Check]:
    """Judge returns: implausible ones, and those that only repeat their prior."""
    high = [c for c, x in roi.items() if np.mean(x > HIGH_ROI) > LIKELY]
    if high:
        message = f"Returns above {HIGH_ROI:g} have a probability above {LIKELY:.0%}: {_some(high)}."
        remedy = (
            "Check units of spend and revenue; a channel that follows demand (search, retargeting) needs a control."
        )
        yield Check("warning", "roi-implausible", message, remedy, tuple(high))
    low = [c for c, x in roi.items() if np.mean(x < 0) > 0.5]
    if low:
        message = f"Returns are more likely negative than not: {_some(low)}."
        remedy = "Spend may answer to weak demand; add the control it answers to, or a positive prior."
        yield Check("warning", "roi-negative", message, remedy, tuple(low))
    same = prior_dominated(roi, prior)
    if same:
        message = f"Prior-dominated returns (posterior over prior standard deviation above {LEARNED:g}): {_some(same)}."
        remedy = "The figure is the prior's. An experiment, or more variation in spend, would tell."
        yield Check("warning", "roi-prior-dominated", message, remedy, tuple(same))


def prior_dominated(roi: Mapping[str, Floats], prior: Mapping[str, Floats]) -> tuple[str, ...]:
    """Channels whose return's posterior standard deviation is above 0.8 of the prior's."""
    return tuple(c for c, x in roi.items() if c in prior and x.std() > LEARNED * prior[c].std())


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
