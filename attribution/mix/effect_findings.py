"""What should be known about the priors of a mix model, before its fit and after it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attribution.errors import listed
from attribution.findings import Finding
from attribution_models.mix.prior_checks import IMPLAUSIBLE, Learned, PriorCheck


def prior_findings(check: PriorCheck) -> Iterator[Finding]:
    """Say what the priors allow that cannot be."""
    limit = f"{IMPLAUSIBLE:.0%}"
    if "share_above_one" in check.implausible:
        high = [c for c, share in zip(check.channels, check.share.upper, strict=True) if share > 1]
        whose = f" Widest: {listed(high)}." if high else ""
        message = (
            f"Before the data, media bring more than all that was observed with a probability of "
            f"{check.share_above_one:.0%} (above {limit}).{whose}"
        )
        remedy = "Narrow the effect priors, or set them on contribution or ROI."
        yield Finding("warning", "prior-media-share", message, remedy)
    if "baseline_negative" in check.implausible:
        message = (
            f"Before the data, the baseline is below zero with a probability of {check.baseline_negative:.0%} "
            f"(above {limit})."
        )
        yield Finding("warning", "prior-baseline", message, "Give the intercept a prior away from zero.")
    lost = check.draws - check.finite
    if lost:
        message = f"{lost:,} of {check.draws:,} draws of the prior give no finite numbers and are left out."
        yield Finding("warning", "prior-not-finite", message, "Narrow the priors of carry-over and saturation.", lost)


def learned_findings(known: Learned) -> Iterator[Finding]:
    """Name the channels whose answer is the prior's."""
    pairs = zip(known.channels, known.prior_dominated, known.ratio, strict=True)
    decided = [f"{c} ({ratio:.2f})" for c, flag, ratio in pairs if flag]
    if decided:
        message = (
            f"The data say little about {listed(decided)}: the standard deviation is still that share of the prior's, "
            "so the prior decides."
        )
        remedy = "Bring a lift test, vary spend, or take the result as an assumption."
        yield Finding("warning", "prior-dominated", message, remedy, int(np.sum(known.prior_dominated)))
