"""What channels brought and what their spend returned, as one table that adds up to what was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.credit.mix import grains_of, returns_by_group
from attribution.errors import UsageError
from attribution_models.mix.cells import Window, cells
from attribution_models.mix.contributions import Contributions, contributions
from attribution_models.mix.draw_summary import Summary
from attribution_models.mix.effects import Effects
from attribution_models.mix.returns import Returns

Floats = NDArray[np.float64]
ENDS = {"": "mean", "_lower": "lower", "_upper": "upper"}
SPLIT = ("in_window", "carried_in", "carried_out", "incremental")
RATIOS = ("roas", "mroas", "cpa")
KINDS = ("paid", "organic", "treatment", "rest")


def effects_table(
    effects: Effects,
    *,
    by: Sequence[str] = (),
    window: Window | None = None,
    level: float = 0.9,
    marked: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """One row per channel, treatment, ``(baseline)``, ``(interaction)`` and ``(unattributed)``, in each group.

    ``contribution`` adds up, over the rows of a group, to what was observed in its fitted periods (means of draws do).
    A group without any has none. What spend returned counts all periods of the group, also those that are not fitted:

        in_window    of the group's spend, inside the group's periods
        carried_in   of earlier spend, inside them
        carried_out  of the group's spend, in the l_max − 1 periods after them
        incremental = in_window + carried_out;   contribution = in_window + carried_in where all periods are fitted

    ``roas``, ``mroas`` and ``cpa`` are of ``incremental``: counterfactual, spend 0 in the group's periods only. Effects
    are in units of the outcome; those in revenue have the suffix ``_revenue``. Measures have ``_lower`` and ``_upper``.

    Parameters
    ----------
    by : sequence of str
        ``geo``, and one of ``period`` (as the panel has them), ``week`` and ``month``.
    window : Window, optional
        Only these periods.
    level : float
        Of the intervals.
    marked : mapping, optional
        What should be known about a channel; column ``mark``.

    Raises
    ------
    UsageError
        A grain that the model does not have.
    """
    grains = grains_of(by)
    data = effects.structure.data
    if "geo" in grains and len(data.geos) == 1:
        raise UsageError("by: this model has no geos; its panel is national.")
    found = contributions(effects, cells(data, effects.structure.fitted, grains, window), level)
    bought = returns_by_group(effects, grains, window, level)
    frames = []
    for i, key in enumerate(found.cells.names):
        labels = {str(grain): value for grain, value in zip(grains, key, strict=True)}
        frames.append(pd.DataFrame({**_named(effects, labels), **_amounts(found, i), **_bought(found, *bought[key])}))
    frame = pd.concat(frames, ignore_index=True).assign(interval_level=level)
    return frame if marked is None else frame.assign(mark=[marked.get(c, "") for c in frame["channel"]])


def _named(effects: Effects, labels: Mapping[str, str]) -> dict[str, Any]:
    channels, names = effects.structure.spec.channels, effects.names
    kinds = ["paid" if c.paid else "organic" for c in channels]
    kinds += ["treatment"] * len(effects.rows.treatments)
    return {**labels, "channel": list(names), "kind": kinds + ["rest"] * (len(names) - len(kinds))}


def _amounts(found: Contributions, group: int) -> dict[str, Floats]:
    """Contributions with their share of what was observed; empty where no period of the group is fitted."""
    frame: dict[str, Floats] = {}
    known = 1.0 if (found.cells.of == group).any() else np.nan
    for k, measure in enumerate(found.measures):
        suffix = "" if measure == "outcome" else f"_{measure}"
        for end, field in ENDS.items():
            frame[f"contribution{suffix}{end}"] = getattr(found.summary, field)[:, group, k] * known
    total = found.observed[group, 0]
    for end in ENDS:
        frame[f"share{end}"] = frame[f"contribution{end}"] / (total if total > 0 else np.nan)
    return frame


def _bought(found: Contributions, bought: Returns, group: int) -> dict[str, Floats]:
    """What spend returned; channels stand first, and nothing else was paid for."""
    rows = len(found.names)
    frame = {"spend": _padded(bought.spend[:, group], rows)}
    for k, measure in enumerate(bought.measures):
        suffix = "" if measure == "outcome" else f"_{measure}"
        for name in SPLIT:
            frame |= _ends(f"{name}{suffix}", getattr(bought, name).each(itemgetter((slice(None), group, k))), rows)
    for name in RATIOS:
        frame |= _ends(name, getattr(bought, name).each(itemgetter((slice(None), group))), rows)
    return frame


def _ends(name: str, found: Summary, rows: int) -> dict[str, Floats]:
    return {f"{name}{end}": _padded(getattr(found, field), rows) for end, field in ENDS.items()}


def _padded(values: Floats, rows: int) -> Floats:
    return np.append(values, np.full(rows - len(values), np.nan))
