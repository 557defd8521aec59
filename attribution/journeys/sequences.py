"""Tables about the order of channels: sequences, and pairs of channels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.journeys.journeys import Journeys
from attribution_models.paths.pairs import pair_effects
from attribution_models.paths.sequences import sequence_effects

REPLICATES, SEED = 100, 1


def sequences(journeys: Journeys) -> pd.DataFrame:
    """Removal effects of two touches in a row: the share of conversions whose walk goes through the pair.

    Shares of different sequences overlap. They say what the journeys hold, not what an order would cause.
    """
    found = sequence_effects(journeys, 2)
    return pd.DataFrame(
        {
            "sequence": [" > ".join(s) for s in found.sequences],
            "occurrences": found.weight,
            "removal_effect_share": found.removal_effect,
            "value_removal_effect_share": found.value_removal_effect,
        }
    )


def pairs(journeys: Journeys) -> pd.DataFrame:
    """Pairs of channels: overlap, synergy and order, with intervals by resampled customers.

    ``overlap`` is the share of conversions that saw both. ``synergy`` is the log-odds interaction of both
    being there, over converting and other journeys, adjusted for length; ``order`` the log odds of converting
    with the first before the second against the reverse, matched on channels and length. ``verdict`` says
    what is left after Holm's adjustment over all pairs at 5 %. All of it is associational.
    """
    found = pair_effects(journeys, REPLICATES, SEED)
    table = pd.DataFrame(
        {
            "first": [found.channels[i] for i in found.first],
            "second": [found.channels[i] for i in found.second],
            "overlap_share": found.overlap.estimate,
        }
    )
    words = np.full(len(table), "", dtype=object)
    for name, measure, more, less in (
        ("synergy", found.synergy, "more together than apart", "less together than apart"),
        ("order", found.order, "better in this order", "better in the reverse order"),
    ):
        table[name] = measure.estimate
        table[f"{name}_lower"], table[f"{name}_upper"] = measure.lower, measure.upper
        table[f"{name}_p"] = measure.p_holm
        shown = np.nan_to_num(measure.p_holm, nan=1.0) < 0.05
        said = np.where(measure.estimate > 0, more, less)
        words = np.where(shown, np.where(words == "", said, words + "; " + said), words)
    return table.assign(verdict=words).sort_values("overlap_share", ascending=False, ignore_index=True, kind="stable")
