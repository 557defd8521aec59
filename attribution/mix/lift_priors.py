"""Lift tests whose one use is to set a prior: what a test's spend returned, as the prior of its channel's return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from attribution.errors import UsageError, listed
from attribution.findings import Finding
from attribution_models.mix.data import MixData
from attribution_models.mix.lifts import Lift
from attribution_models.mix.priors import Prior
from attribution_models.mix.scales import Scales
from attribution_models.mix.spec import Effect, MixSpec


def with_lift_priors(
    spec: MixSpec, data: MixData, lifts: Sequence[Lift], scales: Scales | None = None
) -> tuple[MixSpec, tuple[Finding, ...]]:
    """Replace the effect priors of tested channels.

    A test's return is m = lift × worth / spend that the test had more, with standard deviation s = deviation × worth /
    that spend (the transport part is in the deviation); several tests of a channel are pooled by inverse variance. The
    prior is log-normal with that mean and standard deviation: σ² = log(1 + s² / m²), μ = log m − σ² / 2.

    Raises
    ------
    UsageError
        A test measured no positive return, its spend or worth is not known, or effects multiply (log link), where a
        return has no prior of its own: it can only be part of the likelihood.
    """
    if not lifts:
        return spec, ()
    if spec.link == "log":
        raise _unfit(lifts[0], "under the log link priors are on coefficients, not on returns")
    channels, findings = list(spec.channels), []
    known = scales or Scales.of(spec, data)
    for c in sorted({lift.channel for lift in lifts}):
        mine = [lift for lift in lifts if lift.channel == c]
        returns = np.array([_return(spec, data, known, lift) for lift in mine])
        weight = 1 / returns[:, 1] ** 2
        mean, deviation = float((weight * returns[:, 0]).sum() / weight.sum()), float(weight.sum() ** -0.5)
        if mean <= 0:
            raise _unfit(mine[0], "a prior of a return needs one above zero")
        sigma = float(np.sqrt(np.log1p((deviation / mean) ** 2)))
        prior = Prior("log-normal", (float(np.log(mean) - sigma**2 / 2), sigma))
        channels[c] = replace(channels[c], effect=Effect("roi", prior))
        tests = listed(dict.fromkeys(lift.experiment for lift in mine))
        message = (
            f"{channels[c].name}: the prior of its return is {mean:.3g} ± {deviation:.2g}, from lift tests ({tests}) "
            "instead of the model file."
        )
        findings.append(Finding("note", "lift-prior", message))
    return replace(spec, channels=tuple(channels)), tuple(findings)


def _return(spec: MixSpec, data: MixData, scales: Scales, lift: Lift) -> tuple[float, float]:
    """Return on the spend that a test had more, and its standard deviation."""
    channel, geos = spec.channels[lift.channel], list(lift.geos)
    if channel.spend is None or channel.frequency is not None:
        raise _unfit(lift, "its channel has no spend that moves with its exposure")
    periods = slice(data.before, data.before + data.outcome.shape[1])
    had = scales.scaled_media(spec, data.exposure)[lift.channel][geos][:, periods]
    without = lift.without[:, periods]
    left = np.divide(without, had, out=np.ones_like(had), where=had > 0)
    spend = float((data.spend[lift.channel][geos] * (1 - left)).sum())
    if spend == 0:
        raise _unfit(lift, "the panel has no spend that the test had more (a holdout)")
    worth = float(np.mean(data.revenue_per_outcome[geos][:, lift.start : lift.end + 1]))
    if not np.isfinite(worth):
        raise _unfit(lift, "what an outcome is worth is not known")
    return lift.lift * worth / spend, lift.deviation * worth / abs(spend)


def _unfit(lift: Lift, why: str) -> UsageError:
    return UsageError(f'Lift test "{lift.experiment}" cannot set a prior: {why}. Say use = likelihood for it.')
