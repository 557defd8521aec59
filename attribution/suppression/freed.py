"""Spend that a list frees in the next period, by platform, with everything that has to be believed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import UsageError
from attribution.suppression.exposure import Exposure, Period
from attribution.suppression.matches import MatchReport
from attribution_models.value.freed_spend import FreedRow, FreedSpend, FreedSpendModel
from attribution_models.value.listed_impressions import ListedImpressions
from attribution_models.value.net_freed import NetFreed, net_freed

COLUMNS = (
    "platform", "channels", "people", "unit", "listed", "match_rate", "freed", "freed_lower", "freed_upper",
    "spend_freed", "spend_freed_lower", "spend_freed_upper", "level",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class PlatformExposure:
    """One platform's list, and what its people were shown.

    Attributes
    ----------
    report : MatchReport
    channels : tuple of str
    exposure : Exposure
    people : tuple of str
        Who would have been on the list at the start of the period.
    counted, priced, selected : array (people,)
        Shown in the period, the same at the platform's mean price, and shown in as many days before it.
    """

    report: MatchReport
    channels: tuple[str, ...]
    exposure: Exposure
    people: tuple[str, ...]
    counted: Any
    priced: Any
    selected: Any

    def listed_impressions(self) -> ListedImpressions:
        """For the model; groups are by what was shown before the period, as a list is split before it is uploaded."""
        rank = np.argsort(np.argsort(self.selected, kind="stable"), kind="stable")
        report, spent = self.report, self.exposure
        return ListedImpressions(
            report.platform, self.priced[:, None], np.array([spent.spend]), np.array([spent.served]), report.uploaded,
            report.matched, report.groups(rank), report.excluded, report.unexpired,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """What an evaluated holdout says of value per listed person.

    Attributes
    ----------
    experiment : str
    effect, error : float
        Mean of the suppressed minus that of the held out over ``days``, and its standard error.
    days : int
    """

    experiment: str
    effect: float
    error: float
    days: int


@dataclass(frozen=True, slots=True)
class Margin:
    """What a purchase brings.

    Attributes
    ----------
    share : float or None
        Of its value; None: nobody said, so all of it counts.
    purchase : float or None
        Mean value of a purchase; None where values are not known.
    """

    share: float | None
    purchase: float | None

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if self.share is not None and not 0 < self.share <= 1:
            raise UsageError(f"--margin {self.share:g} is no share of the value. Give one above 0 up to 1, as 0.3.")


@dataclass(frozen=True, slots=True, eq=False)
class Freed:
    """What a list frees in the next period.

    Attributes
    ----------
    table : DataFrame
        `COLUMNS`; a row for each platform, and ``(all)`` last.
    period : Period
        Whose impressions were counted.
    people : int
        On the lists.
    net : NetFreed or None
        None where purchases have no value.
    said : str
        The net in a sentence.
    assumptions : tuple of str
    """

    table: pd.DataFrame
    period: Period
    people: int
    net: NetFreed | None
    said: str
    assumptions: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data without people, to be kept."""
        return {
            "period": str(self.period),
            "days": self.period.days,
            "people": self.people,
            "platforms": self.table.to_dict("records"),
            "net": None if self.net is None else {k: _finite(v) for k, v in asdict(self.net).items()},
            "said": self.said,
            "assumptions": list(self.assumptions),
        }


def freed_of(
    platforms: Sequence[PlatformExposure], margin: Margin, measured: Measured | None, said: Sequence[str] = ()
) -> Freed:
    """Work out what is freed, and the net of it.

    Parameters
    ----------
    platforms : sequence of PlatformExposure
    margin : Margin
    measured : Measured or None
        None: no experiment was evaluated.
    said : sequence of str
        What has to be believed of how people and impressions were found.
    """
    period = platforms[0].exposure.period
    people = len({who for platform in platforms for who in platform.people})
    found = FreedSpendModel().estimate([p.listed_impressions() for p in platforms], people)
    ratios = {p.report.platform: _ratio(p) for p in platforms}
    rows = [_row(row, found.level, p, ratios[p.report.platform]) for row, p in zip(found.rows, platforms, strict=True)]
    net, words = _net(found, period, margin, measured)
    total = found.total
    counted = sum(float(p.counted.sum()) for p in platforms)
    whole = counted / total.listed_impressions if total.listed_impressions else 1.0
    rows.append({
        **_figures(total, found.level, whole), "platform": total.platform, "people": people,
        "channels": ", ".join(dict.fromkeys(c for p in platforms for c in p.channels)),
        "unit": " and ".join(sorted({word for p in platforms for word in p.exposure.unit.split(" and ")})),
    })  # fmt: skip
    table = pd.DataFrame(rows)[list(COLUMNS)]
    return Freed(
        table, period, people, net, words, (*said, *_sources(platforms), *found.assumptions, *_of(margin, net))
    )


def _ratio(platform: PlatformExposure) -> float:
    """Impressions for each that is counted at the mean price."""
    priced = float(platform.priced.sum())
    return float(platform.counted.sum()) / priced if priced else 1.0


def _row(row: FreedRow, level: float, platform: PlatformExposure, ratio: float) -> dict[str, Any]:
    named = {"platform": row.platform, "channels": ", ".join(platform.channels), "people": len(platform.people)}
    return {**named, "unit": platform.exposure.unit, **_figures(row, level, ratio)}


def _figures(row: FreedRow, level: float, ratio: float) -> dict[str, float]:
    """Numbers of a row; impressions as a number, not at the mean price."""
    shown = [ratio * v for v in (row.listed_impressions, row.impressions, row.impressions_lower, row.impressions_upper)]
    return {
        "listed": shown[0], "match_rate": row.match_rate, "freed": shown[1], "freed_lower": shown[2],
        "freed_upper": shown[3], "spend_freed": row.spend, "spend_freed_lower": row.spend_lower,
        "spend_freed_upper": row.spend_upper, "level": level,
    }  # fmt: skip


def _net(found: FreedSpend, period: Period, margin: Margin, measured: Measured | None) -> tuple[NetFreed | None, str]:
    """Freed spend less what is lost; an outcome is a purchase of mean value."""
    if margin.purchase is None:
        return None, "net: unknown. Purchases have no value here, so it cannot be told what a lost one costs."
    each = margin.purchase * (1.0 if margin.share is None else margin.share)
    if measured is None:
        net = net_freed(found, each)
        return net, net.text
    scale = period.days / measured.days / margin.purchase
    net = net_freed(found, each, measured.effect * scale, measured.error * scale)
    lost = f"{net.lost:,.0f} ({net.lost_lower:,.0f} to {net.lost_upper:,.0f})"
    return net, f'{net.text} Lost: {lost}, by the experiment "{measured.experiment}".'


def _sources(platforms: Sequence[PlatformExposure]) -> tuple[str, ...]:
    """Where counts and prices come from."""
    said = []
    for platform in platforms:
        name, spent = platform.report.platform, platform.exposure
        said.append(
            f"{name}: {spent.served:,.0f} {spent.unit} were served to anybody and cost {spent.spend:,.2f} "
            f"({spent.source}) on {', '.join(platform.channels)}; listed people had {platform.counted.sum():,.0f}."
        )
        plain = spent.prices.loc[spent.prices["unit"] == "touches", "channel"]
        if len(plain):
            said.append(
                f"{name}: no impressions of {', '.join(plain)} are known; all touches there are counted in their "
                "place. Customers click more often than others, so this is rather too much."
            )
    return tuple(said)


def _of(margin: Margin, net: NetFreed | None) -> tuple[str, ...]:
    if net is None:
        return ()
    if margin.share is None:
        worth = (
            f"An outcome is a purchase. It is worth {margin.purchase:,.2f} (mean), and all of it counts as contribution"
        )
        return (f"{worth}, which makes a loss look larger than it is. Give your margin: --margin 0.3.",)
    return (
        f"An outcome is a purchase. It is worth {margin.purchase:,.2f} (mean), of which {margin.share:.0%} are margin.",
    )


def _finite(value: Any) -> Any:
    """A number, None where it is not known."""
    return None if isinstance(value, float) and not np.isfinite(value) else value
