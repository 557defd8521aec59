"""`attribution suppress evaluate`: the arms' difference, worked out again by hand, and what stops it."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from attribution_models.value.power import holdout_power
from tests.cli.running import prepared

PEOPLE, START, DAYS = 1200, date(2026, 7, 1), 28
TOML = '[suppression]\nrules = ["converted"]\nholdout = 0.25\nexperiment = "june"\n'
LISTED = tuple(f"c{n:04d}" for n in range(PEOPLE))


@pytest.fixture(scope="module")
def assigned(tmp_path_factory):
    """A workspace whose list was made with a holdout, and who is in which arm."""
    folder = tmp_path_factory.mktemp("evaluate")
    rng = np.random.default_rng(5)
    love = rng.gamma(0.8, 1, PEOPLE)
    rows = [("c" + f"{n:04d}", "2026-01-02 09:00:00", 10.0) for n in range(PEOPLE)]
    for n, number in enumerate(rng.poisson(2 * love)):
        rows += [(f"c{n:04d}", f"{date(2026, 6, 3) + timedelta(int(rng.integers(0, 28)))} 12:{k % 60:02d}:00",
                  round(float(rng.gamma(4, 5)), 2)) for k in range(number)]  # fmt: skip
    pd.DataFrame(rows, columns=["unified_id", "timestamp", "value"]).to_csv(folder / "o.csv", index=False)
    (folder / "a.toml").write_text(TOML)
    with pytest.MonkeyPatch.context() as patch:
        # The workspace's key decides the arms.
        patch.setattr("attribution.identity.tombstones.secrets.token_bytes", lambda size: b"k" * size)
        ingested = ("ingest", "--no-journeys", "--timezone", "UTC", "--conversions", "o.csv")
        prepared(folder, ingested, ("suppress", "--config", "a.toml"))
    (path,) = (folder / "attribution-workspace" / "lists").glob("suppression-*/holdout.csv")
    arms = pd.read_csv(path)
    held = (arms["arm"] == "held_out").to_numpy()
    assert tuple(arms["customer_id"]) == LISTED
    # Suppressed people lose most of their purchases.
    number = rng.poisson(love * np.where(held, 2.0, 0.8))
    after = [
        (f"c{n:04d}", f"{START + timedelta(int(rng.integers(0, DAYS)))} 11:{k % 60:02d}:30",
         round(float(rng.gamma(4, 5)), 2)) for n in range(PEOPLE) for k in range(number[n])
    ]  # fmt: skip
    pd.DataFrame(after, columns=["customer_id", "timestamp", "value"]).to_csv(folder / "after.csv", index=False)
    return folder


@pytest.fixture
def here(assigned, tmp_path, run):
    shutil.copytree(assigned, tmp_path, dirs_exist_ok=True)
    return tmp_path


def truth(folder):
    """Purchases and value of everybody in the window, in as many days before it, and earlier; and who is held out."""
    (path,) = (folder / "attribution-workspace" / "lists").glob("suppression-*/holdout.csv")
    held = (pd.read_csv(path)["arm"] == "held_out").to_numpy()
    after = pd.read_csv(folder / "after.csv")
    known = pd.read_csv(folder / "o.csv").rename(columns={"unified_id": "customer_id"})
    near = known[known["timestamp"] >= "2026-06-03"]
    sums = []
    for frame in (after, near, known[known["timestamp"] < "2026-06-03"]):
        by = frame.groupby("customer_id")["value"].agg(["count", "sum"]).reindex(LISTED, fill_value=0)
        sums.append(by.to_numpy(float))
    return held, *sums


def window(*more):
    return "suppress", "evaluate", "--outcomes", "after.csv", "--start", START, "--end", "2026-07-28", *more


def test_both_estimates_are_those_of_plain_formulas(run, here):
    out = run(*window("-f", "json"))
    rows = {(row["outcome"], row["method"]): row for row in out.json}
    held, after, near, far = truth(here)
    outcomes = {"buyers": (after[:, 0] > 0).astype(float), "purchases": after[:, 0], "value": after[:, 1]}
    for name, y in outcomes.items():
        one, other = y[~held], y[held]
        error = np.sqrt(one.var(ddof=1) / one.size + other.var(ddof=1) / other.size)
        plain = rows[name, "plain"]
        assert plain["effect"] == pytest.approx(one.mean() - other.mean())
        assert (plain["suppressed"], plain["held_out"]) == pytest.approx((one.mean(), other.mean()))
        assert plain["error"] == pytest.approx(error)
        assert plain["upper"] == pytest.approx(one.mean() - other.mean() + 1.959964 * error)
        # CUPED: the coefficients of a regression on arm and pre-period (Deng et al. 2013, Lin 2013), with both arms' slope.
        column = 1 if name == "value" else 0
        x = np.column_stack([np.ones(PEOPLE), ~held, near[:, column], far[:, column]])
        fitted = np.linalg.lstsq(x, y, rcond=None)[0]
        assert rows[name, "pre-period taken out"]["effect"] == pytest.approx(fitted[1])
    cuped = rows["value", "pre-period taken out"]
    assert cuped["error"] < rows["value", "plain"]["error"]
    assert cuped["explained"] > 0.1
    spread = np.sqrt(np.average([after[~held, 1].var(ddof=1), after[held, 1].var(ddof=1)],
                                weights=[(~held).sum(), held.sum()]))  # fmt: skip
    found = holdout_power(int((~held).sum()), int(held.sum()), float(spread))
    assert rows["value", "plain"]["detectable"] == pytest.approx(found.detectable)
    # So large a loss is seen here.
    assert cuped["upper"] < 0
    assert "brought less" in out.err
    assert "Told beforehand" in out.err


def test_it_is_kept_without_people_and_gives_the_net(run, here):
    run(*window())
    workspace = here / "attribution-workspace"
    entry = json.loads((workspace / "manifest.json").read_text())["lists"]["evaluation june"]
    path = workspace / entry["files"][0]
    assert path.stat().st_mode & 0o777 == 0o600
    assert "c0001" not in path.read_text()
    told = json.loads(path.read_text())
    assert (told["start"], told["end"], told["days"]) == ("2026-07-01", "2026-07-28", 28)
    assert told["suppressed"] + told["held_out"] == PEOPLE
    touches = [f"{who},2026-07-{d:02d} 08:00:00,Meta,impression,0.05" for who in LISTED for d in range(1, 29)]
    (here / "t.csv").write_text("\n".join(["unified_id,timestamp,channel,interaction,cost", *touches]) + "\n")
    (here / "m.csv").write_text("platform,uploaded,matched\nmeta,1000,600\n")
    run("ingest", "--no-journeys", "--timezone", "UTC", "--touchpoints", "t.csv")
    money = run("suppress", "--config", "a.toml", "--match-rates", "m.csv", "--margin", "0.5").err
    assert "net: unknown" not in money
    assert 'by the experiment "june"' in money
    row = next(r for r in told["rows"] if (r["outcome"], r["method"]) == ("value", "pre-period taken out"))
    kept = json.loads((workspace / "manifest.json").read_text())["lists"]["suppression"]["freed"]
    net = json.loads((workspace / kept).read_text())
    # People times margin times the effect of a period as long; the median of draws lies near it.
    assert net["net"]["lost"] == pytest.approx(-net["people"] * 0.5 * row["effect"], rel=0.05)
    again = run(*window())
    assert "Suppression pays as long as" in again.err


def test_outcomes_before_the_start_are_pre_period_and_known_ones_count_once(run, here):
    first = run(*window("-f", "json")).json
    known = pd.read_csv(here / "o.csv").rename(columns={"unified_id": "customer_id"})
    pd.concat([known, pd.read_csv(here / "after.csv")]).to_csv(here / "after.csv", index=False)
    assert run(*window("-f", "json")).json == first


def test_ids_of_files_count_as_their_customers_and_strangers_are_counted(run, here):
    first = run(*window("-f", "json")).json
    frame = pd.read_csv(here / "after.csv").rename(columns={"customer_id": "unified_id"})
    others = pd.DataFrame(
        {"unified_id": ["x1", "x2", "x2"], "timestamp": "2026-07-05 10:00:00", "value": [1.0, 2.0, 3.0]}
    )
    pd.concat([frame, others]).to_csv(here / "after.csv", index=False)
    out = run(*window("-f", "json"))
    assert out.json == first
    assert "2 of" in out.err
    assert "take no part in the experiment" in out.err
    others.to_csv(here / "after.csv", index=False)
    assert "none of its 2 people" in run(*window(), status=2).err


def test_the_people_are_those_of_the_first_day_until_another_name_is_given(run, here):
    manifest = here / "attribution-workspace" / "manifest.json"

    def entry(name="experiment june"):
        return json.loads(manifest.read_text())["lists"][name]

    before = entry()
    content = json.loads(manifest.read_text())
    content["lists"]["experiment june"]["assigned_on"] = "2026-06-30"
    manifest.write_text(json.dumps(content))
    (here / "more.csv").write_text("unified_id,timestamp,value\n" + "".join(
        f"n{n},2026-06-29 10:00:00,5\n" for n in range(300)))  # fmt: skip
    run("ingest", "--no-journeys", "--timezone", "UTC", "--conversions", "more.csv")
    told = run("suppress", "--config", "a.toml").err
    assert "goes on with the 1,200 people assigned on 2026-06-30" in told
    assert entry()["files"] == before["files"]
    (here / "a.toml").write_text(TOML.replace("0.25", "0.1"))
    assert "have changed sides" in run("suppress", "--config", "a.toml").err
    (here / "a.toml").write_text(TOML.replace("june", "july"))
    run("suppress", "--config", "a.toml")
    assert entry("experiment july")["people"] == 1500
    assert "Name one with --experiment: july, june" in run(*window(), status=2).err
    out = run("suppress", "evaluate", "--outcomes", "after.csv", "--experiment", "june")
    # The day of the assignment is the first day, where no upload was marked.
    assert "2026-06-30 to 2026-07-28" in out.err
    assert 'Did you mean "june"?' in run(*window("--experiment", "jun"), status=2).err


def test_the_first_upload_is_the_first_day(run, here):
    rows = [f"{who},{who}@shop.example,granted" for who in LISTED]
    (here / "crm.csv").write_text("\n".join(["unified_id,email,consent", *rows]) + "\n")
    run("ingest", "--no-journeys", "--customers", "crm.csv")
    (here / "a.toml").write_text(TOML.replace("june", "summer"))
    run("suppress", "--config", "a.toml", "--platform", "meta", "--made-on", "2026-07-02")
    run("suppress", "--mark-uploaded", "meta", "--uploaded-on", "2026-07-04")
    run("suppress", "--mark-uploaded", "meta", "--uploaded-on", "2026-07-09")
    out = run("suppress", "evaluate", "--outcomes", "after.csv", "--experiment", "summer")
    assert "2026-07-04 to 2026-07-28" in out.err


def test_a_split_that_is_not_the_planned_one_stops(run, here):
    workspace = here / "attribution-workspace"
    entry = json.loads((workspace / "manifest.json").read_text())["lists"]["experiment june"]
    arms = pd.read_parquet(workspace / entry["files"][0])
    keep = (arms["arm"] == "suppressed") | (np.arange(PEOPLE) % 2 == 0)
    arms[keep].to_parquet(workspace / entry["files"][0], index=False)
    told = run(*window(), status=1).err
    assert "people went missing in one arm" in told
    assert "evaluation june" not in (workspace / "manifest.json").read_text()
    forced = run(*window("--force"))
    assert "because of --force" in forced.err
    run(*window("--force", "--strict"), status=1)


def test_what_still_reached_suppressed_people(run, here):
    held, *_ = truth(here)
    rng = np.random.default_rng(9)
    shown = rng.poisson(np.where(held, 6.0, 2.4))
    rows = [f"{who},2026-07-10" for who, number in zip(LISTED, shown, strict=True) for _ in range(number)]
    (here / "shown.csv").write_text("\n".join(["unified_id,timestamp", *rows, f"{LISTED[0]},2026-06-10"]) + "\n")
    told = run(*window("--impressions", "shown.csv")).err
    share = shown[~held].mean() / shown[held].mean()
    assert f"had {share:.1%} of the impressions of held-out people" in told
    (here / "shown.csv").write_text(f"unified_id,timestamp\n{LISTED[0]},2026-06-10\n")
    assert "Leakage needs impressions" in run(*window("--impressions", "shown.csv"), status=2).err


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("customer_id,value\nc0001,3\n", 2, "timestamp"),
        ("timestamp,value\n2026-07-03,3\n", 2, "unified_id"),
        ("customer_id,timestamp,value\n", 1, "no row can be used"),
        ("customer_id,timestamp,value\nc0001,2026-05-03 10:00:00,3\n", 2, "the last outcome is of 2026-05-03"),
    ],
)
def test_files_that_do_not_say_it_are_refused(run, here, text, status, said):
    (here / "after.csv").write_text(text)
    assert said in run(*window(), status=status).err


def test_without_values_purchases_are_compared(run, here):
    pd.read_csv(here / "after.csv").drop(columns="value").to_csv(here / "after.csv", index=False)
    out = run(*window("-f", "csv"))
    assert "value" not in {line.split(",")[0] for line in out.out.splitlines()}
    assert "purchases per listed person" in out.err


def test_without_a_holdout_there_is_nothing_to_compare(run, tmp_path):
    (tmp_path / "o.csv").write_text("unified_id,timestamp\nc1,2026-06-01\n")
    run("ingest", "--no-journeys", "--conversions", "o.csv")
    run("suppress")
    assert "holdout = 0.1" in run("suppress", "evaluate", "--outcomes", "o.csv", status=2).err


def test_where_ids_were_joined_any_of_them_is_the_customer(run, tmp_path):
    orders = [f"ck{n},2026-06-{1 + n % 20:02d} 10:00:00,10" for n in range(400)]
    (tmp_path / "o.csv").write_text("\n".join(["unified_id,timestamp,value", *orders]) + "\n")
    links = [f"unified_id,ck{2 * n},crm,k{n}\nunified_id,ck{2 * n + 1},crm,k{n}" for n in range(200)]
    (tmp_path / "i.csv").write_text("\n".join(["id_type_a,id_a,id_type_b,id_b", *links]) + "\n")
    (tmp_path / "a.toml").write_text(TOML)
    run("ingest", "--no-journeys", "--timezone", "UTC", "--conversions", "o.csv", "--identities", "i.csv")
    run("identify")
    run("suppress", "--config", "a.toml")
    (path,) = (tmp_path / "attribution-workspace" / "lists").glob("suppression-*/holdout.csv")
    arms = pd.read_csv(path)
    assert len(arms) == 200
    cookies = [f"ck{n},2026-07-05 10:00:{n % 60:02d},{n % 7}" for n in range(0, 400, 3)]
    (tmp_path / "after.csv").write_text("\n".join(["unified_id,timestamp,value", *cookies]) + "\n")
    first = run(*window("--force", "-f", "json")).json
    maps = (tmp_path / "attribution-workspace" / "identity").glob("**/unified.parquet")
    customer = pd.concat(pd.read_parquet(m) for m in maps).set_index("unified_id")["customer_id"].to_dict()
    frame = pd.read_csv(tmp_path / "after.csv")
    held = set(arms.loc[arms["arm"] == "held_out", "customer_id"])
    value = frame.groupby(frame["unified_id"].map(customer))["value"].sum().reindex(arms["customer_id"], fill_value=0)
    out = value.index.isin(held)
    plain = next(row for row in first if (row["outcome"], row["method"]) == ("value", "plain"))
    assert plain["effect"] == pytest.approx(value[~out].mean() - value[out].mean())
    frame.assign(unified_id=frame["unified_id"].map(customer)).to_csv(tmp_path / "after.csv", index=False)
    assert run(*window("--force", "-f", "json")).json == first


def test_who_is_erased_is_in_no_arm(run, here):
    run("forget", "c0003", "--yes")
    workspace = here / "attribution-workspace"
    lists = json.loads((workspace / "manifest.json").read_text())["lists"]
    arms = pd.read_parquet(workspace / lists["experiment june"]["files"][0])
    assert lists["experiment june"]["people"] == len(arms) == PEOPLE - 1
    assert "c0003" not in set(arms["customer_id"])
    run(*window())
    entry = json.loads((workspace / "manifest.json").read_text())["lists"]["evaluation june"]
    assert entry["people"] == PEOPLE - 1


def test_options_stand_behind_the_word(run, here):
    told = run("suppress", "--strict", "evaluate", "--outcomes", "after.csv", status=2).err
    assert "Write --strict behind evaluate" in told
    assert "--impressions" in run("suppress", "evaluate", "--help").out
    assert run("-w", "attribution-workspace", *window("-f", "csv")).out.startswith("outcome,method,suppressed")
