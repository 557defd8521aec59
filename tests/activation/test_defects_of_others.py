"""Defects found in other people's connectors: neither the writer nor the linter shares one."""

from __future__ import annotations

import base64
import hashlib

import pytest

from attribution.activation.lint import lint_file
from attribution.activation.one_value import platform_value
from attribution.activation.spec import platforms
from tests.activation.writing import DAY, requests, table, texts, written


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def codes(report):
    return {f.code for f in report.faults if f.severity == "error"}


@pytest.mark.parametrize("platform", ["linkedin", "microsoft", "x", "dv360", "google-ads"])
def test_an_address_is_trimmed_and_lowered_before_it_is_hashed(platform):
    """Segment linkedin-audiences, RudderStack bingads and x audiences, Rocket Mortgage's match rate below 1 %."""
    assert platform_value(platform, "email", " Jane@X.com ")[1] == sha("jane@x.com")


def test_tiktok_keeps_dots_and_plus():
    """Segment tiktok-audiences: the rule of 2024."""
    assert platform_value("tiktok", "email", "jane.doe+x@web.de")[0] == "jane.doe+x@web.de"
    assert platform_value("tiktok", "phone", "+1 657 777-0000")[0] == "+16577770000"


def test_dv360_phones_are_e164_not_lowered_text():
    """Segment DV360, #4018."""
    assert platform_value("dv360", "phone", "(650) 555-1212", country="US")[0] == "+16505551212"


@pytest.mark.parametrize("platform", platforms())
def test_a_phone_of_nothing_does_not_sink_the_others(platform, tmp_path):
    """Segment PR #3823: one phone that normalises to nothing failed the whole batch."""
    people = [{"email": "a@b.de", "phone": "+0000000000", "maid": "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"}, {"phone": "+16577770000", "email": "c@d.de"}]  # fmt: skip
    made = written(people, platform, tmp_path)
    assert made.left_out["phone"] == {"no number that can be dialled, or no country": 1}
    assert sum(item.rows for item in made.lists) >= 1
    for bad in ("+0000000000", "0000000000", "", "+"):
        assert not any(sha(bad) in text for many in texts(made).values() for text in many)


@pytest.mark.parametrize("platform", ["meta", "google-ads", "tiktok", "snap", "amazon"])
def test_a_hash_is_never_hashed(platform):
    """Segment #2022."""
    digest = sha("jane@x.com")
    assert platform_value(platform, "email", digest) == (None, digest)
    assert platform_value(platform, "email", digest.upper()) == (None, digest)
    assert platform_value("meta", "first_name", sha("jane")) == (None, sha("jane"))
    assert platform_value("tiktok", "maid", sha("5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"))[1] != sha(sha("5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"))  # fmt: skip


def test_snap_takes_the_plus_away_before_zeros():
    """RudderStack Snap: zeros were stripped while the plus still stood before them."""
    assert platform_value("snap", "phone", "+44 (0)844 412 4653")[0] == "448444124653"
    assert platform_value("snap", "phone", "0044 844 412 4653", country="GB")[0] == "448444124653"


def test_a_stray_at_is_not_hashed_with_the_number():
    """RudderStack google_adwords_remarketing_lists: a test that keeps a defect in place."""
    normal, digest = platform_value("google-ads", "phone", "@09876543210", country="IN")
    assert digest is None or not digest.startswith("8846dcb6")
    assert normal in {None, "+919876543210"}


def test_the_whole_postal_code_is_hashed():
    """RudderStack amazon_audience: 12345 became the hash of 1."""
    assert platform_value("amazon", "zip", "12345", country="US") == ("12345", sha("12345"))
    assert platform_value("amazon", "zip", "12345", country="US")[1] != sha("1")


def test_google_leaves_out_plus_on_gmail_as_its_page_says():
    """Google's library of December 2025 keeps it; the page is newer. RudderStack #5051."""
    assert platform_value("google-data-manager", "email", "a.b+c@gmail.com")[0] == "ab@gmail.com"
    assert platform_value("google-ads", "email", "a.b+c@gmail.com")[0] == "a.b+c@gmail.com"


def test_a_person_with_several_identifiers_is_one_row(tmp_path):
    """Megalista, customer-match-upload-script #2: each identifier became a user of its own."""
    person = {"email": ["a@b.de", "c@d.de"], "phone": ["+16577770000", "+441134960987"], "maid": "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"}  # fmt: skip
    for platform in ("google-ads", "meta", "tiktok"):
        made = written([person], platform, tmp_path / platform)
        header, rows = table(texts(made)[made.lists[0].name][0])
        assert len(rows) == 1
        assert {sha("a@b.de"), sha("c@d.de")} <= set(rows[0])
        assert len(header) == len(rows[0])
    (request,) = requests(texts(written([person], "google-data-manager", tmp_path / "g"))["members"][0])
    (member,) = request["audienceMembers"]
    assert len(member["userData"]["userIdentifiers"]) == 4


@pytest.mark.parametrize(("platform", "word"), [("microsoft", "Remove"), ("dv360", "removed"), ("reddit", "REMOVE"), ("amazon", "DELETE")])  # fmt: skip
def test_people_can_be_taken_out_again(platform, word, tmp_path):
    """Tightlock: add only, so that suppressed people could not return."""
    made = written([{"email": "a@b.de", "country": "US"}], platform, tmp_path, action="remove")
    text = next(t for many in texts(made).values() for t in many)
    assert word in text
    assert lint_file(platform, made.files[0].path, as_of=DAY, made_on=DAY).clean


@pytest.mark.parametrize(
    ("platform", "content", "code"),
    [
        ("x", f"{sha('a@b.de')}\nJane@X.com\n", "mixed"),
        ("meta", f"email\n{sha('a@b.de').upper()}\n", "hash_case"),
        ("meta", f"email\n{sha('')}\n", "empty_hash"),
        ("hashed-emails", f"email_sha256\n{hashlib.md5(b'a@b.de', usedforsecurity=False).hexdigest()}\n", "hash_length"),
        ("tiktok", f"Email_SHA256,Phone_SHA256\n{sha('a@b.de')},16577770000\n", "not_hashed"),
        ("google-ads", "Phone\n16577770000\n", "phone_form"),
        ("the-trade-desk", f"{sha('a@b.de')}\n", "hash_form"),
        ("the-trade-desk", base64.b64encode(sha("a@b.de").encode()).decode() + "\n", "hash_form"),
        ("uid2", '{"email_hash":["' + sha("a@b.de") + '"]}\n', "hash_form"),
        ("meta", f"email\n{base64.b64encode(hashlib.sha256(b'a@b.de').digest()).decode()}\n", "hash_form"),
        ("snap", '{"users":[{"schema":["PHONE_SHA256"],"data":[["+448444124653"]]}]}\n', "not_hashed"),
        ("microsoft", ("Type,Status,Id,Parent Id,Client Id,Modified Time,Name,Description,Scope,Audience,Action Type,Sub Type,Text\n"
                      f"Format Version,,,,,,6.0,,,,,,\nCustomer List Item,,,-10,,,,,,,,Email,{sha('a@b.de')}\n"), "preface"),
    ],
)  # fmt: skip
def test_the_linter_sees_the_defect(platform, content, code, tmp_path):
    path = tmp_path / "given.txt"
    path.write_bytes(content.encode())
    report = lint_file(platform, path, made_on=DAY, as_of=DAY)
    assert code in codes(report)
    shown = " ".join(f"{f.message} {f.remedy} {f.where}" for f in report.faults)
    assert not any(value in shown for value in (sha("a@b.de"), "Jane@X.com", "16577770000", "+448444124653"))
