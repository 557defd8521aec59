"""Guess what each column of a panel is, and say what the guess rests on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from attribution.errors import AttributionError, counted, listed
from attribution.mix import names
from attribution.mix.calendar import Calendar
from attribution.mix.keys import find_date, find_geo, split
from attribution.mix.sheet import EMPTY, Columns
from attribution.mix.totals_rows import drop_totals

Role = Literal["outcome", "worth", "population", "medium", "control", "treatment", "flag", "event", "unused"]
# A column that follows the outcome this closely is part of it, or a copy.
COPY = 0.98
# A medium with as few cells below zero has been corrected or refunded; with more, it is something else.
FEW_NEGATIVE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column of numbers and what it is taken for.

    Attributes
    ----------
    name : str
    values : array
        By row.
    role : str
    why : str
        What the guess rests on.
    sure : bool
    kind : str
        Of a control: ``confounder``, ``predictor`` or ``undeclared``.
    """

    name: str
    values: NDArray[np.float64]
    role: Role
    why: str
    sure: bool = True
    kind: str = "undeclared"


@dataclass(frozen=True, slots=True)
class Medium:
    """A channel: the columns of it that were found.

    Attributes
    ----------
    name : str
    spend, exposure, frequency : str or None
    why : str
    sure : bool
    """

    name: str
    spend: str | None = None
    exposure: str | None = None
    frequency: str | None = None
    why: str = ""
    sure: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Roles:
    """What was found in one sheet.

    Attributes
    ----------
    date : str
    geo : str or None
    geo_why : str
    days, geos : array
        By row.
    calendar : Calendar
    columns : tuple of Column
    media : tuple of Medium
    events : dict of str to tuple of days
        Names found in columns of text.
    texts : tuple of str
        Columns of text that are not used.
    """

    date: str
    geo: str | None
    geo_why: str
    days: NDArray[np.datetime64]
    geos: NDArray[np.object_]
    calendar: Calendar
    columns: tuple[Column, ...]
    media: tuple[Medium, ...]
    events: dict[str, tuple[np.datetime64, ...]] = field(default_factory=dict)
    texts: tuple[str, ...] = ()

    def of(self, role: Role) -> tuple[Column, ...]:
        """Columns in a role."""
        return tuple(c for c in self.columns if c.role == role)

    def values(self, name: str) -> NDArray[np.float64]:
        """Values of a column by its name."""
        return next(c.values for c in self.columns if c.name == name)


def find_roles(sheet: Columns) -> Roles:
    """Guess the role of every column.

    Raises
    ------
    AttributionError
        Where there is no column of dates, or none that could be the outcome.
    """
    numbers, texts = split(sheet)
    date, days, calendar = find_date(sheet, numbers, texts)
    if drop_totals(sheet, date, sheet.days(date)) or len(sheet.lines) < len(days):
        numbers, texts = split(sheet)
        date, days, calendar = find_date(sheet, numbers, texts)
    others = {n: v for n, v in numbers.items() if n != date}
    geo, geos, geo_why = find_geo(sheet, [t for t in texts if t != date], others, days)
    others.pop(geo or "", None)
    outcome, why, sure = _outcome(others, sheet)
    columns = [Column(outcome, others[outcome], "outcome", why, sure)]
    window = _window(days, others[outcome])
    for name, values in others.items():
        if name != outcome:
            columns.append(_role(name, values, columns[0], days, window))
    media, columns = _media(columns)
    if not media:
        _long(geo, sheet)
        msg = (
            f"{sheet.name}: no column is named like a medium (tv_spend, tv_impressions, search_clicks, x1). Found: "
            f"{listed(sheet.headers)}. Write the model file from the template: attribution mmm draft --template."
        )
        raise AttributionError(msg)
    left = [t for t in texts if t not in (date, geo)]
    events = {t: found for t in left if (found := _events(sheet.names(t), days))}
    named = {f"{t} {name}": at for t, found in events.items() for name, at in found.items()}
    return Roles(
        date,
        geo,
        geo_why,
        days,
        geos,
        calendar,
        tuple(columns),
        media,
        named,
        tuple(t for t in left if t not in events),
    )


def _long(geo: str | None, sheet: Columns) -> None:
    """Refuse a sheet with a row per channel, in words of its own.

    Raises
    ------
    AttributionError
    """
    if geo is not None and names.LONG.search(names.plain(geo)):
        msg = (
            f'{sheet.name}: the rows of a date differ in "{geo}": one row for each channel. A panel has one row for '
            "each date (and geo) and a column for each channel (tv_spend, search_spend, …): pivot it."
        )
        raise AttributionError(msg)


def _outcome(numbers: dict[str, NDArray[np.float64]], sheet: Columns) -> tuple[str, str, bool]:
    ranked = (
        (names.MONEY, "named like revenue", True),
        (names.COUNTS, "named like what is counted as success", True),
        (names.ANY_OUTCOME, "named like an outcome", True),
        (names.SECOND_OUTCOME, "its name speaks of revenue, sales or conversions", False),
    )
    for pattern, why, sure in ranked:
        for name, values in numbers.items():
            plain = names.plain(name)
            odd = names.COMPETITOR.search(plain) or names.WORTH.search(plain) or names.medium(name)
            if pattern.search(plain) and not odd and np.nanstd(values) > 0:
                return name, why, sure
    msg = (
        f"{sheet.name}: no column is named like an outcome (revenue, sales, orders, conversions, y). Found: "
        f"{listed(sheet.headers)}. Rename it, or write the model file from the template: attribution mmm draft "
        "--template."
    )
    raise AttributionError(msg)


def _window(days: NDArray[np.datetime64], outcome: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows from the first to the last day with an outcome."""
    seen = days[np.isfinite(outcome)]
    return np.asarray((days >= seen.min()) & (days <= seen.max()))


def _role(
    name: str, values: NDArray[np.float64], outcome: Column, days: NDArray[np.datetime64], window: NDArray[np.bool_]
) -> Column:
    """What one column of numbers is."""
    plain = names.plain(name)
    known = values[np.isfinite(values) & window]
    if not len(known) or np.ptp(known) == 0:
        return Column(name, values, "unused", "it has one value only")
    if names.WORTH.search(plain):
        return Column(name, values, "worth", "named like money per outcome")
    if names.POPULATION.search(plain):
        return Column(name, values, "population", "named like a population")
    if names.RESULT.search(plain):
        return Column(name, values, "unused", "named like a result of a model: it would leak the answer", sure=False)
    if _calendar(plain, values, days):
        return Column(name, values, "unused", "counts time: trend and seasons do that")
    if re.fullmatch(re.escape(names.plain(outcome.name)) + r"_?\d+", plain):
        return Column(name, values, "unused", "named like another version of the outcome", sure=False)
    if _copy(values, outcome.values):
        return Column(name, values, "unused", "follows the outcome almost exactly: a part or a copy of it", sure=False)
    return _named(name, plain, values, known)


def _named(name: str, plain: str, values: NDArray[np.float64], known: NDArray[np.float64]) -> Column:
    negative = bool((known < 0).any())
    binary = bool(np.isin(known, (0.0, 1.0)).all())
    if names.QUERIES.search(plain):
        return Column(name, values, "control", "query volume: demand that is there anyway", kind="confounder")
    if names.COMPETITOR.search(plain):
        return Column(name, values, "control", "named like a competitor", sure=False, kind="confounder")
    if names.CONTROL.search(plain):
        kind = "confounder" if names.OUTSIDE.search(plain) else "undeclared"
        return Column(name, values, "control", "named like a control", sure=kind != "undeclared", kind=kind)
    if binary:
        if names.OWN_ACTION.search(plain):
            return Column(name, values, "treatment", "0 or 1, named like an own action")
        return Column(name, values, "flag", "0 or 1: something that is or is not", kind="predictor")
    if names.HOLIDAY.search(plain):
        return Column(name, values, "control", "named like holidays or events", kind="predictor")
    if names.OWN_ACTION.search(plain):
        return Column(name, values, "treatment", "named like an own action (price, promotion)")
    said = names.medium(name)
    if not negative and (said or names.NUMBERED.match(plain) or names.ORGANIC.search(plain)):
        return Column(name, values, "medium", "", kind="")
    if said and (known < 0).mean() < FEW_NEGATIVE:
        below = counted(int((known < 0).sum()), "cell")
        why = f"{below} below zero (refunds?): put them into the period that they correct"
        return Column(name, values, "medium", why, sure=False, kind="")
    if names.OUTSIDE.search(plain):
        return Column(name, values, "control", "named like weather, economy or mood", sure=False, kind="confounder")
    return Column(name, values, "control", "its name says nothing", sure=False)


def _calendar(plain: str, values: NDArray[np.float64], days: NDArray[np.datetime64]) -> bool:
    """Whether a column counts time: an even step, or a part of the date."""
    series = values[np.unique(days, return_index=True)[1]]
    if not np.isfinite(series).all() or (series != np.round(series)).any():
        return False
    if len(np.unique(np.diff(series))) == 1:
        return True
    if np.isin(series, (0.0, 1.0)).all():
        return bool(names.SEASON.search(plain))
    return bool(names.CALENDAR.search(plain)) and not names.medium(plain)


def _copy(values: NDArray[np.float64], outcome: NDArray[np.float64]) -> bool:
    both = np.isfinite(values) & np.isfinite(outcome)
    if both.sum() < 8 or np.ptp(values[both]) == 0 or np.ptp(outcome[both]) == 0:
        return False
    return bool(abs(np.corrcoef(values[both], outcome[both])[0, 1]) > COPY)


def _media(columns: Sequence[Column]) -> tuple[tuple[Medium, ...], list[Column]]:
    """Put the columns of each medium together by the stem of their names."""
    stems: dict[str, dict[str, list[tuple[str, str]]]] = {}
    media: list[Medium] = []
    for column in columns:
        if column.role != "medium":
            continue
        said = names.medium(column.name)
        if said is not None:
            stems.setdefault(said.stem, {}).setdefault(said.measure, []).append((column.name, said.word))
        elif names.NUMBERED.match(names.plain(column.name)):
            stem = column.name.partition("_")[2] or column.name
            why = "numbered like a medium (x1, x2…); taken for its spend, whose unit is not known"
            media.append(Medium(stem, spend=column.name, why=why, sure=False))
        else:
            media.append(Medium(column.name, exposure=column.name, why="named like an organic medium", sure=False))
    found = [_medium(stem, measures) for stem, measures in stems.items()] + media
    taken = {c for m in found for c in (m.spend, m.exposure, m.frequency)}
    kept = [c if c.role != "medium" or c.name in taken else _spare(c) for c in columns]
    return tuple(_distinct(found)), kept


def _spare(column: Column) -> Column:
    return Column(column.name, column.values, "unused", "another measure of a channel that has one already", sure=False)


def _medium(stem: str, measures: dict[str, list[tuple[str, str]]]) -> Medium:
    spend = measures.get("spend", [(None, "")])[0][0]
    exposures = measures.get("exposure", [])
    frequency = measures.get("frequency", [(None, "")])[0][0]
    reach = next((c for c, word in exposures if word == "reach"), None)
    if frequency and reach:
        return Medium(stem, spend, reach, frequency, "reach and frequency", sure=len(exposures) == 1)
    exposure = exposures[0][0] if exposures else None
    if spend and exposure:
        return Medium(stem, spend, exposure, None, "spend and exposure share a name", sure=len(exposures) == 1)
    if spend:
        return Medium(stem, spend, None, None, "spend only: it stands for exposure too")
    return Medium(stem, None, exposure or frequency, None, "exposure without spend: organic", sure=len(exposures) == 1)


def _distinct(media: list[Medium]) -> list[Medium]:
    """Channels need names of their own: a stem that occurs twice takes its column's name."""
    stems = [m.name for m in media]
    return [
        m
        if stems.count(m.name) == 1
        else Medium(m.spend or m.exposure or m.name, m.spend, m.exposure, m.frequency, m.why, False)
        for m in media
    ]


def _events(texts: NDArray[np.object_], days: NDArray[np.datetime64]) -> dict[str, tuple[np.datetime64, ...]]:
    """Names that stand beside a few dates only, as in a column ``events``; what is the same for all geos."""
    known = np.array([t is not None and t.lower() not in EMPTY for t in texts])
    found: dict[str, set[np.datetime64]] = {}
    for text, day in zip(texts[known], days[known], strict=True):
        found.setdefault(str(text), set()).add(day)
    periods = len(np.unique(days))
    if not found or len(found) > 20 or sum(len(d) for d in found.values()) > 0.25 * periods:
        return {}
    return {name: tuple(sorted(at)) for name, at in found.items()}
