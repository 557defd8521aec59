"""The rules of journeys once more, in plain Python and without regard to speed: what the kernels are held to."""

from __future__ import annotations

from dataclasses import dataclass, field

DAY = 86_400_000_000


@dataclass(frozen=True)
class NaiveJourney:
    person: str
    touches: tuple[tuple[int, str], ...]  # (time, unit text)
    end: int
    conversion: tuple[int, float] | None
    existing: bool


@dataclass(frozen=True)
class NaiveRules:
    lookback: dict[str, int] = field(default_factory=dict)  # by interaction
    default_lookback: int = 90 * DAY
    inactivity: int = 0
    direct: str = "keep"
    direct_channels: frozenset[str] = frozenset({"direct"})
    transforms: tuple[tuple[str, str], ...] = ()
    data_end: int = 0


def cut(touches, conversions, known, rules: NaiveRules) -> list[NaiveJourney]:
    """touches: (person, time, channel, interaction); conversions: (person, time, value); known: {person: since}."""
    people = sorted({t[0] for t in touches} | {c[0] for c in conversions})
    out = []
    for person in people:
        mine = sorted((t[1], t[2], t[3]) for t in touches if t[0] == person)
        bought = sorted((c[1], c[2]) for c in conversions if c[0] == person)
        since = min([known.get(person, 10**18), *(at for at, _ in bought)])
        rest = mine
        for at, value in bought:
            before = [t for t in rest if t[0] <= at]
            rest = [t for t in rest if t[0] > at]
            runs = _runs(before, rules.inactivity, at)
            for run in runs[:-1]:
                out += _journey(person, run, run[-1][0], None, since, rules)
            out += _journey(person, runs[-1], at, (at, value), since, rules)
        if rest:
            runs = _runs(rest, rules.inactivity, None)
            for run in runs[:-1]:
                out += _journey(person, run, run[-1][0], None, since, rules)
            last = runs[-1]
            out += _journey(person, last, rules.data_end or last[-1][0], None, since, rules)
    return out


def _runs(touches, inactivity, conversion_at):
    """Runs of touches without a longer gap; the last one belongs to the conversion and may be empty."""
    runs = [[]]
    for touch in touches:
        if runs[-1] and inactivity and touch[0] - runs[-1][-1][0] > inactivity:
            runs.append([])
        runs[-1].append(touch)
    if conversion_at is not None and runs[-1] and inactivity and conversion_at - runs[-1][-1][0] > inactivity:
        runs.append([])
    return runs


def _journey(person, touches, end, conversion, since, rules):
    kept = [t for t in touches if end - t[0] <= rules.lookback.get(t[2], rules.default_lookback)]
    is_direct = [t[1] in rules.direct_channels for t in kept]
    if rules.direct == "drop" or (rules.direct == "drop-unless-only" and not all(is_direct)):
        kept = [t for t, d in zip(kept, is_direct, strict=True) if not d]
    path = [(at, channel) for at, channel, _ in kept]
    for name, target in rules.transforms:
        path = transform(path, name, target)
    if not path and conversion is None:
        return []
    return [NaiveJourney(person, tuple(path), end, conversion, since < end)]


def transform(path, name, target=""):
    channels = [c for _, c in path]
    if name == "unique":
        return path
    if name == "exposure":
        return [p for i, p in enumerate(path) if i == 0 or path[i - 1][1] != p[1]]
    if name == "first":
        return [p for i, p in enumerate(path) if p[1] not in channels[:i]]
    if name == "frequency":
        return [(at, f"{c}({channels.count(c)})") for i, (at, c) in enumerate(path) if c not in channels[:i]]
    if all(c == target for c in channels):
        return path
    if name == "remove-if-not-all":
        return [p for p in path if p[1] != target]
    while path and path[-1][1] == target:
        path = path[:-1]
    return path
