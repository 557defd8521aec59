"""Payload files: one request per line, as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from attribution.activation.faults import Faults
from attribution.activation.lint_cells import CellRule
from attribution.activation.lint_doubles import Doubles
from attribution.activation.lint_table import text_lines
from attribution.activation.spec import AudienceList, IdentifierRule, PlatformSpec
from attribution.activation.template import MismatchError, placeholders, values

KEY = IdentifierRule(steps=(), hash="sha256", verified=True)


def envelopes(spec: PlatformSpec, item: AudienceList) -> list[Any]:
    """The request of a list for every action that the platform knows."""
    words = dict.fromkeys(spec.actions.values()) or ("",)
    return [msgspec.json.decode(item.envelope.replace("{action}", word)) for word in words]


def best_requests(spec: PlatformSpec, lists: list[AudienceList], path: Path) -> AudienceList:
    """The list whose requests the first line is like."""
    with path.open("rb") as stream:
        first = stream.readline()
    for item in lists:
        try:
            _walk(spec, item, msgspec.json.decode(first))
        except (MismatchError, msgspec.DecodeError, UnicodeDecodeError):
            continue
        return item
    return lists[0]


def _walk(spec: PlatformSpec, item: AudienceList, document: Any) -> list[tuple[str, str]]:
    member = msgspec.json.decode(item.member)
    for number, envelope in enumerate(made := envelopes(spec, item)):
        try:
            return list(values(envelope, document, member))
        except MismatchError:
            if number == len(made) - 1:
                raise
    raise AssertionError


def check_requests(path: Path, spec: PlatformSpec, item: AudienceList, faults: Faults) -> list[CellRule]:
    """Check a payload file; give the rules of its identifiers with what they saw, for `settle`."""
    rules = {}
    for name in placeholders(item.member):
        rule = spec.identifiers.get(name, KEY)  # type: ignore[call-overload]
        rules[name] = CellRule(name, rule, rule.hash, name, rule.plain)
    doubles = Doubles()
    for number, line in enumerate(text_lines(path, faults), 1):
        if not line.strip():
            faults.add("blank_row", number)
            continue
        if item.bytes and len(line.encode()) > item.bytes.value:
            faults.add(
                "too_large", number, detail=f"a request of {len(line.encode()):,} bytes, {item.bytes.value:,} are taken"
            )
        try:
            found = _walk(spec, item, msgspec.json.decode(line))
        except MismatchError as error:
            faults.add("shape", number, detail=str(error))
        except msgspec.DecodeError:
            faults.add("json", number)
        else:
            _members(found, number, item, rules, doubles, faults)
    if not len(doubles) and not faults.found:
        faults.add("empty")
    doubles.settle(faults)
    if spec.least and 0 < len(doubles) < spec.least.value:
        faults.add("too_small", detail=f"{len(doubles):,} in all, {spec.least.value:,} are asked for")
    return list(rules.values())


def _members(
    found: list[tuple[str, str]], line: int, item: AudienceList, rules: dict[str, CellRule], doubles: Doubles,
    faults: Faults,
) -> None:  # fmt: skip
    members: list[list[tuple[str, str]]] = []
    for name, value in found:
        if name == "(member)":
            members.append([])
        elif members:
            members[-1].append((name, value))
            if value:
                rules[name].check(value, line, faults)
    for member in members:
        there = {name for name, value in member if value}
        if not there or (item.needs and not any(there >= set(names) for names in item.needs)):
            faults.add("too_little", line)
        doubles.add(tuple(member), line)
    if item.rows and len(members) > item.rows.value:
        faults.add("too_many", line, detail=f"{len(members):,} in a request, {item.rows.value:,} are taken")
