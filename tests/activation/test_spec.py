"""Descriptions of platforms: complete, sourced, checked, and shown as they are."""

from __future__ import annotations

import json

import pytest

from attribution.activation.page import platforms_page
from attribution.activation.spec import platform_spec, platforms, read_spec, spec_schema
from attribution.activation.steps import STEPS
from attribution.errors import AttributionError
from tests.conftest import PROJECT

FOLDER = PROJECT / "attribution" / "activation" / "platforms"
NAMED = {
    "google-ads", "google-data-manager", "dv360", "meta", "tiktok", "linkedin", "pinterest", "snap", "x", "microsoft",
    "amazon", "the-trade-desk", "uid2", "liveramp", "reddit", "yahoo", "device-ids", "hashed-emails",
}  # fmt: skip


def test_every_platform_of_the_plan_is_there():
    assert set(platforms()) == NAMED


def test_the_page_is_current():
    assert (PROJECT / "docs" / "platforms.md").read_text(encoding="utf-8") == platforms_page(), (
        "run docs/platforms_page.py"
    )


def test_the_schema_is_current():
    shipped = json.loads((FOLDER / "schema.json").read_text())
    assert shipped == json.loads(json.dumps(spec_schema())), "write spec_schema() to platforms/schema.json"


@pytest.mark.parametrize("platform", platforms())
def test_a_description_is_dated_sourced_and_named_as_its_file(platform):
    spec = platform_spec(platform)
    assert spec.platform == platform
    assert spec.version >= 1
    assert spec.sources
    for rule in (*spec.identifiers.values(), *spec.lists, spec.exclusion):
        assert rule.source in spec.sources or not rule.verified
        assert rule.says
    assert all(s.read_on <= spec.dated for s in spec.sources.values())
    for rule in spec.identifiers.values():
        if rule.verified:
            assert spec.sources[rule.source].kind in {"platform", "mirror"}


def test_every_step_is_used_or_an_extra_of_the_field():
    used = {s.partition(":")[0] for p in platforms() for r in platform_spec(p).identifiers.values() for s in r.steps}
    assert used <= set(STEPS)
    assert set(STEPS) - used <= {"as_given"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"trim", "lower"', '"trimm", "lower"'), 'no step "trimm"'),
        (('source = "page"', 'source = "pages"'), 'no source "pages"'),
        (('of = "email"', 'of = "zip"'), "no rule for zip"),
        (("version = 1", 'version = "one"'), "Expected `int`"),
        (("version = 1", "version = 1\ncolour = 3"), "unknown field `colour`"),
    ],
)
def test_a_wrong_description_is_refused_with_the_place(change, message):
    text = (FOLDER / "x.toml").read_text()
    assert change[0] in text
    with pytest.raises(AttributionError, match=message.replace("`", ".")):
        read_spec(text.replace(*change).encode(), "x")


def test_a_plain_name_must_not_stand_in_json():
    text = (FOLDER / "dv360.toml").read_text()
    head, _, tail = text.partition("[identifiers.first_name]")
    with pytest.raises(AttributionError, match="first_name stands unhashed in JSON"):
        read_spec((head + "[identifiers.first_name]" + tail.replace('hash = "sha256"\n', "", 1)).encode(), "dv360")
