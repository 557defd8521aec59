"""A second check of every platform's file, written from the words of its source and sharing nothing with writer or linter.

The people are made here with a seed; what each file must hold is worked out in plain Python.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re

import pytest

from attribution.activation.lint import lint_file
from attribution.activation.reports import files_frame
from attribution.activation.spec import platform_spec, platforms
from tests.activation.writing import DAY, requests, table, texts, written

HEX = re.compile(r"[0-9a-f]{64}")
BASE64 = re.compile(r"[A-Za-z0-9+/]{43}=")


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def b64(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@pytest.fixture(scope="module")
def people():
    draw = random.Random(7)
    firsts = ["Mary", "Anne-Marie", "O'Neil", "Zoë", "José", "Mrs. Ada", "李", "Γιώργος"]
    lasts = ["Smith", "O'Brien", "van der Berg", "Müller", "King Jr.", "Núñez", "Sørensen"]
    made = []
    for n in range(120):
        person = {"customer_id": f"c{n}"}
        domains = ["gmail.com", "googlemail.com", "example.com", "web.de"]
        emails = [f" User.{n}+tag{k}@{draw.choice(domains)}".upper() if draw.random() < 0.5 else f"user_{n}.{k}@{draw.choice(domains)}"
                  for k in range(draw.choice([0, 1, 1, 1, 2, 4]))]  # fmt: skip
        person["email"] = emails
        person["phone"] = [f"+1415{draw.randrange(2000000, 9999999)}" if draw.random() < 0.6 else f"+4930{draw.randrange(100000, 9999999)}"
                           for _ in range(draw.choice([0, 0, 1, 1, 2]))]  # fmt: skip
        if draw.random() < 0.7:
            person |= {"first_name": draw.choice(firsts), "last_name": draw.choice(lasts)}
            person |= draw.choice([{"country": "US", "zip": "94035-1234"}, {"country": "DE", "zip": "10115"}, {"country": "GB", "zip": "SW1A 1AA"}])  # fmt: skip
        if draw.random() < 0.5:
            uuid = "-".join("".join(draw.choice("0123456789abcdef") for _ in range(k)) for k in (8, 4, 4, 4, 12))
            person["maid"] = uuid.upper() if draw.random() < 0.5 else uuid
        made.append(person)
    return made


@pytest.fixture(scope="module")
def files(people, tmp_path_factory):
    return {p: written(people, p, tmp_path_factory.mktemp(p), name="customers") for p in platforms()}


def emails(people, rule):
    return sorted({rule(e) for p in people for e in p["email"]})


def phones(people):
    return sorted({n for p in people for n in p["phone"]})


def maids(people):
    return sorted({p["maid"].lower() for p in people if "maid" in p})


def plain(email):
    return email.strip().lower()


def gmail(*domains):
    def rule(email):
        local, domain = plain(email).split("@")
        return (local.split("+")[0].replace(".", "") if domain in domains else local) + "@" + domain

    return rule


def everywhere(email):
    local, domain = plain(email).split("@")
    return local.split("+")[0].replace(".", "") + "@" + domain


def amazon(email):
    return re.sub("[^a-z0-9.@-]", "", email.lower())


def one(files, platform, name):
    (text,) = texts(files[platform])[name]
    return text


@pytest.mark.parametrize("platform", platforms())
def test_every_file_is_sorted_utf8_with_line_ends_of_unix_and_as_told(platform, files):
    made = files[platform]
    assert made.files
    for item in made.lists:
        for file in item.files:
            data = file.path.read_bytes()
            assert not data.startswith(b"\xef\xbb\xbf")
            assert b"\r" not in data
            assert data.endswith(b"\n")
            data.decode("utf-8")
            assert hashlib.sha256(data).hexdigest() == file.sha256
            assert len(data) == file.bytes
            assert file.path.stat().st_mode & 0o777 == 0o600
            assert sha("") not in data.decode()
            assert b64("") not in data.decode()
    assert list(files_frame(made)["sha256"]) == [f.sha256 for f in made.files]


@pytest.mark.parametrize("platform", platforms())
def test_the_linter_agrees(platform, files):
    for item in files[platform].lists:
        for file in item.files:
            report = lint_file(platform, file.path, list_name=item.name, made_on=DAY, as_of=DAY)
            assert report.clean, report.faults


def test_google_ads(people, files):
    """Headers in English exactly; an address has all four fields; country and zip never hashed; + before the number."""
    header, rows = table(one(files, "google-ads", "contacts"))
    assert header == ["Email"] * 3 + ["Phone"] * 2 + ["First Name", "Last Name", "Country", "Zip"]
    assert {c for row in rows for c in row[:3] if c} == {sha(e) for e in emails(people, plain)}
    assert {c for row in rows for c in row[3:5] if c} == {sha(p) for p in phones(people)}
    for row in rows:
        assert all(row[5:]) or not any(row[5:])
        assert row[7] in {"", "US", "DE", "GB"}
        assert row[8] in {"", "94035-1234", "10115", "SW1A 1AA"}
    firsts = {re.sub(r"^mrs\. ", "", p["first_name"].lower()) for p in people if "first_name" in p}
    assert {row[5] for row in rows} - {""} == {sha(f) for f in firsts}
    lasts = {re.sub(r" jr\.$", "", p["last_name"].lower()) for p in people if "last_name" in p}
    assert {row[6] for row in rows} - {""} == {sha(f) for f in lasts}
    assert [",".join(r) for r in rows] == sorted(",".join(r) for r in rows)
    header, rows = table(one(files, "google-ads", "mobile-devices"))
    assert [r[0] for r in rows] == maids(people)


def test_google_keeps_a_persons_identifiers_in_one_row(people, files):
    _, rows = table(one(files, "google-ads", "contacts"))
    for person in people:
        if not 0 < len(person["email"]) <= 3:
            continue
        wanted = {sha(plain(e)) for e in person["email"]} | {sha(p) for p in person["phone"]}
        assert any(wanted <= set(row) for row in rows)


def test_google_data_manager(people, files):
    """At most 10,000 members a request; dots and +… left out for gmail.com and googlemail.com only."""
    (request,) = requests(one(files, "google-data-manager", "members"))
    assert request["encoding"] == "HEX"
    found = {"emailAddress": set(), "phoneNumber": set(), "address": []}
    for member in request["audienceMembers"]:
        assert len(member["userData"]["userIdentifiers"]) <= 20
        for identifier in member["userData"]["userIdentifiers"]:
            ((kind, value),) = identifier.items()
            if kind == "address":
                assert set(value) == {"givenName", "familyName", "regionCode", "postalCode"}
                assert value["regionCode"] in {"US", "DE", "GB"}
                assert HEX.fullmatch(value["givenName"])
            else:
                found[kind].add(value)
    assert found["emailAddress"] == {sha(e) for e in emails(people, gmail("gmail.com", "googlemail.com"))}
    assert found["phoneNumber"] == {sha(p) for p in phones(people)}


def test_dv360(people, files):
    (request,) = requests(one(files, "dv360", "contacts"))
    members = request["addedContactInfoList"]["contactInfos"]
    assert {e for m in members for e in m.get("hashedEmails", [])} == {sha(e) for e in emails(people, plain)}
    assert {p for m in members for p in m.get("hashedPhoneNumbers", [])} == {sha(p) for p in phones(people)}
    (request,) = requests(one(files, "dv360", "mobile-devices"))
    assert request == {"addedMobileDeviceIdList": {"mobileDeviceIds": maids(people)}}


def test_meta(people, files):
    """E-mail and phone in up to three columns; digits only; names without punctuation; country hashed; madid plain."""
    header, rows = table(one(files, "meta", "customers"))
    assert header == ["email"] * 3 + ["phone"] * 2 + ["madid", "fn", "ln", "zip", "country"]
    assert {c for row in rows for c in row[:3] if c} == {sha(e) for e in emails(people, plain)}
    assert {c for row in rows for c in row[3:5] if c} == {sha(p[1:]) for p in phones(people)}
    assert {row[5] for row in rows if row[5]} == set(maids(people))
    names = {re.sub(r"[^\w\s]", "", p["first_name"].lower()) for p in people if "first_name" in p}
    assert {row[6] for row in rows if row[6]} == {sha(n) for n in names}
    assert {row[8] for row in rows if row[8]} == {sha(z) for z in ("94035", "10115", "sw1a1aa")}
    assert {row[9] for row in rows if row[9]} == {sha(c) for c in ("us", "de", "gb")}


def test_tiktok(people, files):
    """No blanks in headers, each at most three times; + before the number."""
    header, rows = table(one(files, "tiktok", "customers"))
    assert header == ["Email_SHA256"] * 3 + ["Phone_SHA256"] * 2 + ["MAID_SHA256"]
    found = [{c for row in rows for c, h in zip(row, header, strict=True) if h.startswith(start) and c} for start in ("Email", "Phone", "MAID")]  # fmt: skip
    assert found[0] == {sha(e) for e in emails(people, plain)}
    assert found[1] == {sha(p) for p in phones(people)}
    assert found[2] == {sha(m) for m in maids(people)}


def test_linkedin(people, files):
    """The seven headers of the template; a row has an e-mail, or first and last name, or googleaid; one e-mail a row."""
    header, rows = table(one(files, "linkedin", "contacts"))
    assert header == ["email", "firstname", "lastname", "jobtitle", "employeecompany", "country", "googleaid"]
    assert {r[0] for r in rows if r[0]} == {sha(e) for e in emails(people, plain)}
    assert all(r[0] or (r[1] and r[2]) or r[6] for r in rows)
    assert {r[1] for r in rows if r[1]} == {p["first_name"] for p in people if "first_name" in p}
    assert {r[6] for r in rows if r[6]} == {p["maid"] for p in people if "maid" in p and p["maid"].islower()}


def test_pinterest(people, files):
    (request,) = requests(one(files, "pinterest", "email"))
    assert (request["list_type"], request["name"]) == ("EMAIL", "customers")
    assert sorted(request["records"].split(",")) == sorted(sha(e) for e in emails(people, plain))


def test_snap(people, files):
    """One schema a list; digits only, no plus, no leading zeros."""
    for name, schema, wanted in (
        ("email", "EMAIL_SHA256", emails(people, plain)),
        ("phone", "PHONE_SHA256", [p[1:] for p in phones(people)]),
        ("maid", "MOBILE_AD_ID_SHA256", maids(people)),
    ):
        (request,) = requests(one(files, "snap", name))
        (user,) = request["users"]
        assert user["schema"] == [schema]
        assert user["data"] == [[h] for h in sorted(sha(w) for w in wanted)]


def test_x(people, files):
    """One type a file, no header."""
    assert one(files, "x", "email").split() == sorted(sha(e) for e in emails(people, plain))
    assert one(files, "x", "phone").split() == sorted(sha(p[1:]) for p in phones(people))
    assert one(files, "x", "maid").split() == sorted(sha(m) for m in maids(people))


def test_microsoft(people, files):
    """Format version 6.0 and the list before its items, which name it as their parent."""
    header, rows = table(one(files, "microsoft", "customers"))
    assert ",".join(header) == "Type,Status,Id,Parent Id,Client Id,Modified Time,Name,Description,Scope,Audience,Action Type,Sub Type,Text"  # fmt: skip
    named = [dict(zip(header, row, strict=True)) for row in rows]
    assert (named[0]["Type"], named[0]["Name"]) == ("Format Version", "6.0")
    assert (named[1]["Type"], named[1]["Action Type"], named[1]["Audience"]) == (
        "Customer List",
        "Replace",
        "customers",
    )
    assert {(r["Type"], r["Parent Id"], r["Sub Type"]) for r in named[2:]} == {("Customer List Item", named[1]["Id"], "Email")}  # fmt: skip
    assert [r["Text"] for r in named[2:]] == sorted(sha(e) for e in emails(people, plain))


def test_amazon(people, files):
    """externalUserId of [0-9a-zA-Z-_]{1,128}; only a-z 0-9 . @ - stay in an address."""
    records = [r for q in requests(one(files, "amazon", "records")) for r in q["records"]]
    assert all(re.fullmatch(r"[0-9a-zA-Z_-]{1,128}", r["externalUserId"]) for r in records)
    assert len({r["externalUserId"] for r in records}) == len(records)
    assert {r["action"] for r in records} == {"CREATE"}
    pii = [h for r in records for h in r["hashedPII"]]
    assert {h["email"] for h in pii if "email" in h} == {sha(e) for e in emails(people, amazon)}
    assert {h["phone"] for h in pii if "phone" in h} == {sha(p[1:]) for p in phones(people)}
    assert {h["postal"] for h in pii if "postal" in h} == {sha(z) for z in ("940351234", "10115", "sw1a1aa")}


def test_the_trade_desk_and_uid2(people, files):
    """base64 of the raw digest, 44 characters; gmail.com only, googlemail.com is another domain."""
    wanted = sorted(b64(e) for e in emails(people, gmail("gmail.com")))
    lines = one(files, "the-trade-desk", "email").split()
    assert lines == wanted
    assert all(BASE64.fullmatch(line) for line in lines)
    (request,) = requests(one(files, "uid2", "email"))
    assert request == {"email_hash": wanted}
    (request,) = requests(one(files, "uid2", "phone"))
    assert request == {"phone_hash": sorted(b64(p) for p in phones(people))}


def test_liveramp(people, files):
    """Every cell quoted; three hashes of one address in the same place; SHA-1 of ten digits, none from elsewhere."""
    text = one(files, "liveramp", "known")
    assert all(re.fullmatch(r'"[^",]*"(,"[^",]*")*', line) for line in text.splitlines())
    header, rows = table(text)
    by_hash = {sha(e): e for e in emails(people, plain)}
    seen = set()
    for row in rows:
        cells = dict(zip(header, row, strict=True))
        for n in (1, 2, 3):
            if cells[f"EMAIL{n}_SHA-256"]:
                email = by_hash[cells[f"EMAIL{n}_SHA-256"]]
                seen.add(email)
                assert cells[f"EMAIL{n}_MD5"] == hashlib.md5(email.encode(), usedforsecurity=False).hexdigest()
                assert cells[f"EMAIL{n}_SHA-1"] == hashlib.sha1(email.encode(), usedforsecurity=False).hexdigest()
    assert seen == set(by_hash.values())
    sent = {c for row in rows for c, h in zip(row, header, strict=True) if h.startswith("PHONE") and c}
    assert sent == {hashlib.sha1(p[2:].encode()).hexdigest() for p in phones(people) if p.startswith("+1")}
    _, rows = table(one(files, "liveramp", "idfa"))
    assert [r[0] for r in rows] == sorted(hashlib.sha1(p["maid"].encode()).hexdigest() for p in people if p.get("maid", "a").isupper())  # fmt: skip


def test_reddit(people, files):
    (request,) = requests(one(files, "reddit", "email"))
    assert request["data"]["column_order"] == ["EMAIL_SHA256"]
    assert request["data"]["user_data"] == [[h] for h in sorted(sha(e) for e in emails(people, everywhere))]


def test_yahoo(people, files):
    """Rows of four: e-mail, IDFA, GPSAID, segment; exp is 90 days after it was made."""
    (request,) = requests(one(files, "yahoo", "members"))
    assert request["Schema"] == ["SHA256EMAIL", "IDFA", "GPSAID", "SEGMENTS"]
    assert {r[0] for r in request["Data"] if r[0]} == {sha(e) for e in emails(people, plain)}
    ends = {r[3] for r in request["Data"]}
    (segment,) = ends
    found = re.fullmatch(r"exp=(\d+)&seg_id=customers&ts=(\d+)", segment)
    assert int(found[1]) - int(found[2]) == 90 * 86_400


def test_generic_files(people, files):
    assert one(files, "hashed-emails", "email").split() == [
        "email_sha256",
        *sorted(sha(e) for e in emails(people, plain)),
    ]
    assert one(files, "device-ids", "maid").split() == maids(people)


@pytest.mark.parametrize("platform", platforms())
def test_every_value_is_accounted_for(platform, people, files):
    """Given = kept + nothing left + digests not taken + doubled, for each list and identifier."""
    given = {"email": sum(len(p["email"]) for p in people), "phone": sum(len(p["phone"]) for p in people),
             "maid": sum("maid" in p for p in people)}  # fmt: skip
    given |= {"idfa": sum(p.get("maid", "a").isupper() for p in people)}
    given |= {"aaid": given["maid"] - given["idfa"]}
    for item in files[platform].lists:
        for name in item.kept:
            parts = item.kept[name] + item.bad[name] + item.ready[name] + item.doubled[name]
            assert parts == given[name], (item.name, name)


def test_a_manifest_holds_no_value(files):
    for made in files.values():
        text = json.dumps(made.as_dict())
        assert "@" not in text.replace(f"{made.platform}@1", "").replace("a-z 0-9 . @ -", "").replace(
            "before the @", ""
        )
        assert made.as_dict()["spec"] == platform_spec(made.platform).name
