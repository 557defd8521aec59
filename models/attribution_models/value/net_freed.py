"""What freed spend is worth after what suppression loses, where an experiment tells; else the break-even point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution_models.value.freed_spend import FreedSpend


@dataclass(frozen=True, slots=True)
class NetFreed:
    """Freed spend and lost contribution side by side.

    Attributes
    ----------
    known : bool
        Whether an experiment measured the loss. Without one the net is unknown, not equal to the spend freed.
    lost, lost_lower, lost_upper : float
        Contribution lost in the period (below 0: suppression gained); nan where unknown.
    net, net_lower, net_upper : float
        Freed spend minus lost contribution; nan where unknown.
    break_even, break_even_lower, break_even_upper : float
        Incremental outcomes per listed person and period at which the loss eats up the freed spend:
        (spend freed / listed people) / margin.
    break_even_matched : float
        The same per person whom a platform really stops.
    text : str
        In one sentence.
    """

    known: bool
    lost: float
    lost_lower: float
    lost_upper: float
    net: float
    net_lower: float
    net_upper: float
    break_even: float
    break_even_lower: float
    break_even_upper: float
    break_even_matched: float
    text: str


def net_freed(
    freed: FreedSpend, margin: float, effect: float | None = None, error: float | None = None, seed: int = 0
) -> NetFreed:
    """Net of freed spend and lost contribution.

        net = G + people · margin · effect,   effect ~ Normal(estimate, error),

    effect = mean outcome of suppressed minus held-out people, per listed person and period of the same length as G's
    (as `holdout_effect` gives): a loss is below 0, an avoided harm above it.

    Parameters
    ----------
    freed : FreedSpend
    margin : float
        Contribution per unit of the outcome, above 0.
    effect, error : float, optional
        Both or none.
    seed : int

    Raises
    ------
    ValueError
        A margin not above 0, or an effect without its error.
    """
    if not margin > 0 or (effect is None) != (error is None) or (error is not None and not error >= 0):
        raise ValueError(
            f"Margin {margin}, effect {effect}, error {error}: a margin above 0, and effect and error both or none."
        )
    at = [0.5, (1 - freed.level) / 2, (1 + freed.level) / 2]
    point = np.quantile(freed.draws, at) / freed.people / margin
    matched = float(point[0] * freed.people / freed.matched_people) if freed.matched_people else np.nan
    even = (float(point[0]), float(point[1]), float(point[2]), matched)
    if effect is None or error is None:
        text = (
            f"net: unknown (no experiment measured the loss). It breaks even at {1000 * even[0]:.3g} incremental "
            "outcomes per 1,000 listed people and period: below that suppression pays."
        )
        nan = float("nan")
        return NetFreed(False, nan, nan, nan, nan, nan, nan, *even, text)
    noise = np.random.default_rng(seed).standard_normal(freed.draws.size)
    lost = -freed.people * margin * (effect + error * noise)
    net = freed.draws - lost
    (l0, l1, l2), (n0, n1, n2) = ((float(v) for v in np.quantile(values, at)) for values in (lost, net))
    text = f"net: {n0:,.0f} ({n1:,.0f} to {n2:,.0f}, {100 * freed.level:.0f} %) per period."
    return NetFreed(True, l0, l1, l2, n0, n1, n2, *even, text)
