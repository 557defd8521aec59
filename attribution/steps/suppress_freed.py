"""What a suppression list frees, inside a step that lists people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attribution.engine import one_row
from attribution.errors import UsageError
from attribution.identity.headers import columns_of
from attribution.steps.suppress_listing import listing
from attribution.steps.suppress_uploads import UploadOptions
from attribution.suppression.acts_on import acts_on, check_apart
from attribution.suppression.as_of import Relations, known_by
from attribution.suppression.consent import consent_sql
from attribution.suppression.evaluation_kept import measured_by
from attribution.suppression.exposure import Period, exposure_of
from attribution.suppression.facts import last_known_day
from attribution.suppression.freed import Freed, Margin, PlatformExposure, freed_of
from attribution.suppression.matches import MatchReport
from attribution.suppression.policy import Suppression, customer_records
from attribution.suppression.rules import SuppressionPolicy
from attribution.suppression.uploads import contacts
from attribution.workspace import Workspace, digest_of, write_atomically


@dataclass(frozen=True, slots=True)
class FreedOptions:
    """What is asked of a list.

    Attributes
    ----------
    reports : tuple of MatchReport
        Of the platforms whose spend is to be freed.
    margin : float or None
        Contribution as a share of the value of a purchase.
    days : int
        Length of the period whose impressions count, and of the next one, of which is told.
    """

    reports: tuple[MatchReport, ...]
    margin: float | None = None
    days: int = 28

    def __post_init__(self) -> None:
        """Refuse a period of no whole day."""
        if self.days < 1:
            raise UsageError("--period: give whole days, as 28d.")


def freed_by(
    workspace: Workspace, connection: Any, changed: dict[str, Any], relations: Relations,
    policy: SuppressionPolicy | None, uploads: UploadOptions | None, asked: FreedOptions, today: Suppression,
) -> Freed:  # fmt: skip
    """Work out what is freed.

    People are chosen by what was known when the last days of the data began, and counted is what they were shown in
    those days: who is chosen for many impressions is shown fewer afterwards. ``today`` is the list as it is now.

    Raises
    ------
    UsageError
        No touches, no spend, nobody who would have been listed, or a platform without channels.
    """
    touchpoints, conversions, _ = relations
    if touchpoints is None:
        raise UsageError("What is freed needs touches. Add them: attribution ingest --touchpoints FILE.")
    end = last_known_day(connection, touchpoints, conversions) + 1
    period = Period(end - asked.days, end)
    rules = policy or SuppressionPolicy()
    channels = [row[0] for row in connection.execute(f"SELECT DISTINCT channel FROM {touchpoints}").fetchall()]
    named = {report.platform: acts_on(rules, report.platform, channels) for report in asked.reports}
    check_apart(named)
    before = known_by(connection, relations, Period.moment(period.start))
    lists, said = _people(workspace, connection, changed, before, policy, uploads, list(named), period)
    spend = workspace.table("spend", changed)
    found = []
    for report in asked.reports:
        exposure = exposure_of(connection, touchpoints, spend, report.platform, named[report.platform], period)
        people = lists[report.platform]
        counted, priced = exposure.shown(connection, touchpoints, people, period)
        selected, _ = exposure.shown(connection, touchpoints, people, period.before)
        found.append(
            PlatformExposure(report, named[report.platform], exposure, tuple(people), counted, priced, selected)
        )
    said = (*said, *_grown(lists, {platform: len(today.listed(platform)) for platform in lists}, uploads))
    margin = Margin(asked.margin, _purchase(connection, conversions))
    return freed_of(found, margin, measured_by(workspace, changed, rules.experiment), said)


def _people(
    workspace: Workspace, connection: Any, changed: dict[str, Any], before: Relations, policy: SuppressionPolicy | None,
    uploads: UploadOptions | None, platforms: Sequence[str], period: Period,
) -> tuple[dict[str, list[str]], tuple[str, ...]]:  # fmt: skip
    """Who would have been on each platform's list when the period began, and what has to be believed of that."""
    day = np.datetime64(period.start, "D")
    try:
        found = listing(workspace, connection, changed, before, policy)
    except UsageError as error:
        msg = f"What is freed cannot be told: on {day}, when the counted days begin, there was no list yet. {error}"
        raise UsageError(msg) from None
    lists = {platform: sorted(found.listed(platform)["customer_id"]) for platform in platforms}
    said = [f"Counted are the impressions from {period} of whom the rules would have listed on {day}."]
    if before[2] is not None:
        said.append("Status and consent of the customers file are those of today.")
    for platform, people in lists.items():
        if uploads is None or platform not in uploads.platforms:
            said.append(f"{platform}: everybody on the list is taken to be uploaded ({len(people):,} people).")
            continue
        there = _uploadable(workspace, connection, changed, before, people, uploads)
        said.append(f"{platform}: {len(there):,} of {len(people):,} people have consent and an identifier.")
        lists[platform] = there
    for platform, people in lists.items():
        if not people:
            raise UsageError(
                f"{platform}: nobody would have been on its list on {day}, so it frees nothing. {said[-1]}"
            )
    return lists, tuple(said)


def _grown(lists: dict[str, list[str]], now: dict[str, int], uploads: UploadOptions | None) -> tuple[str, ...]:
    """Say how many people lists have today, where these are as many as are uploaded."""
    made = () if uploads is None else uploads.platforms
    return tuple(
        f"{platform}: today's list has {now[platform]:,} people; what is told is of the {len(people):,} of then."
        for platform, people in lists.items()
        if platform not in made and now[platform] != len(people)
    )


def _uploadable(
    workspace: Workspace, connection: Any, changed: dict[str, Any], relations: Relations, people: Sequence[str],
    uploads: UploadOptions,
) -> list[str]:  # fmt: skip
    """People whom a platform's file may and can hold."""
    touchpoints, conversions, customers = relations
    if customers is None:
        msg = "Platforms know people by e-mail, phone or device. Add them: attribution ingest --customers FILE."
        raise UsageError(msg)
    consent = consent_sql(workspace, connection, changed, uploads.consent)
    records = customer_records(connection, touchpoints, conversions, customers)
    connection.register("freed_people", pd.DataFrame({"customer_id": list(people), "reason": ""}, dtype=str))
    relation, _ = contacts(connection, records, consent, "freed_people")
    rows = connection.execute(f"SELECT DISTINCT customer_id FROM {relation} ORDER BY 1").fetchall()
    connection.unregister("freed_people")
    return [row[0] for row in rows]


def _purchase(connection: Any, conversions: str | None) -> float | None:
    """Mean value of a purchase."""
    if conversions is None or "value" not in columns_of(connection, conversions):
        return None
    (mean,) = one_row(connection, f"SELECT avg(value)::DOUBLE FROM {conversions} WHERE value > 0")
    return None if mean is None else float(mean)


def keep_freed(workspace: Workspace, folder: Path, freed: Freed) -> Path:
    """Write it beside the list, under a name of its content; nothing of any person."""
    content = freed.as_dict()
    path = folder / f"freed-{digest_of(content)[:8]}.json"
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n")
    return path.relative_to(workspace.path)
