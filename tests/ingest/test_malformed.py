from __future__ import annotations

from pathlib import Path

import pytest

from attribution.errors import AttributionError
from tests.ingest.malformed.cases import CASES, Case
from tests.ingest.stored import quarantined, read_in, stored


def place(case: Case, folder: Path) -> Path:
    file = folder / case.file
    if isinstance(case.content, bytes):
        file.write_bytes(case.content)
    else:
        case.content(file)
    return file


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_input_ends_in_an_error_or_with_every_row_accounted_for(case: Case, tmp_path: Path) -> None:
    file = place(case, tmp_path)
    inputs = {case.table: [case.argument.replace("{file}", str(file))]}
    if case.error is not None:
        with pytest.raises(AttributionError) as caught:
            read_in(tmp_path, inputs, **case.settings)
        expected = case.error.replace("{file}", str(file))
        message = str(caught.value)
        assert message == expected or (expected.endswith("(") and message.startswith(expected))
        assert not (tmp_path / "ws" / "manifest.json").exists()
        return
    workspace, report = read_in(tmp_path, inputs, **case.settings)
    rows = [f.rows for f in report.files]
    totals = {n: sum(getattr(r, n) for r in rows) for n in ("kept", "duplicates", "outside", "repaired")}
    reasons = {reason: count for f in report.files for reason, count in f.reasons.items()}
    assert reasons == case.reasons
    assert totals == {n: getattr(case, n) for n in totals}
    assert sum(r.conversions_merged for r in rows) == case.merged
    assert set(case.findings) <= {f.code for f in report.findings}
    table = next(iter(report.files[0].tables))
    assert len(stored(workspace, table)) == case.kept
    if case.lines is not None:
        found = [q["line"] for f in report.files for q in quarantined(workspace, f.quarantine)]
        assert tuple(sorted(found)) == case.lines
    column = "date" if table == "spend" else '"timestamp"'
    for expression, held in ((f"{column}::VARCHAR", case.times), ("channel", case.channels), ("value", case.values)):
        if held is not None:
            assert tuple(row[0] for row in stored(workspace, table, expression)) == held


def test_there_are_enough_of_them() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) >= 70
