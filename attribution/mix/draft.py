"""A model file drafted from a panel: what each column seems to be, and why, in comments."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from attribution.errors import UsageError
from attribution.mix import names
from attribution.mix.draft_effects import Effects, effects_of, paid_effect
from attribution.mix.model_toml import toml_value
from attribution.mix.roles import Column, Medium, Roles, find_roles
from attribution.mix.sheet import open_sheets
from attribution.settings import IngestSettings

LAGS = {1: 28, 7: 8, 30: 3}
FEW_GEOS = 5
# More columns than this whose names say nothing are left for the user to choose from.
MOST_UNKNOWN = 8


def draft_model(argument: str, settings: IngestSettings | None = None) -> str:
    """Draft a model file; it is valid, and says where it is unsure (``# check:``).

    Raises
    ------
    UsageError
        The file is missing, or several are named.
    AttributionError
        No column of dates, of an outcome or of a medium was found.
    """
    with open_sheets([argument], settings) as sheets:
        if len(sheets) > 1:
            raise UsageError(f"A draft reads one panel; {argument} names {len(sheets)} files. Put them together first.")
        roles = find_roles(sheets[0])
        name = sheets[0].name
    return "\n".join([*_head(roles, name), *_body(roles)]) + "\n"


def line(key: str, value: object, why: str = "", *, sure: bool = True) -> str:
    """One setting and the reason for it; an unsure one asks to be checked."""
    said = "".join(c if c.isprintable() else " " for c in why)
    comment = f"  # {'' if sure else 'check: '}{said}" if said else ""
    return f"{key} = {toml_value(value)}{comment}"


def _head(roles: Roles, name: str) -> Iterator[str]:
    dates, outcome = roles.calendar.dates, roles.of("outcome")[0]
    where = "".join(c if c.isprintable() else " " for c in name)
    yield f"# Drafted from {where}: {len(dates)} {roles.calendar.unit}s, {dates[0]} to {dates[-1]}."
    yield '# Every guess says what it rests on; look at lines with "check:" first. All settings: attribution mmm draft'
    yield "# --template. Check the model against the panel: attribution mmm check PANEL --model FILE."
    yield ""
    yield "[data]"
    yield line("date", roles.date, f"reads as dates, one {roles.calendar.unit} apart")
    yield line("outcome", outcome.name, outcome.why, sure=outcome.sure)
    yield from _money(roles, outcome)
    if roles.geo is not None:
        yield line("geo", roles.geo, roles.geo_why)
        for column in roles.of("population")[:1]:
            yield line("population", column.name, column.why)


def _money(roles: Roles, outcome: Column) -> Iterator[str]:
    worth = roles.of("worth")[:1]
    if worth:
        yield line("revenue", False, "the outcome is counted, and a column says what it is worth")
        yield line("revenue_per_outcome", worth[0].name, worth[0].why)
    elif names.COUNTS.search(names.plain(outcome.name)):
        yield line("revenue", False, "the outcome is counted; add revenue_per_outcome (column or number) for returns")
    else:
        sure = bool(names.MONEY.search(names.plain(outcome.name)))
        yield line("revenue", True, "named like money" if sure else "is the outcome money?", sure=sure)


def _body(roles: Roles) -> Iterator[str]:
    effects = effects_of(roles)
    yield from _defaults(roles, effects)
    yield from _time(roles)
    gaps = _gaps(roles)
    for medium in roles.media:
        yield from _channel(roles, medium, effects, gaps)
    yield from _controls(roles, gaps)
    yield from _events(roles)
    yield from _left_out(roles)


def _defaults(roles: Roles, effects: Effects) -> Iterator[str]:
    days, periods = roles.calendar.days, len(roles.calendar.dates)
    lags = max(1, min(LAGS.get(days, max(2, 56 // days)), periods // 8))
    yield from ("", "[defaults.adstock]")
    yield line("kind", "geometric", "each period keeps the same share of the one before")
    yield line("l_max", lags, f"{roles.calendar.unit}s that an exposure acts in, its own included")
    yield from ("", "[defaults.saturation]")
    yield line("kind", "logistic", "each further unit of exposure brings less")
    if effects.roi:
        yield from ("", "[defaults.effect]")
        yield line("roi", effects.default, effects.why)


def _time(roles: Roles) -> Iterator[str]:
    days = len(roles.calendar.dates) * roles.calendar.days
    yield from ("", "[trend]")
    if days >= 90:
        points = min(round(days / 182), 8) if days >= 365 else 0
        yield line("kind", "linear", "a slope that may change twice a year" if points else "a slope: less than a year")
        yield line("points", points)
    else:
        yield line("kind", "none", "less than three months")
    yield from ("", "[seasonality]")
    if days >= 540:
        yield line("yearly", 2, "a year and a half or more: seasons repeat")
    elif days >= 330:
        yield line("yearly", 1, "seasons hardly repeat, and are hard to tell from media", sure=False)
    else:
        yield line("yearly", 0, "less than a year")
    if roles.calendar.days == 1:
        yield line("weekly", 3, "days of the week differ")
    if roles.geo is not None and len(set(roles.geos)) < FEW_GEOS:
        yield from ("", "[intercept]")
        yield line("pooling", 1.0, "few geos: the spread between them is fixed, wide, not estimated")


def _gaps(roles: Roles) -> NDArray[np.bool_]:
    """Rows of the window; and whether some are missing altogether, as the last element."""
    outcome = roles.of("outcome")[0].values
    seen = roles.days[np.isfinite(outcome)]
    window = (roles.days >= seen.min()) & (roles.days <= seen.max())
    first, last = roles.calendar.place(np.array([seen.min(), seen.max()]))
    whole = (last - first + 1) * len(set(roles.geos))
    return np.append(window, window.sum() < whole)


def _missing(values: NDArray[np.float64], gaps: NDArray[np.bool_]) -> int:
    return int((~np.isfinite(values[gaps[:-1]])).sum())


def _channel(roles: Roles, medium: Medium, effects: Effects, gaps: NDArray[np.bool_]) -> Iterator[str]:
    columns = [c for c in (medium.exposure, medium.frequency, medium.spend) if c is not None]
    yield from ("", "[[channel]]")
    yield line("name", _free(medium.name, roles), medium.why, sure=medium.sure)
    if medium.exposure is not None:
        yield line("exposure", medium.exposure, "reach" if medium.frequency else "")
    if medium.frequency is not None:
        yield line("frequency", medium.frequency, "times that a person reached saw it")
    if medium.spend is not None:
        yield line("spend", medium.spend)
    several = len(set(roles.geos)) > 1
    if several and all(_same(roles, c) for c in columns):
        yield line("national", True, "the same in all geos of a date")
    elif several and len(set(roles.geos)) < FEW_GEOS:
        yield line("pooling", 0.3, "few geos: the spread of effects between them is fixed, not estimated")
    empty = sum(_missing(roles.values(c), gaps) for c in columns)
    if empty or gaps[-1]:
        what = f"{empty} empty cells" if empty else "some periods have no row"
        yield line("missing", "zero", f"{what}: was there really no exposure?", sure=False)
    prior, why, sure = paid_effect(medium, effects)
    if prior is not None:
        yield line("effect", prior, why, sure=sure)


def _free(name: str, roles: Roles) -> str:
    return f"{name} (medium)" if any(c.name == name for c in roles.of("treatment")) else name


def _same(roles: Roles, column: str) -> bool:
    values = roles.values(column)
    order = np.lexsort((values, roles.days))
    day, value = roles.days[order], values[order]
    return bool((value[1:] == value[:-1])[day[1:] == day[:-1]].all())


def _controls(roles: Roles, gaps: NDArray[np.bool_]) -> Iterator[str]:
    unknown = [c for c in roles.of("control") if c.kind == "undeclared"]
    off = len(unknown) > MOST_UNKNOWN
    for column in (*roles.of("treatment"), *roles.of("control"), *roles.of("flag")):
        lines = list(_control(column, gaps))
        if off and column in unknown:
            yield from ("", "# check: does this column belong into the model?", *(f"# {text}" for text in lines[1:]))
        else:
            yield from lines


def _control(column: Column, gaps: NDArray[np.bool_]) -> Iterator[str]:
    yield from ("", "[[control]]")
    yield line("column", column.name, column.why)
    if column.role == "treatment":
        yield line("treatment", True, "an own action: its contribution has a row of its own", sure=False)
    else:
        unsure = "confounder (moves media and outcome) or predictor (moves the outcome)? Leave out what media move"
        yield line("role", column.kind, "" if column.sure else unsure, sure=column.sure)
    if np.isin(column.values[np.isfinite(column.values)], (0.0, 1.0)).all():
        yield line("scale", "none", "0 or 1 as it is")
    empty = _missing(column.values, gaps)
    if empty or gaps[-1]:
        what = f"{empty} empty cells" if empty else "some periods have no row"
        yield line("missing", "impute", f"{what}: interpolated in time", sure=False)


def _events(roles: Roles) -> Iterator[str]:
    for name, days in roles.events.items():
        at = roles.calendar.place(np.array(days))
        spans = [(str(roles.calendar.dates[p]), str(roles.calendar.last_day(int(p)))) for p in at]
        yield from ("", "[[event]]")
        yield line("name", name, "a text beside a few dates only")
        yield line("dates", spans)
    yield from ("", "# Public holidays, from a calendar of their own:", "# [[holidays]]", '# country = "US"')


def _left_out(roles: Roles) -> Iterator[str]:
    left = [(c.name, c.why, c.sure) for c in roles.of("unused")]
    left += [(c.name, "a second column of the kind", False) for c in roles.of("worth")[1:]]
    if roles.geo is None:
        left += [(c.name, "a national panel needs no population", True) for c in roles.of("population")]
    left += [(text, "it holds text", True) for text in roles.texts]
    if left:
        yield from ("", "# Not used:")
    for name, why, sure in left:
        yield f"# {'' if sure else 'check: '}{toml_value(name)}: {why}"
