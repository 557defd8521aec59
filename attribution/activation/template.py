"""Payload templates: JSON with ``$identifier`` where a person's values go.

- A key whose value is missing is left out, and so is what holds nothing else.
- In a list, an element that names one contact identifier (``$email``, ``$phone``, a device id) is repeated for each
  of the person's values; any other element is written once.
- A list of two or more bare texts is positional: a missing value is an empty text.
- ``"$members"`` in the envelope stands for the members of a request, ``"$joined"`` for them in one text, with commas.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from attribution.engine import identifier, literal

CONTACT = frozenset({"email", "phone", "maid", "idfa", "aaid"})
Found = tuple[str, str]


def placeholders(template: str) -> list[str]:
    """Identifiers that a template names, in order, each once."""
    return list(dict.fromkeys(_named(json.loads(template)))) if template else []


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        if node.startswith("$"):
            yield node[1:]
    elif isinstance(node, dict):
        for value in node.values():
            yield from _named(value)
    elif isinstance(node, list):
        for value in node:
            yield from _named(value)


def repeated(template: str) -> set[str]:
    """Identifiers of which a member takes several values."""
    return set(_repeated(json.loads(template)))


def _repeated(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _repeated(value)
    elif isinstance(node, list) and not _positional(node):
        for value in node:
            contact = _one_contact(value)
            if contact is not None:
                yield contact
            else:
                yield from _repeated(value)


def member_sql(template: str, envelope: str) -> str:
    """SQL of a member's JSON text from one list column per identifier; NULL where nothing is there."""
    node = json.loads(template)
    if '"$joined"' in envelope:
        return f"{identifier(node[1:])}[1]"
    return _sql(node, None)


def _sql(node: Any, each: str | None) -> str:
    if isinstance(node, str) and node.startswith("$"):
        return f"""'"' || {_value(node[1:], each)} || '"'"""
    if isinstance(node, dict):
        parts = [f"{literal(json.dumps(k) + ':')} || {_sql(v, each)}" for k, v in node.items()]
        return _where_there(node, each, f"'{{' || concat_ws(',', {', '.join(parts)}) || '}}'")
    if isinstance(node, list):
        return _where_there(node, each, f"'[' || {_items(node)} || ']'")
    return literal(json.dumps(node, ensure_ascii=False))


def _value(name: str, each: str | None) -> str:
    return "each" if name == each else f"{identifier(name)}[1]"


def _where_there(node: Any, each: str | None, made: str) -> str:
    """NULL where none of the values is there; asked of the values, since a text in two places is made twice."""
    names = list(dict.fromkeys(_named(node)))
    if not names or each in names:
        return made
    return f"CASE WHEN {' OR '.join(f'{_value(n, each)} IS NOT NULL' for n in names)} THEN {made} END"


def _items(node: list[Any]) -> str:
    if _positional(node):
        return " || ',' || ".join(f"""coalesce({_sql(v, None)}, '""')""" for v in node)
    parts = []
    for value in node:
        contact = _one_contact(value)
        if contact is None:
            parts.append(_sql(value, None))
        else:
            column = identifier(contact)
            texts = f"list_transform({column}, lambda each: {_sql(value, contact)})"
            # One value is the rule, and a function over a list costs several times as much.
            one, several = _sql(value, None), f"array_to_string({texts}, ',')"
            parts.append(f"CASE len({column}) WHEN 0 THEN NULL WHEN 1 THEN {one} ELSE {several} END")
    return f"concat_ws(',', {', '.join(parts)})"


def _positional(node: list[Any]) -> bool:
    return len(node) > 1 and all(isinstance(v, str) for v in node)


def _one_contact(node: Any) -> str | None:
    named = set(_named(node))
    (only,) = named if len(named) == 1 else (None,)
    return only if only in CONTACT else None


def envelope_ends(envelope: str) -> tuple[str, str]:
    """What stands before and after the members of a request."""
    envelope = json.dumps(json.loads(envelope), ensure_ascii=False, separators=(",", ":"))
    joined = '"$joined"' in envelope
    before, _, after = envelope.partition('"$joined"' if joined else '"$members"')
    return (before + '"', '"' + after) if joined else (before, after)


class MismatchError(ValueError):
    """A document that is not made as its template; the message names keys, never values."""


def values(template: Any, document: Any, member: Any = None) -> Iterator[Found]:
    """Walk a document along its template.

    Parameters
    ----------
    template : object
        Decoded JSON of an envelope or a member.
    document : object
        Decoded JSON.
    member : object
        Decoded template of a member, for an envelope.

    Yields
    ------
    (str, str)
        Identifier and value.  ``("(member)", "")`` before each member.

    Raises
    ------
    MismatchError
        A key, type or fixed text differs.
    """
    if isinstance(template, str):
        yield from _text(template, document, member)
    elif isinstance(template, dict):
        if not isinstance(document, dict):
            raise MismatchError("an object is missing")
        unknown = [k for k in document if k not in template]
        if unknown:
            raise MismatchError(f"{len(unknown)} keys that the platform does not name")
        for key, inner in template.items():
            if key in document:
                yield from values(inner, document[key], member)
            elif not any(True for _ in _named(inner)):
                raise MismatchError(f'"{key}" is missing')
    elif isinstance(template, list):
        yield from _list(template, document, member)
    elif template != document:
        raise MismatchError("a fixed value differs")


def _text(template: str, document: Any, member: Any) -> Iterator[Found]:
    if not isinstance(document, str):
        raise MismatchError("a text is missing")
    if template == "$joined":
        for value in document.split(","):
            yield "(member)", ""
            yield from values(member, value)
    elif template.startswith("$"):
        yield template[1:], document
    elif "{" not in template and template != document:
        raise MismatchError(f'"{template}" is missing')


def _list(template: list[Any], document: Any, member: Any) -> Iterator[Found]:
    if not isinstance(document, list):
        raise MismatchError("a list is missing")
    if template == ["$members"]:
        for value in document:
            yield "(member)", ""
            yield from values(member, value)
    elif _positional(template):
        if len(template) != len(document):
            raise MismatchError(f"{len(template)} positions are wanted")
        for inner, value in zip(template, document, strict=True):
            if value != "":
                yield from values(inner, value, member)
    else:
        for value in document:
            yield from _one_of(template, value, member)


def _one_of(templates: list[Any], document: Any, member: Any) -> Iterator[Found]:
    for inner in templates:
        try:
            found = list(values(inner, document, member))
        except MismatchError as error:
            last = error
            continue
        yield from found
        return
    raise last
