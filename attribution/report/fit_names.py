"""Fits in plain words: what a planner calls them, and what each estimates."""

from __future__ import annotations

PLAIN = {
    "first": "first touch", "last": "last touch", "last-non-direct": "last non-direct touch", "linear": "linear",
    "position": "position based", "time-decay": "time decay", "markov": "Markov chain", "shapley": "Shapley",
    "hazard": "time to event", "mmm": "media mix", "reconciled": "reconciled",
}  # fmt: skip
ESTIMANDS = {
    "attributed": "the conversions that were observed, shared out; nothing is said of what would have happened anyway",
    "incremental_direct": "what would be missing without the channel's own touches, all other touches as they were",
    "incremental_total": "what would be missing without the channel, all that it leads to counted",
}
MEANT = {
    "first": "All credit to the first touch of a journey.",
    "last": "All credit to the last touch of a journey.",
    "last-non-direct": "All credit to the last touch that is not direct traffic.",
    "linear": "Every touch of a journey gets the same credit.",
    "position": "40 % to the first touch, 40 % to the last, 20 % shared by those between.",
    "time-decay": "A touch counts half as much for every half-life that it lies before the conversion.",
    "markov": "Journeys as walks between channels; credit by how many conversions fall away without the channel.",
    "shapley": "A channel's average worth when channels join one by one, in every order.",
    "hazard": "How much each touch raises the rate of converting, above a baseline of what would have happened anyway.",
    "mmm": "Weekly outcome explained by spend with carry-over and saturation, season, trend and baseline.",
    "reconciled": "Totals of the media-mix model, split finer by the path models, with experiments inside.",
}


def plain(fit: str, model: str) -> str:
    """A fit as a planner reads it: ``Markov chain (markov-1)``."""
    name = PLAIN.get(model, model)
    return name if name == fit else f"{name} ({fit})"
