"""Lift tests: their windows on the panel, the exposure there would have been, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

from attribution.errors import AttributionError, UsageError
from attribution.mix.lifts import lift_table, read_lifts
from attribution.mix.model_file import parse_model
from attribution.mix.panel import read_panel
from attribution_models.mix.scales import Scales
from attribution_models.mix.structure import structure
from tests.mix.markets import GEO_MODEL, MODEL, geos, weekly

HEAD = "experiment,channel,start,end,lift,standard_error,geo,spend_change,outcome_end,use"
# Weeks of the panel: 0 begins on 2024-01-01, 4 on 2024-01-29, 6 on 2024-02-12.
ROW = "a,tv,2024-01-29,2024-02-11,500,50,,,,"


@pytest.fixture
def read(tmp_path):
    def lifts(*rows, model=MODEL, frame=None, head=HEAD, **options):
        (tmp_path / "panel.csv").write_text((weekly() if frame is None else frame).to_csv(index=False))
        (tmp_path / "lifts.csv").write_text("\n".join([head, *rows]) + "\n")
        spec = parse_model(model)
        panel = read_panel([str(tmp_path / "panel.csv")], spec)
        return read_lifts([str(tmp_path / "lifts.csv")], spec, panel, **options), panel, spec

    return lifts


def test_without_a_spend_change_the_comparison_had_none(read):
    found, panel, spec = read(ROW)
    (lift,) = found.likelihood
    assert (lift.channel, lift.geos, lift.start, lift.end) == (0, (0,), 4, 5)
    scaled = panel.data.exposure[0] / Scales.of(spec, panel.data).media[0]
    assert (lift.without[:, 4:6] == 0).all()
    assert lift.without[:, :4] == pytest.approx(scaled[:, :4])
    assert lift.without[:, 6:] == pytest.approx(scaled[:, 6:])
    assert lift.deviation == pytest.approx(np.hypot(50, 50))
    structure(spec, panel.data, found.likelihood)


def test_the_transport_part_is_a_setting(read):
    found, _, _ = read(ROW, transport=0.0)
    assert found.likelihood[0].deviation == 50


def test_a_spend_change_scales_exposure(read):
    frame = weekly()
    spent = frame["tv_spend"][4:6].sum()
    found, panel, spec = read(f"a,tv,2024-01-29,2024-02-11,500,50,,{spent / 4},2024-02-25,")
    (lift,) = found.likelihood
    scaled = panel.data.exposure[0] / Scales.of(spec, panel.data).media[0]
    assert (lift.start, lift.end) == (4, 7)
    assert lift.without[:, 4:6] == pytest.approx(scaled[:, 4:6] * 0.75)
    assert lift.without[:, 6:] == pytest.approx(scaled[:, 6:])
    # Less than the comparison: without the test there would have been more.
    found, _, _ = read(f"a,tv,2024-01-29,2024-02-11,-500,50,,{-spent},,")
    assert found.likelihood[0].without[:, 4:6] == pytest.approx(scaled[:, 4:6] * 2)


def test_a_holdout_takes_the_exposure_before_it(read):
    frame = weekly()
    frame.loc[4:5, ["tv_spend", "tv_grp"]] = 0.0
    found, panel, spec = read("a,tv,2024-01-29,2024-02-11,-500,50,,-300,,", frame=frame)
    (lift,) = found.likelihood
    before = frame["tv_grp"][2:4].mean()
    factor = 300 / frame["tv_spend"][2:4].sum()
    assert lift.without[0, 4:6] == pytest.approx([before * factor / Scales.of(spec, panel.data).media[0]] * 2)
    assert "lift-held-out" in {f.code for f in found.findings}


def test_media_history_stays_before_the_window(read):
    frame = weekly(40)
    frame["sales"] = frame["sales"].where(frame.index >= 8)
    found, panel, _ = read("a,tv,2024-02-26,2024-03-03,500,50,,,,", frame=frame)
    (lift,) = found.likelihood
    assert (lift.start, panel.data.before) == (0, 2)
    assert lift.without.shape == (1, 34)
    assert np.flatnonzero(lift.without[0] == 0).tolist() == [2]


def test_geos_and_uses(read):
    found, panel, spec = read(
        "a,tv,2024-01-29,2024-02-11,500,50,west;north,,,likelihood",
        "b,search,2024-01-29,2024-02-11,500,50,south,,,Prior",
        "c,search,2024-01-29,2024-02-11,500,50,,,,validate",
        "a,tv,2024-01-29,2024-02-11,200,50,south,,,",
        model=GEO_MODEL,
        frame=geos(),
    )  # fmt: skip
    assert [lift.geos for lift in found.likelihood] == [(2, 0), (1,)]
    assert [lift.experiment for lift in found.prior] == ["b"]
    assert [lift.geos for lift in found.validate] == [(0, 1, 2)]
    assert lift_table(found.prior, spec, panel)[0]["end"] == "2024-02-11"
    assert found.likelihood[0].without.shape == (2, 30)
    structure(spec, panel.data, found.likelihood)


def test_rows_of_the_panel_that_are_fitted_too_are_found(read):
    found, _, _ = read(ROW)
    assert [f.code for f in found.findings] == ["lift-rows-in-panel"]
    masked = weekly()
    masked.loc[4:5, "sales"] = np.nan
    assert not read(ROW, frame=masked)[0].findings
    assert not read(ROW + "validate")[0].findings


def test_windows_inside_a_week_are_rounded_and_said(read):
    found, _, _ = read("a,tv,2024-01-31,2024-02-08,500,50,,,,")
    assert (found.likelihood[0].start, found.likelihood[0].end) == (4, 5)
    assert "lift-window-rounded" in {f.code for f in found.findings}


def test_columns_in_brackets_may_be_absent(read):
    found, _, _ = read("a,tv,2024-01-29,2024-02-11,500,50", head="experiment,channel,start,end,lift,standard_error")
    assert len(found.likelihood) == 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["a,tvv,2024-01-29,2024-02-11,500,50,,,,"], 'lifts.csv, line 2: channel "tvv" is not in the model. Did you mean "tv"?'),
        (["a,tv,2024-01-29,2024-02-11,500,50,mars,,,"], "geo mars is not in the panel"),
        (["a,tv,2023-01-02,2023-01-15,500,50,,,,"], "is outside the panel's (2024-01-01 to 2024-07-28)"),
        (["a,tv,2024-07-15,2024-08-11,500,50,,,,"], "is outside the panel's"),
        (["a,tv,2024-02-12,2024-02-11,500,50,,,,"], "ends (2024-02-11) before it starts (2024-02-12)"),
        (["a,tv,2024-01-29,2024-02-11,500,50,,,2024-02-04,"], "outcome_end (2024-02-04) is before end"),
        (["a,tv,2024-01-29,2024-02-11,500,0,,,,"], "standard_error is not above zero"),
        (["a,tv,2024-01-29,2024-02-11,,50,,,,"], "line 2: lift is empty"),
        (["a,tv,2024-01-29,2024-02-11,secret,50,,,,"], 'column "lift" does not read in 1 cell on line 2'),
        (["a,tv,2024-01-29,2024-02-11,500,50,,,,fit"], "use is none of likelihood, prior, validate"),
        (["a,tv,2024-01-29,2024-02-11,500,50,,99999,,"], "spend_change (99,999.00) is more than what the panel has"),
        ([ROW, "a,tv,2024-02-05,2024-02-18,500,50,,,,"], "overlap with those of line 2 of the same experiment"),
        ([], "there is no row below the header"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_used_are_named(read, rows, message):
    with pytest.raises(AttributionError, match=re.escape(message)) as error:
        read(*rows)
    assert "secret" not in str(error.value)


def test_a_test_that_changes_nothing_is_refused(read):
    frame = weekly()
    frame.loc[4:5, ["tv_spend", "tv_grp"]] = 0.0
    with pytest.raises(AttributionError, match="For a holdout give spend_change"):
        read(ROW, frame=frame)
    frame.loc[:5, ["tv_spend", "tv_grp"]] = 0.0
    with pytest.raises(AttributionError, match="nor in the 2 week") as error:
        read("a,tv,2024-01-29,2024-02-11,-500,50,,-300,,", frame=frame)
    assert len(str(error.value).splitlines()) == 1


def test_a_log_link_takes_lift_tests(read):
    found, _, _ = read(ROW, model='[model]\nlink = "log"\n' + MODEL)
    assert [lift.experiment for lift in found.likelihood] == ["a"]


def test_wrong_usage(read):
    with pytest.raises(UsageError, match=re.escape('found two in "a" (likelihood and validate)')):
        read(ROW, "a,tv,2024-03-04,2024-03-10,500,50,,,,validate")
    with pytest.raises(UsageError, match=r'Column "start" not found .* A lifts file has experiment'):
        read("a,tv", head="experiment,channel")
    with pytest.raises(UsageError, match="transport"):
        read(ROW, transport=-1.0)


def test_a_lift_above_all_that_was_observed_is_noticed(read):
    found, panel, _ = read(ROW.replace("500,50", "5000000,10"))
    assert panel.data.outcome[0, 4:6].sum() < 5000000
    (told,) = [f for f in found.findings if f.code == "lift-above-outcome"]
    assert told.severity == "warning"
    assert not [f for f in read(ROW)[0].findings if f.code == "lift-above-outcome"]


def test_a_percentage_is_no_lift(read):
    with pytest.raises((AttributionError, UsageError)):
        read(ROW.replace("500,50", "5%,1%"))
