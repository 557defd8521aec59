"""Credits of media-mix fits that a workspace keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from attribution.credit.mix import MIX_GRAINS, mix_frame
from attribution.errors import UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.mix.marks import known_of, marks
from attribution.mix.stored import StoredMix, effects_of, read_mix
from attribution.tables import GRAINS
from attribution.workspace import Workspace
from attribution_models.mix.cells import Window

GATE_FAILED = "gate failed"
TREATMENT = "treatment"


def mix_credits(
    stored: StoredMix, by: Sequence[str] = (), window: Window | None = None, level: float = 0.9
) -> pd.DataFrame:
    """Rows of the credits table of one fit, with the column ``mark``.

    ``mark`` says ``gate failed`` on every row of a fit whose gate did not pass, ``prior-dominated`` where the prior
    decides a channel's return, ``indistinguishable from zero`` where nothing says that it does anything, ``treatment``
    where a row is a control that is no channel (a promotion); several with commas.

    Parameters
    ----------
    by : sequence of str
        ``geo``, and one of ``period``, ``week`` and ``month``.
    window : Window, optional
        Only these periods.
    level : float
        Of the intervals.
    """
    effects = effects_of(stored)
    frame = mix_frame(stored.name, effects, by=by, window=window, level=level)
    said = marks(known_of(stored)) | dict.fromkeys(effects.rows.treatments, TREATMENT)
    failed = "" if stored.passed else GATE_FAILED
    frame["mark"] = [", ".join(filter(None, (failed, said.get(str(c), "")))) for c in frame["channel"]]
    return frame


def credits_of_mixes(
    workspace: Workspace, entries: Sequence[Mapping[str, Any]], by: Sequence[str] = ()
) -> Iterator[pd.DataFrame]:
    """Rows of several fits."""
    for entry in entries:
        yield mix_credits(read_mix(workspace, entry), by)


def gate_told(entries: Iterable[Mapping[str, Any]], *, force: bool = False) -> Iterator[Finding]:
    """Say of every fit whose gate did not pass that it did not: an error, or with `force` a warning."""
    for entry in entries:
        if not entry["passed"]:
            message = f"{entry['name']} did not converge: its numbers may be far off. {' '.join(entry['failures'])}"
            remedy = " ".join(entry["checklist"]) or "Fit it again: attribution fit mmm."
            yield Finding("warning" if force else "error", "fit-not-converged", message, remedy)


def check_any_grain(by: Sequence[str]) -> None:
    """Refuse a grain that no family of models has.

    Raises
    ------
    UsageError
    """
    known = tuple(dict.fromkeys((*GRAINS, *MIX_GRAINS)))
    for grain in by:
        if grain not in known:
            raise UsageError(f'by: "{grain}" is unknown.{did_you_mean(grain, known)} Known: {listed(known)}.')


def with_grain(
    entries: Sequence[Mapping[str, Any]], by: Sequence[str], kind: str | None
) -> tuple[list[Mapping[str, Any]], list[Finding]]:
    """Those media-mix fits that have a grain, and what is left out."""
    wrong = [grain for grain in by if grain not in MIX_GRAINS]
    if kind is not None or wrong:
        why = "no kinds of conversions" if kind is not None else f"no {listed(wrong)}"
        return [], [_left_out(entries, f"a media-mix model knows {why}")] if entries else []
    kept = [e for e in entries if "geo" not in by or e["geos"] > 1]
    rest = [e for e in entries if e not in kept]
    return kept, [_left_out(rest, "it has one national panel, no geos")] if rest else []


def _left_out(entries: Sequence[Mapping[str, Any]], why: str) -> Finding:
    return Finding("note", "no-grain", f"{listed(e['name'] for e in entries)} left out: {why}.")
