"""Canonical forms: published vectors, and the traps of identity that concern normalising."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.identity.emails import normal_email
from attribution.identity.id_types import KNOWN
from attribution.identity.normalize import canonical, read
from attribution.identity.placeholders import is_placeholder

FORMS = sorted({kind.form: kind.name for kind in KNOWN}.values())
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


# Digests as Google, Meta, UID2, Snap, Microsoft and TikTok publish them, or test their own libraries with.
PUBLISHED = [
    ("email", "  ALEXZ@example.com   ", "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a"),
    ("email", "John_Smith@gmail.com", "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
    ("email", "john@doe.com", "d709f370e52b57b4eb75f04e2b3422c4d41a05148cad8f81776d94a048fb70af"),
    ("email", "us.ca@doe.com", "5de5320a299a39f8c370f6940b481ce30a46ac835d11632d99220ab0a0993dbf"),
    ("email", "USER@example.com", "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514"),
    ("email", "MyEmail@example.com", "16c18d336f0b250f0e2d907452ceb9658a74ecdae8bc94864c23122a72cc27a5"),
    ("email", "Person@Example.com", "542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345"),
    ("email", "test@contoso.com", "f25ad364d33972379a7a4f4df33db142205f5c40eb19cfdb2fc5aaf117e10101"),
    ("email", "janedoe@gmail.com", "d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69"),
    ("email", "MyName@liveramp.com ", "ad474377422023fe13c6421afa7958559ee3ce1c5aa8395e92140cc09912c1be"),
    ("email", "user.name+NYC@Example.com", "f109a2a632fbcea5fc82049f50beed3d8621bf9034399f437fb622222acccdac"),
    ("phone", "+1-800-555-0100", "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"),
    ("phone", "1-800-555-0100", "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"),
    ("phone", "(800)555-0100", "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"),
    ("phone", "1 (234) 567-8901", "10e6f0b47054a83359477dcb35231db6de5c69fb1816e1a6b98e192de9e5b9ee"),
    ("phone", "+551199999999", "a58d4dce9db87c65ebb6137f91edb9bbe7f274f5b0d07eea82f756ea70532b9c"),
]
UID2_BASE64 = [
    ("email", "My.Email@example.com", "4itTvG+HEnTzpiqzejyu1yFPwU1nYhWpaiQvz62hyB8="),
    ("email", "JaneSaoirse@example.com", "1mcOepIAfxtf94Xx/IHlOqbT170GvfXEc83HKGwoS20="),
    ("email", "JaneSaoirse+Work@example.com", "KKruSBUjDNO069iMUVImVQZm6RrAGZKeOtrD9mwogYA="),
    ("phone", "1 (234) 567-8901", "EObwtHBUqDNZR33LNSMdtt5cafsYFuGmuY4ZLenlue4="),
]


@pytest.mark.parametrize(("kind", "written", "digest"), PUBLISHED)
def test_published_digests(kind, written, digest):
    assert canonical(kind, written, "US") == digest


@pytest.mark.parametrize(("kind", "written", "encoded"), UID2_BASE64)
def test_digests_in_base64(kind, written, encoded):
    """The Trade Desk and UID2 send the 32 bytes in base64; in a column of e-mails that is a hash as well."""
    assert canonical(kind, written, "US") == base64.b64decode(encoded).hex()
    assert canonical(kind, encoded, "US") == base64.b64decode(encoded).hex()


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Jefferson.Loves.hiking@gmail.com", "jeffersonloveshiking@gmail.com"),
        ("Jefferson.LOVES.Hiking@googlemail.com", "jeffersonloveshiking@googlemail.com"),
        ("cloudy.sanfrancisco+shopping@gmail.com", "cloudysanfrancisco@gmail.com"),
        ("us.ca@doe.com", "us.ca@doe.com"),
        ("user.name+NYC@Example.com", "user.name+nyc@example.com"),
        ("+x@gmail.com", None),
    ],
)
def test_gmail_is_an_option(written, normal):
    assert normal_email(written, gmail=True) == normal
    assert normal_email(written) == written.lower()


@pytest.mark.parametrize("written", ["", " ", "quinn", " @googlemail.com", " ...@gmail.com", "a@b", "a@@b.com", "a@b..c",
                                     "a@x.com;b@x.com", "n/a", "@", "a@.com"])  # fmt: skip
def test_no_address(written):
    assert canonical("email", written) is None


@pytest.mark.parametrize(
    "written",
    [
        "İnfo@x.com", "INFO@X.COM", "info＠x.com", "ｉｎｆｏ@x．com", "\u00a0info@x.com\u2007", "in\u200bfo@x.com",
        "info@x.com\ufeff", "in fo@x.com", "info\u00ad@x.com", "\tinfo@x.com\r\n", "'info@x.com", '"Info" <info@x.com>',
        "Müller, Jörg <info@x.com>", "mailto:info@x.com?subject=Hi", "<info@x.com>;", "info@x.com.", "info@x.com,",
        "\u202ainfo@x.com\u202c", "inf\x00o@x.com",
    ],
)  # fmt: skip
def test_shapes_of_one_address(written):
    assert canonical("email", written) == sha256("info@x.com")


def test_letters_that_differ_stay_apart():
    """Dotless i, sharp s and accents are letters of their own: other people may have those addresses."""
    distinct = ["ınfo@x.com", "info@x.com", "straße@x.com", "strasse@x.com", "jose@x.com", "josé@x.com"]
    assert len({canonical("email", a) for a in distinct}) == len(distinct)
    assert canonical("email", "jose\u0301@x.com") == canonical("email", "jos\u00e9@x.com")


@pytest.mark.parametrize("kind", ["email", "phone"])
@pytest.mark.parametrize("shape", ["{}", " {} ", "{}\u00a0", "\u200b{}", "'{}'", "0x{}", "\\x{}"])
def test_a_hash_is_never_hashed_again(kind, shape):
    raw = {"email": "Jane@Example.com", "phone": "+442071234567"}[kind]
    digest = canonical(kind, raw)
    assert canonical(kind, shape.format(digest)) == digest
    assert canonical(kind, shape.format(digest.upper())) == digest


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_the_digest_of_nothing_is_refused(kind):
    assert sha256("") == EMPTY
    assert is_placeholder(kind, canonical(kind, EMPTY.upper()))
    assert read(kind, EMPTY).placeholder


@pytest.mark.parametrize("name", ["md5", "sha1"])
def test_other_digests_are_kinds_of_their_own(name):
    digest = hashlib.new(name, b"jane@example.com", usedforsecurity=False).hexdigest()
    assert canonical(f"email_{name}", digest.upper()) == digest
    assert canonical(f"email_{name}", digest + "0") is None
    found = read("email", digest)
    assert found.canonical is None
    assert found.reason is not None
    assert f"id:email_{name}" in found.reason
    assert digest not in found.reason


UUID = "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"


@pytest.mark.parametrize("kind", ["idfa", "gaid", "device", "idfv"])
@pytest.mark.parametrize(
    "written",
    [UUID, UUID.upper(), f"{{{UUID}}}", f"{{{UUID.upper()}}}", f"urn:uuid:{UUID}", UUID.replace("-", ""),
     UUID.replace("-", "").upper(), f" {UUID}\u00a0", UUID.replace("-", "-\u200b")],
)  # fmt: skip
def test_shapes_of_one_uuid(kind, written):
    assert canonical(kind, written) == UUID


def test_a_digest_of_a_device_is_no_uuid():
    """32 digits without an advertising id's version may be an MD5 digest; they are not given hyphens."""
    md5 = hashlib.md5(UUID.encode(), usedforsecurity=False).hexdigest()
    assert not (md5[12] == "4" and md5[16] in "89ab")
    assert canonical("maid", md5.upper()) == md5
    assert canonical("maid_md5", md5.upper()) == md5


def test_case_of_opaque_ids_is_kept():
    for kind in ("cookie", "device", "crm_id", "loyalty", "club card", "unified_id"):
        assert canonical(kind, " aBc9 ") == "aBc9"
    assert canonical("maid", " aBc9 ") == "abc9"


@pytest.mark.parametrize("kind", ["client_id", "cookie"])
@pytest.mark.parametrize("prefix", ["", "GA1.2.", "GA1.1.", "GA1.3-2."])
def test_client_ids_of_google(kind, prefix):
    assert canonical(kind, prefix + "1234567890.1600000000") == "1234567890.1600000000"


def test_other_cookies_of_google_are_left_alone():
    for text in ("GS1.1.1700000000.3.1.1700000100.0.0.0", "GA1.2.abc", "GA1.2.1.2.3"):
        assert canonical("cookie", text) == text


def test_unknown_kinds_keep_compatibility_forms():
    """NFC alone for kinds we know nothing of: a superscript may tell two ids apart."""
    assert canonical("club card", "A²") == "A²"
    assert canonical("cookie", "A²") == "A2"
    assert canonical("club card", "cafe\u0301") == "caf\u00e9"
    assert canonical("club card", "a\u00a0 \t b\u200b") == "a b"


def test_numbers_of_customers():
    assert canonical("loyalty", "1234 5678 9012") == "123456789012"
    assert canonical("crm_id", "00123") == "00123"
    assert canonical("crm_id", "'00123") == "00123"
    assert canonical("crm_id", "123.0") == "123"
    assert canonical("crm_id", "１２３") == "123"
    assert canonical("crm_id", "A 12") == "A 12"
    assert canonical("unified_id", "123.0") == "123.0"


@pytest.mark.parametrize(
    ("written", "normal"),
    [("2001:DB8:0:0::1", "2001:db8::1"), ("::ffff:203.0.113.9", "203.0.113.9"), ("[2001:db8::1]", "2001:db8::1"),
     ("fe80::1%eth0", "fe80::1"), ("203.0.113.9 ", "203.0.113.9"), ("203.0.113.256", None), ("203.0.113", None)],
)  # fmt: skip
def test_network_addresses(written, normal):
    assert canonical("ip", written) == normal


@pytest.mark.parametrize("kind", [*FORMS, "club card"])
@pytest.mark.parametrize("blank", ["", " ", "\u00a0\u2003", "\u200b\ufeff", "\t\r\n", "\x00"])
def test_blank_is_nothing_and_no_fault(kind, blank):
    found = read(kind, blank)
    assert (found.canonical, found.placeholder, found.reason) == (None, False, None)


@given(st.sampled_from(FORMS), st.text(), st.sampled_from([None, "DE", "US"]), st.booleans())
def test_canonical_forms_stay_themselves(kind, text, region, gmail):
    once = canonical(kind, text, region, gmail=gmail)
    if once is not None:
        assert once
        assert canonical(kind, once, region, gmail=gmail) == once


@given(
    st.text(min_size=1, max_size=30),
    st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=10),
    st.booleans(),
)
def test_normal_addresses_stay_themselves(local, domain, gmail):
    once = normal_email(f"{local}@{domain}.com", gmail=gmail)
    if once is not None:
        assert normal_email(once, gmail=gmail) == once


@given(st.sampled_from(FORMS), st.text(min_size=1))
def test_what_cannot_be_read_is_never_told(kind, text):
    """A reason is one of a few sentences; whatever the value, it is not in there."""
    found = read(kind, text)
    if found.reason is not None:
        assert found.reason in {read("email", "x").reason, read("phone", "x").reason, read("phone", "0301234567").reason,
                                read("ip", "x").reason, *(read(f"maid_{n}", "x").reason for n in ("md5", "sha1", "sha256")),
                                *(read(k, "a" * n).reason for k in ("email", "phone") for n in (32, 40))}  # fmt: skip
