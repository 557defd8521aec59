"""What stitching changes: journeys and credit on customers beside those on the ids that the sources gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from attribution.credit.paths import fit_paths
from attribution.journeys.build import JourneyTables, build_journeys
from attribution.journeys.journeys import Journeys
from attribution.settings import JourneySettings
from attribution_models.paths.markov import Markov
from attribution_models.paths.rules import Last

# A rule that sees one touch and a model that sees the whole path: stitching moves the second more.
MODELS = (Last(), Markov())


@dataclass(frozen=True, slots=True)
class StitchingEffect:
    """Journeys and credit with and without identity.

    Attributes
    ----------
    journeys : DataFrame
        A row ``without`` and a row ``with``: journeys, conversions, touches per converting journey, share of them with
        one touch only, share of conversions without any touch.
    credits : DataFrame
        model, channel, share_without, share_with, change (of conversions; shares of all conversions).
    """

    journeys: pd.DataFrame
    credits: pd.DataFrame


def stitching_effect(
    connection: Any, given: Mapping[str, str], customers: Mapping[str, str], settings: JourneySettings
) -> StitchingEffect | None:
    """Cut journeys twice and credit channels on both.

    Parameters
    ----------
    connection : DuckDB connection
    given, customers : mapping of str to str
        Tables as the sources gave them, and under their customers.
    settings : JourneySettings

    Returns
    -------
    StitchingEffect or None
        None where there are no touches or nobody converts.
    """
    if "touchpoints" not in given or "conversions" not in given:
        return None
    built = {}
    for name, tables in (("without", given), ("with", customers)):
        chosen = {t: tables[t] for t in ("touchpoints", "conversions", "customers") if t in tables}
        built[name] = build_journeys(connection, JourneyTables(**chosen), settings)
    rows = {name: _described(journeys) for name, journeys in built.items()}
    if not rows["with"]["conversions"]:
        return None
    shares = {name: _shares(journeys) for name, journeys in built.items()}
    credits = shares["without"].merge(
        shares["with"], on=["model", "channel"], how="outer", suffixes=("_without", "_with")
    )
    credits = credits.fillna({"share_without": 0.0, "share_with": 0.0})
    credits["change"] = credits["share_with"] - credits["share_without"]
    journeys = pd.DataFrame.from_dict(rows, orient="index").rename_axis("identity").reset_index()
    return StitchingEffect(journeys, credits.sort_values(["model", "channel"], ignore_index=True))


def _described(journeys: Journeys) -> dict[str, float]:
    number = converting = touches = single = untouched = 0
    for index in range(journeys.block_count):
        part = journeys.part(index)
        lengths = np.diff(part.offsets)
        converts = part.conversions > 0
        number += lengths.size
        converting += int(converts.sum())
        touches += int(lengths[converts].sum())
        single += int((lengths[converts] == 1).sum())
        untouched += int((lengths[converts] == 0).sum())
    touched = max(1, converting - untouched)
    return {
        "journeys": number,
        "conversions": converting,
        "touches_per_journey": touches / touched,
        "single_touch": single / touched,
        "untouched": untouched / max(1, converting),
    }


def _shares(journeys: Journeys) -> pd.DataFrame:
    fits, _ = fit_paths(journeys, MODELS)
    frames = []
    for fit in fits:
        credit = fit.credit
        shares = credit.conversions / max(credit.observed_conversions, 1.0)
        frames.append(pd.DataFrame({"model": fit.name, "channel": journeys.channels, "share": shares}))
    return pd.concat(frames, ignore_index=True)
