"""A kept media-mix fit: back bit by bit, private, whole or not there, and judged once."""

from __future__ import annotations

import json
import os
import pickle
import stat
import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

import attribution
from attribution.errors import AttributionError, UsageError
from attribution.mix import save_mix as saving
from attribution.mix.arviz_out import to_arviz
from attribution.mix.calendar import Calendar
from attribution.mix.guard_rails import guard_rails, learned_of, prior_of, rails_frame
from attribution.mix.refresh import drift_frame, frozen_scales, warm_points
from attribution.mix.save_mix import describe_mix, save_mix, stored_of
from attribution.mix.stored import StoredMix, effects_of, free_names, load_mix
from attribution.workspace import Workspace, named_files
from attribution_models.mix.cells import cells
from attribution_models.mix.contributions import contributions
from attribution_models.mix.convergence import Gate, verdict
from attribution_models.mix.data import MixData
from attribution_models.mix.density import Density
from attribution_models.mix.drift import drift
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit import MixFit, Round
from attribution_models.mix.loo import loo
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.parameter_table import parameter_table
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.prior_checks import Learned
from attribution_models.mix.scales import Scales
from attribution_models.mix.structure import structure
from attribution_models.mix.window import first_periods
from tests.mix.cases import CASES

# National and geo, integrated and sampled terms, log link, reach and frequency, lift tests, per-geo noise.
NAMES = (
    "national_default",
    "national_student",
    "lifts",
    "geo_pooled",
    "geo_reach",
    "log_link",
    "geo_lifts",
    "time_varying",
)


def made(name: str, draws: int = 8, seed: int = 5, case=None) -> MixFit:
    """Points near the prior's middle in place of a sampler's; everything else as `fit` makes it."""
    case = case or CASES[name]
    density = Density.of(structure(case.spec, case.data, case.lifts))
    points = np.random.default_rng(seed).normal(scale=0.3, size=(2, draws, density.size))
    posterior = Posterior.of(density, points, seed)
    table = parameter_table(posterior)
    done = Round(Tuning(chains=2, draws=draws), True, 100, 0, 0.1)
    return MixFit(posterior, table, verdict(table, 0, Gate(rhat=10, ess=1), 2), (done,), "made up")


def kept(name: str, fit: MixFit | None = None, called: str = "mmm-a", **about: object) -> StoredMix:
    fit = fit or made(name)
    calendar = Calendar(fit.posterior.structure.data.dates, 7)
    return stored_of(fit, calendar, describe_mix(called, fit, calendar, about))


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


def save(workspace: Workspace, stored: StoredMix) -> None:
    with workspace.write() as manifest:
        save_mix(workspace, manifest, stored)


def same(one: StoredMix, two: StoredMix) -> None:
    """Equal to the last bit."""
    assert one.spec == two.spec
    assert one.calendar.unit == two.calendar.unit
    for kind, a, b in ((MixData, one.data, two.data), (Scales, one.scales, two.scales)):
        for field in fields(kind):
            np.testing.assert_array_equal(getattr(a, field.name), getattr(b, field.name), err_msg=field.name)
    assert len(one.lifts) == len(two.lifts)
    for a, b in zip(one.lifts, two.lifts, strict=True):
        np.testing.assert_array_equal(a.without, b.without)
        assert replace(a, without=a.without) == replace(b, without=a.without) or (a.geos, a.lift) == (b.geos, b.lift)
        assert (a.experiment, a.channel, a.start, a.end, a.deviation) == (
            b.experiment,
            b.channel,
            b.start,
            b.end,
            b.deviation,
        )
    np.testing.assert_array_equal(one.structure.fitted, two.structure.fitted)
    for name in ("points", "parameters", "beta"):
        np.testing.assert_array_equal(getattr(one.posterior, name), getattr(two.posterior, name))
    for name, values in one.posterior.coefficients.items():
        np.testing.assert_array_equal(values, two.posterior.coefficients[name])
    pd.testing.assert_frame_equal(one.parameters, two.parameters, check_exact=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_fit_comes_back_bit_by_bit(workspace, name):
    stored = kept(name)
    save(workspace, stored)
    back = load_mix(workspace)
    same(stored, back)
    one, two = (contributions(effects_of(s), cells(s.data, s.structure.fitted)).summary.mean for s in (stored, back))
    np.testing.assert_array_equal(one, two)
    assert back.entry["seed"] == stored.posterior.seed


def test_scales_are_those_of_the_fit_not_of_the_data(workspace):
    case = CASES["national_default"]
    other = Scales.of(case.spec, case.data)
    other = replace(other, outcome=other.outcome * 1.7, media=other.media * 0.6)
    density = Density.of(structure(case.spec, case.data, scales=other))
    points = np.random.default_rng(1).normal(scale=0.3, size=(2, 8, density.size))
    posterior = Posterior.of(density, points, 3)
    stored = kept("", replace(made("national_default"), posterior=posterior, table=parameter_table(posterior)))
    save(workspace, stored)
    back = load_mix(workspace)
    assert back.scales.outcome == other.outcome
    same(stored, back)


def test_only_some_draws_are_taken_evenly():
    stored = kept("national_default")
    assert effects_of(stored, 4).size == 4
    assert effects_of(stored).size == 16


def test_loading_needs_no_pymc_and_no_sampler(workspace):
    save(workspace, kept("geo_pooled"))
    code = (
        "import sys; from attribution.mix.stored import load_mix, effects_of\n"
        f"stored = load_mix({str(workspace.path)!r}); effects_of(stored)\n"
        "bad = [m for m in ('pymc', 'pytensor', 'arviz', 'nutpie') if m in sys.modules]; assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "NUMBA_NUM_THREADS": "2"})


def test_nothing_is_pickled_and_all_is_private(workspace):
    save(workspace, kept("geo_lifts"))
    (entry,) = workspace.manifest()["mixes"].values()
    files = list((workspace.path / entry["path"]).iterdir())
    assert {f.name for f in files} == {"model.toml", "arrays.npz", "draws.parquet", "parameters.csv", "fit.json"}
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert pickle.PROTO + b"\x04" not in file.read_bytes()[:2]
    with np.load(workspace.path / entry["path"] / "arrays.npz", allow_pickle=False) as arrays:
        assert all(not arrays[name].dtype.hasobject for name in arrays.files)


def test_fits_are_found_by_name_and_the_latest_without(workspace):
    for called in ("mmm-b", "mmm-a", "mmm"):
        save(workspace, kept("national_default", called=called))
    assert load_mix(workspace).name == "mmm"
    assert load_mix(workspace, "a").name == load_mix(workspace, "mmm-a").name == "mmm-a"
    save(workspace, kept("national_default", made("national_default", seed=6), called="mmm-b"))
    assert load_mix(workspace).name == "mmm-b"
    with pytest.raises(UsageError, match=r'No media-mix fit "mmm-aa".*Did you mean "mmm-a"'):
        load_mix(workspace, "mmm-aa")


def test_without_fits_it_says_how_to_make_one(workspace):
    save(workspace, kept("national_default"))
    with workspace.write() as manifest:
        del manifest["mixes"]
    with pytest.raises(UsageError, match="attribution fit mmm"):
        load_mix(workspace)
    with pytest.raises(UsageError, match="No workspace"):
        load_mix(workspace.path / "elsewhere")


def test_fitting_the_same_name_again_replaces_it(workspace):
    save(workspace, kept("national_default"))
    first = load_mix(workspace).entry["path"]
    later = kept("national_default", made("national_default", seed=9))
    save(workspace, later)
    assert not (workspace.path / first).exists()
    same(later, load_mix(workspace))
    assert len(list((workspace.path / "fits").iterdir())) == 1


@pytest.mark.parametrize("at", ["write_arrays", "digest_of_file"])
def test_a_killed_write_leaves_the_last_good_fit(workspace, monkeypatch, at):
    stored = kept("national_default")
    save(workspace, stored)
    before = workspace.manifest_path.read_bytes()

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(saving, at, killed)
    with pytest.raises(KeyboardInterrupt):
        save(workspace, kept("national_default", made("national_default", seed=8)))
    monkeypatch.undo()
    assert workspace.manifest_path.read_bytes() == before
    same(stored, load_mix(workspace))
    (workspace.path / "fits" / ".mmm-1").mkdir()
    with workspace.write():
        pass
    named = set(named_files(workspace.manifest()))
    assert {str(p.relative_to(workspace.path)) for p in (workspace.path / "fits").iterdir()} == named


def test_altered_or_missing_files_are_refused(workspace):
    save(workspace, kept("national_default"))
    folder = workspace.path / load_mix(workspace).entry["path"]
    text = (folder / "model.toml").read_text()
    (folder / "model.toml").write_text(text.replace('name = "radio"', 'name = "posters"'))
    with pytest.raises(AttributionError, match="other parameters"):
        load_mix(workspace)
    (folder / "arrays.npz").unlink()
    with pytest.raises(AttributionError, match=r"cannot be read.*Fit it again"):
        load_mix(workspace)


def test_a_workspace_of_before_has_no_mixes_and_opens(workspace):
    save(workspace, kept("national_default"))
    manifest = json.loads(workspace.manifest_path.read_text())
    del manifest["mixes"]
    workspace.manifest_path.write_text(json.dumps(manifest))
    assert workspace.manifest()["fits"] == {}
    save(workspace, kept("national_default"))
    assert load_mix(workspace).passed


def test_free_names_count_like_the_sampled_vector():
    for name in NAMES:
        s = made(name).posterior.structure
        names = list(free_names(s))
        assert len(names) == len(set(names)) == s.size


def test_what_the_checks_found_comes_back_with_the_fit(workspace):
    fit = made("geo_pooled", draws=20)
    rails = guard_rails(fit.posterior, prior_of(fit.posterior.structure, 1, 50))
    save(workspace, kept("", fit, **rails.as_dict()))
    back = learned_of(load_mix(workspace).entry)
    for field in fields(Learned):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(rails.learned, field.name))
    frame = rails_frame(load_mix(workspace).entry)
    assert list(frame["channel"]) == [c.name for c in fit.posterior.structure.spec.channels]
    assert frame["halved_by"].between(0, 1).all()


def test_arviz_reads_the_fit_and_agrees_on_leave_one_out():
    arviz = pytest.importorskip("arviz")
    stored = kept("geo_pooled", made("geo_pooled", draws=60))
    found = to_arviz(stored, prior=5)
    from attribution_models.mix.generations import group, group_names  # noqa: PLC0415
    from attribution_models.mix.generations import loo as reference  # noqa: PLC0415

    names = {n.strip("/") for n in group_names(found)}
    assert {"posterior", "log_likelihood", "observed_data", "sample_stats", "prior"} <= names
    posterior = group(found, "posterior")
    for name, values in stored.posterior.by_name().items():
        np.testing.assert_array_equal(posterior[name].to_numpy(), values)
    assert list(posterior["effect"].dims) == ["chain", "draw", "channel", "geo"]
    density = Density.of(stored.structure)
    assert float(group(found, "sample_stats")["lp"][1, 2]) == density(stored.posterior.points[1, 2])[0]
    observed = group(found, "observed_data")["outcome"].to_numpy()
    np.testing.assert_array_equal(observed, stored.data.outcome[stored.structure.fitted])
    with pytest.warns(UserWarning, match="."):
        theirs = reference(found)
    if int(arviz.__version__.split(".")[0]) < 1:  # ArviZ 1 takes another length of the tail
        assert loo(stored.posterior).elpd == pytest.approx(theirs.elpd, rel=1e-6)
    else:
        assert loo(stored.posterior).elpd == pytest.approx(theirs.elpd, abs=3 * theirs.se)


def test_arviz_has_the_drift_of_effects():
    pytest.importorskip("arviz")
    from attribution_models.mix.generations import group  # noqa: PLC0415

    stored = kept("time_varying")
    found = group(to_arviz(stored, prior=3), "posterior")["time_varying"]
    assert list(found.dims) == ["chain", "draw", "date"]
    assert found["date"].to_numpy().tolist() == [str(d) for d in stored.data.dates]
    seen = stored.structure.fitted.any(axis=0)
    np.testing.assert_allclose(found.to_numpy()[..., seen].mean(axis=-1), 1.0)


def test_netcdf_and_back(tmp_path):
    pytest.importorskip("h5netcdf")
    import xarray  # noqa: PLC0415

    from attribution.mix.arviz_out import write_netcdf  # noqa: PLC0415

    stored = kept("national_default")
    write_netcdf(stored, tmp_path / "fit.nc", prior=0)
    with xarray.open_dataset(tmp_path / "fit.nc", group="posterior", engine="h5netcdf") as back:
        np.testing.assert_array_equal(back["effect"].to_numpy().reshape(16, -1), stored.posterior.beta.reshape(16, -1))
    assert [p.name for p in tmp_path.iterdir()] == ["fit.nc"]


def test_a_refresh_keeps_scales_and_starts_warm():
    case = CASES["national_default"]
    spec, data = first_periods(case.spec, case.data, 20)
    old = kept("", made("", case=case._replace(spec=spec, data=data)))
    panel = attribution.mix.panel.Panel("panel", case.data, Calendar(case.data.dates, 7))
    scales = frozen_scales(old, case.spec, panel)
    assert scales is old.scales
    s = structure(case.spec, case.data, scales=scales)
    np.testing.assert_array_equal(warm_points(old, s), old.posterior.points.reshape(-1, s.size))
    more = replace(case.spec, noise=replace(case.spec.noise, kind="student-t"))
    t = structure(more, case.data, scales=scales)
    warm = warm_points(old, t)
    assert warm.shape == (16, t.size)
    at = list(free_names(t)).index("sigma")
    np.testing.assert_array_equal(
        warm[:, at], old.posterior.points.reshape(16, -1)[:, list(free_names(old.structure)).index("sigma")]
    )
    fewer = replace(case.spec, channels=case.spec.channels[:2])
    with pytest.raises(UsageError, match=r"other channels \(before: tv, search, radio; now: tv, search\)"):
        frozen_scales(old, fewer, panel)


def test_drift_by_hand():
    """The same draws on more data say the same of the old periods; doubled effects have moved by their own mean."""
    case = CASES["national_default"]
    spec, data = first_periods(case.spec, case.data, 20)
    s = structure(spec, data)
    points = np.random.default_rng(2).normal(scale=0.3, size=(2, 50, s.size))
    old = Effects.of(Posterior.of(Density.of(s), points, 1))
    longer = structure(case.spec, case.data, scales=s.scales)
    new = replace(Effects.of(Posterior.of(Density.of(longer), points, 1)), parameters=old.parameters, beta=2 * old.beta)
    found = drift(old, new)
    assert (found.periods, str(found.first), str(found.last)) == (20, str(data.dates[0]), str(data.dates[-1]))
    np.testing.assert_allclose(found.share.after, 2 * found.share.before, rtol=1e-10)
    np.testing.assert_allclose(found.share.drift, found.share.before / found.share.before_deviation, rtol=1e-8)
    frame = drift_frame(found)
    assert list(frame["channel"]) == ["tv", "search", "radio"]
    with pytest.raises(ValueError, match="no period in common"):
        drift(old, replace(new, structure=replace(longer, data=replace(longer.data, dates=longer.data.dates + 3650))))
