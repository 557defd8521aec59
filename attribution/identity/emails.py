"""E-mail addresses: their normal form, which is what gets hashed."""

from __future__ import annotations

import re

from attribution.identity.characters import QUOTES, fold_i, settled, visible, without_space

GMAIL = ("gmail.com", "googlemail.com")
# Addresses whose normal form is their lower case; both Python and DuckDB read this expression.
PLAIN = r"[A-Za-z0-9_][A-Za-z0-9._%+-]*@(?:[A-Za-z0-9_-]+\.)+[A-Za-z0-9_-]+"
_PLAIN = re.compile(PLAIN, re.ASCII)
_AROUND = QUOTES + "<>()[]{},;:"
_NAMED = re.compile(r"[^<>]*<([^<>]*)>")


def normal_email(text: str, *, gmail: bool = False) -> str | None:
    """Bring an e-mail address into normal form.

    Parameters
    ----------
    text : str
        As typed or exported, also ``Jane Doe <jane@example.com>`` and ``mailto:jane@example.com``.
    gmail : bool
        Leave out dots and what follows a plus where the domain is Gmail's.

    Returns
    -------
    str or None
        None where the text is no single address.
    """
    address = text.lower() if _PLAIN.fullmatch(text) else settled(_step, text)
    local, at, domain = address.partition("@")
    if not at or "@" in domain or not local.strip("."):
        return None
    labels = domain.split(".")
    if len(labels) < 2 or not all(labels):
        return None
    if gmail and domain in GMAIL:
        local = local.partition("+")[0].replace(".", "")
        if not local:
            return None
    return f"{local}@{domain}"


def _step(text: str) -> str:
    text = fold_i(without_space(visible(text, "NFKC")))
    named = _NAMED.fullmatch(text)
    text = (named[1] if named else text).strip(_AROUND)
    if text.startswith("mailto:"):
        text = text.removeprefix("mailto:").partition("?")[0]
    return text.rstrip(".")
