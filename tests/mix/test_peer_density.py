"""The compiled density beside what PyMC-Marketing and Meridian themselves gave at the same points."""

import json
from pathlib import Path

import pytest

from attribution_models.mix.density import Density
from benchmarks.mmm import meridian_check, meridian_data, meridian_ours, robyn_check, robyn_ours

FIXTURES = Path(__file__).parent / "fixtures"


def test_pymc_marketings_log_density(public):
    """Prior, likelihood, scaling, constants and Jacobians: two versions, two priors of the Fourier terms."""
    data = public("mmm/robyn_dt_simulated_weekly.csv")
    runs = json.loads((FIXTURES / "pymc_marketing_density.json").read_text())["runs"]
    built = {prior: robyn_ours.built(data, prior, integrate=False) for prior in ("laplace", "normal")}
    assert len(runs) == 4
    for run in runs:
        structure = built[run["fourier_prior"]]
        found, _ = Density.of(structure)(robyn_check.sampled(structure, run["point"]))
        assert found == pytest.approx(run["log_density_with_jacobian"], rel=1e-10)


def test_meridians_log_density(public):
    """Its formulas give what Meridian gave, and ours what its formulas give at other points."""
    path = public("mmm/meridian_geo_all_channels.csv")
    data = meridian_data.panel(path)
    its = json.loads((FIXTURES / "meridian_density.json").read_text())
    formulas = meridian_data.log_density(data, meridian_data.reference_point())
    for part, value in formulas.items():
        assert value == pytest.approx(its[part], rel=1e-10)
    structure = meridian_ours.built(path, integrate=False)
    density = Density.of(structure)
    for point in meridian_check.points():
        found = meridian_check.ours(structure, density, data, point)
        assert found == pytest.approx(meridian_check.theirs(data, point), rel=1e-10)
