"""Which parameters a channel reads, and on what scale its effect is sampled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution_models.mix import adstock, saturation
from attribution_models.mix.data import MixData
from attribution_models.mix.groups import GroupBook, Parameter
from attribution_models.mix.priors import LOG, normal
from attribution_models.mix.spec import Channel, MixSpec

# How a channel's β is made of what is sampled.
DIRECT, CONTRIBUTION_SCALE, QUANTITY = 0, 1, 2
# What one unit of scaled mean counts as, in the sum H.
MEAN, OUTCOME, REVENUE = 0, 1, 2
MROI_STEP = 0.01


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """What one channel's part of the mean reads.

    Attributes
    ----------
    adstock, saturation : tuple of Parameter
        In the order of the kind's parameters, two each (unused ones are the constant 1).
    effect : Parameter
    mode, weight : int
        ``DIRECT``, ``CONTRIBUTION_SCALE`` or ``QUANTITY``; ``MEAN``, ``OUTCOME`` or ``REVENUE``.
    constant : float
        K of β = q K / H.
    marginal : bool
        H is of h((1 + 0.01) x) − h(x).
    spread : Parameter or None
        η_c; its z_gc are elements of the group ``geo_effect``, row `row`.
    row : int
    """

    adstock: tuple[Parameter, Parameter]
    saturation: tuple[Parameter, Parameter]
    effect: Parameter
    mode: int
    weight: int
    constant: float
    marginal: bool
    spread: Parameter | None
    row: int


def plans(spec: MixSpec, data: MixData, book: GroupBook) -> tuple[ChannelPlan, ...]:
    """Plan every channel, and put its parameters into the book."""
    pooled = [c.name for c in spec.channels if is_pooled(c, data)]
    found = tuple(_plan(spec, data, c, book, pooled) for c in range(len(spec.channels)))
    if pooled:
        book.whole("geo_effect", ("geo_effect_channel", "geo"), (tuple(pooled), data.geos), normal(0.0, 1.0))
    return found


def is_pooled(channel: Channel, data: MixData) -> bool:
    """Whether a channel has an effect of its own in each geo."""
    return len(data.geos) > 1 and channel.pooling is not None and not channel.national


def _plan(spec: MixSpec, data: MixData, c: int, book: GroupBook, pooled: list[str]) -> ChannelPlan:
    channel = spec.channels[c]
    effect = channel.effect
    label = {"coefficient": "beta", "contribution": "share"}.get(effect.target, effect.target)
    quantity = book.member(label, channel.name, effect.prior)
    mode, weight, constant = _mode(data, channel, c)
    spread = None
    if channel.name in pooled:
        assert channel.pooling is not None
        spread = book.member("geo_spread", channel.name, channel.pooling)
    return ChannelPlan(
        adstock=_shape(channel, "adstock", book),
        saturation=_shape(channel, "saturation", book),
        effect=quantity,
        mode=mode,
        weight=weight,
        constant=constant,
        marginal=effect.target == "mroi",
        spread=spread,
        row=pooled.index(channel.name) if channel.name in pooled else 0,
    )


def _shape(channel: Channel, which: str, book: GroupBook) -> tuple[Parameter, Parameter]:
    form = channel.adstock if which == "adstock" else channel.saturation
    known = (adstock if which == "adstock" else saturation).KINDS[form.kind].parameters
    found = []
    for name in known:
        label = "(all)" if form.shared else channel.name
        role = f"{which}_{name}" + (f"_{form.kind}" if form.shared else "")
        found.append(book.member(role, label, form.parameters[name]))
    filled = (*found, Parameter(constant=1.0), Parameter(constant=1.0))
    return filled[0], filled[1]


def _mode(data: MixData, channel: Channel, c: int) -> tuple[int, int, float]:
    target = channel.effect.target
    if target == "coefficient":
        prior = channel.effect.prior
        positive = prior.transform == LOG and prior.bounds[0] == 0
        return (CONTRIBUTION_SCALE if positive else DIRECT), MEAN, 1.0
    if target == "contribution":
        return QUANTITY, OUTCOME, float(np.nansum(data.outcome))
    cost = float(data.spend[c].sum())
    if not cost > 0:
        raise ValueError(f"{channel.name}: a prior on {target} needs spend above zero; use contribution.")
    if not np.isfinite(data.revenue_per_outcome).any():
        raise ValueError(f"{channel.name}: a prior on {target} needs a revenue per outcome; use contribution.")
    return QUANTITY, REVENUE, cost * (MROI_STEP if target == "mroi" else 1.0)
