"""Journey settings as the kernels take them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution.errors import UsageError, did_you_mean, listed
from attribution.journeys.cut import DROP, DROP_UNLESS_ONLY, KEEP, Rules
from attribution.journeys.journeys import Journeys, Unit
from attribution.journeys.transform import EXPOSURE, FIRST, FREQUENCY, REMOVE_IF_LAST, REMOVE_IF_NOT_ALL
from attribution.settings import JourneySettings, check_transform, duration
from attribution.tables import CLICKS, IMPRESSIONS

DIRECT_RULES = {"keep": KEEP, "drop": DROP, "drop-unless-only": DROP_UNLESS_ONLY}
OPS = {
    "exposure": EXPOSURE,
    "first": FIRST,
    "frequency": FREQUENCY,
    "remove-if-not-all": REMOVE_IF_NOT_ALL,
    "remove-if-last-and-not-all": REMOVE_IF_LAST,
}
# Repeat counts above this share one channel name under the frequency transform.
MOST_REPEATS = 4096


def rules_of(shell: Journeys, data_end: int) -> Rules:
    """Translate settings for the units, channels and geos of ``shell`` (journeys without parts).

    Raises
    ------
    UsageError
        Where a transform names a channel that is not in the data.
    """
    settings = shell.settings
    geo_code = {g: i for i, g in enumerate(shell.geos)}
    ops, targets = _ops(settings, shell.channels)
    return Rules(
        channel_of=shell.channel_of,
        geo_of=np.array([-1 if u.geo is None else geo_code[u.geo] for u in shell.units], np.int32),
        lookback=np.array([_window(settings, u.interaction) for u in shell.units], np.int64),
        direct=shell.direct,
        direct_rule=DIRECT_RULES[settings.direct],
        inactivity=duration(settings.inactivity) if settings.inactivity else 0,
        data_end=data_end,
        ops=ops,
        targets=targets,
    )


def repeated(unit: NDArray[np.int32], repeat: NDArray[np.int32]) -> NDArray[np.int32]:
    """Pack a touch's repeat count into its unit code, for the ``frequency`` transform."""
    packed: NDArray[np.int32] = unit * np.int32(MOST_REPEATS) + np.minimum(repeat, MOST_REPEATS - 1)
    return packed


def repeated_units(units: tuple[Unit, ...], codes: set[int]) -> tuple[Unit, ...]:
    """Name packed codes: ``Display(3)`` is Display seen three times in the journey."""
    made = []
    for code in sorted(codes):
        unit, repeats = units[code // MOST_REPEATS], code % MOST_REPEATS
        made.append(Unit(code, f"{unit.channel}({repeats})", unit.campaign, unit.interaction, unit.geo))
    return tuple(made)


def _window(settings: JourneySettings, interaction: str | None) -> int:
    kind = (interaction or "").strip().casefold()
    text = settings.lookback
    if kind in IMPRESSIONS and settings.lookback_impressions:
        text = settings.lookback_impressions
    if kind in CLICKS and settings.lookback_clicks:
        text = settings.lookback_clicks
    return duration(text)


def _ops(settings: JourneySettings, channels: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Transforms as codes; ``unique`` keeps every touch and needs none."""
    steps = [check_transform(t) for t in settings.transforms]
    if settings.collapse_repeats:
        steps.insert(0, ("exposure", ""))
    steps = [step for step in steps if step[0] != "unique"]
    for name, channel in steps:
        if channel and channel not in channels:
            msg = (
                f'transform {name}: no channel "{channel}" in the data.{did_you_mean(channel, channels)} '
                f"Found: {listed(channels)}."
            )
            raise UsageError(msg)
    targets = [channels.index(channel) if channel else -1 for _, channel in steps]
    return np.array([OPS[name] for name, _ in steps], np.int64), np.array(targets, np.int64)
