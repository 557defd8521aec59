"""Effects as tables: rows of the credits table, returns, curves, findings."""

from __future__ import annotations

import numpy as np
import pytest

from attribution.credit.mix import mix_frame
from attribution.errors import UsageError
from attribution.mix.effect_findings import learned_findings, prior_findings
from attribution.mix.effect_frames import adstock_frame, response_frame, returns_frame, saturation_frame
from attribution.tables import BASELINE, CREDIT_COLUMNS, UNATTRIBUTED
from attribution_models.mix import effects as names
from attribution_models.mix.cells import Window, cells
from attribution_models.mix.contributions import contributions
from attribution_models.mix.curves import adstock_weights, response_curves, saturation_curves
from attribution_models.mix.density import Density
from attribution_models.mix.effects import Effects
from attribution_models.mix.prior_checks import learned, prior_check
from attribution_models.mix.prior_draws import prior_draws
from attribution_models.mix.returns import returns
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES
from tests.mix.test_effects import posterior


def effects_of(name):
    return Effects.of(posterior(CASES[name], draws=40))


def test_rows_are_named_as_in_the_credits_table():
    assert (names.BASELINE, names.UNATTRIBUTED) == (BASELINE, UNATTRIBUTED)


@pytest.mark.parametrize("by", [(), ("month",), ("geo",), ("geo", "week"), ("month", "geo"), ("period",)], ids=str)
@pytest.mark.parametrize("name", ["geo_targets", "geo_national_channel", "geo_log_link"])
def test_groups_add_up_to_what_was_observed(name, by):
    effects = effects_of(name)
    s = effects.structure
    frame = mix_frame("mmm-test", effects, by=by)
    assert [c for c in frame.columns if not c.endswith(("_lower", "_upper"))][:16] == list(CREDIT_COLUMNS)
    measure = "value" if effects.money else "conversions"
    assert frame[measure].sum() == pytest.approx(s.data.outcome[s.fitted].sum())
    if not by:
        assert list(frame["channel"]) == list(effects.names)
        assert frame[f"{measure[:-1] if measure == 'conversions' else measure}_share"].sum() == pytest.approx(1)
    else:
        assert len(frame) == len(effects.names) * len(frame[list(by)].drop_duplicates())
        groups = contributions(effects, cells(s.data, s.fitted, by))
        sums = frame.groupby(list(by), sort=False)[measure].sum()
        for key, total in zip(groups.cells.names, groups.observed[:, 0], strict=True):
            assert sums[key if len(by) > 1 else key[0]] == pytest.approx(total)
    assert (frame["conversions_lower"].dropna() <= frame["conversions_upper"].dropna()).all()


def test_ratios_are_those_of_the_spend_in_the_group():
    effects = effects_of("geo_targets")
    frame = mix_frame("mmm-test", effects, by=("geo", "month")).set_index(["geo", "month", "channel"])
    found = returns(effects, Window(0, 4), by_geo=True)
    row = frame.loc[("south", "2023-01", "search")]
    assert row["cost"] == pytest.approx(found.spend[1, 1])
    assert row["roas"] == pytest.approx(found.roas.mean[1, 1])
    assert row["mroas_upper"] == pytest.approx(found.mroas.upper[1, 1])
    assert row["cpa_lower"] == pytest.approx(found.cpa.lower[1, 1])
    assert row["cpa_lower"] < row["cpa"] < row["cpa_upper"]
    assert row["interval_kind"] == "posterior"
    assert np.isnan(frame.loc[("south", "2023-01", "(baseline)")]["cost"])


def test_an_outcome_in_money_has_value_and_no_conversions():
    frame = mix_frame("mmm-test", effects_of("national_default"))
    assert frame["conversions"].isna().all()
    assert frame["cpa"].isna().all()
    assert frame["value"].notna().all()


def test_a_window_leaves_the_rest_out():
    effects = effects_of("national_default")
    s = effects.structure
    frame = mix_frame("mmm-test", effects, window=Window(10, 13))
    assert frame["value"].sum() == pytest.approx(s.data.outcome[:, 10:14].sum())
    assert frame["cost"].sum() == pytest.approx(s.data.spend[:, :, 10:14].sum())


@pytest.mark.parametrize("by", [("campaign",), ("week", "month"), ("geo", "geo"), ("geo",)], ids=str)
def test_grains_that_a_national_mix_does_not_have_are_refused(by):
    with pytest.raises(UsageError, match="by:"):
        mix_frame("mmm-test", effects_of("national_default"), by=by)


def test_tables_of_returns_and_curves():
    effects = effects_of("geo_targets")
    frame = returns_frame(returns(effects, by_geo=True))
    assert list(frame["geo"][:3]) == ["north", "south", "west"]
    kept = frame["in_window"] + frame["carried_out"]
    np.testing.assert_allclose(frame["incremental"], kept)
    np.testing.assert_allclose(frame["incremental_revenue"], 3 * kept)
    assert "geo" not in returns_frame(returns(effects))
    curves = response_frame(response_curves(effects))
    assert list(curves.loc[curves["current"], "multiplier"]) == [1.0] * 3
    np.testing.assert_allclose(curves["revenue"], 3 * curves["outcome"], atol=1e-9)
    shape = saturation_frame(saturation_curves(effects, 11))
    assert shape.groupby("channel")["beyond"].sum().tolist() == [5, 5, 5]
    weights = adstock_frame(adstock_weights(effects))
    np.testing.assert_allclose(weights.groupby("channel")["weight"].sum(), 1.0)


def test_what_the_prior_decides_is_marked_and_found():
    case = CASES["national_default"]
    density = Density.of(structure(case.spec, case.data))
    prior, again = (Effects.of(prior_draws(density, 800, seed)) for seed in (1, 2))
    codes = [f.code for f in prior_findings(prior_check(prior))]
    assert codes == ["prior-media-share", "prior-baseline"]
    known = learned(again, prior)
    (finding,) = learned_findings(known)
    assert finding.code == "prior-dominated"
    assert finding.count == 3
    frame = mix_frame("mmm-test", again, known=known)
    assert frame["mark"].tolist() == ["prior-dominated"] * 3 + ["", ""]
