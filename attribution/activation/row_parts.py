"""What the rows of a list are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attribution.activation.spec import Column, Hash, IdentifierRule, PlatformSpec


@dataclass(frozen=True, slots=True)
class RowParts:
    """What the rows of a list are made of.

    Attributes
    ----------
    spec : PlatformSpec
    columns : tuple of Column
        Of a file, each as often as it is written.
    contacts, fields : tuple of str
        Contact identifiers and fields of an address that the list holds.
    places : dict
        How many values of a contact identifier a row takes.
    extra : tuple of (str, Hash)
        Contact identifiers with another hash than their own, as columns ask for them.
    complete : bool
        Whether an address has all fields or is left out.
    """

    spec: PlatformSpec
    columns: tuple[Column, ...]
    contacts: tuple[str, ...]
    fields: tuple[str, ...]
    places: Mapping[str, int]
    extra: tuple[tuple[str, Hash], ...]
    complete: bool

    def rule(self, name: str) -> IdentifierRule:
        """The platform's rule for an identifier."""
        return self.spec.identifiers[name]  # type: ignore[index]
