"""Spend that a suppression list will free in the next period, as an interval with every assumption named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.value.listed_impressions import Bins, ListedImpressions, binned
from attribution_models.value.match_rate import rate_draws, tilted

Floats = NDArray[np.float64]

ENOUGH_PERIODS = 4  # from so many on, period-to-period spread is estimated instead of declared


@dataclass(frozen=True, slots=True)
class FreedRow:
    """What is freed on one platform, or on all.

    Attributes
    ----------
    platform : str
    listed_impressions : float
        Per period, to listed people: the most that could be freed.
    match_rate : float
        Weighted by impressions.
    impressions, impressions_lower, impressions_upper : float
    spend, spend_lower, spend_upper : float
        Medians and bounds for the next period.
    """

    platform: str
    listed_impressions: float
    match_rate: float
    impressions: float
    impressions_lower: float
    impressions_upper: float
    spend: float
    spend_lower: float
    spend_upper: float


@dataclass(frozen=True, slots=True, eq=False)
class FreedSpend:
    """Freed impressions and spend of the next period.

    Attributes
    ----------
    rows : tuple of FreedRow
        By platform.
    total : FreedRow
    draws : array (draws,)
        Spend freed in all.
    people : int
        On the list.
    matched_people : float
        Median number of them that some platform stops, by the platform that stops most.
    level : float
    assumptions : tuple of str
        In words, to be printed with every figure.
    """

    rows: tuple[FreedRow, ...]
    total: FreedRow
    draws: Floats
    people: int
    matched_people: float
    level: float
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FreedSpendModel:
    """How freed spend is worked out.

    Estimand: the spend of the next period that would have gone to listed people and will not, as realised.

        Σ_platforms  Σ_people impressions · matched · unexpired · share of campaigns excluded · volume · CPM / 1000

    Each draw takes people anew (bootstrap), the match rate of the next upload (Beta), who is matched, and how volume
    and CPM of the next period differ from those seen. Volume and CPM vary log-normally; from four periods on their
    spread is estimated (Student's t), before that it is declared.

    Attributes
    ----------
    match_deviation : float
        Standard deviation of a match rate between platforms and uploads (0.05: five points).
    tilt, tilt_deviation : float
        How much more often heavy users match within a stratum (in the whole list where it is one): κ of
        `match_rate.tilted`, Normal. 0.25 means that ten times as many impressions go with 1.8 times the odds.
    volume_deviation, cpm_deviation : float
        Relative standard deviations from period to period, used before four periods are known.
    level : float
    draws, seed : int
    """

    match_deviation: float = 0.05
    tilt: float = 0.25
    tilt_deviation: float = 0.25
    volume_deviation: float = 0.15
    cpm_deviation: float = 0.10
    level: float = 0.80
    draws: int = 2000
    seed: int = 0

    def estimate(self, platforms: Sequence[ListedImpressions], people: int | None = None) -> FreedSpend:
        """Work out freed impressions and spend.

        Parameters
        ----------
        platforms : sequence of ListedImpressions
            Each over the same listed people.
        people : int, optional
            Different people on all lists together, where platforms have lists of their own.

        Raises
        ------
        ValueError
            No platform, or platforms over different numbers of people and no number of them all.
        """
        sizes = {len(p.impressions) for p in platforms}
        if not sizes or (people is None and len(sizes) != 1):
            raise ValueError(f"Platforms with {sorted(sizes)} listed people: give at least one, and the same people.")
        people = sizes.pop() if people is None else people
        shown, money, stopped = np.zeros(self.draws), np.zeros(self.draws), 0.0
        rows, listed = [], 0.0
        for place, platform in enumerate(platforms):
            rng = np.random.default_rng([self.seed, place])
            reached, weighted, impressions = self._impressions(platform, rng)
            prices = 1000 * platform.spend / platform.served
            price = platform.spend.sum() / platform.served.sum() * self._next(prices, self.cpm_deviation, rng)
            spend = impressions * price
            each = float(platform.impressions.sum() / platform.impressions.shape[1])
            rows.append(self._row(platform.platform, each, weighted, impressions, spend))
            shown, money, listed = shown + impressions, money + spend, listed + each
            stopped = max(stopped, reached)
        weighted = float(
            np.average([r.match_rate for r in rows], weights=[max(r.listed_impressions, 1e-12) for r in rows])
        )
        total = self._row("(all)", listed, weighted, shown, money)
        return FreedSpend(tuple(rows), total, money, people, stopped, self.level, self._assumptions(platforms))

    def _impressions(self, platform: ListedImpressions, rng: np.random.Generator) -> tuple[float, float, Floats]:
        """Median people stopped, impression-weighted match rate, and freed impressions of each draw."""
        bins = binned(platform)
        rates = rate_draws(platform.uploaded, platform.matched, self.match_deviation, self.draws, rng)
        tilt = rng.normal(self.tilt, self.tilt_deviation, size=self.draws)
        chance = np.empty((self.draws, bins.people.size))
        for s in np.unique(bins.stratum):
            mine = bins.stratum == s
            chance[:, mine] = tilted(rates[:, s], tilt, bins.logs[mine], bins.people[mine])
        volume = self._next(platform.impressions.sum(axis=0), self.volume_deviation, rng)
        shown = bins.impressions.sum()
        weighted = float(np.median(chance @ bins.impressions) / shown) if shown else float(np.median(rates))
        stopped = self._stopped(chance * platform.unexpired, bins, rng)
        people = float(np.median(chance @ bins.people)) * platform.unexpired
        return people, weighted, stopped * platform.excluded * volume

    def _stopped(self, chance: Floats, bins: Bins, rng: np.random.Generator) -> Floats:
        """Impressions of people drawn anew who are matched: their sum over n people is close to normal.

        One drawn person stops I·B, B ~ Bernoulli(p): mean μ = Σ p I / n and variance Σ p I² / n − μ², sums over people.
        Drawing every person would give the same from a few hundred people on, at a hundred times the cost.
        """
        n = float(bins.people.sum())
        mean = chance @ bins.impressions / n
        variance = np.maximum(chance @ bins.squares / n - mean**2, 0.0)
        return np.maximum(n * mean + np.sqrt(n * variance) * rng.standard_normal(self.draws), 0.0)

    def _next(self, seen: Floats, declared: float, rng: np.random.Generator) -> Floats:
        """The next period's value over the mean of those seen: spread σ sqrt(1 + 1/k) for k periods."""
        k = seen.size
        wider = np.sqrt(1 + 1 / k)
        if k >= ENOUGH_PERIODS and (seen > 0).all():
            spread = float(np.log(seen).std(ddof=1))
            return np.asarray(np.exp(spread * wider * rng.standard_t(k - 1, size=self.draws)), dtype=np.float64)
        return np.asarray(np.exp(declared * wider * rng.standard_normal(self.draws)), dtype=np.float64)

    def _row(self, name: str, listed: float, match: float, shown: Floats, money: Floats) -> FreedRow:
        at = [0.5, (1 - self.level) / 2, (1 + self.level) / 2]
        return FreedRow(name, listed, match, *(float(v) for v in np.quantile(shown, at)), *(
            float(v) for v in np.quantile(money, at)
        ))  # fmt: skip

    def _assumptions(self, platforms: Sequence[ListedImpressions]) -> tuple[str, ...]:
        """What a reader has to believe, with this estimate's own numbers."""
        said = [
            (
                "Listed people are shown as many impressions in the next period as in those after the selection, but "
                "for the spread given here."
            ),
            (
                f"Match rates differ by {100 * self.match_deviation:g} points (standard deviation) between uploads and "
                "platforms (declared)."
            ),
        ]
        one = [p.platform for p in platforms if p.uploaded.size == 1]
        where = "within strata of the list" if not one else "also where the match report has no strata"
        said.append(
            f"Heavy users match more often, {where} ({', '.join(one) or 'none without'}): a slope of {self.tilt:g} ± "
            f"{self.tilt_deviation:g} of the logit on log impressions (declared)."
        )
        few = [p.platform for p in platforms if p.spend.size < ENOUGH_PERIODS]
        if few:
            said.append(
                f"{', '.join(few)}: fewer than {ENOUGH_PERIODS} periods; volume varies "
                f"by {100 * self.volume_deviation:g} % and CPM by {100 * self.cpm_deviation:g} % by period (declared)."
            )
        said += [
            f"{p.platform}: the exclusion is set in {100 * p.excluded:g} % of campaigns by impressions, and "
            f"{100 * p.unexpired:g} % of the entries have not expired."
            for p in platforms
        ]
        said.append("The spend is freed, not saved, unless the budget shrinks by it; smaller audiences can raise CPM.")
        return tuple(said)
