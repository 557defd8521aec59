"""Experiments on people as evidence on a channel's total in the overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution.compare.experiments import TRANSPORT, VALIDATE, lifts, sharpest, transported
from attribution.engine import connect
from attribution.errors import UsageError, listed
from attribution.findings import Finding
from attribution.identity.stitch import people_table
from attribution.mix.lift_tests import tests_of
from attribution.reconcile.matching import Matching
from attribution.reconcile.mix_side import MixSide
from attribution.reconcile.overlap import Overlap
from attribution.workspace import Workspace
from attribution_models.reconcile.evidence import Experiment

DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True)
class PeopleTest:
    """An experiment of the workspace.

    Attributes
    ----------
    experiment, channel : str
        The channel by the paths' name.
    lift, standard_error : float
        In the unit of the mix model's outcome, in the exposed arm; the error with what carrying it over costs.
    first, last : datetime64[D]
    coverage : float
        Share of the channel's touches in these days that went to the exposed arm.
    """

    experiment: str
    channel: str
    lift: float
    standard_error: float
    first: np.datetime64
    last: np.datetime64
    coverage: float = 1.0


def people_tests(workspace: Workspace, manifest: dict[str, Any], measure: str) -> tuple[PeopleTest, ...]:
    """Experiments of the workspace whose use is not ``validate``, each by its sharpest estimate."""
    if any(workspace.table(n, manifest) is None for n in ("assignments", "conversions")):
        return ()
    with connect(workspace.scratch()) as connection:
        assignments, conversions = (
            str(people_table(workspace, connection, n, manifest)) for n in ("assignments", "conversions")
        )
        touches = people_table(workspace, connection, "touchpoints", manifest)
        found = lifts(connection, assignments, conversions)
        chosen = transported(sharpest(found[found["use"] != VALIDATE]), TRANSPORT)
        days = _days(connection, assignments, conversions)
        columns = ("lift", "standard_error") if measure == "conversions" else ("value_lift", "value_standard_error")
        return tuple(
            PeopleTest(
                str(row["experiment"]), str(row["channel"]), float(row[columns[0]]), float(row[columns[1]]),
                *days[str(row["experiment"]), str(row["channel"])],
                _coverage(connection, assignments, touches, row, days),
            )
            for row in chosen.to_dict("records")
        )  # fmt: skip


def _days(connection: Any, assignments: str, conversions: str) -> dict[tuple[str, str], tuple[Any, Any]]:
    """First and last day of each experiment; without an end it lasts as long as the data."""
    names = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {assignments}").fetchall()}
    end = "max(ended_at)" if "ended_at" in names else "NULL"
    rows = connection.execute(
        f"""SELECT experiment, channel, min(assigned_at)::DATE::VARCHAR,
            coalesce({end}, (SELECT max(timestamp) FROM {conversions}))::DATE::VARCHAR
        FROM {assignments} GROUP BY ALL"""
    ).fetchall()
    return {(e, c): (np.datetime64(first, "D"), np.datetime64(last, "D")) for e, c, first, last in rows}


def _coverage(
    connection: Any, assignments: str, touches: str | None, row: Mapping[Any, Any],
    days: Mapping[tuple[str, str], tuple[Any, Any]],
) -> float:  # fmt: skip
    """Share of a channel's touches that the exposed arm got; 1 where no touches are logged."""
    if touches is None:
        return 1.0
    first, last = days[str(row["experiment"]), str(row["channel"])]
    inside, total = connection.execute(
        f"""SELECT count(*) FILTER (unified_id IN (SELECT unified_id FROM {assignments}
                WHERE experiment = $1 AND channel = $2 AND arm = 'exposed')), count(*)
        FROM {touches} WHERE channel = $2 AND timestamp >= $3::DATE AND timestamp < $4::DATE + INTERVAL 1 DAY""",
        [row["experiment"], row["channel"], str(first), str(last)],
    ).fetchone()
    return float(inside) / float(total) if inside else 1.0


def as_evidence(
    tests: tuple[PeopleTest, ...], side: MixSide, found: Overlap, names: Matching, known: tuple[str, ...]
) -> tuple[tuple[Experiment, ...], list[Finding]]:
    """Bring tests to the overlap: lift ~ N(share · total, deviation²).

        share = coverage · (the channel's contribution in the test's days / in the overlap)

    by the mix model's draws, whose spread of it widens the deviation: deviation² = error² +
    (lift · sd(share) / share)²; for channels that the panel lacks, days over days. Days of a test outside the panel
    count like those inside.

    Raises
    ------
    UsageError
        A test is a lift test of the mix model too: an experiment has one use.
    """
    twice = {t.experiment for t in tests} & {t.lift.experiment for t in tests_of(side.stored)}
    if twice:
        raise UsageError(
            f"{listed(sorted(twice))} would count twice: as an experiment on people and as a lift test of "
            f"{side.stored.name}. Ingest its assignments with use validate, or fit the mix model without it."
        )
    evidence, findings = [], []
    for test in tests:
        channel = names.of_path.get(test.channel, test.channel)
        channel = next((c for c in side.channels if c.casefold() == channel.casefold()), channel)
        share, spread = _share(test, channel, side, found)
        if channel not in known or not share > 0 or not test.standard_error > 0:
            why = "its channel is in no model" if channel not in known else (
                "its days are outside the panel" if not share > 0 else "it saw no conversions")  # fmt: skip
            findings.append(Finding("warning", "test-left-out", f"{test.experiment} is left out: {why}."))
            continue
        deviation = float(np.hypot(test.standard_error, test.lift * spread / share))
        evidence.append(Experiment(channel, test.lift, deviation, share))
    return tuple(evidence), findings


def _share(test: PeopleTest, channel: str, side: MixSide, found: Overlap) -> tuple[float, float]:
    """Share of the channel's total in the overlap that a test measured, and how far draws differ in it."""
    firsts = side.stored.calendar.dates
    lasts = np.array([side.stored.calendar.last_day(t) for t in range(len(firsts))])
    overlap = np.clip((np.minimum(lasts, test.last) - np.maximum(firsts, test.first)) / DAY + 1, 0, None)
    length = (lasts - firsts) / DAY + 1
    inside, whole = slice(found.window.start, found.window.end + 1), float((test.last - test.first) / DAY + 1)
    if not overlap.sum() > 0:
        return 0.0, 0.0
    outside = whole / float(overlap.sum())
    if channel not in side.channels:
        return test.coverage * whole / float(length[inside].sum()), 0.0
    draws = side.rows(channel)[0]
    totals = draws[inside].sum(axis=0)
    mean = float(totals.mean())
    if not mean > 0:
        return 0.0, 0.0
    in_test = (overlap / length) @ draws
    share = float(in_test.mean()) / mean
    spread = float(np.std(in_test - share * totals)) / mean
    return test.coverage * outside * share, test.coverage * outside * spread
