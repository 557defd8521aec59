"""One colour per channel, in every chart: mid tones that stand out from a white and from a dark page alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Told apart with the common forms of colour blindness (hues after Okabe and Ito 2008, and Tol 2021), in mid tones: at
# least 3:1 against white and against the dark page (WCAG 2.2, 1.4.11); a test measures it.
COLOURS = (
    "#0072b2", "#d55e00", "#008a64", "#b5569a", "#a17800", "#2e8fc4", "#c2445c", "#6a7f00", "#7a62c9", "#8c6d5a",
)  # fmt: skip
# Channels beyond these share a grey; tables and tooltips name them.
OTHER = "#7d8590"
SPECIAL = {"(baseline)": "#8a8f98", "(unattributed)": "#747a85", "(interaction)": "#66707c", "other channels": OTHER}


def palette(channels: Sequence[str]) -> dict[str, str]:
    """Colours of channels, the most important first; the same channels in the same order get the same colours."""
    named = [c for c in dict.fromkeys(channels) if c not in SPECIAL]
    found = {c: COLOURS[i] if i < len(COLOURS) else OTHER for i, c in enumerate(named)}
    return found | SPECIAL


def scale(colours: Mapping[str, str], channels: Sequence[str]) -> dict[str, list[str]]:
    """A Vega-Lite colour scale of these channels."""
    there = list(dict.fromkeys(channels))
    return {"domain": there, "range": [colours.get(c, OTHER) for c in there]}
