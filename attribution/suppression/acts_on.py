"""Which channels a platform's list acts on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attribution.errors import UsageError, listed
from attribution.suppression.rules import SuppressionPolicy


def acts_on(policy: SuppressionPolicy, platform: str, channels: Sequence[str]) -> tuple[str, ...]:
    """Channels of a platform: as ``[suppression.applies]`` says, or the one that is called as the platform is.

    Names are compared without case, and hyphens and underscores count as blanks.

    Parameters
    ----------
    policy : SuppressionPolicy
    platform : str
    channels : sequence of str
        All that touches or spend know.

    Raises
    ------
    UsageError
        A channel that is not known, or nothing that says which is meant.
    """
    known = {_plain(channel): channel for channel in channels}
    given = policy.applies.get(platform)
    if given is None:
        if _plain(platform) in known:
            return (known[_plain(platform)],)
        raise UsageError(
            f'It is not known which channels a list of {platform} acts on: no channel is called "{platform}". Say it '
            f'in attribution.toml, under [suppression.applies]: {platform} = ["CHANNEL"], and name the file with '
            f"--config. Channels: {listed(sorted(channels))}."
        )
    for name in given:
        if _plain(name) not in known:
            msg = f'suppression.applies."{platform}": no channel "{name}". Channels: {listed(sorted(channels))}.'
            raise UsageError(msg)
    return tuple(dict.fromkeys(known[_plain(name)] for name in given))


def check_apart(channels: Mapping[str, Sequence[str]]) -> None:
    """Refuse two platforms that act on one channel: its impressions would be freed twice.

    Raises
    ------
    UsageError
    """
    owner: dict[str, str] = {}
    for platform, names in channels.items():
        for name in names:
            other = owner.setdefault(name, platform)
            if other != platform:
                raise UsageError(
                    f'suppression.applies: "{name}" belongs to {other} and to {platform}. What is shown there is shown '
                    "by one of them: tell the channels apart, or give match rates of one."
                )


def _plain(name: str) -> str:
    return " ".join(name.replace("-", " ").replace("_", " ").lower().split())
