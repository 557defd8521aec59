"""The linter on files that others made: every fault is seen, at its line, without the value."""

from __future__ import annotations

import gzip
import hashlib
from datetime import date, timedelta

import pytest

from attribution.activation.faults import KINDS
from attribution.activation.lint import lint_file
from attribution.errors import UsageError
from tests.activation.writing import DAY


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


A, B, C = sha("a@x.com"), sha("b@x.com"), sha("c@x.com")
ID = "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"
# code, where the file goes wrong, platform, content, lines that are named
CASES = [
    ("empty", "meta", b"", ()),
    ("empty", "meta", b"email\n", ()),
    ("compressed", "meta", gzip.compress(b"email\n", mtime=0), ()),
    ("encoding", "meta", f"email\n{A}\n".encode("utf-16"), (1,)),
    ("encoding", "linkedin", f"email,firstname,lastname\n{A},J\xfcrgen,X\n".encode("latin-1"), (2,)),
    ("bom", "meta", b"\xef\xbb\xbfemail\n" + A.encode(), (1,)),
    ("nul", "meta", f"email\n{A}\n{B}\0\n".encode(), (3,)),
    ("delimiter", "meta", f"email;phone\n{A};{B}\n".encode(), (1,)),
    ("header", "meta", f"{A}\n{B}\n".encode(), (1,)),
    ("header", "google-ads", f"email\n{A}\n".encode(), (1,)),
    ("header", "tiktok", f"Email_SHA 256\n{A}\n".encode(), (1,)),
    ("header", "meta", f"email,colour\n{A},red\n".encode(), (1,)),
    ("header", "meta", f"email,email,email,email\n{A},{B},{C},\n".encode(), (1,)),
    ("header", "microsoft", f"Text\n{A}\n".encode(), (1,)),
    ("quotes", "meta", f'email\n"{A}\n{B}\n'.encode(), (3,)),
    ("columns", "meta", f"email,phone\n{A}\n".encode(), (2,)),
    ("blank_row", "meta", f"email\n{A}\n\n{B}\n".encode(), (3,)),
    ("fixed", "microsoft", f"Type,Status,Id,Parent Id,Client Id,Modified Time,Name,Description,Scope,Audience,Action Type,Sub Type,Text\nFormat Version,,,,,,6.0,,,,,,\nCustomer List,Active,-10,,,,,,Customer,x,Add,,\nCustomer List Item,,,-10,,,,,,,,Phone,{A}\n".encode(), (4,)),
    ("preface", "microsoft", f"Type,Status,Id,Parent Id,Client Id,Modified Time,Name,Description,Scope,Audience,Action Type,Sub Type,Text\nFormat Version,,,,,,6.0,,,,,,\nCustomer List Item,,,-10,,,,,,,,Email,{A}\n".encode(), ()),
    ("blanks", "meta", f"email\n{A} \n".encode(), (2,)),
    ("hash_case", "x", f"{A}\n{B.upper()}\n".encode(), (2,)),
    ("hash_length", "x", f"{A}\n{B[:40]}\n".encode(), (2,)),
    ("hash_length", "x", f"{A}\n{B[:-1]}\n".encode(), (2,)),
    ("hash_form", "uid2", f'{{"email_hash":["{A}"]}}\n'.encode(), (1,)),
    ("empty_hash", "x", f"{A}\n{sha('')}\n".encode(), (2,)),
    ("placeholder_hash", "x", f"{A}\n{sha('null')}\n".encode(), (2,)),
    ("placeholder", "x", f"{A}\nnull\n".encode(), (2,)),
    ("placeholder", "device-ids", f"{ID}\n00000000-0000-0000-0000-000000000000\n".encode(), (2,)),
    ("spreadsheet", "meta", f"email,phone\n{A},1.65E+10\n".encode(), (2,)),
    ("not_hashed", "hashed-emails", b"email_sha256\na@x.com\n", (2,)),
    ("hashed", "linkedin", f"email,firstname,lastname\n{A},{B},{C}\n".encode(), (2,)),
    ("mixed", "x", f"{A}\nb@x.com\n{C}\n".encode(), (2,)),
    ("mixed", "google-ads", f"Email,Phone\n{A},+16577770000\n{B},\n".encode(), (2,)),
    ("email_form", "meta", b"email\na@x.com\nquinn\n", (3,)),
    ("phone_form", "meta", b"phone\n16577770000\n(650) 555-1212\n", (3,)),
    ("phone_form", "google-ads", b"Phone\n+16577770000\n16577770000\n", (3,)),
    ("country_form", "google-ads", f"Email,First Name,Last Name,Country,Zip\n{A},{B},{C},USA,94035\n".encode(), (2,)),
    ("id_form", "device-ids", f"{ID}\n{ID[:-1]}\n".encode(), (2,)),
    ("id_case", "device-ids", f"{ID}\n{ID.upper()}\n".encode(), (2,)),
    ("value_form", "meta", f"email,value\n{A},12 €\n".encode(), (2,)),
    ("too_little", "linkedin", f"email,firstname,lastname\n{A},J,X\n,J,\n".encode(), (3,)),
    ("duplicates", "x", f"{A}\n{B}\n{A}\n{A}\n".encode(), (3, 4)),
    ("json", "uid2", b'{"email_hash":[\n', (1,)),
    ("shape", "uid2", b'{"emails":[]}\n', (1,)),
    ("shape", "snap", f'{{"users":[{{"schema":["EMAIL_SHA1"],"data":[["{A}"]]}}]}}\n'.encode(), (1,)),
    ("too_many", "uid2", ('{"phone_hash":[' + ",".join(f'"{n:043}="' for n in range(5001)) + "]}\n").encode(), (1,)),
    ("too_large", "pinterest", ('{"name":"x","list_type":"EMAIL","records":"' + ",".join(f"{n:064x}" for n in range(16000)) + '"}\n').encode(), (1,)),
    ("too_small", "x", f"{A}\n".encode(), ()),
]  # fmt: skip


@pytest.mark.parametrize(("code", "platform", "content", "lines"), CASES)
def test_a_fault_is_seen_at_its_line(code, platform, content, lines, tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    report = lint_file(platform, path, made_on=DAY, as_of=DAY)
    (found,) = [f for f in report.faults if f.code == code][:1] or [None]
    assert found is not None, report.faults
    assert found.lines[: len(lines)] == lines
    assert report.clean == (found.severity == "warning")


def test_every_kind_of_fault_has_a_case():
    assert set(KINDS) - {case[0] for case in CASES} == {"expired", "expires_soon"}


def test_no_value_is_ever_named(tmp_path):
    for number, (_, platform, content, _) in enumerate(CASES):
        path = tmp_path / f"{number}"
        path.write_bytes(content)
        said = " ".join(f"{f.message} {f.where} {f.remedy}" for f in lint_file(platform, path).faults)
        assert not any(v in said for v in (A, B, C, "a@x.com", "quinn", "16577770000", "555-1212", ID, "EMAIL_SHA1", "12 €", "colour"))  # fmt: skip


@pytest.mark.parametrize(("age", "code"), [(89, "expires_soon"), (90, "expired"), (10, None)])
def test_a_list_that_has_lapsed_is_told(age, code, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("email\n" + "".join(f"{sha(f'{n}@x.com')}\n" for n in range(300)))
    report = lint_file("linkedin", path, made_on=DAY, as_of=DAY + timedelta(days=age))
    assert [f.code for f in report.faults] == ([code] if code else [])
    assert report.clean == (code != "expired")


def test_the_files_own_date_counts_where_none_is_given(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(f"email\n{A}\n")
    assert "expired" in {f.code for f in lint_file("linkedin", path, as_of=date(2100, 1, 1)).faults}


def test_clean_files_of_others_are_clean(tmp_path):
    for platform, content in (
        ("google-ads", "Email,Phone,First Name,Last Name,Country,Zip\njane@x.com,+16577770000,Jane,Doe,US,94035\n"),
        ("google-ads", f"Phone,Email\r\n,{A}\r\n"),
        ("meta", "email,phone,fn,ln,ct\njane@x.com,16577770000,jane,doe,rome\n"),
        ("tiktok", "Email,Phone,MAID\njane@x.com,+16577770000,\n"),
        ("x", "jane@x.com\n"),
        ("dv360", f'{{"removedContactInfoList":{{"contactInfos":[{{"hashedEmails":["{A}"]}}]}}}}\n'),
        ("liveramp", f'"EMAIL1_SHA-256","EMAIL1_MD5"\n"{A}","{A[:32]}"\n'),
    ):
        path = tmp_path / "list.csv"
        path.write_bytes(content.encode())
        report = lint_file(platform, path, made_on=DAY, as_of=DAY)
        assert report.clean, (platform, report.faults)


def test_the_list_is_named_guessed_or_refused(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(f"{ID}\n")
    assert lint_file("x", path).list == "maid"
    path.write_text("+16577770000\n")
    assert lint_file("x", path).list == "phone"
    path.write_text(f"{A}\n")
    assert lint_file("x", path, list_name="phone").list == "phone"
    with pytest.raises(UsageError, match='Did you mean "phone"'):
        lint_file("x", path, list_name="phon")
    with pytest.raises(UsageError, match="No file"):
        lint_file("x", tmp_path / "none.csv")


def test_the_command_exits_1_and_names_lines(run, tmp_path):
    (tmp_path / "list.csv").write_text(f"email\n{A}\n{B.upper()}\n")
    done = run("lint", "meta", "list.csv", status=1)
    assert "hashes in capitals" in done.out
    assert B.upper() not in done.out + done.err
    assert 'Did you mean "meta"' in run("lint", "mete", "list.csv", status=2).err
    assert "No file" in run("lint", "meta", "none.csv", status=2).err
    (tmp_path / "list.csv").write_text(f"email\n{A}\n")
    run("lint", "meta", "list.csv")
    run("lint", "meta", "list.csv", "--strict", status=1)
