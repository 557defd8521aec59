"""How large a drafted channel's effect may be: a return on spend where money is known, else a share of the outcome."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from attribution.mix import names
from attribution.mix.roles import Medium, Roles
from attribution_models.mix.priors import Prior

# Median 1.2, nine in ten between 0.3 and 5.4: what measured returns of media mostly are.
ROI = Prior("log-normal", (0.2, 0.9))
ORGANIC = Prior("beta", (1.0, 99.0))
# Of the outcome, what paid media together are thought to bring before the data speak.
MEDIA_SHARE = 0.4
LEAST_SHARE = 0.005
# Spend over revenue beyond these is not money of the same kind.
PLAUSIBLE = (0.001, 2.0)


@dataclass(frozen=True, slots=True)
class Effects:
    """What priors channels take.

    Attributes
    ----------
    roi : bool
        Whether paid channels have a prior on return by default.
    why : str
    shares : dict of str to float
        Of each paid medium in spend.
    """

    roi: bool
    why: str
    shares: dict[str, float] = field(default_factory=dict)
    default: Prior = ROI


def effects_of(roles: Roles) -> Effects:
    """Choose the scale of the effects of a panel's paid media."""
    costs = {m.name: float(np.nansum(roles.values(m.spend))) for m in roles.media if m.spend is not None}
    total = sum(costs.values())
    shares = {name: cost / total if total > 0 else 1 / len(costs) for name, cost in costs.items()}
    revenue = _revenue(roles)
    units = all(not names.NUMBERED.match(names.plain(m.spend)) for m in roles.media if m.spend is not None)
    if revenue is None or not units:
        return Effects(False, "spend or outcome may not be money", shares)
    if not PLAUSIBLE[0] < total / revenue < PLAUSIBLE[1]:
        return Effects(False, f"spend is {total / revenue:.2g} of the outcome: not money of the same kind", shares)
    why = f"paid media cost {total / revenue:.1%} of revenue; a return of 1.2 per unit of spend, mostly 0.3 to 5.4"
    return Effects(True, why, shares)


def _revenue(roles: Roles) -> float | None:
    """The outcome in money, where that is known."""
    outcome, worth = roles.of("outcome")[0], roles.of("worth")
    if worth:
        found = float(np.nansum(outcome.values * worth[0].values))
        return found if found > 0 else None
    plain = names.plain(outcome.name)
    money = names.MONEY.search(plain) or (names.SECOND_OUTCOME.search(plain) and not names.COUNTS.search(plain))
    found = float(np.nansum(outcome.values))
    return found if money and found > 0 else None


def paid_effect(medium: Medium, effects: Effects) -> tuple[dict[str, Prior] | None, str, bool]:
    """The effect of one channel, the reason, and whether it is sure; None where the default holds."""
    if medium.spend is None:
        return {"contribution": ORGANIC}, "organic: about one per cent of the outcome", True
    if effects.roi:
        return None, "", True
    mean = max(MEDIA_SHARE * effects.shares[medium.name], LEAST_SHARE)
    prior = Prior("beta", (1.0, round((1 - mean) / mean, 2)))
    why = (
        f"about {mean:.0%} of the outcome: its share of spend, where paid media bring {MEDIA_SHARE:.0%} ({effects.why})"
    )
    return {"contribution": prior}, why, False
