"""What lift tests change in a drafted model: room for a confounder that moves with the spend of tested channels."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import numpy as np

from attribution.errors import listed
from attribution.mix.draft_baseline import Scale
from attribution.mix.lift_rows import LiftRow
from attribution.mix.model_toml import setting
from attribution.mix.roles import Column, Medium, Roles

# Decided on simulated markets whose demand is half hidden (`benchmarks/study_mmm_drafts.py`).
WHY = (
    "Where budgets follow demand that no column records, a model takes that demand for the channel's effect, and a few "
    "tests do not outweigh years of it. These controls, the spend of the same {unit}, take what moves with spend and "
    "is over within the {unit}; the tests tell how much of it is the channel's. Intervals are wider for it. Take one "
    "out where columns record all that moves the budget; take all out where the model is fitted without --lifts."
)


def spend_controls(roles: Roles, tests: Sequence[LiftRow], scale: Scale, *, empty: bool) -> Iterator[str]:
    """Controls of the spend of channels with a test in the likelihood, and names in the tests that are no channel.

    Parameters
    ----------
    empty : bool
        Whether some periods have no row.
    """
    rows = [row for row in tests if row.use == "likelihood"]
    names = dict.fromkeys(row.channel for row in rows)
    media = {m.name: m for m in roles.media}
    tested = [media[name] for name in names if name in media and media[name].spend is not None]
    if tested:
        why = f"Lift tests of {listed(m.name for m in tested)}. {WHY.format(unit=roles.calendar.unit)}"
        yield ""
        yield from (f"# {line}" for line in textwrap.wrap(why, 116))
    for medium in tested:
        yield from _control(roles, medium, scale, empty=empty)
    unknown = [name for name in dict.fromkeys(row.channel for row in tests) if name not in media]
    if unknown:
        yield ""
        yield f"# check: lift tests name {listed(unknown)}, which is no channel here. Give channel and test one name."


def _control(roles: Roles, medium: Medium, scale: Scale, *, empty: bool) -> Iterator[str]:
    assert medium.spend is not None
    values = roles.values(medium.spend)
    column = Column(medium.spend, values, "control", "", kind="confounder")
    yield from ("", "[[control]]")
    yield setting("column", medium.spend, f"of {medium.name}, which has a lift test", sure=False)
    yield setting("role", "confounder")
    yield setting("prior", scale.control(column), "the effect of a standard deviation of it, as of other controls")
    if empty or not np.isfinite(values).all():
        yield setting("missing", "impute", "interpolated in time")
