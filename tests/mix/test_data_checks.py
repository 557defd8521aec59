"""Checks before a fit: known collinearity, variation and sizes, and the findings that they become."""

from __future__ import annotations

import numpy as np
import pytest

from attribution.errors import AttributionError
from attribution.findings import worst
from attribution.mix.checks import check_model
from attribution.mix.model_file import parse_model
from attribution.mix.panel import Panel, read_panel
from attribution_models.mix.data_checks import Regressors, parameters, time_saturation, variation
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES
from tests.mix.markets import GEO_MODEL, MODEL, geos, weekly


@pytest.fixture
def check(tmp_path):
    def found(frame, model=MODEL, **options):
        frame.to_csv(tmp_path / "panel.csv", index=False)
        spec = parse_model(model)
        return {f.code: f for f in check_model(spec, read_panel([str(tmp_path / "panel.csv")], spec), **options)}

    return found


def built(columns):
    return Regressors(tuple(str(i) for i in range(len(columns))), 1, np.array(columns, dtype=float))


def test_inflation_is_that_of_regressions():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4, 200))
    x[3] = x[0] + 0.3 * x[1] + 0.2 * rng.normal(size=200)
    x -= x.mean(axis=1, keepdims=True)
    factors = built(x).inflation()
    for k in range(4):
        others = np.delete(x, k, axis=0).T
        fitted = others @ np.linalg.lstsq(others, x[k], rcond=None)[0]
        assert factors[k] == pytest.approx((x[k] ** 2).sum() / ((x[k] - fitted) ** 2).sum())
    assert built(x).correlation() == pytest.approx(np.corrcoef(x))


def test_a_sum_of_others_has_infinite_inflation_and_the_rest_has_not():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(4, 100))
    x[2] = x[0] - x[1]
    x -= x.mean(axis=1, keepdims=True)
    factors = built(x).inflation()
    assert np.isinf(factors[:3]).all()
    assert factors[3] == pytest.approx(1, abs=0.2)
    assert np.isinf(built(x[:, :3]).inflation()).all()
    assert built(np.zeros((0, 5))).inflation().size == 0


@pytest.mark.parametrize("name", CASES)
def test_every_configuration_can_be_checked(name):
    case = CASES[name]
    s = structure(case.spec, case.data, case.lifts)
    assert np.isfinite(Regressors.of(s).correlation()).all()
    assert parameters(s) > 0
    assert 0 <= time_saturation(s) <= 1
    assert variation(s, 0).active > 0


def test_a_good_panel_has_nothing_against_it(check):
    found = check(weekly(120))
    assert worst(found.values()) == "warning"
    assert set(found) == {"search-without-queries", "history-masked"}


def test_collinear_channels(check):
    frame = weekly(120)
    frame["search_spend"] = frame["tv_grp"] * 2 + 0.1
    found = check(frame)
    assert "tv (" in found["collinear"].message
    assert "tv and search (1.00)" in found["correlated"].message


def test_steady_and_rare_channels(check):
    frame = weekly(120)
    frame["tv_grp"] = 100 + np.arange(120) % 2
    frame["search_spend"] = np.where(np.arange(120) % 40 == 0, 5.0, 0.0)
    found = check(frame)
    assert "tv hardly varies" in found["channel-steady"].message
    assert "search is active in 2.5%" in found["channel-rare"].message


def test_roles_and_query_volume(check):
    found = check(weekly(120), MODEL.replace('role = "confounder"', ""))
    assert "price" in found["control-undeclared"].message
    queries = weekly(120).assign(query_volume=weekly(120, seed=9)["price"])
    model = MODEL + '[[control]]\ncolumn = "query_volume"\nrole = "confounder"\n'
    assert "search-without-queries" not in check(queries, model)


def test_many_parameters_and_a_short_window(check):
    found = check(weekly(30), MODEL + "[seasonality]\nyearly = 10\n")
    assert "28 fitted rows for" in found["few-rows"].message
    assert "30 weeks with yearly seasons" in found["short"].message


def test_national_channels_beside_saturated_time(check):
    frame = geos(40, tuple("abcdef"))
    for column in ("tv_grp", "tv_spend"):
        frame[column] = frame.groupby("date")[column].transform("first")
    model = GEO_MODEL.replace('name = "tv"', 'name = "tv"\nnational = true') + '[trend]\nkind = "knots"\npoints = 30\n'
    assert check(frame, model)["national-saturated"].severity == "error"
    assert check(frame, model, allow_saturated=True)["national-saturated"].severity == "warning"
    assert "national-saturated" not in check(frame, model.replace("30", "4"))


def test_few_geos(check):
    found = check(geos(40), GEO_MODEL)
    assert "3 geos say little about the spread" in found["few-geos"].message
    fixed = GEO_MODEL.replace("spend = ", "pooling = 0.3\nspend = ") + "[intercept]\npooling = 1.0\n"
    assert "few-geos" not in check(geos(40), fixed)
    assert "few-geos" not in check(geos(40, tuple("abcdef")), GEO_MODEL)


def test_geos_without_population(check):
    assert "no-population" in check(geos(40), GEO_MODEL.replace('population = "people"', ""))


def test_what_the_model_cannot_have_is_an_error(tmp_path):
    frame = weekly(60)
    frame.to_csv(tmp_path / "panel.csv", index=False)
    spec = parse_model(MODEL)
    panel = read_panel([str(tmp_path / "panel.csv")], spec)
    roi = parse_model(MODEL.replace('outcome = "sales"', 'outcome = "sales"\nrevenue = false') + "")
    worthless = read_panel([str(tmp_path / "panel.csv")], roi)
    priced = parse_model(MODEL + '[defaults.effect]\nroi = { dist = "exponential", lam = 1 }\n')
    with pytest.raises(AttributionError, match="a prior on roi needs a revenue per outcome"):
        check_model(priced, worthless)
    assert isinstance(panel, Panel)


def test_two_hundred_columns_are_a_finding(check):
    rng = np.random.default_rng(1)
    frame, model = weekly(60), MODEL
    for i in range(200):
        frame = (
            frame.assign(**{f"extra{i}": rng.normal(size=60)})
            if i % 50
            else frame.assign(**{f"extra{i}": rng.normal(size=60)}).copy()
        )
        model += f'[[control]]\ncolumn = "extra{i}"\nrole = "predictor"\n'
    found = check(frame, model)
    assert found["few-rows"].severity == "warning"
    assert "inf" in found["collinear"].message


def test_the_command(run, tmp_path):
    weekly(120).to_csv(tmp_path / "weekly.csv", index=False)
    run("mmm", "draft", "weekly.csv", "-o", "mmm.toml")
    assert (tmp_path / "mmm.toml").read_text(encoding="utf-8") == run("mmm", "draft", "weekly.csv").out
    assert "is there already" in run("mmm", "draft", "weekly.csv", "-o", "mmm.toml", status=2).err
    done = run("mmm", "check", "weekly.csv", "--model", "mmm.toml")
    assert "warning: Paid search (search) without a control for query volume" in done.out
    assert "120 weeks, 2024-01-01 to 2026-04-19; 2 channels, 1 control;" in done.err
    assert run("mmm", "check", "weekly.csv", "--model", "mmm.toml", "--strict", status=1)
    rows = run("mmm", "check", "weekly.csv", "--model", "mmm.toml", "-f", "json").json
    assert {"severity", "code", "message", "remedy", "count"} == set(rows[0])
    (tmp_path / "lifts.csv").write_text(
        "experiment,channel,start,end,lift,standard_error\na,tv,2024-01-29,2024-02-11,500,50\n"
    )
    assert "1 lift test." in run("mmm", "check", "weekly.csv", "--model", "mmm.toml", "--lifts", "lifts.csv").err


def test_the_command_s_usage(run, tmp_path):
    assert "[[channel]]" in run("mmm", "draft", "--template").out
    assert run("mmm", "draft", "--schema").json["$ref"] == "#/$defs/ModelFile"
    assert "Name a panel" in run("mmm", "draft", status=2).err
    assert "Cannot read" in run("mmm", "check", "x.csv", "--model", "none.toml", status=2).err
    assert "No file" in run("mmm", "draft", "none.csv", status=2).err
