"""Whether the arms of an experiment are what chance gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, rankdata

from attribution.errors import AttributionError, UsageError
from attribution.findings import Finding
from attribution_models.value.holdout_effect import RATIO_ALARM, sample_ratio

Floats = NDArray[np.float64]


def check_split(exposed: NDArray[np.bool_], features: Floats, planned: float | None) -> tuple[Finding, ...]:
    """Refuse an experiment whose arms are not what chance gives.

    The split is compared with the planned share (χ² with one degree of freedom). Features are compared between the
    arms together: n R² of a regression of the arm on their ranks is χ² with as many degrees of freedom as there are
    independent features, where the arm was drawn at random.

    Raises
    ------
    AttributionError
        p below 0.001 for either: people went missing, or were not assigned at random.
    """
    held = int((~exposed).sum())
    if not 0 < held < exposed.size:
        raise UsageError(f"{exposed.size - held:,} people exposed, {held:,} held out: both arms are needed.")
    if planned is not None:
        ratio = sample_ratio(exposed.size - held, held, planned)
        if ratio.broken:
            raise AttributionError(
                f"{ratio.observed:.2%} of people are held out and {planned:.2%} were planned (p = {ratio.p:.1g}): "
                "people went missing in one arm, and nothing may be read from this experiment. Find out why first."
            )
    p = _balance(exposed, features)
    if p < RATIO_ALARM:
        raise AttributionError(
            f"The arms differ in what was known before (p = {p:.1g}): people were not assigned at random, or the "
            "assignments came late. Without a random assignment there is no uplift to be read."
        )
    if planned is not None:
        return ()
    message = f"{held / exposed.size:.1%} of people are held out; whether that was the plan is not checked."
    return (Finding("note", "split-unchecked", message, "Give the planned share: --planned 0.1."),)


def _balance(exposed: NDArray[np.bool_], features: Floats) -> float:
    """p-value of "the features do not tell the arms apart"."""
    ranks = np.column_stack([rankdata(column) for column in features.T])
    ranks -= ranks.mean(axis=0)
    arm = exposed - exposed.mean()
    weights, _, rank, _ = np.linalg.lstsq(ranks / ranks.std(axis=0), arm, rcond=None)
    fitted = (ranks / ranks.std(axis=0)) @ weights
    return float(chi2.sf(arm.size * float(fitted @ fitted) / float(arm @ arm), max(int(rank), 1)))
