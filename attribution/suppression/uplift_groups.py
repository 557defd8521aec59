"""What an experiment says of groups of people, and so of each person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import UsageError
from attribution.progress import Told, counted, silent
from attribution.suppression.uplift_people import UpliftQuestion
from attribution_models.value.uplift import GroupEffect, Uplift, UpliftFit
from attribution_models.value.uplift_curves import UpliftCurve
from attribution_models.value.uplift_verdicts import UNDECIDED, UpliftVerdict, verdicts

Floats = NDArray[np.float64]

ARMS: Final = ("held_out", "exposed")
COLUMNS: Final = ("group", "people", "effect", "lower", "upper", "p_harm", "p_below_cost", "verdict")


@dataclass(frozen=True, slots=True, eq=False)
class UpliftResult:
    """What an experiment says of its people.

    Attributes
    ----------
    table : DataFrame
        `COLUMNS`: everybody, then each group; names nobody.
    people : DataFrame
        customer_id, group, score, verdict; sorted by customer_id.
    curve : UpliftCurve
        How well the scores sort people by effect.
    """

    table: pd.DataFrame
    people: pd.DataFrame
    curve: UpliftCurve


def uplift_of(people: pd.DataFrame, features: Floats, question: UpliftQuestion, told: Told = silent) -> UpliftResult:
    """Score people by models that did not see them, measure the effect in each group, and judge it.

    Raises
    ------
    UsageError
        scikit-learn is not installed, or the experiment is too small.
    """
    exposed, outcome = people["exposed"].to_numpy(np.int64), people["outcome"].to_numpy(np.float64)
    repeated = counted(told, "scoring people", question.repeats)
    try:
        model = Uplift(repeats=question.repeats, quantiles=question.groups)
        fit = model.fit(features, exposed, {question.outcome: outcome}, ARMS, told=repeated)
    except (ValueError, ModuleNotFoundError) as error:
        raise UsageError(str(error)) from None
    judged = verdicts(fit, question.economics())
    return UpliftResult(_table(fit, judged), _people(people, fit, judged), fit.curves[ARMS[1], question.outcome])


def _table(fit: UpliftFit, judged: tuple[UpliftVerdict, ...]) -> pd.DataFrame:
    rows: list[list[Any]] = [[*_effect(fit.overall[0]), np.nan, np.nan, ""]]
    rows += [[*_effect(v.effect), v.p_harm, v.p_below_cost, v.verdict] for v in judged]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _effect(effect: GroupEffect) -> list[Any]:
    return [effect.group, effect.people, effect.effect, *(_finite(v) for v in (effect.lower, effect.upper))]


def _finite(bound: float) -> float:
    """A bound, nan where a group was too small to have one."""
    return bound if np.isfinite(bound) else np.nan


def _people(people: pd.DataFrame, fit: UpliftFit, judged: tuple[UpliftVerdict, ...]) -> pd.DataFrame:
    """Group, score and verdict of each person."""
    (key,) = fit.groups
    by_group = {v.effect.group: v.verdict for v in judged}
    names = np.array(fit.group_names, dtype=object)[fit.groups[key]]
    given = [by_group.get(name, UNDECIDED) for name in names]
    return pd.DataFrame(
        {"customer_id": people["customer_id"], "group": names, "score": fit.scores[key], "verdict": given}
    )
