"""Ids that are none."""

from __future__ import annotations

import hashlib

import pytest

from attribution.identity.id_types import KNOWN
from attribution.identity.normalize import canonical, read
from attribution.identity.placeholders import is_placeholder, listed

FORMS = sorted({kind.form: kind.name for kind in KNOWN}.values())
ZEROS = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("idfa", ZEROS), ("idfa", ZEROS.replace("-", "")), ("gaid", "{" + ZEROS + "}"), ("device", ZEROS),
        ("idfv", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"), ("android_id", "9774d56d682e549c"), ("cookie", "null"),
        ("cookie", "NULL"), ("cookie", " Null "), ("cookie", "undefined"), ("cookie", "(not set)"), ("cookie", "{{user_id}}"),
        ("cookie", "%%COOKIE_ID%%"), ("cookie", "{whatever.macro}"), ("gaid", "__GAID__"), ("crm_id", "0000000000"),
        ("crm_id", "-1"), ("crm_id", "1.23457E+15"), ("crm_id", "#N/A"), ("loyalty", "99999999"), ("loyalty", "xxxx"),
        ("club card", "Unbekannt"), ("unified_id", "nan"), ("unified_id", "(null)"),
        ("email", "unknown@crm.example"), ("email", "Test@Test.com"), ("email", "no-reply@shop.de"), ("email", "noreply@x.com"),
        ("email", "max.mustermann@example.com"), ("email", "someone@host.invalid"),
        ("phone", "+49 0000 0000000"), ("phone", "(111) 111-1111"), ("phone", "+1 555 555 5555"), ("phone", "+441234567890"),
        ("ip", "127.0.0.1"), ("ip", "192.168.1.20"), ("ip", "fe80::1"),
    ],
)  # fmt: skip
def test_no_ids(kind, written):
    found = read(kind, written, "US")
    assert found.canonical is not None
    assert found.placeholder


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("idfa", "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"), ("cookie", "1234567890.1600000000"), ("cookie", "%7Ba%7D"),
        ("cookie", "_x_"), ("crm_id", "1"), ("crm_id", "12345"), ("crm_id", "111111"), ("crm_id", "1E5"), ("crm_id", "9999"),
        ("loyalty", "0000000001"), ("email", "a.test@company.com"), ("email", "info@company.com"), ("email", "nonet@x.de"),
        ("email", "someone@example.com"), ("email", "test.person@gmail.com"), ("phone", "+18005550100"),
        ("phone", "+4930123456"), ("ip", "203.0.114.9"), ("club card", "none of these"),
    ],
)  # fmt: skip
def test_ids_that_look_odd(kind, written):
    found = read(kind, written, "US")
    assert found.canonical is not None
    assert not found.placeholder


@pytest.mark.parametrize("kind", [*FORMS, "club card"])
def test_what_is_listed_is_canonical(kind):
    """The list is compared by key with canonical ids: a text that no id has as its canonical form would never be met."""
    texts = listed(kind)
    assert list(texts) == sorted(set(texts))
    wrong = [t for t in texts if not is_placeholder(kind, t)]
    # Some words have quite another canonical form; they are listed under that, too.
    wrong += [t for t in texts if (c := canonical(kind, t)) is not None and not is_placeholder(kind, c)]
    assert not wrong


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256"])
@pytest.mark.parametrize("raw", ["", "null", "NULL", "unknown", "test@test.com", "noreply@example.com", ZEROS])
def test_digests_that_others_made_of_nothing(name, raw):
    digest = hashlib.new(name, raw.encode(), usedforsecurity=False).hexdigest()
    for contact in ("email", "phone", "maid"):
        if contact == "maid" or name != "sha256":
            assert is_placeholder(f"{contact}_{name}", canonical(f"{contact}_{name}", digest))
    if name == "sha256" and raw != ZEROS:
        assert is_placeholder("email", canonical("email", digest))
    if raw == "":
        assert is_placeholder("cookie", digest)
        assert is_placeholder("device", canonical("device", digest.upper()))


def test_published_digests_of_nobody():
    """SHA-256 of the empty string, and of test@test.com as any tool gives it."""
    assert "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" in listed("email")
    assert "f660ab912ec121d1b1e928a0bb4bc61b15f5ad44d5efdc4e1c92a25e99b8e44a" in listed("email")
    assert "d41d8cd98f00b204e9800998ecf8427e" in listed("email_md5")
    assert "da39a3ee5e6b4b0d3255bfef95601890afd80709" in listed("email_sha1")
