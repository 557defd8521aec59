"""Drafts: what a panel's columns are taken for, and that every draft is a valid model of its panel."""

from __future__ import annotations

import numpy as np
import pytest

from attribution.errors import AttributionError
from attribution.mix import names
from attribution.mix.checks import check_model
from attribution.mix.draft import draft_model
from attribution.mix.guard_rails import check_prior, prior_of
from attribution.mix.model_file import parse_model
from attribution.mix.panel import read_panel
from attribution_models.mix.structure import structure
from tests.mix.markets import MODEL, geos, weekly

PUBLIC = [
    "robyn_dt_simulated_weekly.csv", "meridian_geo_all_channels.csv", "meridian_geo_media_rf.csv",
    "meridian_national_all_channels.csv", "pymcm_mmm_example.csv", "pymcm_mmm_multidimensional_example.csv",
    "pymcm_mmm_roas_data.csv", "pymcm_case_study_data.csv", "pymclabs_recovery_small_business_data.csv",
]  # fmt: skip


@pytest.fixture
def draft(tmp_path):
    def drafted(frame):
        path = tmp_path / "panel.csv"
        frame.to_csv(path, index=False)
        text = draft_model(str(path))
        spec = parse_model(text)
        panel = read_panel([str(path)], spec)
        assert "error" not in {f.severity for f in check_model(spec, panel)}
        return spec, text

    return drafted


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLIC)
def test_public_panels_give_valid_models(public, name):
    path = str(public(f"mmm/{name}"))
    spec = parse_model(draft_model(path))
    panel = read_panel([path], spec)
    assert "error" not in {f.severity for f in check_model(spec, panel)}
    used = {c.exposure for c in spec.channels} | {c.column for c in spec.controls}
    assert not {u for u in used if "effect" in u or "adstock" in u or u in ("epsilon", "y01", "y02")}


def test_the_field_s_smoke_test_is_read_as_its_authors_do(public):
    spec = parse_model(draft_model(str(public("mmm/robyn_dt_simulated_weekly.csv"))))
    assert {c.name: c.exposure for c in spec.channels} == {
        "tv": "tv_S", "ooh": "ooh_S", "print": "print_S", "facebook": "facebook_I", "search": "search_clicks_P",
        "newsletter": "newsletter",
    }  # fmt: skip
    assert [c.effect.target for c in spec.channels] == ["roi"] * 5 + ["contribution"]
    assert [e.name for e in spec.events] == ["events event1", "events event2"]


def test_reach_and_frequency_are_found(public):
    spec = parse_model(draft_model(str(public("mmm/meridian_geo_media_rf.csv"))))
    assert (spec.geo, spec.population, spec.revenue_per_outcome) == ("geo", "population", "revenue_per_conversion")
    assert (spec.channels[3].exposure, spec.channels[3].frequency) == ("Channel3_reach", "Channel3_frequency")


def test_shares_where_units_are_not_known(public):
    spec = parse_model(draft_model(str(public("mmm/pymcm_mmm_example.csv"))))
    means = [c.effect.prior.values[0] / sum(c.effect.prior.values) for c in spec.channels]
    assert {c.effect.target for c in spec.channels} == {"contribution"}
    assert sum(means) == pytest.approx(0.4, rel=0.02)


def test_a_simple_panel(draft):
    spec, text = draft(weekly(110).assign(newsletter_sends=np.arange(110) % 7 * 100.0, promo=np.arange(110) % 5 == 0))
    assert (spec.date, spec.outcome, spec.revenue) == ("date", "sales", True)
    tv = spec.channels[0]
    assert (tv.name, tv.exposure, tv.spend) == ("tv", "tv_grp", "tv_spend")
    assert [c.effect.target for c in spec.channels if c.spend is None] == ["contribution"]
    assert {c.column for c in spec.controls if c.treatment} == {"price", "promo"}
    assert "# check:" in text
    assert spec.seasonality.yearly == 2


def test_geos_and_national_channels(draft):
    frame = geos(60)
    for column in ("tv_grp", "tv_spend"):
        frame[column] = frame.groupby("date")[column].transform("first")
    spec, _ = draft(frame)
    assert (spec.geo, spec.population) == ("region", "people") or spec.geo == "region"
    assert [c.national for c in spec.channels] == [True, False]
    # Three geos say nothing about the spread between geos.
    assert spec.channels[1].pooling.fixed
    assert spec.intercept.pooling.fixed


@pytest.mark.parametrize(
    "frame",
    [weekly(110), weekly(110).assign(sales=lambda f: f["sales"] ** 3), geos(60), weekly(40).assign(promo=[0, 1] * 20)],
)
def test_a_drafted_model_believes_in_a_baseline_above_zero(draft, tmp_path, frame):
    spec, _ = draft(frame)
    data = read_panel([str(tmp_path / "panel.csv")], spec).data
    check, findings = check_prior(prior_of(structure(spec, data), 1))
    assert check.baseline_negative < 0.05
    assert not findings
    per_head = data.outcome / data.population[:, None] * data.population.mean()
    level = per_head.mean() / per_head.max()
    assert spec.intercept.prior.values[0] == pytest.approx(level, rel=0.02)


def test_gaps_are_declared_and_marked(draft):
    frame = weekly(60).drop(index=[20])
    frame.loc[30, "tv_spend"] = np.nan
    spec, text = draft(frame)
    assert {c.missing for c in spec.channels} == {"zero"}
    assert {c.missing for c in spec.controls} == {"impute"}
    assert "1 empty cells: was there really no exposure?" in text


def test_what_counts_time_or_leaks_is_left_out(draft):
    frame = weekly(60)
    frame = frame.assign(
        t=range(60), month=1 + np.arange(60) // 5 % 12, tv_effect=frame["tv_grp"], copy=frame["sales"] * 2
    )
    frame = frame.assign(note=["x" if i % 2 else "y" for i in range(60)], flat=3.0)
    spec, text = draft(frame)
    assert {c.column for c in spec.controls} == {"price"}
    assert [c.name for c in spec.channels] == ["tv", "search"]
    for column in ("t", "month", "tv_effect", "copy", "note", "flat"):
        assert f'"{column}": ' in text


def test_daily_panels_have_weekdays_and_a_longer_carry_over(draft):
    spec, _ = draft(weekly(400, step=1))
    assert spec.seasonality.weekly == 3
    assert spec.channels[0].adstock.l_max == 28


def test_names_of_columns_with_odd_characters(draft):
    spec, _ = draft(weekly(60).rename(columns={"price": 'pr"ice\\ #1'}))
    assert spec.controls[0].column == 'pr"ice\\ #1'


@pytest.mark.parametrize(
    ("name", "stem", "measure"),
    [
        ("tv_S", "tv", "spend"), ("facebook_I", "facebook", "exposure"), ("search_clicks_P", "search", "exposure"),
        ("TV Spend", "TV", "spend"), ("tvSpend", "tv", "spend"), ("mdsp_dm", "dm", "spend"), ("mdip_dm", "dm", "exposure"),
        ("Channel3_frequency", "Channel3", "frequency"), ("spend_paid_search", "paid_search", "spend"),
        ("cost.youtube", "cost.youtube", None), ("spend", "", None), ("temperature", "", None),
    ],
)  # fmt: skip
def test_names_of_media(name, stem, measure):
    found = names.medium(name)
    assert (found.stem, found.measure) == (stem, measure) if measure else found is None


@pytest.mark.parametrize(
    ("drop", "message"),
    [
        (["date"], "no column reads as dates"),
        (["sales"], "no column is named like an outcome"),
        (["tv_grp", "tv_spend", "search_spend"], "no column is named like a medium"),
    ],
)
def test_what_is_not_found_is_said(draft, drop, message):
    with pytest.raises(AttributionError, match=message):
        draft(weekly().drop(columns=drop))


def test_rows_of_a_date_that_nothing_tells_apart(draft):
    with pytest.raises(AttributionError, match="no column tells the rows of a date apart"):
        draft(geos().drop(columns="region"))


def parts(frame, folder, how):
    """The same panel as two files."""
    if how == "time":
        pieces = [frame.iloc[:70], frame.iloc[70:]]
    elif how == "columns":
        media = [c for c in frame.columns if c.startswith(("tv", "search"))]
        keys = [c for c in ("date", "region") if c in frame.columns]
        pieces = [frame.drop(columns=media), frame[keys + media].iloc[::-1]]
    else:
        pieces = [part for _, part in frame.groupby("region")]
    paths = [folder / f"part{i}.csv" for i in range(len(pieces))]
    for piece, path in zip(pieces, paths, strict=True):
        piece.to_csv(path, index=False)
    return [str(path) for path in paths]


@pytest.mark.parametrize(
    ("frame", "how"),
    [(weekly(110), "time"), (weekly(110), "columns"), (geos(60), "time"), (geos(60), "columns"), (geos(60), "regions")],
)
def test_several_files_give_the_model_of_one(frame, how, tmp_path):
    frame.to_csv(tmp_path / "whole.csv", index=False)
    files = parts(frame, tmp_path, how)
    one, several = parse_model(draft_model(str(tmp_path / "whole.csv"))), parse_model(draft_model(files))
    assert (several.geo, several.intercept, several.noise) == (one.geo, one.intercept, one.noise)
    by_name = [{c.name: c for c in spec.channels} for spec in (one, several)]
    assert by_name[0] == by_name[1]
    assert {c.column: c for c in one.controls} == {c.column: c for c in several.controls}
    assert "error" not in {f.severity for f in check_model(several, read_panel(files, several))}


def test_files_that_do_not_belong_together_are_refused_in_words(tmp_path):
    frame = weekly(60)
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.iloc[50:].to_csv(tmp_path / "again.csv", index=False)
    frame.rename(columns={"date": "week"}).to_csv(tmp_path / "week.csv", index=False)
    geos(60).to_csv(tmp_path / "regions.csv", index=False)
    for other, words in (
        ("again.csv", "same date more than once for sales"),
        ("week.csv", '"week" in .*week.csv. Give the column one name'),
        ("regions.csv", 'row for each "region" of a date, and .*a.csv has no such column'),
    ):
        with pytest.raises(AttributionError, match=words):
            draft_model([str(tmp_path / "a.csv"), str(tmp_path / other)])


LIFTS = """experiment,channel,start,end,lift,standard_error,use
a,tv,2023-02-06,2023-03-05,500,100,likelihood
b,search,2023-02-06,2023-03-05,500,100,validate
c,radio,2023-02-06,2023-03-05,500,100,likelihood
"""


def test_spend_of_tested_channels_becomes_a_control(tmp_path):
    """Of tests in the likelihood only: nothing else tells such a control from the channel."""
    frame = weekly(60)
    frame.to_csv(tmp_path / "panel.csv", index=False)
    (tmp_path / "lifts.csv").write_text(LIFTS)
    plain = parse_model(draft_model(str(tmp_path / "panel.csv")))
    text = draft_model(str(tmp_path / "panel.csv"), lifts=[str(tmp_path / "lifts.csv")])
    spec = parse_model(text)
    added = [c for c in spec.controls if c not in plain.controls]
    assert [(c.column, c.role, c.treatment) for c in added] == [("tv_spend", "confounder", False)]
    assert spec.channels == plain.channels
    assert "check: lift tests name radio, which is no channel here" in text
    panel = read_panel([str(tmp_path / "panel.csv")], spec)
    data = panel.data
    codes = [{f.code for f in check_model(spec, panel, lifts=lifts)} for lifts in (False, True)]
    # It moves with its channel by design; without tests nothing tells them apart.
    assert "spend-as-control" in codes[0]
    assert not {"spend-as-control", "collinear"} & codes[1]
    k = [c.column for c in spec.controls].index("tv_spend")
    np.testing.assert_array_equal(data.controls[k, 0], frame["tv_spend"])


@pytest.mark.parametrize(
    ("control", "refused"),
    [
        ('column = "tv_spend"\nrole = "confounder"', False),
        ('column = "tv_spend"\nrole = "predictor"', True),
        ('column = "tv_grp"\nrole = "confounder"', True),
        ('column = "tv_spend"\nrole = "confounder"\n[[control]]\ncolumn = "tv_spend"\nrole = "confounder"', True),
    ],
)
def test_a_channel_s_spend_may_be_a_confounder_once(control, refused):
    text = f"{MODEL}\n[[control]]\n{control}\n"
    if refused:
        with pytest.raises(AttributionError, match=r"has a role already|names of their own; twice"):
            parse_model(text)
    else:
        assert [c.column for c in parse_model(text).controls].count("tv_spend") == 1
