"""The descriptions of all platforms as one page for people: ``docs/platforms.md``."""

from __future__ import annotations

from collections.abc import Iterator

from attribution.activation.spec import (
    AudienceList,
    IdentifierRule,
    Limit,
    PlatformSpec,
    Rule,
    platform_spec,
    platforms,
)
from attribution.activation.steps import STEPS

HEAD = """# Platforms

What each platform imports, from `attribution/activation/platforms/`; `python docs/platforms_page.py` writes this page.
**(?)** marks what nobody here read in the words of the platform or a copy of them; it is printed with every such file.

"""


def platforms_page() -> str:
    """Markdown of all platforms: a table, then a section each."""
    specs = [platform_spec(name) for name in platforms()]
    lines = ["| platform | lists | least size | lapses after | rules of |", "|---|---|---|---|---|"]
    for spec in specs:
        lists = ", ".join(f"{item.name} ({item.form})" for item in spec.lists)
        lapses = f"{_limit(spec.expiry_days)} days" if spec.expiry_days else "not stated"
        lines.append(
            f"| [{spec.platform}](#{spec.platform}) {spec.title} | {lists} | {_limit(spec.least) or 'not stated'} "
            f"| {lapses} | {spec.dated} (version {spec.version}) |"
        )
    return HEAD + "\n".join(lines) + "\n" + "".join("\n" + "\n".join(_section(spec)) + "\n" for spec in specs)


def _section(spec: PlatformSpec) -> Iterator[str]:
    yield f"## {spec.platform}"
    yield ""
    yield f"{spec.title}."
    yield ""
    yield "| identifier | steps | hash | the rule in words |"
    yield "|---|---|---|---|"
    for name, rule in spec.identifiers.items():
        yield f"| {name} | {_steps(rule)} | {_hash(rule)} | {_cell(rule.says)}{_doubt(rule)} |"
    yield ""
    for item in spec.lists:
        yield f"- **{item.name}** ({item.form}): {_columns(item)}{_limits(item)} {item.says}{_doubt(item)}."
    yield f"- Exclusion: {spec.exclusion.says}{_doubt(spec.exclusion)}."
    for what, limit in (("Least size", spec.least), ("Lapses after days", spec.expiry_days)):
        if limit is not None:
            yield f"- {what}: {limit.value:,}{', ' + limit.says if limit.says else ''}{_doubt(limit)}."
    if spec.refresh is not None:
        yield f"- Refresh: {spec.refresh.says}{_doubt(spec.refresh)}."
    if spec.left_to_you:
        yield f"- Left to you: {', '.join(spec.left_to_you)}."
    sources = "; ".join(
        f"{s.title} ({s.kind}, read {s.read_on}{', ' + s.copy_of if s.copy_of else ''})" for s in spec.sources.values()
    )
    yield f"- Sources: {sources}."


def _steps(rule: IdentifierRule) -> str:
    said = []
    for step in rule.steps:
        name, _, argument = step.partition(":")
        said.append(STEPS[name].says + (f" ({argument.replace(',', ', ')})" if argument else ""))
    return "; ".join(said)


def _hash(rule: IdentifierRule) -> str:
    if rule.hash == "none":
        return "not hashed"
    name = {"sha256": "SHA-256", "sha1": "SHA-1", "md5": "MD5"}[rule.hash]
    return f"{name}, {'base64 of the raw digest' if rule.encoding == 'base64' else 'lower-case hex'}"


def _columns(item: AudienceList) -> str:
    if item.form == "jsonl":
        return f"`{item.envelope}`, each member `{item.member}`"
    if not item.header:
        return "one value a line, no header"
    return ", ".join(f"`{c.header}`{f' up to {c.repeat}×' if c.repeat > 1 else ''}" for c in item.columns if c.written)


def _limits(item: AudienceList) -> str:
    per = "a request" if item.form == "jsonl" else "a file"
    found = [f"{_limit(item.rows)} rows"] if item.rows else []
    found += [f"{_limit(item.bytes)} bytes"] if item.bytes else []
    return f"; at most {', '.join(found)} {per};" if found else ";"


def _limit(limit: Limit | None) -> str:
    return "" if limit is None else f"{limit.value:,}{_doubt(limit)}"


def _doubt(rule: Rule) -> str:
    return "" if rule.verified else " **(?)**"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
