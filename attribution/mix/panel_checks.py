"""Values of a panel that no model can be fitted to, and values that tell it little."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from attribution.errors import counted
from attribution.findings import Finding
from attribution.mix.panel_rows import Problems
from attribution_models.mix.data import MixData
from attribution_models.mix.spec import Channel, MixSpec

# A zero is odd where no other outcome is below this share of the median.
NEAR_ZERO = 0.2


def check_values(data: MixData, spec: MixSpec, name: str) -> list[Finding]:
    """Check outcome, media and controls of the window.

    Raises
    ------
    AttributionError
        Negative media, a channel without any exposure or spend, an outcome or a control that does not vary.
    """
    problems = Problems()
    findings: list[Finding] = []
    _outcome(data, spec, name, problems)
    findings += _odd_outcome(data, spec, name)
    for c, channel in enumerate(spec.channels):
        _medium(data, channel, c, problems, findings)
    for k, control in enumerate(spec.controls):
        if np.ptp(data.controls[k]) == 0:
            problems.add(f'control[{k}]: column "{control.column}" has one value only. Leave it out.')
    problems.stop()
    return findings


def _outcome(data: MixData, spec: MixSpec, name: str, problems: Problems) -> None:
    known = data.outcome[np.isfinite(data.outcome)]
    if np.ptp(known) == 0:
        problems.add(
            f'{name}: the outcome "{spec.outcome}" has the same value everywhere; there is nothing to explain.'
        )
    elif spec.link == "log" and (known <= 0).any():
        problems.add(
            f'{name}: the outcome "{spec.outcome}" is zero or below in {int((known <= 0).sum()):,} cells, which link = '
            '"log" cannot have. Take link = "identity", or longer periods.'
        )
    elif spec.scaling.outcome != "standard" and not known.mean() > 0:
        problems.add(
            f'{name}: the outcome "{spec.outcome}" is not above zero on average. Take scaling.outcome = "standard".'
        )


def _odd_outcome(data: MixData, spec: MixSpec, name: str) -> Iterator[Finding]:
    """Outcomes below zero, and zeros far from all others."""
    known = np.isfinite(data.outcome)
    below = known & (data.outcome < 0)
    if below.any():
        message = f'{name}: "{spec.outcome}" is below zero in {counted(int(below.sum()), "cell")}{_first(data, below)}.'
        yield Finding("warning", "outcome-negative", message, "Put returns into the period of their sale, or empty the "
                      "cells.", int(below.sum()))  # fmt: skip
    zero, above = known & (data.outcome == 0), data.outcome[known & (data.outcome > 0)]
    if zero.any() and above.size and above.min() > NEAR_ZERO * np.median(above):
        where = f"{counted(int(zero.sum()), 'cell')}{_first(data, zero)}"
        message = f'{name}: "{spec.outcome}" is zero in {where}, and never near it otherwise.'
        remedy = "If it was not observed there, empty the cells: an empty outcome is left out, a zero is fitted."
        yield Finding("warning", "outcome-zero", message, remedy, int(zero.sum()))


def _medium(data: MixData, channel: Channel, c: int, problems: Problems, findings: list[Finding]) -> None:
    role = f"channel[{c}] {channel.name}"
    window = data.exposure[c][:, data.before :]
    columns = [(channel.exposure, data.exposure[c]), (channel.frequency, data.frequency[c])]
    if channel.spend != channel.exposure:
        columns.append((channel.spend, data.spend[c]))
    for column, values in columns:
        below = int((values < 0).sum())
        if column is not None and below:
            problems.add(
                f'{role}: column "{column}" is below zero in {counted(below, "cell")}{_first(data, values < 0)}. '
                "Refunds and corrections belong into the period that they correct; no medium acts below zero."
            )
    if not (window > 0).any():
        problems.add(
            f'{role}: column "{channel.exposure}" is zero in every period, so that nothing can be learnt about the '
            "channel. Take it out of the model file, or check the column."
        )
        return
    if channel.paid and not data.spend[c].sum() > 0 and channel.effect.target in ("roi", "mroi"):
        problems.add(
            f'{role}: column "{channel.spend}" is zero in every period; a prior on {channel.effect.target} needs '
            "spend. Put the prior on contribution."
        )
    findings += _constant(window, role, channel)
    findings += _unpaired(window, data.spend[c], role, channel)


def _first(data: MixData, cells: NDArray[np.bool_]) -> str:
    """Where the first of some cells of the window stands, in words."""
    window = np.flatnonzero(cells[:, cells.shape[1] - len(data.dates) :].any(axis=0))
    return f" (the first: {data.dates[window[0]]})" if len(window) else ""


def _constant(window: NDArray[np.float64], role: str, channel: Channel) -> list[Finding]:
    if (np.ptp(window, axis=1) > 1e-12 * np.abs(window).max()).any():
        return []
    message = (
        f'{role}: column "{channel.exposure}" is the same in every period; its effect cannot be told from the level of '
        "the baseline, and what comes out is the prior."
    )
    return [Finding("warning", "channel-constant", message, "Leave it out, or bring in a lift test.")]


def _unpaired(window: NDArray[np.float64], spend: NDArray[np.float64], role: str, channel: Channel) -> list[Finding]:
    """Money without exposure, or exposure without money, in more than a tenth of the periods with either."""
    if channel.spend is None or channel.spend == channel.exposure:
        return []
    either = (window > 0) | (spend > 0)
    odd = int(((window > 0) != (spend > 0)).sum())
    if odd <= 0.1 * either.sum():
        return []
    message = (
        f"{role}: {odd:,} of {int(either.sum()):,} active cells have spend without exposure, or exposure without spend."
    )
    return [
        Finding("warning", "spend-exposure-mismatch", message, "Check that both columns are of the same channel.", odd)
    ]
