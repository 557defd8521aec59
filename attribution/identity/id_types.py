"""Kinds of ids: what they are called in files, what they identify, and which normal form they have."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from attribution.errors import UsageError

Level = Literal["person", "device"]
Form = Literal["email", "phone", "md5", "sha1", "sha256", "maid", "device", "token", "ip", "number", "text"]


@dataclass(frozen=True, slots=True)
class IdType:
    """One kind of id.

    Attributes
    ----------
    name : str
        Lower-case words; with the canonical text it makes an id. Raw and hashed e-mails share ``email_sha256``.
    level : {"person", "device"}
        Whether the id says who somebody is, or what was used.
    form : str
        How its text is brought into canonical form (`attribution.identity.normalize`, ``docs/identity-forms.md``).
    aliases : tuple of str
        Other names of the same kind.
    """

    name: str
    level: Level
    form: Form
    aliases: tuple[str, ...] = ()


def _device(name: str, form: Form, *aliases: str) -> IdType:
    return IdType(name, "device", form, aliases)


def _person(name: str, form: Form, *aliases: str) -> IdType:
    return IdType(name, "person", form, aliases)


KNOWN = (
    _person(
        "email_sha256", "email",
        "email", "e_mail", "mail", "email_address", "mail_address", "e_mail_address", "hashed_email", "email_hash",
        "email_hashed", "hem", "hem_sha256", "sha256_email", "sha256_hashed_email", "email_sha_256", "uhem",
    ),
    _person(
        "phone_sha256", "phone",
        "phone", "phone_number", "telephone", "telephone_number", "tel", "mobile", "mobile_phone", "mobile_number",
        "cell", "cell_phone", "msisdn", "hashed_phone", "phone_hash", "phone_hashed", "sha256_phone", "phone_sha_256",
        "sha256_phone_number", "hashed_phone_number",
    ),
    _person("email_md5", "md5", "md5_email", "hem_md5"),
    _person("email_sha1", "sha1", "sha1_email", "hem_sha1", "email_sha_1"),
    _person("phone_md5", "md5", "md5_phone"),
    _person("phone_sha1", "sha1", "sha1_phone", "phone_sha_1"),
    _person("crm_id", "number", "crm", "crmid", "contact_id", "account_id", "customer_number", "customer_no",
            "client_no"),
    _person("loyalty", "number", "loyalty_id", "loyalty_number", "loyalty_card", "card_number", "member_number"),
    _person("unified_id", "text"),
    _device("maid", "maid", "idfa", "gaid", "aaid", "adid", "mobile_ad_id", "advertising_id", "mobile_advertising_id",
            "google_advertising_id", "google_aid", "rida", "tifa", "afai"),
    _device("maid_md5", "md5", "idfa_md5", "gaid_md5", "aaid_md5"),
    _device("maid_sha1", "sha1", "idfa_sha1", "gaid_sha1", "aaid_sha1"),
    _device("maid_sha256", "sha256", "idfa_sha256", "gaid_sha256", "aaid_sha256", "mobile_ad_id_sha256"),
    _device("idfv", "maid", "vendor_id", "identifier_for_vendor"),
    _device("device", "device", "device_id", "deviceid", "android_id", "app_instance_id", "install_id",
            "installation_id", "udid"),
    _device("cookie", "token", "cookie_id", "cookieid", "browser_id", "browser_cookie"),
    _device("client_id", "token", "clientid", "ga", "ga_client_id", "ga_cid", "google_client_id", "cid",
            "user_pseudo_id", "full_visitor_id", "fullvisitorid"),
    _device("anonymous_id", "token", "anonymousid", "anon_id", "ajs_anonymous_id"),
    _device("visitor_id", "token", "visitorid", "domain_userid"),
    _device("session_id", "token", "session", "sessionid", "ga_session_id"),
    _device("ecid", "token", "mcid", "mid", "experience_cloud_id", "marketing_cloud_id"),
    _device("fbp", "token", "_fbp"),
    _device("fbc", "token", "_fbc", "fbclid"),
    _device("gclid", "token", "google_click_id"),
    _device("msclkid", "token", "microsoft_click_id"),
    _device("ttclid", "token", "tiktok_click_id"),
    _device("click_id", "token", "clickid"),
    _device("ip", "ip", "ip_address", "ipaddress", "ipv4", "ipv6"),
)  # fmt: skip


def cleaned_name(name: str) -> str:
    """Give a type's name as lower-case words joined by ``_``: ``id:E-Mail`` becomes ``e_mail``."""
    text = unicodedata.normalize("NFKC", name).strip().lower()
    text = text.removeprefix("id:").strip()
    return re.sub(r"[\W_]+", "_", text).strip("_")


_BY_NAME = {cleaned_name(word): kind for kind in KNOWN for word in (kind.name, *kind.aliases)}


@lru_cache(maxsize=1024)
def _named(name: str) -> IdType:
    words = cleaned_name(name)
    if not words:
        msg = f'"{name}" names no kind of id. Name it by words, as in id:cookie or id:email.'
        raise UsageError(msg)
    # email_1, email2: several columns of one kind.
    stem = re.sub(r"_?\d+$", "", words)
    return _BY_NAME.get(words) or _BY_NAME.get(stem) or IdType(words, "person", "text")


def id_type(name: str | IdType) -> IdType:
    """Find the kind of id that a name stands for.

    Parameters
    ----------
    name : str or IdType
        As in a header (``id:email``, ``E-mail``, ``email_2``, ``IDFA``); without regard to case and punctuation.

    Returns
    -------
    IdType
        A known kind, or one of the level ``person`` whose text is kept nearly as it is.

    Raises
    ------
    UsageError
        The name has no letter or digit.

    Examples
    --------
    >>> id_type("E-Mail").name, id_type("id:idfa").name, id_type("Club Card").level
    ('email_sha256', 'maid', 'person')
    """
    return name if isinstance(name, IdType) else _named(name)
