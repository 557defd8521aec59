"""The issue's commands on public files, against numbers that nobody here made."""

from __future__ import annotations

import pandas as pd
import pytest

# ChannelAttribution, MAM 1 and MAM 2 agree on the rules; the chain is exact (see docs/methods.md).
RULES = {
    "first": {"alpha": 6308, "beta": 2831, "delta": 1, "epsilon": 99, "eta": 3164, "gamma": 165, "iota": 4606, "kappa": 74,
              "lambda": 902, "mi": 2, "theta": 1606, "zeta": 27},
    "last": {"alpha": 8447, "beta": 989, "delta": 5, "epsilon": 531, "eta": 4167, "gamma": 92, "iota": 3355, "kappa": 230,
             "lambda": 1207, "mi": 2, "theta": 653, "zeta": 107},
    "linear": {"alpha": 7574.718594, "beta": 2083.500145, "delta": 1.725, "epsilon": 272.170438, "eta": 3539.951157,
               "gamma": 121.041639, "iota": 3857.096221, "kappa": 137.964078, "lambda": 1035.257572, "mi": 2.222222,
               "theta": 1022.801394, "zeta": 136.55154},
    "position-40-20-40": {"alpha": 7444.823759, "beta": 1969.766179, "delta": 2.586667, "epsilon": 301.050233,
                          "eta": 3618.796149, "gamma": 125.240911, "iota": 3944.948166, "kappa": 147.459557,
                          "lambda": 1046.903901, "mi": 2.057143, "theta": 1092.744472, "zeta": 88.622864},
    "shapley": {"alpha": 7627.944048, "beta": 1982.739286, "delta": 2.292857, "epsilon": 374.677381, "eta": 3613.655952,
                "gamma": 138.185714, "iota": 3505.044048, "kappa": 159.057143, "lambda": 987.782143, "mi": 2.666667,
                "theta": 1190.963095, "zeta": 199.991667},
    "markov-1": {"alpha": 5344.947682, "beta": 2527.352167, "delta": 4.613618, "epsilon": 599.57065, "eta": 3340.847402,
                 "gamma": 171.145443, "iota": 3884.614702, "kappa": 274.363256, "lambda": 1282.847223, "mi": 1.722425,
                 "theta": 1971.91288, "zeta": 381.062553},
    "markov-1-no-nulls": {"alpha": 5260.069561, "beta": 2585.406272, "iota": 3899.246228},
}  # fmt: skip
VALUES = {
    "first": {"alpha": 19121.272356, "zeta": 103.004},
    "last": {"alpha": 28414.214274, "gamma": 506.013992},
    "linear": {"alpha": 24524.709569, "mi": 6.081444},
    "markov-1": {"alpha": 18799.170626, "gamma": 719.236746, "zeta": 1468.703015},
}
EFFECTS = {
    "markov-1": {"alpha": 0.558399490, "beta": 0.264038536, "delta": 0.000481996, "gamma": 0.017879974, "zeta": 0.039810518},
    "markov-2": {"alpha": 0.547803282, "beta": 0.237909870, "delta": 0.000503101, "gamma": 0.016765130, "zeta": 0.036474815},
    "markov-1-no-nulls": {"alpha": 0.561718844, "beta": 0.276093577, "delta": 0.000454780, "zeta": 0.042130648},
}  # fmt: skip
VALUE_EFFECTS = {"markov-1": {"alpha": 0.522985590, "iota": 0.416694279, "mi": 0.000151464}}


@pytest.fixture
def table(run, public):
    """PathData through the commands as an analyst types them."""
    run("ingest", "--paths", public("mta/channelattribution_pathdata.csv"))
    run("fit", "rules")
    run("fit", "markov", "--order", "1")
    run("fit", "markov", "--order", "2")
    run("fit", "markov", "--order", "1", "--nulls", "ignore")
    run("fit", "shapley")
    return pd.DataFrame(run("credits", "-f", "json").json).set_index(["fit", "channel"])


def test_pathdata_gives_the_published_numbers(table):
    for fit, channels in RULES.items():
        for channel, value in channels.items():
            assert table.loc[(fit, channel), "conversions"] == pytest.approx(value, abs=1e-6), (fit, channel)
    for fit, channels in VALUES.items():
        for channel, value in channels.items():
            assert table.loc[(fit, channel), "value"] == pytest.approx(value, abs=1e-6), (fit, channel)
    for effects, column in ((EFFECTS, "removal_effect"), (VALUE_EFFECTS, "value_removal_effect")):
        for fit, channels in effects.items():
            for channel, value in channels.items():
                assert table.loc[(fit, channel), column] == pytest.approx(value, abs=1e-9), (fit, channel)


def test_every_model_adds_up_to_what_was_observed(table):
    sums = table.groupby("fit")[["conversions", "value", "conversion_share"]].sum()
    assert sums["conversions"].to_numpy() == pytest.approx(19785)
    assert sums["value"].to_numpy() == pytest.approx(74802.971587)
    assert sums["conversion_share"].to_numpy() == pytest.approx(1)


T7 = {
    "adwords": (1, 1, 1.369048, 1.24, 19.107143, 47, 34.330435, 0.406535),
    "bing": (0, 2, 0.476190, 0.80, 6.428571, None, None, None),
    "direct": (11, 11, 10.976190, 10.94, 141.428571, None, None, None),
    "facebook_ads": (7, 4, 5.392857, 5.44, 70.178571, 312, 57.854305, 0.224931),
    "google": (2, 3, 2.785714, 2.58, 37.857143, None, None, None),
}


def test_the_dbt_playbook_gives_its_numbers_with_cpa_and_roas(run, public):
    files = [public(f"mta/dbtlabs_playbook_{n}.csv") for n in ("sessions", "customer_conversions", "ad_spend")]
    told = run("ingest", *files).err
    assert "touchpoints.channel = utm_source" in told
    assert "90 rows read, 90 kept, 33 repaired" in told
    told = run("journeys", "--lookback", "30d").err
    run("fit", "rules")
    table = pd.DataFrame(run("credits", "-f", "json").json).set_index(["fit", "channel"])
    for channel, (first, last, linear, position, revenue, cost, cpa, roas) in T7.items():
        assert table.loc[("first", channel), "conversions"] == first
        assert table.loc[("last", channel), "conversions"] == last
        row = table.loc[("linear", channel)]
        assert row["conversions"] == pytest.approx(linear, abs=1e-6)
        assert row["value"] == pytest.approx(revenue, abs=1e-6)
        assert table.loc[("position-40-20-40", channel), "conversions"] == pytest.approx(position, abs=1e-6)
        if cost is None:
            assert pd.isna(row["cost"])
        else:
            assert row["cost"] == cost
            assert row["cpa"] == pytest.approx(cpa, abs=1e-6)
            assert row["roas"] == pytest.approx(roas, abs=1e-6)


def test_the_messy_sessions_are_all_accounted_for(run, public):
    told = run("ingest", public("mta/hachemsfar_sessions_2019_2020.tsv")).err
    assert "sessions with revenue on the row" in told
    assert "13,159 rows read, 13,159 kept, 145 repaired" in told
    run("fit", "rules")
    rows = run("credits", "--model", "last", "-f", "json").json
    assert "Adwords/\nSEA_NON-BRAND" in {r["channel"] for r in rows}


@pytest.mark.parametrize("order", [1, 2])
def test_bryls_three_paths(run, tmp_path, order):
    (tmp_path / "paths.csv").write_text("path,conversions,nulls\nC1 > C2 > C3,1,0\nC1,0,1\nC2 > C3,0,1\n")
    run("ingest", "--paths", "paths.csv")
    rows = run("fit", "markov", "--order", order, "-f", "json").json
    assert [r["removal_effect"] for r in rows[:3]] == pytest.approx([0.5, 1, 1])
    assert [r["conversions"] for r in rows[:3]] == pytest.approx([0.2, 0.4, 0.4])


def test_empty_paths_are_unattributed_in_every_model(run, tmp_path):
    (tmp_path / "paths.csv").write_text("path,conversions\nA>B,1\nA > B > ,1\n > ,1\nB,1\n")
    run("ingest", "--paths", "paths.csv")
    run("fit", "paths")
    table = pd.DataFrame(run("credits", "-f", "json").json)
    for _, rows in table.groupby("fit"):
        left = rows.set_index("channel")["conversions"]
        assert left["(unattributed)"] == 1
        assert left.drop("(unattributed)").sum() == pytest.approx(3)


def test_the_rate_game_of_other_tools_goes_negative_and_ours_does_not(run, tmp_path):
    (tmp_path / "paths.csv").write_text("path,conversions,nulls\nA>B,4,6\nA,2,8\nB,1,0\n")
    run("ingest", "--paths", "paths.csv")
    rows = run("fit", "shapley", "-f", "json").json
    assert [(r["channel"], r["conversions"]) for r in rows] == [("A", 4), ("B", 3), ("(unattributed)", 0)]
