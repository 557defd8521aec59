"""Lift tests that a fit knows of, each with its one use, and what the fit says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from attribution_models.mix.lift_claims import lift_claim
from attribution_models.mix.lifts import Lift

if TYPE_CHECKING:
    from attribution.mix.stored import StoredMix

VALIDATE: Final = "validate"
COLUMNS = (
    "experiment", "channel", "use", "geos", "start", "end", "fit", "claim", "claim_lower", "claim_upper", "claim_error",
    "lift", "lift_error", "conflict", "scored",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class LiftTest:
    """A lift test that is no part of the likelihood.

    Attributes
    ----------
    use : str
        ``prior``: it set the prior of its channel's return; ``validate``: it was kept away from the fit.
    lift : Lift
        On the panel of the fit, in its scales.
    """

    use: str
    lift: Lift


def tests_of(stored: StoredMix) -> tuple[LiftTest, ...]:
    """All tests of a fit, those of the likelihood first."""
    return (*(LiftTest("likelihood", lift) for lift in stored.lifts), *stored.tests)


def lift_claims(stored: StoredMix, level: float = 0.9) -> pd.DataFrame:
    """Set every lift test beside what the fit says that it should have measured.

        z = (claim − lift) / √(claim_error² + lift_error²)

    The claim is the modelled counterfactual over the test's window and geos (`lift_claims.lift_claim`): its posterior
    mean, equal-tailed interval and standard deviation. lift_error holds the 10 % for carrying a lift from one place
    and time to another. A fit has seen the tests of its likelihood and of its priors, so that only those of
    ``validate`` are ``scored``.

    Returns
    -------
    DataFrame
        `COLUMNS`; ``geos`` is how many, ``start`` and ``end`` are the days of the outcomes that count.
    """
    tails = ((1 - level) / 2, (1 + level) / 2)
    rows = []
    for test in tests_of(stored):
        lift, draws = test.lift, lift_claim(stored.posterior, test.lift)
        claim, error = float(draws.mean()), float(draws.std())
        lower, upper = map(float, np.quantile(draws, tails))
        apart = (claim - lift.lift) / float(np.hypot(error, lift.deviation))
        dates = str(stored.data.dates[lift.start]), str(stored.calendar.last_day(lift.end))
        named = [lift.experiment, stored.spec.channels[lift.channel].name, test.use, len(lift.geos), *dates]
        numbers = [claim, lower, upper, error, lift.lift, lift.deviation, apart]
        rows.append([*named, stored.name, *numbers, test.use == VALIDATE])
    return pd.DataFrame(rows, columns=list(COLUMNS))


def all_claims(fits: Sequence[StoredMix], level: float = 0.9) -> pd.DataFrame | None:
    """`lift_claims` of several fits; None where none of them knows a test."""
    frames = [lift_claims(stored, level) for stored in fits if tests_of(stored)]
    return pd.concat(frames, ignore_index=True) if frames else None
