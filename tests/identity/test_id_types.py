"""Which kind of id a name stands for."""

from __future__ import annotations

import pytest

from attribution.errors import UsageError
from attribution.identity.id_types import KNOWN, cleaned_name, id_type


@pytest.mark.parametrize(
    ("written", "name", "level"),
    [
        ("email", "email_sha256", "person"),
        ("id:E-Mail", "email_sha256", "person"),
        (" Email Address ", "email_sha256", "person"),
        ("email_2", "email_sha256", "person"),
        ("Email1", "email_sha256", "person"),
        ("HEM", "email_sha256", "person"),
        ("id:email_sha256", "email_sha256", "person"),
        ("email_md5", "email_md5", "person"),
        ("Mobile Phone", "phone_sha256", "person"),
        ("msisdn", "phone_sha256", "person"),
        ("IDFA", "maid", "device"),
        ("gaid", "maid", "device"),
        ("ｍａｉｄ", "maid", "device"),
        ("idfa_sha256", "maid_sha256", "device"),
        ("cookie", "cookie", "device"),
        ("user_pseudo_id", "client_id", "device"),
        ("device-id", "device", "device"),
        ("ip address", "ip", "device"),
        ("CRM", "crm_id", "person"),
        ("loyalty_card", "loyalty", "person"),
        ("unified_id", "unified_id", "person"),
        ("Club Card", "club_card", "person"),
        ("uid2", "uid2", "person"),
        ("Straße", "straße", "person"),
    ],
)
def test_names_of_kinds(written, name, level):
    found = id_type(written)
    assert (found.name, found.level) == (name, level)


def test_a_kind_is_itself():
    for kind in KNOWN:
        assert id_type(kind.name) is kind
        assert id_type(kind) is kind
        assert cleaned_name(kind.name) == kind.name


def test_no_name_means_two_kinds():
    names = [cleaned_name(word) for kind in KNOWN for word in {kind.name, *kind.aliases}]
    repeated = {name for name in names if names.count(name) > 1}
    # _fbp and fbp, _fbc and fbc are one name after cleaning, each of one kind.
    assert repeated <= {"fbp", "fbc"}


@pytest.mark.parametrize("nothing", ["", "id:", " - ", "id: _"])
def test_a_kind_has_a_name(nothing):
    with pytest.raises(UsageError, match="names no kind of id"):
        id_type(nothing)
