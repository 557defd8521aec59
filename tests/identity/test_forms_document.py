"""docs/identity-forms.md: its examples are what happens, and it names every known type."""

from __future__ import annotations

import hashlib
import re

import pytest

from attribution.identity.id_types import KNOWN, id_type
from attribution.identity.normalize import canonical
from tests.conftest import PROJECT

TEXT = (PROJECT / "docs" / "identity-forms.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"^\| (?P<kind>[\w ]+) \| `(?P<written>[^`]+)` \|(?: (?P<region>[A-Z]{2})? ?\|)? (?P<made>[^|]+) \|$", re.MULTILINE
)


def examples():
    for found in EXAMPLE.finditer(TEXT):
        written = re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), found["written"])
        yield found["kind"], written, found["region"], found["made"].strip()


@pytest.mark.parametrize(("kind", "written", "region", "made"), list(examples()))
def test_examples(kind, written, region, made):
    found = canonical(kind, written, region)
    if made == "nothing":
        assert found is None
    elif id_type(kind).form in {"email", "phone"}:
        assert found == hashlib.sha256(made.encode()).hexdigest()
    else:
        assert found == made


def test_there_are_examples_of_every_form():
    shown = {id_type(kind).form for kind, *_ in examples()}
    assert shown | {"sha256"} == {kind.form for kind in KNOWN}
    rows = sum(re.match(r"\| \w[\w ]* \| `", line) is not None for line in TEXT.splitlines())
    assert rows == len(list(examples()))


def test_every_known_type_is_named():
    for kind in KNOWN:
        assert f"`{kind.name}`" in TEXT


def test_names_of_types_mean_what_the_page_says():
    for line in re.findall(r"^\| (`.+) \| (.*) \| (who|device) \| .+ \|$", TEXT, re.MULTILINE):
        names, others, says = line
        own = re.findall(r"`(\w+)`", names)
        for name in own:
            kind = id_type(name)
            assert kind.name == name
            assert kind.level == {"who": "person", "device": "device"}[says]
        aliases = [a for a in re.findall(r"\w+", others.partition(";")[0]) if a not in {"among", "others"}]
        assert all(id_type(a).name in own for a in aliases), line
