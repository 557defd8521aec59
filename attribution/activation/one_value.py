"""One value under one platform's rule: for tests, documents, and whoever asks why somebody was not matched."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from attribution.activation.normalize import (
    digest_sql,
    field_digest,
    field_pass,
    marked,
    passes,
    ready_sql,
    usable_list,
)
from attribution.activation.people import read_people
from attribution.activation.rows_several import COLUMNS
from attribution.activation.spec import CONTACTS, Identifier, platform_spec
from attribution.engine import connect
from attribution.errors import UsageError, listed


def platform_value(
    platform: str, identifier: Identifier, value: str, *, country: str | None = None, region: str | None = None
) -> tuple[str | None, str | None]:
    """What a platform makes of a value: normalised, and as it is written.

    Parameters
    ----------
    platform : str
    identifier : str
        email, phone, maid, idfa, aaid, first_name, last_name, country or zip.
    value : str
    country : str or None
        The person's, for phone numbers and postal codes.
    region : str or None
        Country of phone numbers without one.

    Returns
    -------
    (str or None, str or None)
        Both None where nothing is left; the first None where the value is a digest already.

    Raises
    ------
    UsageError
        The platform has no rule for that identifier.

    Examples
    --------
    >>> platform_value("uid2", "email", "JANE.SAOIRSE@gmail.com")
    ('janesaoirse@gmail.com', 'ku4mBX7Z3qJTXWyLFB1INzkyR2WZGW4ANSJUiW21iI8=')
    """
    spec = platform_spec(platform)
    rule = spec.identifiers.get(identifier)
    if rule is None:
        msg = f"{spec.title} has no rule for {identifier}. It has rules for {listed(spec.identifiers)}."
        raise UsageError(msg)
    column = "maid" if identifier in {"maid", "idfa", "aaid"} else identifier
    person: dict[str, Any] = {"customer_id": ["1"], "country": [country]} | {column: [value]}
    table = pa.table({name: pa.array(cells, pa.string()) for name, cells in person.items()})
    with connect() as connection, read_people(connection, table, region) as people:
        if identifier in CONTACTS:
            values, digests = COLUMNS[identifier]
            usable = usable_list(values, rule.steps, identifier)
            ready = f"list_transform({digests}, lambda x: {ready_sql(rule, 'x')})" if digests else "[]"
            made = digest_sql("x", rule.hash, rule.encoding)
            query = (
                f"SELECT normal, coalesce({made}, ready) FROM (SELECT ({usable})[1] AS normal, normal AS x, "
                f"{f'({ready})[1]' if rule.hash == 'sha256' else 'NULL'} AS ready FROM {people.table})"
            )
        else:
            given = marked(f"address[1].{identifier}")
            made = f"SELECT address[1].country AS region, {given} AS normal FROM {people.table}"
            for part in passes(rule.steps):
                made = f"SELECT region, {field_pass('normal', part, 'region')} AS normal FROM ({made})"
            query = (
                "SELECT CASE WHEN digest IS NOT NULL AND normal[1] <> '#' THEN normal END, digest FROM "
                f"(SELECT normal, {field_digest('normal', identifier, rule)} AS digest FROM ({made}))"
            )
        rows = connection.execute(query).fetchall()
    normal, written = rows[0]
    return normal, written
