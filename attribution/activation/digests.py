"""Digests of what is known of each person, made once for all platforms.

A person has one digest for each *group* of identifiers that somebody takes apart from the others:

    d_group = SHA-256(key[128 bits:] ‖ group ‖ the person's values, sorted), cut to 64 bits

and what a platform took of them is the sum of the groups that its lists take (`groups_taken`), and of its rules:

    digest = rules + sum of d_group over the groups taken, modulo 2^64

So a platform costs no hash of its own, and an address that a platform does not take is none of its business. Values
are those that were read, before the platform's own steps: other spelling of the same address counts as a change. That
is harmless: the person is added once more. Nothing can be appended to what was hashed, since digests are cut; and
without the person's key no address can be tested against one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from attribution.activation.people import People
from attribution.activation.rows import used_identifiers, written_columns
from attribution.activation.rows_several import COLUMNS
from attribution.activation.spec import ADDRESS, CONTACTS, AudienceList, PlatformSpec, platform_spec
from attribution.activation.taken import TakenRows, digest_sql, who_sql
from attribution.engine import literal

# Columns of people that hold the values of a contact identifier, apart from digests that came with the data.
HELD = {"email": ("email",), "phone": ("phone",), "maid": ("idfa", "aaid"), "idfa": ("idfa",), "aaid": ("aaid",)}
VALUES = ("email", "email_hash", "phone", "phone_hash", "idfa", "aaid", "maid_hash")
# Fields stay together: the same names and postal codes in other pairs are other addresses.
FIELDS = {"names": ADDRESS[:3], "address": ADDRESS}
NEXT, BESIDE = "chr(30)", "chr(31)"  # in no value: controls are cut when people are read


@dataclass(frozen=True, slots=True)
class Digests:
    """Digests of people, in a file that does not outlive its making.

    Attributes
    ----------
    folder : Path
        For temporary files; gone with the digests.
    path : Path
        Columns person (number of the row in the table of people), who, and one per group; sorted by who.
    people : int
    """

    folder: Path
    path: Path
    people: int

    def taken(self, platform: str) -> TakenRows:
        """A place for whom a platform's files hold."""
        spec = platform_spec(platform)
        return TakenRows(self.path, self.people, groups_taken(spec), rules_digest(spec))


@contextmanager
def digests_of(people: People, scratch: Path) -> Iterator[Digests]:
    """Make the digests of people who are under their keys (`attribution.activation.taken`).

    Parameters
    ----------
    people : People
        Whose tables do not change as long as the digests are used.
    scratch : Path
    """
    with TemporaryDirectory(prefix="digests-", dir=scratch) as folder:
        path, single = Path(folder) / "digests.parquet", f"{people.table}_single"
        people.connection.execute(f"""
            COPY (SELECT * FROM (
                SELECT rowid AS person, {_columns(several=False)} FROM {single} UNION ALL
                SELECT rowid + (SELECT count(*) FROM {single}), {_columns(several=True)} FROM {people.table}_several)
            WHERE who IS NOT NULL ORDER BY who)
            TO {literal(path)} (FORMAT parquet, COMPRESSION uncompressed)""")
        yield Digests(Path(folder), path, people.people)


def _columns(*, several: bool) -> str:
    """SQL of who and of the digest of each group; NULL where a person has nothing of it."""
    if several:
        texts = {name: _sorted(name) for name in VALUES}
        texts |= {name: _sorted(f"list_transform(address, lambda x: {_joined('x', name)})") for name in FIELDS}
    else:
        texts = {name: f"{name}[1]" for name in VALUES} | {name: _joined("address[1]", name) for name in FIELDS}
    digests = (f"{digest_sql('customer_id', name, text)} AS {name}" for name, text in texts.items())
    return ", ".join([f"{who_sql('customer_id')} AS who", *digests])


def _joined(address: str, name: str) -> str:
    """SQL of fields of an address as one text, NULL where it has none of them."""
    fields = [f"coalesce({address}.{field}, '')" for field in FIELDS[name]]
    return f"nullif(concat_ws({BESIDE}, {', '.join(fields)}), repeat({BESIDE}, {len(fields) - 1}))"


def _sorted(values: str) -> str:
    """SQL of values as one text, each once; a person's rows may come in any order."""
    return f"nullif(array_to_string(list_sort(list_distinct({values})), {NEXT}), '')"  # of no value: no text


def groups_taken(spec: PlatformSpec) -> tuple[str, ...]:
    """Groups of identifiers that a platform's lists take; digests made elsewhere only where it takes such.

    Examples
    --------
    >>> groups_taken(platform_spec("hashed-emails"))
    ('email', 'email_hash')
    """
    found: set[str] = set()
    for item in spec.lists:
        used = _used(item)
        for name in used & set(CONTACTS):
            found |= {*HELD[name]}
            if spec.identifiers[name].hash == "sha256":  # type: ignore[index]
                found.add(COLUMNS[name][1])
        fields = used & set(ADDRESS)
        if fields:
            found.add("names" if fields <= set(FIELDS["names"]) else "address")
    return tuple(name for name in (*VALUES, *FIELDS) if name in found)


def rules_digest(spec: PlatformSpec) -> int:
    """A platform's rules for identifiers as a number: under other rules everybody counts as changed."""
    rules = [
        (item.name, item.needs, item.address, [(c.of, c.hash) for c in item.columns if c.hash is not None],
         [(name, rule.steps, rule.hash, rule.encoding) for name, rule in sorted(spec.identifiers.items())
          if name in _used(item)])
        for item in spec.lists
    ]  # fmt: skip
    return int.from_bytes(sha256(repr(rules).encode()).digest()[:8])


def _used(item: AudienceList) -> set[str]:
    return used_identifiers(item, written_columns(item, {}, value=False))
