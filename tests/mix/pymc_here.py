"""Where PyMC is absent, tests of the graph say so and are skipped."""

from __future__ import annotations

import pytest

from attribution_models.mix.generations import pymc

try:
    pm = pymc()
except ModuleNotFoundError as missing:  # pragma: no cover
    pytest.skip(f"PyMC is not here ({missing.name}); it defines the mix model", allow_module_level=True)
