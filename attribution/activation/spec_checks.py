"""What must hold inside a platform's description beyond types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from attribution.activation.steps import STEPS
from attribution.activation.template import placeholders

if TYPE_CHECKING:
    from attribution.activation.spec import AudienceList, PlatformSpec, Rule

# What may stand in a payload unhashed: their normal forms hold no character that JSON escapes.
SAFE = frozenset({"country", "zip", "maid", "idfa", "aaid", "row_key", "value"})
MADE = frozenset({"row_key", "value"})


def contradictions(spec: PlatformSpec) -> list[str]:
    """Everything in it that contradicts itself; empty where nothing does."""
    return [*_rules(spec), *(f"list {item.name}: {why}" for item in spec.lists for why in _list(spec, item))]


def _rules(spec: PlatformSpec) -> Iterator[str]:
    for name, rule in spec.identifiers.items():
        for step in rule.steps:
            if step.partition(":")[0] not in STEPS:
                yield f'{name}: no step "{step}"'
        if rule.encoding == "base64" and rule.hash == "none":
            yield f"{name}: base64 of no hash"
    every: list[Rule | None] = [
        *spec.identifiers.values(),
        *spec.lists,
        spec.exclusion,
        spec.least,
        spec.expiry_days,
        spec.refresh,
    ]
    every += [limit for item in spec.lists for limit in (item.rows, item.bytes)]
    for stated in every:
        if stated is not None and stated.source and stated.source not in spec.sources:
            yield f'no source "{stated.source}"'
        if stated is not None and stated.verified and not stated.source:
            yield f'verified without a source: "{stated.says}"'


def _list(spec: PlatformSpec, item: AudienceList) -> Iterator[str]:
    known = {*spec.identifiers, *MADE}
    if item.form == "jsonl":
        used = set(placeholders(item.member))
        if "$members" not in item.envelope and "$joined" not in item.envelope:
            yield "the envelope has no place for members"
        for name in used & set(spec.identifiers):
            if spec.identifiers[name].hash == "none" and name not in SAFE:  # type: ignore[index]
                yield f"{name} stands unhashed in JSON"
        try:
            msgspec.json.decode(item.member)
        except msgspec.DecodeError as error:
            yield f"member: {error}"
    else:
        used = {c.of for c in item.columns if c.of is not None}
        if not item.columns:
            yield "no columns"
        if not item.header and len(item.columns) > 1:
            yield "several columns need a header"
    for name in used - known:
        yield f"no rule for {name}"
    for name in {n for alternative in item.needs for n in alternative} - used:
        yield f"needs {name}, which it does not hold"
