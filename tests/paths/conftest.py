from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from tests.paths.listpaths import Journey, ListPaths

PATHDATA = "channelattribution_pathdata.csv"


@pytest.fixture(scope="session")
def pathdata() -> ListPaths:
    """PathData of ChannelAttribution: 10,000 aggregated rows, 12 channels."""
    default = Path(__file__).parents[2] / ".." / "shared" / "data"
    folder = Path(os.environ.get("ATTRIBUTION_TEST_DATA", default))
    files = [file for file in (folder / "mta" / PATHDATA, folder / PATHDATA) if file.exists()]
    if not files:
        pytest.skip(f"{PATHDATA} is not in {folder}; set ATTRIBUTION_TEST_DATA to its folder")
    with files[0].open(newline="", encoding="utf-8") as lines:
        return ListPaths(
            [
                Journey(
                    tuple(name.strip() for name in row["path"].split(">") if name.strip()),
                    float(row["total_conversions"]),
                    float(row["total_conversion_value"]),
                    float(row["total_null"]),
                )
                for row in csv.DictReader(lines, delimiter=";")
            ],
            blocks=3,
        )
