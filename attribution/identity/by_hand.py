"""Ids that the user has disabled as joints: a kiosk, a shared mailbox, a test account; kept in a private file."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.errors import UsageError
from attribution.identity.id_types import id_type
from attribution.identity.keys import key_of
from attribution.identity.normalize import canonical
from attribution.settings import IdentitySettings
from attribution.workspace import Workspace, digest_of, write_atomically

Disabled = tuple[tuple[str, str], ...]


def read_by_hand(workspace: Workspace, manifest: dict[str, Any]) -> Disabled:
    """Ids disabled so far, as (type, canonical text), in order."""
    path = manifest.get("identity", {}).get("by_hand")
    if not path:
        return ()
    ids = json.loads((workspace.path / path).read_text(encoding="utf-8"))
    return tuple((str(kind), str(text)) for kind, text in ids)


def change_by_hand(
    workspace: Workspace, disable: tuple[str, ...], enable: tuple[str, ...], settings: IdentitySettings
) -> Disabled:
    """Disable ids as joints, or let them join again; each is written ``type=id``.

    Raises
    ------
    UsageError
        Where a text is no ``type=id``, or an id that is to join again was not disabled.
    """
    with workspace.write() as manifest:
        ids = set(read_by_hand(workspace, manifest))
        ids |= {_id_of(text, settings, "disable") for text in disable}
        back = {_id_of(text, settings, "enable") for text in enable}
        if not back <= ids:
            raise UsageError("enable: that id was not disabled by hand. Nothing was changed.")
        kept = tuple(sorted(ids - back))
        name = f"identity/by-hand-{digest_of(kept)}.json"
        write_atomically(workspace.path / name, json.dumps(kept, ensure_ascii=False).encode())
        manifest["identity"] = {**manifest.get("identity", {}), "by_hand": name}
    return kept


def keys_by_hand(ids: Disabled) -> NDArray[np.uint64]:
    """Their keys."""
    return np.array([key_of(kind, text) for kind, text in ids], np.uint64)


def _id_of(text: str, settings: IdentitySettings, option: str) -> tuple[str, str]:
    kind, mark, value = text.partition("=")
    # The value is personal data: the message does not repeat it.
    if not mark or not kind.strip() or not value.strip():
        raise UsageError(f"{option}: write TYPE=ID, as in cookie=ck-81.")
    of = id_type(kind)
    form = canonical(of, value, settings.region, gmail=settings.gmail)
    if form is None:
        raise UsageError(f"{option}: that text is no id of type {of.name}.")
    return of.name, form
