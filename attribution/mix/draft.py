"""A model file drafted from a panel: what each column seems to be, and why, in comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.mix import names
from attribution.mix.draft_baseline import FEW_GEOS, SWITCH, Scale, baseline, is_switch
from attribution.mix.draft_effects import Effects, effects_of, paid_effect
from attribution.mix.draft_lifts import spend_controls
from attribution.mix.joined import join
from attribution.mix.lift_rows import LiftRow, read_lift_rows
from attribution.mix.model_toml import setting, toml_value
from attribution.mix.roles import Column, Medium, Roles, find_roles
from attribution.mix.sheet import open_sheets
from attribution.settings import IngestSettings

LAGS = {1: 28, 7: 8, 30: 3}
# More columns than this whose names say nothing are left for the user to choose from.
MOST_UNKNOWN = 8


def draft_model(panels: str | Sequence[str], settings: IngestSettings | None = None, lifts: Sequence[str] = ()) -> str:
    """Draft a model file; it is valid, and says where it is unsure (``# check:``).

    Parameters
    ----------
    panels : str or sequence of str
        One file, or several that are put together by date and geo, as a fit does it.
    settings : IngestSettings, optional
    lifts : sequence of str
        Files of lift tests that the model will be fitted with: the spend of tested channels becomes a control besides.

    Raises
    ------
    UsageError
        A file is missing, or the files name dates or geos differently.
    AttributionError
        No column of dates, of an outcome or of a medium was found; or two files give the same cell.
    """
    tests = read_lift_rows(lifts, settings)[0] if lifts else ()
    with open_sheets([panels] if isinstance(panels, str) else panels, settings) as sheets:
        sheet = join(sheets)
        roles, name = find_roles(sheet), sheet.name
    return "\n".join([*_head(roles, name), *_body(roles, tests)]) + "\n"


def _head(roles: Roles, name: str) -> Iterator[str]:
    dates, outcome = roles.calendar.dates, roles.of("outcome")[0]
    where = "standard input" if name == "-" else "".join(c if c.isprintable() else " " for c in name)
    yield f"# Drafted from {where}: {len(dates)} {roles.calendar.unit}s, {dates[0]} to {dates[-1]}."
    yield '# Every guess says what it rests on; look at lines with "check:" first. All settings: attribution mmm draft'
    yield "# --template. Check the model against the panel: attribution mmm check PANEL --model FILE."
    yield ""
    yield "[data]"
    yield setting("date", roles.date, f"reads as dates, one {roles.calendar.unit} apart")
    yield setting("outcome", outcome.name, outcome.why, sure=outcome.sure)
    yield from _money(roles, outcome)
    if roles.geo is not None:
        yield setting("geo", roles.geo, roles.geo_why)
        for column in roles.of("population")[:1]:
            yield setting("population", column.name, column.why)


def _money(roles: Roles, outcome: Column) -> Iterator[str]:
    worth = roles.of("worth")[:1]
    if worth:
        yield setting("revenue", False, "the outcome is counted, and a column says what it is worth")
        yield setting("revenue_per_outcome", worth[0].name, worth[0].why)
    elif names.COUNTS.search(names.plain(outcome.name)):
        yield setting("revenue", False, "the outcome is counted; add revenue_per_outcome (column, number) for returns")
    else:
        sure = bool(names.MONEY.search(names.plain(outcome.name)))
        yield setting("revenue", True, "named like money" if sure else "is the outcome money?", sure=sure)


def _body(roles: Roles, tests: Sequence[LiftRow]) -> Iterator[str]:
    effects, scale = effects_of(roles), Scale.of(roles)
    yield from _defaults(roles, effects)
    yield from baseline(roles, scale)
    gaps = _gaps(roles)
    for medium in roles.media:
        yield from _channel(roles, medium, effects, gaps)
    yield from _controls(roles, gaps, scale)
    yield from spend_controls(roles, tests, scale, empty=bool(gaps[-1]))
    yield from _events(roles, scale)
    yield from _left_out(roles)


def _defaults(roles: Roles, effects: Effects) -> Iterator[str]:
    days, periods = roles.calendar.days, len(roles.calendar.dates)
    lags = max(1, min(LAGS.get(days, max(2, 56 // days)), periods // 8))
    yield from ("", "[defaults.adstock]")
    yield setting("kind", "geometric", "each period keeps the same share of the one before")
    yield setting("l_max", lags, f"{roles.calendar.unit}s that an exposure acts in, its own included")
    yield from ("", "[defaults.saturation]")
    yield setting("kind", "logistic", "each further unit of exposure brings less")
    if effects.roi:
        yield from ("", "[defaults.effect]")
        yield setting("roi", effects.default, effects.why)


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
    yield setting("name", _free(medium.name, roles), medium.why, sure=medium.sure)
    if medium.exposure is not None:
        yield setting(
            "exposure", medium.exposure, **_noted(roles, medium.exposure, "reach" if medium.frequency else "")
        )
    if medium.frequency is not None:
        yield setting("frequency", medium.frequency, "times that a person reached saw it")
    if medium.spend is not None:
        yield setting("spend", medium.spend, **_noted(roles, medium.spend))
    several = len(set(roles.geos)) > 1
    if several and all(_same(roles, c) for c in columns):
        yield setting("national", True, "the same in all geos of a date")
    elif several and len(set(roles.geos)) < FEW_GEOS:
        yield setting("pooling", 0.3, "few geos: the spread of effects between them is fixed, not estimated")
    empty = sum(_missing(roles.values(c), gaps) for c in columns)
    if empty or gaps[-1]:
        what = f"{empty} empty cells" if empty else "some periods have no row"
        yield setting("missing", "zero", f"{what}: was there really no exposure?", sure=False)
    prior, why, sure = paid_effect(medium, effects)
    if prior is not None:
        yield setting("effect", prior, why, sure=sure)


def _noted(roles: Roles, column: str, why: str = "") -> dict[str, Any]:
    """What is odd about a column of a medium, else `why`."""
    found = next(c for c in roles.columns if c.name == column)
    return {"why": found.why or why, "sure": not found.why}


def _free(name: str, roles: Roles) -> str:
    return f"{name} (medium)" if any(c.name == name for c in roles.of("treatment")) else name


def _same(roles: Roles, column: str) -> bool:
    values = roles.values(column)
    order = np.lexsort((values, roles.days))
    day, value = roles.days[order], values[order]
    return bool((value[1:] == value[:-1])[day[1:] == day[:-1]].all())


def _controls(roles: Roles, gaps: NDArray[np.bool_], scale: Scale) -> Iterator[str]:
    unknown = [c for c in roles.of("control") if c.kind == "undeclared"]
    off = len(unknown) > MOST_UNKNOWN
    for column in (*roles.of("treatment"), *roles.of("control"), *roles.of("flag")):
        lines = list(_control(column, gaps, scale))
        if off and column in unknown:
            yield from ("", "# check: does this column belong into the model?", *(f"# {text}" for text in lines[1:]))
        else:
            yield from lines


def _control(column: Column, gaps: NDArray[np.bool_], scale: Scale) -> Iterator[str]:
    yield from ("", "[[control]]")
    yield setting("column", column.name, column.why)
    if column.role == "treatment":
        yield setting("treatment", True, "an own action: its contribution has a row of its own", sure=False)
    else:
        unsure = "confounder (moves media and outcome) or predictor (moves the outcome)? Leave out what media move"
        yield setting("role", column.kind, "" if column.sure else unsure, sure=column.sure)
    switch = is_switch(column.values)
    if switch:
        yield setting("scale", "none", "0 or 1 as it is")
    what = "of 1 against 0" if switch else "of a standard deviation of it"
    yield setting("prior", scale.control(column), f"the effect {what}, on the outcome over its highest")
    empty = _missing(column.values, gaps)
    if empty or gaps[-1]:
        what = f"{empty} empty cells" if empty else "some periods have no row"
        yield setting("missing", "impute", f"{what}: interpolated in time", sure=False)


def _events(roles: Roles, scale: Scale) -> Iterator[str]:
    for name, days in roles.events.items():
        at = roles.calendar.place(np.array(days))
        spans = [(str(roles.calendar.dates[p]), str(roles.calendar.last_day(int(p)))) for p in at]
        yield from ("", "[[event]]")
        yield setting("name", name, "a text beside a few dates only")
        yield setting("dates", spans)
        yield setting("prior", scale.prior(SWITCH))
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
