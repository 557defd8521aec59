"""Model files: every specification reads back as it was, and what is wrong is named by its path."""

from __future__ import annotations

import json
import re
import tomllib
from typing import get_args

import pytest

from attribution.errors import UsageError
from attribution.mix import model_tables
from attribution.mix.model_file import parse_model, read_model, template
from attribution.mix.model_tables import model_schema
from attribution.mix.model_toml import model_toml
from attribution_models.mix import adstock, saturation
from attribution_models.mix.priors import FAMILIES, Prior, half_normal, normal
from attribution_models.mix.spec import Channel, Control, Effect, Event, Holidays, Intercept, MixSpec, Trend
from attribution_models.mix.time_varying import TimeVarying
from tests.mix.cases import CASES
from tests.mix.markets import MODEL

LEAST = '[data]\noutcome = "y"\n[[channel]]\nname = "tv"\nspend = "tv_spend"\n'


@pytest.mark.parametrize("name", CASES)
def test_a_specification_reads_back_as_it_was(name):
    spec = CASES[name].spec
    assert parse_model(model_toml(spec)) == spec


def test_odd_names_and_everything_off_read_back():
    spec = MixSpec(
        'y "quoted" \\ ü\n',
        (Channel("tv = 1", "a#b", pooling=None, effect=Effect("contribution", Prior("uniform", (0.0, 0.3)))),),
        controls=(Control("p", treatment=True, pooling=Prior("fixed", (0.25,)), prior=Prior("laplace", (0.0, 1e-05))),),
        events=(Event("launch", (("2024-01-01", "2024-01-01"), ("2024-05-01", "2024-05-09"))),),
        holidays=(Holidays("US", "CA", each=True),),
        intercept=Intercept(pooling=None, common=False),
        revenue_per_outcome=12.5,
        period_effect=half_normal(0.1),
        trend=Trend("knots", at=(0, 5, 9)),
    )
    assert parse_model(model_toml(spec)) == spec


def test_the_least_model_has_the_defaults():
    assert parse_model(LEAST) == MixSpec("y", (Channel("tv", "tv_spend", "tv_spend"),))


def test_defaults_hold_for_channels_that_do_not_say_otherwise():
    spec = parse_model("""
        [data]
        outcome = "y"
        [defaults.adstock]
        kind = "delayed"
        l_max = 5
        alpha = 0.4
        theta = { dist = "half-normal", sigma = 3 }
        [defaults.saturation]
        kind = "hill"
        slope = { dist = "gamma", alpha = 4, beta = 3 }
        [defaults.effect]
        roi = { dist = "log-normal", mu = 0.2, sigma = 0.9 }
        [[channel]]
        name = "tv"
        spend = "tv"
        [[channel]]
        name = "radio"
        spend = "radio"
        adstock = { alpha = { dist = "beta", alpha = 2, beta = 2 } }
        [[channel]]
        name = "mail"
        exposure = "mail"
        adstock = { kind = "geometric" }
        effect = { contribution = { dist = "beta", alpha = 1, beta = 99 } }
    """)
    tv, radio, mail = spec.channels
    assert tv.adstock == adstock.Adstock(
        "delayed", 5, priors=(("alpha", Prior("fixed", (0.4,))), ("theta", half_normal(3)))
    )
    assert radio.adstock.parameters == {"alpha": Prior("beta", (2, 2)), "theta": half_normal(3)}
    assert tv.saturation == radio.saturation == mail.saturation
    assert tv.effect == Effect("roi", Prior("log-normal", (0.2, 0.9)))
    # Another kind keeps the length, and none of the other kind's priors.
    assert mail.adstock == adstock.Adstock("geometric", 5)
    assert mail.effect.target == "contribution"


def test_days_may_be_toml_dates_or_text():
    spec = parse_model(LEAST + '[[event]]\nname = "e"\ndates = [2024-03-01, ["2024-04-01", 2024-04-03]]\n')
    assert spec.events[0].dates == (("2024-03-01", "2024-03-01"), ("2024-04-01", "2024-04-03"))


def test_effects_drift_where_the_table_is_there():
    assert parse_model(LEAST).time_varying is None
    assert parse_model(LEAST + "[time_varying]").time_varying == TimeVarying()
    found = parse_model(LEAST + '[time_varying]\npoints = 6\nlength = 40\ncovariance = "expquad"')
    assert found.time_varying == TimeVarying(6, length=Prior("fixed", (40.0,)), covariance="expquad")


def test_a_truncated_normal_may_be_open_above():
    spec = parse_model(LEAST + '[noise]\nsigma = { dist = "truncated-normal", mu = 1, sigma = 1, lower = 0.1 }\n')
    assert spec.noise.sigma == Prior("truncated-normal", (1, 1, 0.1, float("inf")))
    assert parse_model(model_toml(spec)) == spec


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[data]\noutcom = 1", 'm.toml: "data.outcom" is unknown. Did you mean "outcome"?'),
        (LEAST + "adstok = {}", '"channel[0].adstok" is unknown. Did you mean "adstock"?'),
        (LEAST + 'adstock = { kind = "geometrc" }', "channel[0].adstock.kind: Invalid enum value 'geometrc'"),
        (LEAST + "adstock = { l_max = 0 }", "channel[0].adstock.l_max: Expected `int` >= 1"),
        (LEAST + 'adstock = { theta = 1 }', "channel[0].adstock: Adstock geometric has no parameter theta"),
        (LEAST + 'adstock = { alpha = { dist = "beta", alpha = 1 } }', "channel[0].adstock.alpha: Prior beta takes alpha, beta"),
        (LEAST + 'adstock = { alpha = { dist = "beta", mu = 1, sgma = 2 } }', '"channel[0].adstock.alpha.sgma" is unknown'),
        (LEAST + 'effect = { roi = { dist = "log-normal", mu = 0, sigma = -1 } }', "channel[0].effect.roi: Prior log-normal: sigma"),
        (LEAST + 'effect = { roi = 2 }', "channel[0].effect.roi: An effect needs a distribution"),
        (LEAST + 'effect = { roi = { dist = "normal", mu = 0, sigma = 1 }, mroi = 1 }', "channel[0].effect: one prior"),
        (LEAST.replace("spend =", "exposure =") + 'effect = { roi = { dist = "exponential", lam = 1 } }', "channel[0].effect.roi: channel[0] (tv) has no spend"),
        (LEAST.replace('spend = "tv_spend"', ""), "channel[0]: name the column that acts"),
        (LEAST + '[[channel]]\nname = "tv"\nspend = "b"', "Channels and treatments need names of their own; twice: tv"),
        (LEAST + '[[channel]]\nname = "b"\nspend = "tv_spend"', 'channel[1]: column "tv_spend" has a role already, at channel[0]'),
        (LEAST.replace('"tv"', '"(baseline)"'), 'channel[0].name: "(baseline)" is a reserved name'),
        (LEAST + '[[control]]\ncolumn = "visits"\nrole = "mediator"', 'control[0].role: "visits": a mediator lies on the way'),
        (LEAST + '[[control]]\ncolumn = "y"', 'control[0].column: column "y" has a role already, at data.outcome'),
        (LEAST + '[[control]]\ncolumn = "p"\nsign = 1\nprior = { dist = "student-t", nu = 4, mu = 0, sigma = 1 }', "control[0].prior: Control p: a sign needs"),
        (LEAST + '[[event]]\nname = "e"\ndates = ["soon"]', 'event[0].dates[0]: "soon" is no date'),
        (LEAST + '[[event]]\nname = "e"\ndates = []', "event[0].dates: no date"),
        (LEAST + '[[event]]\nname = "e"\ndates = [["2024-02-01", "2024-01-01"]]', "event[0].dates[0]: ends (2024-01-01) before"),
        (LEAST + '[trend]\nkind = "linear"\nprior = { dist = "half-normal", sigma = 1 }', "trend.prior: half-normal is not possible"),
        (LEAST + "[time_varying]\npoints = 0", "time_varying.points: Expected `int` >= 1"),
        (LEAST + "[time_varying]\nknots = 3", '"time_varying.knots" is unknown'),
        (LEAST + "[time_varying]\nscale = 0", "time_varying: The scale of time-varying effects must lie above zero"),
        (LEAST + '[time_varying]\nlength = { dist = "normal", mu = 30, sigma = 5 }', "time_varying: The length of time-varying effects"),
        (LEAST + "[seasonality]\nyearly = -1", "seasonality.yearly: Expected `int` >= 0"),
        (LEAST + '[model]\nlink = "log"\n[defaults.effect]\nroi = { dist = "exponential", lam = 1 }', "tv: a prior on roi needs the identity link"),
        ('[data]\noutcome = "y"\n', "Object missing required field `channel`"),
        ('[data]\noutcome = "y"\n[channel]\nname = "tv"', "channel: Expected `array`, got `object`"),
        ("[data\n", "is no valid TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_path(text, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        parse_model(text, "m.toml")


def test_countries_are_checked():
    pytest.importorskip("holidays")
    with pytest.raises(UsageError, match=r'holidays\[0\]: country "Germany" is unknown'):
        parse_model(LEAST + '[[holidays]]\ncountry = "Germany"')
    with pytest.raises(UsageError, match=r'holidays\[0\]: subdivision "XX" is unknown. DE has BB'):
        parse_model(LEAST + '[[holidays]]\ncountry = "DE"\nsubdivision = "XX"')


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(UsageError, match="Cannot read"):
        read_model(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(UsageError, match="not UTF-8"):
        read_model(tmp_path / "latin.toml")


def test_the_template_is_a_model():
    spec = parse_model(template())
    assert [c.name for c in spec.channels] == ["tv", "search", "newsletter"]
    assert spec.events[0].dates[1] == ("2026-11-27", "2026-11-30")
    # What it shows as defaults are the defaults.
    assert spec.seasonality == MixSpec("y", (Channel("a", "b"),)).seasonality
    assert spec.controls[0].prior == Control("query_volume").prior
    assert spec.channels[1].adstock.parameters == dict(adstock.KINDS["geometric"].parameters)
    assert spec.channels[1].saturation.parameters == dict(saturation.KINDS["logistic"].parameters)


def test_commented_lines_of_the_template_are_valid():
    pytest.importorskip("holidays")
    found = []
    for line in template().splitlines():
        bare = re.sub(r"^# (?=\[|\w+ = )", "", line)
        if bare == line or not any(
            line.startswith(f"# {k}") for k in ("mroi", "contribution", "coefficient", "kappa", "alpha", "lam", "k ")
        ):
            found.append(bare)
    text = (
        "\n".join(found)
        .replace('kind = "linear" ', 'kind = "gaussian-process" ')
        .replace("[[holidays]]\n", "[[holidays]]\n")
    )
    spec = parse_model(text)
    assert spec.period_effect == half_normal(0.3)
    assert spec.time_varying == TimeVarying()
    assert spec.holidays[0].country == "US"
    assert spec.channels[3].frequency == "video_frequency"


def test_every_family_and_kind_can_be_written():
    assert set(get_args(model_tables.Distribution)) == {*FAMILIES, "fixed"}
    assert set(get_args(model_tables.AdstockKind)) == set(adstock.KINDS)
    assert set(get_args(model_tables.SaturationKind)) == set(saturation.KINDS)
    for table, kinds in ((model_tables.AdstockTable, adstock.KINDS), (model_tables.SaturationTable, saturation.KINDS)):
        assert {p for kind in kinds.values() for p in kind.parameters} <= set(table.__struct_fields__)
    assert {p for f in FAMILIES.values() for p in f.parameters} <= set(model_tables.PriorTable.__struct_fields__)


def test_the_schema_names_every_table():
    schema = model_schema()
    assert json.loads(json.dumps(schema)).keys() == schema.keys()
    keys = schema["$defs"]["ModelFile"]["properties"]
    assert set(tomllib.loads(template())) <= set(keys)


def test_the_model_of_the_other_tests_reads():
    spec = parse_model(MODEL)
    assert spec.controls[0].prior == normal(0.0, 2.0)
    assert spec.channels[1].exposure == "search_spend"
