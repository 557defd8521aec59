"""Links between CRM records without shared keys, by Splink on our own DuckDB connection.

Splink (Ministry of Justice, MIT licence) is an optional extra; its result is an edge table in the contract of
identities, as an edge file that Splink wrote elsewhere would be. What becomes of the edges (tiers, guards, stable
customer ids) is not Splink's business.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import pyarrow as pa

from attribution.engine import literal, one_row
from attribution.errors import UsageError
from attribution.identity.linkage_model import (
    MOST_MATCHES,
    LinkageSettings,
    Rule,
    blocks,
    learning,
    model,
    prior,
    without_matches,
)
from attribution.identity.linkage_records import NAMES, RECORDS, LinkageRecords, linkage_records
from attribution.progress import Told, silent

SOURCE = "splink"


@dataclass(frozen=True, slots=True)
class Linkage:
    """What a linker found.

    Attributes
    ----------
    edges : pyarrow.Table
        id_type_a, id_a, id_type_b, id_b, score, source; in order of ids. Pairs of one id are left out.
    records : LinkageRecords
    blocks, learned : tuple of tuple of str
        Columns in which compared pairs agree, and from which the model was learned.
    unlearned : tuple of str
        Comparisons whose worth Splink's defaults say.
    prior : float
        Probability that two random records are one person.
    """

    edges: pa.Table
    records: LinkageRecords
    blocks: tuple[Rule, ...]
    learned: tuple[Rule, ...]
    unlearned: tuple[str, ...]
    prior: float


def require_splink() -> None:
    """Say how to get Splink where it is not installed."""
    if find_spec("splink") is None:
        msg = (
            "Linking records needs Splink, which is not installed. Install it: "
            "pip install 'multichannel-attribution[linkage]'. Or link elsewhere and ingest the edge file: "
            "unique_id_l, unique_id_r, match_probability."
        )
        raise UsageError(msg)


def link_records(
    connection: Any, relation: str, settings: LinkageSettings | None = None, told: Told = silent
) -> Linkage:
    """Find pairs of records that are probably one person.

    Parameters
    ----------
    connection : DuckDB connection
        What Splink makes in it is dropped at the end.
    relation : str
        The customers table.
    settings : LinkageSettings, optional
    told : Told

    Raises
    ------
    UsageError
        Splink is not installed, or the records do not say enough.
    """
    require_splink()
    settings = settings or LinkageSettings()
    told("reading records", 0, 0)
    records = linkage_records(connection, relation)
    chosen = blocks(connection, records.columns, settings.pairs)
    before = prior(connection, records.columns, records.count, settings.recall)
    every_pair = records.count * (records.count - 1) / 2
    learned, unlearned = learning(connection, records.columns, before * every_pair)
    with _quiet(), _splink(connection) as api:
        linker = _linker(api, model(records.columns, chosen, before))
        random_pairs = int(min(settings.random_pairs, every_pair))
        told("learning what agrees by chance", 0, 0)
        linker.training.estimate_u_using_random_sampling(
            max_pairs=settings.random_pairs, seed=settings.seed, min_count_per_level=None
        )
        told("learning what agreement is worth", 0, 0)
        _learn(linker, learned, settings)
        share = min(_matches(connection, linker) / every_pair, MOST_MATCHES * before)
        cleaned = without_matches(linker.misc.save_model_to_json(), share, random_pairs)
        linker = _linker(api, cleaned)
        _learn(linker, learned, settings)
        told("comparing records", 0, 0)
        predicted = linker.inference.predict(threshold_match_probability=settings.least)
        edges = _edges(connection, predicted.physical_name)
    for table in (RECORDS, NAMES):
        connection.execute(f"DROP TABLE {table}")
    return Linkage(edges, records, chosen, learned, unlearned, share)


@contextmanager
def _splink(connection: Any) -> Iterator[Any]:
    """Splink on the connection; its tables are dropped afterwards."""
    from splink import DuckDBAPI  # noqa: PLC0415  (an optional library)

    api = DuckDBAPI(connection)
    try:
        yield api
    finally:
        api.delete_tables_created_by_splink_from_db()


def _linker(api: Any, settings: Any) -> Any:
    from splink import Linker  # noqa: PLC0415  (an optional library)

    return Linker(api.register(RECORDS), settings, log_level=None)


def _learn(linker: Any, learned: tuple[Rule, ...], settings: LinkageSettings) -> None:
    """Learn how well records of one person agree; what is known of two people stays as it is."""
    from splink import block_on  # noqa: PLC0415  (an optional library)

    for rule in learned:
        # Splink refuses an m that has shrunk to nothing; what it knew before is kept then.
        with suppress(ValueError):
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*rule), max_pairs=settings.random_pairs
            )


def _matches(connection: Any, linker: Any) -> float:
    """How many pairs are one person's, as the model has it: the sum of scores of those that look like it."""
    likely = linker.inference.predict(threshold_match_probability=0.5).physical_name
    return max(1.0, float(one_row(connection, f"SELECT coalesce(sum(match_probability), 0) FROM {likely}")[0]))


def _edges(connection: Any, predicted: str) -> pa.Table:
    """Pairs under the records' own ids, the smaller id first; of several records of an id the best pair counts.

    Scores are rounded to six digits: sums over threads differ in the last ones.
    """
    query = f"""
    WITH pairs AS (
        SELECT a.id_type AS ta, a.id AS ia, b.id_type AS tb, b.id AS ib, p.match_probability AS score
        FROM {predicted} p JOIN {NAMES} a ON a.unique_id = p.unique_id_l JOIN {NAMES} b ON b.unique_id = p.unique_id_r
        WHERE (a.id_type, a.id) <> (b.id_type, b.id)
    ), ordered AS (
        SELECT ta, ia, tb, ib, score FROM pairs WHERE (ta, ia) < (tb, ib)
        UNION ALL SELECT tb, ib, ta, ia, score FROM pairs WHERE (ta, ia) > (tb, ib)
    )
    SELECT ta AS id_type_a, ia AS id_a, tb AS id_type_b, ib AS id_b, round(max(score), 6) AS score,
        {literal(SOURCE)} AS source
    FROM ordered GROUP BY ALL ORDER BY id_type_a, id_a, id_type_b, id_b"""
    return connection.sql(query).to_arrow_table()


@contextmanager
def _quiet() -> Iterator[None]:
    """Splink explains itself in its log; what matters of it is told in the result."""
    log = logging.getLogger("splink")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(level)
