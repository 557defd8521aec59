"""Panels: the full calendar, what is masked, filled or refused, and messages that hold no cell."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from attribution.errors import AttributionError, UsageError
from attribution.mix.calendar import find_calendar
from attribution.mix.model_file import parse_model
from attribution.mix.panel import read_panel
from attribution_models.mix.structure import structure
from tests.mix.markets import GEO_MODEL, MODEL, geos, weekly


@pytest.fixture
def read(tmp_path):
    def panel(frame, model=MODEL, *, text=None, **options):
        path = tmp_path / "panel.csv"
        if text is None:
            frame.to_csv(path, index=False, **options)
        else:
            path.write_text(text, encoding="utf-8")
        return read_panel([str(path)], parse_model(model))

    return panel


def codes(panel):
    return {f.code for f in panel.findings}


def test_a_national_panel(read):
    frame = weekly()
    panel = read(frame)
    assert panel.data.geos == ("national",)
    assert panel.data.exposure.shape == (2, 1, 30)
    assert np.array_equal(panel.data.exposure[0, 0], frame["tv_grp"])
    assert np.array_equal(panel.data.spend[1, 0], frame["search_spend"])
    assert np.array_equal(panel.data.revenue_per_outcome, np.ones((1, 30)))
    assert panel.calendar.unit == "week"
    assert not panel.findings
    assert structure(parse_model(MODEL), panel.data).fitted.sum() == 28


def test_the_order_of_rows_and_columns_changes_nothing(read):
    frame = geos()
    first = read(frame, GEO_MODEL).data
    again = read(frame.sample(frac=1, random_state=3)[sorted(frame.columns)], GEO_MODEL).data
    for name in ("outcome", "exposure", "spend", "controls", "population"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
    assert first.geos == again.geos == ("north", "south", "west")
    assert first.population.tolist() == [1000, 2000, 3000]


def test_european_exports_read_the_same(read, tmp_path):
    frame = weekly()
    plain = read(frame).data
    days = pd.to_datetime(frame["date"]).dt.strftime("%d.%m.%Y")
    european = frame.assign(date=days)
    text = european.to_csv(index=False, sep=";", decimal=",")
    (tmp_path / "eu.csv").write_bytes(text.replace("price", "präis").encode("cp1252"))
    other = read_panel([str(tmp_path / "eu.csv")], parse_model(MODEL.replace("price", "präis"))).data
    assert np.array_equal(plain.outcome, other.outcome)
    assert np.array_equal(plain.dates, other.dates)


def test_parquet_and_several_files(tmp_path):
    frame, spec = weekly(), parse_model(MODEL)
    frame.assign(date=pd.to_datetime(frame["date"])).to_parquet(tmp_path / "all.parquet")
    whole = read_panel([str(tmp_path / "all.parquet")], spec).data
    frame[:15].to_csv(tmp_path / "a.csv", index=False)
    frame[15:].to_csv(tmp_path / "b.csv", index=False)
    in_time = read_panel([str(tmp_path / "a.csv"), str(tmp_path / "b.csv")], spec).data
    frame[["date", "sales", "price"]].to_csv(tmp_path / "c.csv", index=False)
    frame.drop(columns=["sales", "price"]).to_csv(tmp_path / "d.csv", index=False)
    by_column = read_panel([str(tmp_path / "c.csv"), str(tmp_path / "d.csv")], spec).data
    for other in (in_time, by_column):
        assert np.array_equal(whole.outcome, other.outcome)
        assert np.array_equal(whole.exposure, other.exposure)
        assert np.array_equal(whole.controls, other.controls)
    with pytest.raises(AttributionError, match="files give the same date more than once"):
        read_panel([str(tmp_path / "a.csv"), str(tmp_path / "all.parquet")], spec)


@pytest.mark.parametrize(
    ("start", "step", "unit"),
    [
        ("2024-01-03", 7, "week"),
        ("2024-01-07", 7, "week"),
        ("2024-02-27", 1, "day"),
        ("2024-01-01", 14, "period of 14 days"),
    ],
)
def test_calendars(read, start, step, unit):
    panel = read(weekly(start=start, step=step))
    assert panel.calendar.unit == unit
    assert panel.data.days == step


@pytest.mark.parametrize("day", ["01", "15", "end"])
def test_months_are_periods(read, day):
    frame = weekly(24)
    months = pd.period_range("2022-01", periods=24, freq="M")
    frame["date"] = [str(m.end_time.date()) if day == "end" else f"{m}-{day}" for m in months]
    panel = read(frame)
    assert panel.calendar.monthly
    assert len(panel.data.dates) == 24
    assert panel.data.days in (30, 31)
    assert "monthly" in codes(panel)
    places = panel.calendar.place(panel.data.dates)
    assert places.tolist() == list(range(24))
    assert [panel.calendar.place(np.array([panel.calendar.last_day(i)]))[0] for i in range(24)] == list(range(24))


def test_missing_weeks_are_masked_where_media_are_declared(read):
    frame = weekly().drop(index=[10, 11])
    with pytest.raises(
        AttributionError, match=r'channel\[0\] tv: column "tv_grp" is empty in 2 of 30 cells \(2024-03-11, 2024-03-18\)'
    ):
        read(frame)
    declared = MODEL.replace('name = "tv"', 'name = "tv"\nmissing = "zero"').replace(
        'name = "search"', 'name = "search"\nmissing = "impute"'
    )
    declared = declared.replace('role = "confounder"', 'role = "confounder"\nmissing = "impute"')
    panel = read(frame, declared)
    assert np.isnan(panel.data.outcome[0, 10:12]).all()
    assert panel.data.exposure[0, 0, 10:12].tolist() == [0, 0]
    assert panel.data.exposure[1, 0, 10] == pytest.approx(frame["search_spend"].mean())
    expected = np.interp([1, 2], [0, 3], frame["price"][[9, 12]])
    assert panel.data.controls[0, 0, 10:12] == pytest.approx(expected)
    assert {"periods-missing", "cells-filled"} <= codes(panel)


def test_media_before_the_window_are_history(read):
    frame = weekly(40)
    frame["sales"] = frame["sales"].where(frame.index >= 8)
    panel = read(frame)
    assert panel.data.history == panel.data.before == 2
    assert np.array_equal(panel.data.exposure[0, 0], frame["tv_grp"][6:])
    assert str(panel.data.dates[0]) == frame["date"][8]
    assert "media-history" in codes(panel)
    assert structure(parse_model(MODEL), panel.data).fitted.all()


def test_unknown_media_before_the_window_are_no_history(read):
    frame = weekly(40)
    frame["sales"] = frame["sales"].where(frame.index >= 8)
    frame.loc[6, "tv_grp"] = np.nan
    assert read(frame).data.history == 1


def test_rows_after_the_window_are_left_out(read):
    frame = weekly(40)
    frame.loc[35:, "sales"] = np.nan
    panel = read(frame)
    assert len(panel.data.dates) == 35
    assert "after-window" in codes(panel)


def test_unbalanced_geos_are_masked(read):
    model = GEO_MODEL.replace('name = "tv"', 'name = "tv"\nmissing = "zero"').replace(
        'name = "search"', 'name = "search"\nmissing = "zero"'
    )
    model = model.replace('role = "confounder"', 'role = "confounder"\nmissing = "impute"')
    frame = geos()
    panel = read(frame[~((frame["region"] == "west") & (frame["date"] < "2024-02-12"))], model)
    assert np.isnan(panel.data.outcome[2, :6]).all()
    assert np.isfinite(panel.data.outcome[:2]).all()
    assert "outcome-masked" in codes(panel)


def test_a_geo_without_outcome_is_left_out(read):
    frame = geos()
    frame.loc[frame["region"] == "west", "sales"] = np.nan
    panel = read(frame, GEO_MODEL)
    assert panel.data.geos == ("north", "south")
    finding = next(f for f in panel.findings if f.code == "geo-without-outcome")
    assert finding.severity == "warning"


def test_a_national_channel_is_spent_once(read):
    model = GEO_MODEL.replace('name = "tv"', 'name = "tv"\nnational = true')
    frame = geos()
    for column in ("tv_grp", "tv_spend"):
        frame[column] = frame.groupby("date")[column].transform("first")
    data = read(frame, model).data
    assert data.spend[0].sum() == pytest.approx(frame.groupby("date")["tv_spend"].first().sum())
    assert data.spend[0][2, 0] / data.spend[0][0, 0] == pytest.approx(3)
    assert (data.exposure[0] == data.exposure[0][0]).all()
    with pytest.raises(AttributionError, match='declared national, but column "tv_grp" differs between geos'):
        read(geos(), model)


def test_worth_and_frequency(read):
    frame = weekly().assign(worth=2.5, often=1.5)
    frame.loc[4, "worth"] = np.nan
    model = MODEL.replace('outcome = "sales"', 'outcome = "sales"\nrevenue = false\nrevenue_per_outcome = "worth"')
    data = read(frame, model.replace('exposure = "tv_grp"', 'exposure = "tv_grp"\nfrequency = "often"')).data
    assert (data.revenue_per_outcome == 2.5).all()
    assert (data.frequency[0] == 1.5).all()
    assert (data.frequency[1] == 0).all()
    unknown = MODEL.replace('outcome = "sales"', 'outcome = "sales"\nrevenue = false')
    assert np.isnan(read(frame, unknown).data.revenue_per_outcome).all()


def change(**cells):
    """A panel with some cells replaced: column to (rows, value)."""
    frame = weekly().astype(dict.fromkeys(cells, object))
    for column, (rows, value) in cells.items():
        frame.loc[rows, column] = value
    return frame


SECRET = "jane@example.com"
WRONG = {
    "text in a number": (change(tv_spend=(3, SECRET)), 'column "tv_spend" holds no number in 1 cell on line 5'),
    "text in dates": (change(date=([4, 9], SECRET)), 'column "date" does not read as dates in 2 cells (the first on line 6)'),
    "no date": (change(date=(4, None)), "1 rows have no date (the first on line 6)"),
    "a date twice": (change(date=(4, "2024-01-01")), "1 dates occur more than once (the first: 2024-01-01, line 6)"),
    "negative spend": (change(tv_spend=([1, 2], -5)), 'channel[0] tv: column "tv_spend" is below zero in 2 cells'),
    "zero channel": (change(search_spend=(slice(None), 0)), 'channel[1] search: column "search_spend" is zero in every period'),
    "constant outcome": (change(sales=(slice(None), 7)), 'the outcome "sales" has the same value everywhere'),
    "no outcome": (change(sales=(slice(None), None)), 'column "sales" (outcome) is empty in every row'),
    "constant control": (change(price=(slice(None), 7)), 'control[0]: column "price" has one value only'),
    "empty control": (change(price=(7, None)), 'control[0]: column "price" is empty in 1 of 30 cells (2024-02-19)'),
    "empty media": (change(search_spend=(7, "n/a")), 'channel[1] search: column "search_spend" is empty in 1 of 30 cells'),
    "three rows": (weekly(3), "the outcome is known in 3 weeks, and the first 2 are not fitted"),
    "one row": (weekly(1), "all rows have one date, 2024-01-01; a panel has a row for each day, week or month"),
    "off the grid": (change(date=(4, "2024-01-30")), "most dates lie 7 days apart, but 1 of 30 do not fit into that (the first is 2024-01-30)"),
    "a wrong year": (change(date=(4, "2091-01-01")), "Is a year mistyped?"),
    "quarters": (weekly(step=91), "dates lie 91 days apart"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_fitted_is_said(read, name):
    frame, message = WRONG[name]
    with pytest.raises(AttributionError, match=re.escape(message)) as error:
        read(frame)
    assert SECRET not in str(error.value)


def test_everything_wrong_is_said_at_once(read):
    with pytest.raises(AttributionError) as error:
        read(change(tv_spend=(1, -5), search_spend=(slice(None), 0), price=(slice(None), 7)))
    assert len(str(error.value).splitlines()) == 3


def test_rows_of_regions_without_a_geo_column_are_pointed_out(read):
    with pytest.raises(AttributionError, match=r"name the column of regions: data\.geo"):
        read(geos())
    frame = geos()
    frame.loc[5, "region"] = None
    with pytest.raises(AttributionError, match="1 rows have no geo"):
        read(frame, GEO_MODEL)
    with pytest.raises(AttributionError, match=r"data\.population: column"):
        read(geos().assign(people=0.0), GEO_MODEL)


def test_missing_columns_and_files_are_usage_errors(read, tmp_path):
    with pytest.raises(UsageError, match=r'Column "tv_grp" \(exposure of tv\) not found in .*Did you mean "tv_grps"'):
        read(weekly().rename(columns={"tv_grp": "tv_grps"}))
    with pytest.raises(UsageError, match='Column "date"'):
        read(weekly().rename(columns={"date": "tag"}))
    with pytest.raises(UsageError, match="No file"):
        read_panel([str(tmp_path / "none.csv")], parse_model(MODEL))
    with pytest.raises(AttributionError, match="is empty"):
        read(None, text="")


def test_what_tells_little_is_found(read):
    steady = read(change(tv_grp=(slice(None), 7)))
    assert "channel-constant" in codes(steady)
    other = weekly()
    other.loc[:9, "tv_spend"] = 0.0
    assert "spend-exposure-mismatch" in codes(read(other))
    assert "columns-unused" in codes(read(weekly().assign(other=1.0)))


def test_rows_that_cannot_be_split_are_counted(read):
    panel = read(None, text=weekly().to_csv(index=False) + "2024-07-29,2,3,4,5,6,7,8,9\n")
    assert "rows-refused" in codes(panel)


def test_empty_rows_at_the_end_are_nothing(read):
    text = weekly().to_csv(index=False) + ",,,,,\n,,,,,\n"
    assert read(None, text=text).data.outcome.shape == (1, 30)


def test_two_hundred_channels(read):
    frame, rng = weekly(), np.random.default_rng(1)
    model = '[data]\noutcome = "sales"\n'
    wide = pd.DataFrame(rng.gamma(2, 5, (30, 200)), columns=[f"c{i}_spend" for i in range(200)])
    for name in wide.columns:
        model += f'[[channel]]\nname = "{name[:-6]}"\nspend = "{name}"\n'
    panel = read(pd.concat([frame[["date", "sales"]], wide], axis=1), model)
    assert panel.data.exposure.shape == (200, 1, 30)


def test_a_gap_of_a_calendar_is_no_other_step():
    days = np.array(["2024-01-01", "2024-01-08", "2024-02-05"], dtype="datetime64[D]")
    assert len(find_calendar(days, "x").dates) == 6
