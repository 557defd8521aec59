"""What the reader of a channel's number has to know: words that stand beside it."""

from __future__ import annotations

from attribution.mix.guard_rails import DRAWS, ZERO, learned_of, nulls, prior_of
from attribution.mix.stored import StoredMix
from attribution_models.mix.effects import Effects
from attribution_models.mix.prior_checks import Learned, learned

PRIOR_DOMINATED = "prior-dominated"


def known_of(stored: StoredMix) -> Learned:
    """What the data changed of each channel's prior: as the fit kept it, else worked out again."""
    if "learned" in stored.entry:
        return learned_of(stored.entry)
    prior = prior_of(stored.structure, int(stored.entry["seed"]))
    return learned(Effects.of(stored.posterior, DRAWS), prior)


def marks(known: Learned) -> dict[str, str]:
    """By channel: whether the prior decides its return, and whether it can be told from doing nothing."""
    found = {}
    for channel, decided, null in zip(known.channels, known.prior_dominated, nulls(known), strict=True):
        found[channel] = ", ".join([*([PRIOR_DOMINATED] if decided else []), *([ZERO] if null else [])])
    return found
