"""Why path model and mix model disagree about a channel, in words; only what the data of the case show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from attribution.mix.checks import SEARCH
from attribution.mix.marks import PRIOR_DOMINATED
from attribution.reconcile.facts import Facts
from attribution_models.reconcile.evidence import Experiment

# Less than this many standard deviations apart is no disagreement.
APART = 1.0
CONFLICT = 2.0
COLLINEAR = 0.8
LATE = 0.15
# A share of touches counts as large this far above that of all channels.
MORE = 0.05
ATTRIBUTED = "attributed"


def measured(channel: str, tests: Sequence[Experiment], mix: tuple[float, float], path: float | None = None) -> str:
    """What an experiment on the channel says: that it contradicts the mix model, or which of the two it is nearer to.

    Parameters
    ----------
    mix : tuple of float
        Mean and standard deviation.
    path : float, optional
        The path total, where the two are apart.
    """
    for test in tests:
        if test.channel != channel or not np.isfinite(mix).all():
            continue
        value, error = test.lift / test.share, test.deviation / test.share
        z = (value - mix[0]) / float(np.hypot(error, mix[1]))
        if abs(z) > CONFLICT:
            side = "more" if z > 0 else "less"
            return f"the experiment measured {side} than the mix model says ({abs(z):.1f} standard errors)"
        if path is not None:
            ways = abs(value - path), abs(value - mix[0])
            nearer = "nearer to paths" if ways[0] < ways[1] else "nearer to the mix model"
            fits = "in reach of both" if max(ways) < error else nearer
            return f"the experiment measured {value:,.0f} ± {error:,.0f}, {fits}"
    return ""


def reasons(channel: str, known: str, apart: float, facts: Facts, told: str, *, large: bool = False) -> Iterator[str]:
    """What explains it, most telling first.

    Parameters
    ----------
    told : str
        What an experiment says, empty without one (`measured`).
    large : bool
        Whether it brings more than the channels do on average, by the mix model.
    """
    if known == "mix":
        yield _without_path(channel, facts)
    if known == "paths":
        yield "the panel has no spend of it, so only paths tell; taken out of the mix model's baseline"
    if told:
        yield told
    if known == "both" and abs(apart) >= APART:
        yield from _below(channel, facts, large=large) if apart < 0 else _above(channel, facts, tested=bool(told))
        name, like = facts.alike.get(channel, ("", 0.0))
        if abs(like) > COLLINEAR:
            way = "with" if like > 0 else "against"
            yield f"spend moves {way} that of {name} (correlation {like:.2f}), so the mix model hardly tells them apart"
    if PRIOR_DOMINATED in facts.marks.get(channel, ""):
        yield "the mix model's number is mostly its prior"


def _without_path(channel: str, facts: Facts) -> str:
    """Why paths say nothing of a channel of the panel."""
    if channel not in facts.viewed:
        return "no journey holds it: offline media, touches that are not collected, or another name there"
    if facts.estimand == ATTRIBUTED:
        return "journeys hold it, but paths give it no credit in these days"
    return "the path model finds no effect of it above zero, and is not asked"


def _below(channel: str, facts: Facts, *, large: bool) -> Iterator[str]:
    """Why a path total may be too low."""
    found = False
    if not facts.viewed.get(channel, True) and not SEARCH.search(channel.lower()):
        yield "view-through is missing: its touches hold no impressions"
        found = True
    # Other than credit, effects by time are fitted on the whole history: no lookback cuts them.
    if facts.estimand == ATTRIBUTED and facts.late.get(channel, 0.0) > LATE:
        late, days = facts.late[channel], facts.lookback
        yield f"the lookback window is short: by the mix model {late:.0%} of its effect is after {days:.0f} days"
        found = True
    followed, usual = facts.touches.followed.get(channel, 0.0), facts.touches.usual_followed
    if facts.estimand != ATTRIBUTED:
        yield (
            "paths count its own touches alone, and what it does through later touches of other channels is theirs: "
            f"those follow {followed:.0%} of its touches before a purchase (all channels: {usual:.0%})"
        )
    elif followed > usual + MORE:
        yield (
            f"other channels follow {followed:.0%} of its touches before a purchase (all channels: {usual:.0%}) and "
            "share the credit"
        )
    elif large:
        yield "credit is shared by all channels that were there, so that one that brings much gets too little of it"
    elif not found:
        yield "open: touches that are not logged, or not joined to a person, would explain it; nothing here shows it"


def _above(channel: str, facts: Facts, *, tested: bool) -> Iterator[str]:
    """Why a path total may be too high."""
    near, usual = facts.touches.near.get(channel, 0.0), facts.touches.usual_near
    if facts.estimand == ATTRIBUTED:
        yield "credit also counts people who would have bought anyway"
        if near > usual + MORE:
            yield (
                f"it meets those who are about to buy: {near:.0%} of its touches before a purchase are of the last day "
                f"(all channels: {usual:.0%})"
            )
    elif not tested:
        yield "open: demand that touches do not show would raise its path effect, and no experiment measured it"
