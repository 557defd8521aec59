"""How often intervals of channel totals hold the truth, by model, on the joint markets of `study_reconcile`.

Truth: conversions that a market loses without a channel (``total``: the touches of the others as they would be then).
Pooled over channels, with errors clustered by market; TV, which no path sees, apart. A row passes where nominal
coverage is not rejected at a Holm-adjusted 1 % and the observed one is within 4 points of it
(`study_coverage.verdicts`). Not judged: Markov credit, which claims no such thing, and coverage of what a market
loses with the touches of the others as they were (``direct``), which is what the hazard estimates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from attribution_models.worlds.joint_world import OFFLINE
from benchmarks.study_coverage import verdicts

LEVEL = 0.9
SEEN = "six channels that paths see"
JUDGED = ("reconciled", "mix", "mix with test", "hazard")
SHOWN = ("mix, direct truth", "hazard, direct truth", "markov-1", "reconciled (markov-1)", "reconciled, test in mix")
Row = dict[str, Any]


def inside(market: Row, name: str) -> dict[str, bool]:
    """Whether the interval of a channel holds its truth, by channel that has an interval."""
    source = name.removesuffix(", direct truth")
    truth = market["direct" if name != source else "truth"]
    ends = zip(truth.items(), market["intervals"][source], strict=True)
    return {c: bool(low <= goal <= high) for (c, goal), (low, high) in ends if low is not None}


def pooled(markets: list[Row], names: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """Per model and group of channels: coverage, its error, p, Holm's p, the verdict."""
    held: dict[tuple[str, str], list[list[bool]]] = {}
    for name in names:
        for market in markets:
            found = inside(market, name)
            for group in (SEEN, OFFLINE):
                mine = [flag for c, flag in found.items() if (c == OFFLINE) == (group == OFFLINE)]
                if mine:
                    held.setdefault((name, group), []).append(mine)
    yield from verdicts(held, LEVEL)


def by_channel(markets: list[Row]) -> pd.DataFrame:
    """Markets of which the interval holds the truth, by channel and model."""
    flags = {name: pd.DataFrame([inside(m, name) for m in markets]) for name in (*JUDGED, *SHOWN)}
    return pd.DataFrame({name: frame.sum() for name, frame in flags.items()}).reindex(list(markets[0]["truth"]))


def ratios(markets: list[Row]) -> pd.DataFrame:
    """What is found of each channel over its truth: geometric means over markets, beside direct over total truth."""
    names, found = list(markets[0]["truth"]), {}
    truth = np.array([[m["truth"][c] for c in names] for m in markets])
    found["direct / total truth"] = np.array([[m["direct"][c] for c in names] for m in markets]) / truth
    for name in ("mix", "mix with test", "reconciled", "hazard"):
        found[name] = np.array([m["found"][name] for m in markets]) / truth
    means = {name: np.exp(np.log(np.where(x > 0, x, np.nan)).mean(axis=0)) for name, x in found.items()}
    return pd.DataFrame(means, index=names)


def told(markets: list[Row]) -> bool:
    """Print it; whether every judged row passes."""
    judged, shown = list(pooled(markets, JUDGED)), list(pooled(markets, SHOWN))
    print(f"\nCoverage of {LEVEL:.0%} intervals, {len(markets)} markets")
    print("| Model | Channels | Observed | Error | p | Holm | |\n|" + "---|" * 7)
    for model, group, rate, error, p, adjusted, verdict in judged:
        print(f"| {model} | {group} | {rate:.1%} | {error:.1%} | {p:.3f} | {adjusted:.3f} | {verdict} |")
    for model, group, rate, error, *_ in shown:
        print(f"| {model} | {group} | {rate:.1%} | {error:.1%} | | | shown |")
    print(f"\nMarkets of {len(markets)} in which it holds the truth:\n{by_channel(markets).to_string()}")
    print(f"\nFound over true total, geometric means:\n{ratios(markets).to_string(float_format='{:.2f}'.format)}")
    return all(row[-1] == "pass" for row in judged)
