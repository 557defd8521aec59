"""Ids of devices and browsers: UUIDs, client ids, network addresses."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address

from attribution.identity.characters import settled, single_spaced, unquoted, visible, without_space

_UUID = re.compile(
    r"(?:urn:uuid:)?\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?", re.IGNORECASE | re.ASCII
)
_JOINED = re.compile(r"\{?([0-9a-f]{32})\}?", re.IGNORECASE | re.ASCII)
_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE | re.ASCII)
# What Google's cookie puts before a client id: version, and how many parts the domain and path have.
GOOGLE = r"GA1\.[0-9]+(?:-[0-9]+)?\.([0-9]+\.[0-9]+)"
_GOOGLE = re.compile(GOOGLE, re.ASCII)
# Texts shorter than a UUID without hyphens cannot be one.
SHORTEST_UUID = 32


def normal_device(text: str) -> str | None:
    """Bring a device id into normal form: UUIDs in lower case with hyphens, other ids as they are.

    Digests and other long hexadecimal ids (from 32 digits) are lower-cased as well. 32 digits without hyphens are a
    UUID where the version says so (4, as in advertising ids) or all digits are equal; else they may be an MD5 digest
    and get no hyphens.
    """
    text = settled(_outer, text)
    if len(text) < SHORTEST_UUID:
        return text or None
    hyphened = _UUID.fullmatch(text)
    if hyphened:
        return hyphened[1].lower()
    joined = _JOINED.fullmatch(text)
    if joined:
        return _hyphened(joined[1].lower())
    return text.lower() if _HEX.fullmatch(text) else text


def normal_maid(text: str) -> str | None:
    """Bring an advertising id into normal form: as `normal_device`, and always in lower case."""
    return normal_device(settled(lambda t: unquoted(without_space(visible(t, "NFKC").lower())), text))


def normal_token(text: str) -> str | None:
    """Bring an opaque id into normal form: as it is, case kept; of Google's cookie the client id in it."""
    text = settled(_outer, text)
    google = _GOOGLE.fullmatch(text)
    return (google[1] if google else text) or None


def normal_ip(text: str) -> str | None:
    """Bring a network address into normal form: IPv6 compressed and lower case; IPv4 inside IPv6 as IPv4."""
    text = settled(_outer, text).strip("[]").partition("%")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def _outer(text: str) -> str:
    return single_spaced(unquoted(single_spaced(visible(text, "NFKC"))))


def _hyphened(text: str) -> str:
    version_4 = text[12] == "4" and text[16] in "89ab"
    if version_4 or len(set(text)) == 1:
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    return text
